//! Building the functions' binaries with cargo.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use serde::Deserialize;

use crate::config::{Code, Config, Defined};
use crate::failure::Failure;

/// Where the binary of each `bin` lies, and when cargo began to build them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Programs {
    paths: BTreeMap<String, PathBuf>,
    begun: Option<SystemTime>,
}

/// The messages of `cargo build` that matter here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    executable: Option<PathBuf>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

impl Programs {
    /// Builds every binary that `functions` run, in the folder of the file. What cargo has to say
    /// goes to standard error.
    pub(crate) fn build<'a>(
        config: &Config,
        functions: impl IntoIterator<Item = &'a Defined>,
    ) -> Result<Self, Failure> {
        let bins: Vec<&str> = functions
            .into_iter()
            .filter_map(|defined| match &defined.code {
                Code::Bin(bin) => Some(bin.as_str()),
                _ => None,
            })
            .collect();
        if bins.is_empty() {
            Ok(Self::default())
        } else {
            cargo(config.source.directory(), &bins)
        }
    }

    pub(crate) fn path(&self, bin: &str) -> Option<&Path> {
        self.paths.get(bin).map(PathBuf::as_path)
    }

    pub(super) fn begun(&self) -> Option<SystemTime> {
        self.begun
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.paths
            .iter()
            .map(|(bin, path)| (bin.as_str(), path.as_path()))
    }
}

fn cargo(directory: &Path, bins: &[&str]) -> Result<Programs, Failure> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&program);
    command.args(["build", "--message-format=json-render-diagnostics"]);
    for bin in bins {
        command.args(["--bin", bin]);
    }
    command
        .current_dir(directory)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let begun = Some(SystemTime::now());
    let output = command.output().map_err(|error| {
        Failure::new(format!("cannot run `{}`: {error}", program.display()))
            .fix("`bin` needs cargo: install Rust from https://rustup.rs, or use `command`")
    })?;
    if !output.status.success() {
        let (folder, bins) = (directory.display(), bins.join(", "));
        return Err(Failure::new(format!("`{folder}`: cargo could not build {bins}"))
            .fix("cargo says above what is wrong; `bin` names a binary of the package in this folder"));
    }
    let mut paths = BTreeMap::new();
    for line in output.stdout.split(|byte| *byte == b'\n') {
        if let Ok(Message {
            reason,
            executable: Some(path),
            target: Some(target),
        }) = serde_json::from_slice(line)
            && reason == "compiler-artifact"
            && bins.contains(&target.name.as_str())
        {
            paths.insert(target.name, path);
        }
    }
    match bins.iter().find(|bin| !paths.contains_key(**bin)) {
        None => Ok(Programs { paths, begun }),
        Some(bin) => Err(Failure::new(format!("cargo built no binary `{bin}`"))),
    }
}
