//! Ending function processes whose engine was killed before it could end them itself.
//!
//! A shell, started with the first process and shared by all engines of this program, is told of
//! every process group that begins and ends. When its input ends, because this program has ended in
//! whatever way, it kills the groups that are left.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::process::Pid;

const SCRIPT: &str = r#"
trap '' HUP INT TERM
live=' '
while read -r change id; do
    case $change in
    +) live="$live $id " ;;
    -) live="${live%% $id *} ${live#* $id }" ;;
    esac
done
for id in $live; do kill -s KILL -- "-$id" 2>/dev/null; done
"#;

/// Takes note of a process group, to be killed should this program end before it.
pub(crate) fn begun(group: Pid) {
    tell('+', group);
}

/// Takes note that a process group has ended.
pub(crate) fn ended(group: Pid) {
    tell('-', group);
}

fn tell(change: char, group: Pid) {
    static WATCHDOG: OnceLock<Option<Mutex<ChildStdin>>> = OnceLock::new();
    let Some(input) = WATCHDOG.get_or_init(start) else {
        return;
    };
    let mut input = input.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(error) = writeln!(input, "{change} {}", group.as_raw_nonzero()) {
        tracing::warn!(%error, "function processes may outlive the engine if it is killed");
    }
}

fn start() -> Option<Mutex<ChildStdin>> {
    let started = Command::new("sh")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    match started {
        Ok(mut child) => child.stdin.take().map(Mutex::new),
        Err(error) => {
            tracing::warn!(%error, "function processes may outlive the engine if it is killed");
            None
        }
    }
}
