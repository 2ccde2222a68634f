//! Starting and ending the process of one environment.

use std::ffi::{OsStr, OsString};
use std::io::PipeWriter;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use lambda_with::Timestamp;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::{Child, ChildStdin, Command};

use crate::environment::mount::Mounted;
use crate::environment::watchdog;
use crate::trace;

/// Variables that extensions do not see.
const RUNTIME_ONLY: [&str; 10] = [
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_AWS_XRAY_DAEMON_ADDRESS",
    "_AWS_XRAY_DAEMON_PORT",
    "_HANDLER",
];

/// Variables a process inherits from the engine, where they are set. Credentials are not among them:
/// a function that needs any is given them by name.
const INHERITED: [&str; 25] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "TERM",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "JAVA_HOME",
    "NODE_PATH",
    "PYTHONHOME",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "XDG_RUNTIME_DIR",
];

/// What the process of one environment is started with.
#[derive(Debug)]
pub(crate) struct Setup<'a> {
    pub(crate) function: &'a lambda_with::Function,
    pub(crate) version: &'a str,
    pub(crate) initialization: &'static str,
    pub(crate) program: &'a OsStr,
    pub(crate) args: &'a [OsString],
    pub(crate) dir: Option<&'a Path>,
    pub(crate) mounted: Option<&'a Mounted>,
    pub(crate) environment: &'a [(String, String)],
    pub(crate) runtime_api: String,
    pub(crate) log_stream: &'a str,
    pub(crate) is_extension: bool,
}

/// A process in a group of its own, which is killed with all its descendants when this is dropped.
///
/// Should the engine itself be killed, the [`watchdog`] does the same.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    group: Option<Pid>,
    // Held open, for runtimes that take the end of their standard input for a reason to end.
    _stdin: Option<ChildStdin>,
}

impl Process {
    /// Starts the process, which prints to `output`. Whoever reads it must do so before: the process may
    /// have done its work by the time this returns.
    pub(crate) fn start(setup: &Setup<'_>, output: PipeWriter) -> std::io::Result<Self> {
        let (program, args) = match setup.mounted.and_then(Mounted::before) {
            Some((program, args)) => (program, args),
            None => (setup.program, Vec::new()),
        };
        let mut command = Command::new(program);
        command.args(&args);
        if !args.is_empty() {
            command.arg(setup.program);
        }
        command
            .args(setup.args)
            .env_clear()
            .envs(
                INHERITED
                    .iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .envs(variables(setup))
            .envs(setup.mounted.and_then(Mounted::variable))
            .envs(setup.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .kill_on_drop(true);
        if setup.is_extension {
            for name in RUNTIME_ONLY {
                command.env_remove(name);
            }
        }
        if let Some(dir) = setup.dir {
            command.current_dir(dir);
        }
        let mut child = spawn(&mut command)?;
        let group = child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(group) = group {
            watchdog::begun(group);
        }
        let stdin = child.stdin.take();
        Ok(Self {
            child,
            group,
            _stdin: stdin,
        })
    }

    /// Waits for the end of the process and says how it ended, in Lambda's words: `exit status 1`,
    /// `signal: killed`.
    pub(crate) async fn ended(&mut self) -> String {
        use std::os::unix::process::ExitStatusExt;
        let Ok(status) = self.child.wait().await else {
            return "exit status 0".to_owned();
        };
        match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, signal) => {
                let signal = signal.unwrap_or_default();
                let name = name(signal).map_or_else(|| signal.to_string(), str::to_owned);
                let core = if status.core_dumped() {
                    " (core dumped)"
                } else {
                    ""
                };
                format!("signal: {name}{core}")
            }
        }
    }

    /// Asks the process to end.
    pub(crate) fn terminate(&self) {
        if let Some(process) = self.group {
            // Fails when it has ended already.
            let _ = kill_process(process, Signal::TERM);
        }
    }

    /// Kills the process and its descendants, and waits until it is gone.
    pub(crate) async fn kill(mut self) {
        self.kill_group();
        // Only fails when the process has ended already.
        let _ = self.child.kill().await;
    }

    /// The most memory the process has used, in MB, where the system tells.
    pub(crate) fn memory(id: u32) -> Option<u64> {
        let status =
            std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes.div_ceil(1024))
    }

    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    fn kill_group(&mut self) {
        if let Some(group) = self.group.take() {
            // Fails when nobody is left in the group, which is what is wanted.
            let _ = kill_process_group(group, Signal::KILL);
            watchdog::ended(group);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill_group();
    }
}

/// Starts a program, which may have been copied a moment ago: until another process that is being
/// started has let go of the file, Linux takes it for one that is still written.
fn spawn(command: &mut Command) -> std::io::Result<Child> {
    for _ in 0..BUSY {
        match command.spawn() {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(Duration::from_millis(5));
            }
            started => return started,
        }
    }
    command.spawn()
}

/// The variables Lambda sets, with credentials that open nothing, so that no SDK goes looking for
/// the user's own.
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>.
fn variables(setup: &Setup<'_>) -> Vec<(&'static str, String)> {
    let function = setup.function;
    let dir = setup.dir.unwrap_or(Path::new("."));
    let root = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    vec![
        ("_HANDLER", HANDLER.to_owned()),
        ("AWS_ACCESS_KEY_ID", "lambda-with-local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "lambda-with-local".to_owned()),
        ("AWS_DEFAULT_REGION", function.region().to_owned()),
        ("AWS_REGION", function.region().to_owned()),
        (
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            function.memory.to_string(),
        ),
        ("AWS_LAMBDA_FUNCTION_NAME", function.name().to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", setup.version.to_owned()),
        (
            "AWS_LAMBDA_INITIALIZATION_TYPE",
            setup.initialization.to_owned(),
        ),
        (
            "AWS_LAMBDA_LOG_GROUP_NAME",
            format!("/aws/lambda/{}", function.name()),
        ),
        ("AWS_LAMBDA_LOG_STREAM_NAME", setup.log_stream.to_owned()),
        ("AWS_LAMBDA_RUNTIME_API", setup.runtime_api.clone()),
        ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR".to_owned()),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
        ("LAMBDA_TASK_ROOT", root.to_string_lossy().into_owned()),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("TZ", ":UTC".to_owned()),
    ]
}

/// The name of a new environment's log stream.
pub(crate) fn log_stream(now: Timestamp, version: &str) -> String {
    let date = now.to_rfc3339_millis();
    let date = date.get(..10).unwrap_or_default().replace('-', "/");
    let unique = trace::request_id().replace('-', "");
    format!("{date}/[{version}]{unique}")
}

fn name(signal: i32) -> Option<&'static str> {
    // The words of Go's `syscall.Signal`, which Lambda's supervisor prints.
    Some(match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        _ => return None,
    })
}

/// How often a program is tried that seems to be written.
const BUSY: u32 = 200;

/// The handler of a function that names none.
pub(crate) const HANDLER: &str = "bootstrap";

/// How long a process has to ask for its first event.
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>.
pub(crate) const INIT: Duration = Duration::from_secs(10);

/// The same where it is initialized before it is needed, unless the function's own time is longer.
pub(crate) const PROVISIONED_INIT: Duration = Duration::from_secs(130);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_that_is_still_written_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("true");
        std::fs::copy("/bin/true", &program).unwrap();
        let writer = std::fs::OpenOptions::new()
            .append(true)
            .open(&program)
            .unwrap();
        let busy = Command::new(&program).spawn().unwrap_err();
        assert_eq!(busy.kind(), std::io::ErrorKind::ExecutableFileBusy);
        let done = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            drop(writer);
        });
        let mut child = spawn(&mut Command::new(&program)).unwrap();
        assert!(child.wait().await.unwrap().success());
        done.join().unwrap();
    }
}
