//! What each command does.

mod check;
mod decode;
mod dev;
mod event;
mod export;
mod granted;
mod invoke;
mod list;
mod permissions;
mod show;
mod trace;
#[cfg(feature = "aws")]
mod wiring;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::args::{Cli, Command};
use crate::config::{Config, Overrides};
use crate::failure::Failure;
use crate::output::Output;

/// The file's usual name.
const FILE: &str = "lambda-with.toml";

pub(crate) use self::event::document;

pub(crate) fn run(cli: Cli, output: Output) -> anyhow::Result<ExitCode> {
    let global = cli.global;
    let config = |directory: Option<&Path>| {
        let path = path(global.config.as_deref(), directory);
        Config::load(path, &Overrides::new(global.region.clone()))
    };
    match &cli.command {
        Command::List => list::run(output),
        Command::Show { service } => show::run(service, output),
        Command::Event(args) => event::run(args, output),
        Command::Decode(args) => decode::run(args, output),
        Command::Permissions(args) => permissions::run(args, &config(None)?, output),
        Command::Check(args) => check::run(args, &config(None)?, output),
        Command::Export(args) => export::run(args, global.write.dry_run, &config(None)?, output),
        #[cfg(feature = "aws")]
        Command::Diff(args) => wiring::diff(args, &global, &config(None)?, output),
        #[cfg(feature = "aws")]
        Command::Connect(args) => wiring::connect(args, &global, &config(None)?, output),
        #[cfg(feature = "aws")]
        Command::Disconnect(args) => wiring::disconnect(args, &global, &config(None)?, output),
        #[cfg(feature = "aws")]
        Command::Status { function } => {
            wiring::status(function.as_deref(), &global, &config(None)?, output)
        }
        Command::Invoke(args) => invoke::run(args, &global, || config(None), output),
        Command::Dev(args) => dev::run(args, &global, &config(args.directory.as_deref())?, output),
        Command::Trace(args) => trace::run(
            args,
            &path(global.config.as_deref(), args.directory.as_deref()),
            output,
        ),
        #[cfg(not(feature = "aws"))]
        Command::LeftOut { .. } => Err(Failure::usage("this build does not reach AWS")
            .fix("build the command with its feature `aws`, as it is by default")
            .into()),
    }
}

/// The file that defines functions and connections.
fn path(config: Option<&Path>, directory: Option<&Path>) -> PathBuf {
    match (config, directory) {
        (Some(path), _) => path.to_owned(),
        (None, Some(file)) if file.is_file() => file.to_owned(),
        (None, Some(directory)) => directory.join(FILE),
        (None, None) => PathBuf::from(FILE),
    }
}

/// The content of a file, or of standard input for `-`.
fn read(path: &Path) -> Result<String, Failure> {
    let outcome = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .lock()
            .read_to_string(&mut text)
            .map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    outcome.map_err(|error| Failure::usage(format!("cannot read `{}`: {error}", path.display())))
}
