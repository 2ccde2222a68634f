//! The package, by npm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use super::corrections::Registry;
use crate::process::{run, target};

/// The database of the package, unpacked; fetched unless the target directory has it.
pub fn fetch(registry: &Registry) -> Result<Vec<u8>> {
    let folder = target().join("registry");
    fs::create_dir_all(&folder)?;
    let tarball = folder.join(format!("{}.tgz", registry.sha256));
    if !tarball.exists() {
        let (package, version) = (&registry.package, &registry.version);
        let arguments = ["pack", "--silent", "--pack-destination"];
        let mut npm = Command::new("npm");
        npm.args(arguments)
            .arg(&folder)
            .arg(format!("{package}@{version}"));
        run(&mut npm)?;
        let name = package.trim_start_matches('@').replace('/', "-");
        fs::rename(folder.join(format!("{name}-{version}.tgz")), &tarball)?;
    }
    verify(&tarball, &registry.sha256)?;
    unpack(&tarball)
}

fn verify(tarball: &Path, expected: &str) -> Result<()> {
    let found = super::hex(&Sha256::digest(fs::read(tarball)?));
    if found != expected {
        fs::remove_file(tarball)?;
    }
    ensure!(
        found == expected,
        "the package has the sha256 {found}, not {expected}"
    );
    Ok(())
}

fn unpack(tarball: &Path) -> Result<Vec<u8>> {
    let folder: PathBuf = tarball.with_extension("");
    fs::create_dir_all(&folder)?;
    let mut tar = Command::new("tar");
    run(tar.arg("-xzf").arg(tarball).arg("-C").arg(&folder))?;
    let packed = folder.join("package/db.json.gz");
    let output = Command::new("gzip").arg("-dc").arg(&packed).output();
    let output = output.context("gzip cannot be started")?;
    ensure!(
        output.status.success(),
        "{} cannot be unpacked",
        packed.display()
    );
    Ok(output.stdout)
}
