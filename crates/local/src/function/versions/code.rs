//! The code of a function: its hash, and the copy a version runs.
//!
//! A program that is a file of its own is the code, as a package for Lambda holds nothing else. Of a
//! script or a program found through `PATH`, the folder it runs in is.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lambda_with::{Error, ErrorKind};
use sha2::{Digest, Sha256};

use crate::options::Command;

/// What a package for Lambda may hold, unpacked.
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
const MAX: u64 = 250 * 1024 * 1024;

/// Where the code of a command is.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Place {
    Program(PathBuf),
    Folder(PathBuf),
    /// A program from elsewhere, in no folder of its own.
    Nowhere,
}

/// The files of a function's code, and what tells whether they changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Code {
    place: Place,
    files: Vec<Listed>,
}

/// One file, with its path below the folder.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Listed {
    path: PathBuf,
    size: u64,
    mode: u32,
    modified: Option<SystemTime>,
}

impl Code {
    /// Looks at the code of a command.
    ///
    /// # Errors
    ///
    /// `Invalid` for more than a package can hold, `Unavailable` when it cannot be read.
    pub(crate) fn of(command: &Command) -> Result<Self, Error> {
        let place = place(command);
        let mut files = Vec::new();
        match &place {
            Place::Program(program) => {
                let metadata = fs::metadata(program).map_err(|error| unreadable(program, error))?;
                let name = program.file_name().unwrap_or(OsStr::new("bootstrap"));
                files.push(Listed::new(name.into(), &metadata));
            }
            Place::Folder(folder) => {
                list(folder, Path::new(""), &mut Vec::new(), &mut files)
                    .map_err(|error| unreadable(folder, error))?;
                files.sort_by(|one, other| one.path.cmp(&other.path));
                if files.iter().map(|file| file.size).sum::<u64>() > MAX {
                    let message = format!("Unzipped size must be smaller than {MAX} bytes");
                    return Err(Error::new(ErrorKind::Invalid, message));
                }
            }
            Place::Nowhere => {}
        }
        Ok(Self { place, files })
    }

    /// The bytes of its files.
    pub(crate) fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Its hash, as `CodeSha256` has it.
    pub(crate) fn sha256(&self) -> Result<String, Error> {
        let mut all = Sha256::new();
        for file in &self.files {
            let path = self.path(file);
            let mut one = Sha256::new();
            let read = File::open(&path).and_then(|mut file| hash(&mut file, &mut one));
            read.map_err(|error| unreadable(&path, error))?;
            if matches!(self.place, Place::Program(_)) {
                return Ok(BASE64_STANDARD.encode(one.finalize()));
            }
            all.update(file.path.as_os_str().as_encoded_bytes());
            all.update([0, u8::from(file.mode & 0o111 != 0)]);
            all.update(one.finalize());
        }
        Ok(BASE64_STANDARD.encode(all.finalize()))
    }

    /// Copies it into `to`, which is made, and returns the command that runs the copy.
    pub(crate) fn copy(&self, to: &Path, command: &Command) -> Result<Command, Error> {
        for file in &self.files {
            let (from, to) = (self.path(file), to.join(&file.path));
            let copied = match to.parent() {
                Some(folder) => fs::create_dir_all(folder).and_then(|()| fs::copy(&from, &to)),
                None => fs::copy(&from, &to),
            };
            copied.map_err(|error| {
                let message = "the code of the version could not be copied";
                Error::new(ErrorKind::Unavailable, message)
                    .with("file", from.display().to_string())
                    .with("to", to.display().to_string())
                    .caused_by(error)
            })?;
        }
        let mut copied = command.clone();
        match &self.place {
            Place::Program(_) => {
                if let Some(program) = self.files.first() {
                    copied.program = to.join(&program.path).into();
                }
            }
            Place::Folder(folder) => {
                let program = Path::new(&command.program);
                if is_path(&command.program) {
                    let whole = folder.join(program);
                    let within: PathBuf = whole
                        .strip_prefix(folder)
                        .unwrap_or(program)
                        .components()
                        .filter(|part| *part != Component::CurDir)
                        .collect();
                    copied.program = match self.files.iter().any(|file| file.path == within) {
                        true => to.join(within).into(),
                        false => whole.into(),
                    };
                }
                copied.dir = Some(to.to_owned());
            }
            Place::Nowhere => {}
        }
        Ok(copied)
    }

    fn path(&self, file: &Listed) -> PathBuf {
        match &self.place {
            Place::Folder(folder) => folder.join(&file.path),
            Place::Program(program) => program.clone(),
            Place::Nowhere => file.path.clone(),
        }
    }
}

impl Listed {
    fn new(path: PathBuf, metadata: &fs::Metadata) -> Self {
        Self {
            path,
            size: metadata.len(),
            mode: metadata.permissions().mode(),
            modified: metadata.modified().ok(),
        }
    }
}

fn place(command: &Command) -> Place {
    let dir = command.dir.as_deref().unwrap_or(Path::new("."));
    let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    if is_path(&command.program) {
        let program = dir.join(&command.program);
        // A link leads to an interpreter that looks for its library beside the link. One that is not
        // there is being built.
        let is_alone = match fs::symlink_metadata(&program) {
            Ok(metadata) => metadata.is_file() && !is_script(&program),
            Err(_) => true,
        };
        if is_alone {
            return Place::Program(program);
        }
    }
    match command.dir {
        Some(_) => Place::Folder(dir),
        None => Place::Nowhere,
    }
}

fn is_path(program: &OsStr) -> bool {
    program.as_encoded_bytes().contains(&b'/')
}

fn is_script(program: &Path) -> bool {
    let mut start = [0; 2];
    let read = File::open(program).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == *b"#!"
}

/// Lists the files below `folder`, but for what tools put there: hidden files, caches, and what is
/// installed for one machine. Links are followed: what they lead to is part of a package; `within` are
/// the folders above, into which none is followed.
fn list(
    folder: &Path,
    below: &Path,
    within: &mut Vec<PathBuf>,
    files: &mut Vec<Listed>,
) -> io::Result<()> {
    let real = fs::canonicalize(folder.join(below))?;
    if within.contains(&real) {
        return Ok(());
    }
    within.push(real);
    for entry in fs::read_dir(folder.join(below))? {
        let entry = entry?;
        let name = entry.file_name();
        let path = below.join(&name);
        let Ok(metadata) = fs::metadata(entry.path()) else {
            continue;
        };
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if metadata.is_dir() {
            let has = |file: &str| entry.path().join(file).exists();
            let is_installed = name == "node_modules" || name == "__pycache__";
            if !is_installed && !has("CACHEDIR.TAG") && !has("pyvenv.cfg") {
                list(folder, &path, within, files)?;
            }
        } else if metadata.is_file() {
            files.push(Listed::new(path, &metadata));
        }
    }
    within.pop();
    Ok(())
}

fn hash(file: &mut File, to: &mut Sha256) -> io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            read => to.update(&buffer[..read]),
        }
    }
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "the function's code cannot be read")
        .with("path", path.display().to_string())
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, name: &str, text: &str) {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn names(code: &Code) -> Vec<&str> {
        code.files
            .iter()
            .map(|file| file.path.to_str().unwrap())
            .collect()
    }

    #[test]
    fn a_program_alone_or_the_folder_of_a_script() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        for (name, text) in [
            ("app.py", "1"),
            ("lib/a.py", "2"),
            ("run.sh", "#!/bin/sh\n"),
            ("native", "\x7fELF"),
            (".env", "secret"),
            (".git/HEAD", "x"),
            ("target/CACHEDIR.TAG", "x"),
            ("target/debug/native", "x"),
            ("node_modules/a/index.js", "x"),
            ("venv/pyvenv.cfg", "x"),
        ] {
            write(dir, name, text);
        }
        let elsewhere = tempfile::tempdir().unwrap();
        write(elsewhere.path(), "b.py", "3");
        for (to, link) in [
            (Path::new("/bin/sh"), dir.join("link")),
            (elsewhere.path(), dir.join("linked")),
            (dir, elsewhere.path().join("back")),
        ] {
            std::os::unix::fs::symlink(to, link).unwrap();
        }
        let folder = vec![
            "app.py",
            "lib/a.py",
            "link",
            "linked/b.py",
            "native",
            "run.sh",
        ];
        for (program, files) in [
            ("./native", vec!["native"]),
            ("./run.sh", folder.clone()),
            ("./link", folder.clone()),
            ("python3", folder),
        ] {
            let command = Command::new(program).dir(dir);
            assert_eq!(names(&Code::of(&command).unwrap()), files, "{program}");
        }
        let nowhere = Code::of(&Command::new("python3")).unwrap();
        assert!(names(&nowhere).is_empty());
    }

    #[test]
    fn a_copy_runs_by_itself_and_changes_show_in_the_hash() {
        let dir = tempfile::tempdir().unwrap();
        let (code, to) = (dir.path().join("code"), dir.path().join("copy"));
        write(&code, "app.py", "1");
        write(&code, "run.sh", "#!/bin/sh\n");
        let check = |program: &str, runs: &Path| {
            let command = Command::new(program).dir(&code);
            let copied = Code::of(&command).unwrap().copy(&to, &command).unwrap();
            assert_eq!(Path::new(&copied.program), runs);
            assert_eq!(copied.dir.as_deref(), Some(to.as_path()));
        };
        check("./run.sh", &to.join("run.sh"));
        std::os::unix::fs::symlink("/bin/sh", dir.path().join("sh")).unwrap();
        check("../sh", &code.join("../sh"));
        let missing = Code::of(&Command::new("./missing").dir(&code)).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Unavailable);
        check("python3", Path::new("python3"));
        assert_eq!(fs::read_to_string(to.join("app.py")).unwrap(), "1");

        let command = Command::new("python3").dir(&code);
        let before = Code::of(&command).unwrap();
        write(&code, "app.py", "22");
        let after = Code::of(&command).unwrap();
        assert_ne!(before, after);
        assert_ne!(
            Code::of(&Command::new("python3").dir(&to))
                .unwrap()
                .sha256()
                .unwrap(),
            after.sha256().unwrap()
        );
    }

    #[test]
    fn a_folder_larger_than_a_package_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = File::create(dir.path().join("model.bin")).unwrap();
        file.set_len(MAX + 1).unwrap();
        let refused = Code::of(&Command::new("python3").dir(dir.path())).unwrap_err();
        assert_eq!(
            refused.message(),
            "Unzipped size must be smaller than 262144000 bytes"
        );
    }
}
