//! What of versions and aliases outlives the engine, in a file for each function.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use lambda_with::policy::Policy;
use lambda_with::{Arn, Error, ErrorKind};
use serde::{Deserialize, Serialize};

use super::{Alias, Facts, Published};
use crate::environment::mount::Mount;
use crate::function::provisioned::Provisioned;
use crate::function::version::Settings;
use crate::http::control::EventInvoke;
use crate::options::{Command, Run};
use crate::refusal::json_bytes;

const FILE: &str = "versions.json";

/// Versions and aliases, and the settings that belong to them alone.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Kept {
    pub(super) last: u64,
    pub(super) versions: Vec<KeptVersion>,
    pub(super) aliases: BTreeMap<String, Alias>,
    #[serde(default)]
    pub(crate) policies: BTreeMap<String, Policy>,
    #[serde(default)]
    pub(crate) event_invoke: BTreeMap<String, EventInvoke>,
    #[serde(default)]
    pub(crate) provisioned: BTreeMap<String, Provisioned>,
}

/// One version.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct KeptVersion {
    pub(super) number: u64,
    #[serde(flatten)]
    pub(super) facts: Facts,
    timeout: u32,
    memory: u32,
    role: Option<Arn>,
    subnets: Vec<String>,
    security_groups: Vec<String>,
    settings_description: String,
    environment: Vec<(String, String)>,
    extensions: PathBuf,
    mount: Option<(String, PathBuf, bool)>,
    /// The command it was made of, and the one that runs the copy of its code.
    commands: Option<(Words, Words)>,
}

/// A command.
#[derive(Debug, Deserialize, Serialize)]
struct Words {
    program: String,
    args: Vec<String>,
    dir: Option<PathBuf>,
}

impl Kept {
    pub(super) fn of(
        last: u64,
        published: &BTreeMap<u64, Published>,
        aliases: &BTreeMap<String, Alias>,
    ) -> Result<Self, Error> {
        let versions = published
            .iter()
            .map(|(number, published)| KeptVersion::of(*number, published));
        Ok(Self {
            last,
            versions: versions.collect::<Result<_, _>>()?,
            aliases: aliases.clone(),
            ..Self::default()
        })
    }

    /// What is kept in a folder; nothing where there is none.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(FILE);
        let failed = |what: &str| {
            Error::new(
                ErrorKind::Unavailable,
                format!("the file of versions could not be {what}"),
            )
            .with("file", path.display().to_string())
        };
        match fs::read(&path) {
            Ok(text) => match serde_json::from_slice(&text) {
                Ok(kept) => Ok(Some(kept)),
                Err(error) => Err(failed("understood").caused_by(error)),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read").caused_by(error)),
        }
    }

    /// Replaces the file, whole or not at all. Others cannot read it: it holds variables.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(FILE);
        let fresh = folder.join("versions.json.new");
        let write = || {
            fs::create_dir_all(folder)?;
            let mut options = OpenOptions::new();
            let options = options.write(true).create(true).truncate(true);
            let mut file = options.mode(0o600).open(&fresh)?;
            file.write_all(&json_bytes(self))?;
            file.sync_all()?;
            fs::rename(&fresh, &path)
        };
        write().map_err(|error| {
            Error::new(
                ErrorKind::Unavailable,
                "the file of versions could not be written",
            )
            .with("file", path.display().to_string())
            .caused_by(error)
        })
    }
}

impl KeptVersion {
    fn of(number: u64, published: &Published) -> Result<Self, Error> {
        let settings = &published.version.settings;
        let definition = &settings.definition;
        let commands = match (&settings.run, published.version.command()) {
            (Run::Command(command), Some(copy)) => Some((Words::of(command)?, Words::of(copy)?)),
            _ => None,
        };
        let mount = settings.mount.as_ref();
        Ok(Self {
            number,
            facts: published.facts.clone(),
            timeout: definition.timeout,
            memory: definition.memory,
            role: definition.role.clone(),
            subnets: definition.subnets.clone(),
            security_groups: definition.security_groups.clone(),
            settings_description: settings.description.clone(),
            environment: settings.environment.clone(),
            extensions: settings.extensions.clone(),
            mount: mount.map(|of| (of.path.clone(), of.folder.clone(), of.read_only)),
            commands,
        })
    }

    /// Its settings, and the command that runs the copy of its code. A version of a Rust handler runs
    /// the handler there is now.
    pub(super) fn settings(&self, latest: &Settings) -> (Settings, Option<Command>) {
        let mut definition = latest.definition.clone();
        definition.timeout = self.timeout;
        definition.memory = self.memory;
        definition.role.clone_from(&self.role);
        definition.subnets.clone_from(&self.subnets);
        definition.security_groups.clone_from(&self.security_groups);
        let run = match &self.commands {
            Some((command, _)) => Run::Command(command.command()),
            None => latest.run.clone(),
        };
        let mount = self
            .mount
            .as_ref()
            .map(|(path, folder, read_only)| Mount::new(path, folder).read_only(*read_only));
        let settings = Settings {
            definition,
            description: self.settings_description.clone(),
            environment: self.environment.clone(),
            run,
            mount,
            extensions: self.extensions.clone(),
        };
        let copy = self.commands.as_ref().map(|(_, copy)| copy.command());
        (settings, copy)
    }
}

impl Words {
    fn of(command: &Command) -> Result<Self, Error> {
        let text = |word: &OsStr| {
            word.to_str().map(str::to_owned).ok_or_else(|| {
                let word = word.to_string_lossy();
                Error::new(ErrorKind::Invalid, format!("`{word}` is not UTF-8"))
            })
        };
        Ok(Self {
            program: text(&command.program)?,
            args: command
                .args
                .iter()
                .map(|word| text(word))
                .collect::<Result<_, _>>()?,
            dir: command.dir.clone(),
        })
    }

    fn command(&self) -> Command {
        let command = Command::new(&self.program).args(self.args.iter().map(OsString::from));
        match &self.dir {
            Some(dir) => command.dir(dir),
            None => command,
        }
    }
}
