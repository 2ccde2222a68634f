//! From the file to an engine's options.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lambda_with::rules::retry;
use lambda_with_efs::Efs;
use lambda_with_local::{
    Asynchronous, Command, FunctionOptions, LogKind, LogLine, LogSink, Mount, Run,
};
use tokio::runtime::Runtime;

use super::build::Programs;
use super::doors;
use crate::config::{Code, Config, Defined};
use crate::failure::Failure;

/// The runtime everything asynchronous runs on.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

/// One function for the engine; nothing where it is on AWS only.
pub(crate) fn function_options(
    config: &Config,
    defined: &Defined,
    programs: &Programs,
) -> Result<Option<FunctionOptions>, Failure> {
    let command = match &defined.code {
        Code::Elsewhere => return Ok(None),
        Code::Bin(bin) => {
            let path = programs
                .path(bin)
                .ok_or_else(|| Failure::new(format!("the binary `{bin}` has not been built")))?;
            Command::new(path)
        }
        Code::Command(words) => {
            let (program, args) = words
                .split_first()
                .ok_or_else(|| Failure::usage(format!("`{}` has no command", defined.name)))?;
            Command::new(program).args(args)
        }
    };
    let directory = config.source.directory();
    let command =
        command.dir(std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned()));
    let mut options = FunctionOptions::new(defined.function.clone(), Run::Command(command));
    // As everywhere, the environment wins over the file; but only for what the file names, so that
    // a function sees no more of the shell than it would on AWS.
    options
        .environment
        .extend(defined.env.iter().map(|(name, value)| {
            (
                name.clone(),
                std::env::var(name).unwrap_or_else(|_| value.clone()),
            )
        }));
    options.policy = doors::policy(defined);
    options.mount = mount(config, defined)?;
    options.recursive_loop = defined.recursive_loop;
    if let Some(folder) = &defined.extensions {
        options.extensions = directory.join(folder);
    }
    if let Some(max) = config.dev.max_environments {
        options.max_environments = max.get().into();
    }
    options.asynchronous = asynchronous(defined)?;
    Ok(Some(options))
}

/// The folder in the place of the file system, named after its access point: functions that share
/// the one share the other.
fn mount(config: &Config, defined: &Defined) -> Result<Option<Mount>, Failure> {
    let connections = defined.connections.iter();
    let mut mounts = connections.filter_map(|c| c.connection.as_any().downcast_ref::<Efs>());
    let Some(efs) = mounts.next() else {
        return Ok(None);
    };
    let access_point = efs
        .access_point
        .resource()
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let folder = data(config.source.directory())?.join("efs");
    Ok(Some(
        Mount::new(&efs.mount_path, folder.join(access_point)).read_only(efs.read_only),
    ))
}

/// The folder of the queue of accepted events, which no repository wants.
pub(super) fn data(directory: &Path) -> Result<PathBuf, Failure> {
    let folder = directory.join(".lambda-with");
    make_private(&folder)
        .and_then(|()| fs::write(folder.join(".gitignore"), "*\n"))
        .map_err(|error| Failure::new(format!("cannot write `{}`: {error}", folder.display())))?;
    Ok(folder)
}

/// Makes a folder that others on this machine cannot look into: events and variables are in it.
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mut permissions = fs::metadata(folder)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o700);
            // Fails on a file system without permissions, and in a folder of somebody else's.
            let _ = fs::set_permissions(folder, permissions);
        }
    }
    Ok(())
}

fn asynchronous(defined: &Defined) -> Result<Asynchronous, Failure> {
    let default = retry::Config::default();
    let attempts = defined
        .maximum_retry_attempts
        .unwrap_or(default.maximum_retry_attempts);
    let age = defined
        .maximum_event_age
        .map_or(default.maximum_event_age, |age| {
            Duration::from_secs(age.into())
        });
    let retry = retry::Config::new(attempts, age)
        .map_err(|error| Failure::usage(format!("function `{}`: {error}", defined.name)))?;
    Ok(Asynchronous {
        retry,
        on_success: defined.on_success.clone(),
        on_failure: defined.on_failure.clone(),
        dead_letter: None,
    })
}

/// What functions print goes to standard error; the platform's own lines are left out.
pub(crate) fn quiet_log() -> LogSink {
    Arc::new(|line: &LogLine<'_>| {
        if line.kind == LogKind::Function {
            // Python's runtime puts carriage returns into a trace, so that CloudWatch keeps it in one
            // event; on a terminal its lines would lie on top of each other.
            let text = line.text.replace('\r', "\n");
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    })
}

/// The same, and what the platform says of each process and invocation that did not go well: nobody
/// else may say so. Where there are several functions, each line says whose it is.
pub(super) fn server_log(several: bool) -> LogSink {
    let quiet = quiet_log();
    Arc::new(move |line: &LogLine<'_>| {
        let wanted = match line.kind {
            LogKind::Platform => {
                line.text.contains("\tStatus: ") || line.text.starts_with("RequestId: ")
            }
            LogKind::Function => several,
        };
        if wanted {
            let text = line.text.replace('\r', "\n");
            let _ = writeln!(io::stderr().lock(), "{}: {text}", line.function);
        } else {
            quiet(line);
        }
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn nobody_else_looks_into_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        for before in [None, Some(0o755)] {
            let folder = dir.path().join(".lambda-with");
            if let Some(mode) = before {
                fs::set_permissions(&folder, PermissionsExt::from_mode(mode)).unwrap();
            }
            assert_eq!(data(dir.path()).unwrap(), folder);
            let mode = fs::metadata(&folder).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{before:?}");
        }
    }
}
