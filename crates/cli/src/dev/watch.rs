//! Sources of the binaries, watched for changes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::build::Programs;

/// The files that cargo says a binary is made of, and when the latest of them changed.
#[derive(Debug)]
pub(super) struct Sources {
    files: BTreeSet<PathBuf>,
    changed: Option<SystemTime>,
}

impl Sources {
    pub(super) fn of(programs: &Programs) -> Self {
        let files: BTreeSet<PathBuf> = programs
            .iter()
            .filter_map(|(_, program)| {
                let mut name = program.file_name()?.to_os_string();
                name.push(".d");
                fs::read_to_string(program.with_file_name(name)).ok()
            })
            .flat_map(|text| dependencies(&text))
            .collect();
        let changed = latest(&files);
        Self { files, changed }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Whether a file changed since this was asked last.
    pub(super) fn have_changed(&mut self) -> bool {
        let latest = latest(&self.files);
        std::mem::replace(&mut self.changed, latest) != latest
    }
}

fn latest(files: &BTreeSet<PathBuf>) -> Option<SystemTime> {
    files
        .iter()
        .filter_map(|file| fs::metadata(file).ok()?.modified().ok())
        .max()
}

/// The files on the right of a rule of `make`, in which a blank within a name is escaped.
fn dependencies(text: &str) -> Vec<PathBuf> {
    let Some((_, rule)) = text.lines().next().and_then(|line| line.split_once(": ")) else {
        return Vec::new();
    };
    let marked = rule.replace("\\ ", "\0");
    marked
        .split_whitespace()
        .map(|name| Path::new(&name.replace('\0', " ")).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_make() {
        for (text, files) in [
            (
                "/t/orders: /a/src/main.rs /b/lib.rs\n",
                vec!["/a/src/main.rs", "/b/lib.rs"],
            ),
            (
                "/t/my\\ app: /my\\ app/src/main.rs\n\n/x:\n",
                vec!["/my app/src/main.rs"],
            ),
            ("", vec![]),
        ] {
            let expected: Vec<PathBuf> = files.into_iter().map(PathBuf::from).collect();
            assert_eq!(dependencies(text), expected);
        }
    }
}
