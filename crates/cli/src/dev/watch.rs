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
    /// The files, where those of before are `known`. What changed while cargo was building counts as
    /// changed: it may have been read before.
    pub(super) fn of(programs: &Programs, known: Option<&Self>) -> Self {
        let files: BTreeSet<PathBuf> = programs
            .iter()
            .filter_map(|(_, program)| {
                let mut name = program.file_name()?.to_os_string();
                name.push(".d");
                fs::read_to_string(program.with_file_name(name)).ok()
            })
            .flat_map(|text| dependencies(&text))
            .collect();
        Self::new(
            files,
            known.and_then(|known| known.changed),
            programs.begun(),
        )
    }

    fn new(files: BTreeSet<PathBuf>, known: Option<SystemTime>, begun: Option<SystemTime>) -> Self {
        let changed = latest(&files).min(known.max(begun));
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
    fn what_changes_while_cargo_builds_is_built_again_and_once() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let written = file.as_file().metadata().unwrap().modified().unwrap();
        let second = std::time::Duration::from_secs(1);
        for (known, begun, changed) in [
            (None, written + second, false),
            (None, written - second, true),
            (Some(written - second), written + second, false),
            (Some(written - second), written - second, true),
            // As where clocks differ: it was known before, so it is no newer.
            (Some(written), written - second, false),
        ] {
            let files = BTreeSet::from([file.path().to_owned()]);
            let mut sources = Sources::new(files, known, Some(begun));
            assert_eq!(sources.have_changed(), changed, "{known:?} {begun:?}");
            assert!(!sources.have_changed());
        }
    }

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
