//! A folder of this machine in the place of a mounted file system.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};

use lambda_with::{Error, ErrorKind};

use crate::options::Command;

/// The variable that says where the folder is, where it cannot be mounted.
const VARIABLE: &str = "LAMBDA_WITH_MOUNT";

/// Mounts the folder `$1` at `$2` and becomes the function, with the user and group it had. A mount
/// point that is not there is made on an empty `/mnt` only this process sees.
const SCRIPT: &str = r#"set -e
if [ ! -d "$2" ]; then mount -t tmpfs -o mode=755 none /mnt; mkdir "$2"; fi
mount --bind "$1" "$2"
if [ "$3" = ro ]; then mount -o remount,bind,ro "$2"; fi
user=$4 group=$5
shift 5
if [ "$user" = 0 ]; then exec "$@"; fi
exec unshare --user --map-user="$user" --map-group="$group" -- "$@""#;

/// A folder that a function's processes see below `/mnt`, as a file system mounted there.
///
/// ```
/// use lambda_with_local::Mount;
///
/// let models = Mount::new("/mnt/models", ".lambda-with/efs/fsap-0c1d2e3f4a5b60718");
/// assert!(!models.read_only);
/// ```
///
/// Each process is started in a mount namespace of its own, by the program `unshare` of Linux; no
/// rights are needed for it. Where the machine does not let anybody make one, or is not Linux, the
/// function runs without: a warning says so, and the variable `LAMBDA_WITH_MOUNT` names the folder,
/// for functions that look there before they look below `/mnt`. The variable is not set where the
/// folder is mounted. A Rust handler runs in the engine's own process, and gets neither.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Mount {
    /// Where the function sees it: `/mnt/` and a name.
    pub path: String,
    /// The folder, made when it is not there.
    pub folder: PathBuf,
    /// Whether the function may only read.
    pub read_only: bool,
}

impl Mount {
    /// A folder the function may read and write.
    pub fn new(path: impl Into<String>, folder: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            folder: folder.into(),
            read_only: false,
        }
    }

    /// The same folder, only to be read.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }
}

/// How the processes of a function come to their folder.
#[derive(Clone, Debug)]
pub(crate) enum Mounted {
    /// These words before the function's own mount it.
    Before(Vec<OsString>),
    /// It cannot be mounted here.
    Told(PathBuf),
}

impl Mounted {
    /// Makes the folder, and finds out whether this machine lets it be mounted.
    pub(crate) fn prepare(mount: &Mount, command: &Command) -> Result<Self, Error> {
        let folder = folder(mount)?;
        let before = words(mount, &folder);
        match why_not(mount, &folder, command, &before) {
            None => Ok(Self::Before(before)),
            Some(why) => {
                let (path, folder_shown) = (&mount.path, folder.display());
                tracing::warn!(
                    "`{path}` is not mounted on this machine: {why}; {VARIABLE}={folder_shown} tells the function where its files are"
                );
                Ok(Self::Told(folder))
            }
        }
    }

    /// The program to start instead of the function's own, and what stands before that.
    pub(crate) fn before(&self) -> Option<(&OsStr, Vec<OsString>)> {
        match self {
            Self::Before(words) => Some((OsStr::new("unshare"), words.clone())),
            Self::Told(_) => None,
        }
    }

    /// The variable that names the folder.
    pub(crate) fn variable(&self) -> Option<(&'static str, &Path)> {
        match self {
            Self::Before(_) => None,
            Self::Told(folder) => Some((VARIABLE, folder)),
        }
    }
}

/// The folder, whose path holds no link out of the folder above it.
fn folder(mount: &Mount) -> Result<PathBuf, Error> {
    let refuse = |what: String| Error::new(ErrorKind::Invalid, what);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let name = mount.path.strip_prefix("/mnt/").unwrap_or_default();
    if name.is_empty() || matches!(name, "." | "..") || !name.bytes().all(allowed) {
        return Err(
            refuse(format!("`{}` is no place for a file system", mount.path)).with(
                "form",
                "/mnt/ and a name of letters, digits, `-`, `_` and `.`",
            ),
        );
    }
    let shown = mount.folder.display().to_string();
    let failed = |error| {
        Error::new(
            ErrorKind::Unavailable,
            format!("the folder for `{}` cannot be had", mount.path),
        )
        .with("folder", shown.clone())
        .caused_by(error)
    };
    std::fs::create_dir_all(&mount.folder).map_err(failed)?;
    let found = mount.folder.canonicalize().map_err(failed)?;
    let above = mount
        .folder
        .parent()
        .filter(|above| !above.as_os_str().is_empty());
    let above = above
        .unwrap_or(Path::new("."))
        .canonicalize()
        .map_err(failed)?;
    if mount.folder.file_name().map(|name| above.join(name)) != Some(found.clone()) {
        return Err(
            refuse(format!("`{shown}` leads to `{}`", found.display())).with(
                "fix",
                "have a folder there, not a link, and no `..` at its end",
            ),
        );
    }
    Ok(found)
}

fn words(mount: &Mount, folder: &Path) -> Vec<OsString> {
    let (user, group) = (rustix::process::getuid(), rustix::process::getgid());
    let access = if mount.read_only { "ro" } else { "rw" };
    let mut words: Vec<OsString> = [
        "--user",
        "--map-root-user",
        "--mount",
        "--",
        "sh",
        "-c",
        SCRIPT,
        "sh",
    ]
    .map(OsString::from)
    .into();
    words.push(folder.into());
    words.extend(
        [
            &mount.path,
            access,
            &user.as_raw().to_string(),
            &group.as_raw().to_string(),
        ]
        .map(OsString::from),
    );
    words
}

/// Why the folder cannot be mounted; `None` when it can.
fn why_not(mount: &Mount, folder: &Path, command: &Command, before: &[OsString]) -> Option<String> {
    if !cfg!(target_os = "linux") {
        return Some("only Linux has mount namespaces".to_owned());
    }
    let dir = command.dir.as_deref().unwrap_or(Path::new("."));
    let program = dir.join(&command.program);
    for needed in [folder, dir, &program] {
        // A new /mnt would hide it.
        let place = std::path::absolute(needed).unwrap_or_else(|_| needed.to_owned());
        if place.starts_with("/mnt") && !Path::new(&mount.path).is_dir() {
            return Some(format!(
                "`{}` is below /mnt itself, and there is no `{}` beside it",
                place.display(),
                mount.path
            ));
        }
    }
    let tried = Program::new("unshare")
        .args(before)
        .arg("true")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output();
    match tried {
        Ok(tried) if tried.status.success() => None,
        Ok(tried) => Some(String::from_utf8_lossy(&tried.stderr).trim().to_owned()),
        Err(error) => Some(format!("`unshare` cannot be started: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_lead_elsewhere_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("inside")).unwrap();
        std::os::unix::fs::symlink("/tmp", dir.path().join("link")).unwrap();
        std::os::unix::fs::symlink("inside", dir.path().join("near")).unwrap();
        let check = |path: &str, name: &str, expected: Result<(), &str>| {
            let mount = Mount::new(path, dir.path().join(name));
            match (folder(&mount), expected) {
                (Ok(folder), Ok(())) => {
                    assert!(folder.is_dir() && folder.ends_with(name), "{folder:?}");
                }
                (Err(error), Err(why)) => assert!(error.to_string().contains(why), "{error}"),
                (found, _) => panic!("{path} {name}: {found:?}"),
            }
        };
        check("/mnt/models", "fsap-1", Ok(()));
        check("/mnt/models", "inside", Ok(()));
        check("/mnt/models", "link", Err("leads to `/tmp`"));
        check("/mnt/models", "near", Err("leads to"));
        check("/mnt/models", "..", Err("leads to"));
        check("/mnt/models", "inside/..", Err("leads to"));
        for path in [
            "/mnt",
            "/mnt/",
            "/mnt/..",
            "/mnt/.",
            "/mnt/a/b",
            "/mnt/a b",
            "/etc",
            "mnt/a",
            "/mnt/../etc",
        ] {
            check(path, "inside", Err("is no place for a file system"));
        }
    }

    #[test]
    fn what_a_new_mnt_would_hide_is_told() {
        let mount = Mount::new("/mnt/surely-not-there", "/tmp");
        let command = Command::new("true").dir("/mnt/c/project");
        let why = why_not(&mount, Path::new("/tmp"), &command, &[]).unwrap();
        assert!(
            why.starts_with("`/mnt/c/project` is below /mnt itself"),
            "{why}"
        );
        // Words that `unshare` does not know.
        let command = Command::new("true").dir("/tmp");
        let why = why_not(
            &mount,
            Path::new("/tmp"),
            &command,
            &["--no-such-word".into()],
        )
        .unwrap();
        assert!(why.contains("unshare"), "{why}");
    }
}
