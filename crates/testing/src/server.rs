//! A moto server: the one at `LAMBDA_WITH_MOTO`, or one of our own, which ends with this process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::python;

/// The account everything on the server belongs to.
pub const ACCOUNT: &str = "123456789012";

/// A name nothing else on the server has.
#[must_use]
pub fn unique(word: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{word}-{}-{next}", std::process::id())
}

/// Where the server listens. It is started when first asked for.
///
/// # Panics
///
/// When it is not installed or does not come up.
pub fn moto_endpoint() -> &'static str {
    static SERVER: OnceLock<(String, Option<Child>)> = OnceLock::new();
    let (endpoint, _) = SERVER.get_or_init(|| match std::env::var("LAMBDA_WITH_MOTO") {
        Ok(endpoint) => (endpoint, None),
        Err(_) => start(),
    });
    endpoint
}

#[expect(
    clippy::zombie_processes,
    reason = "it ends with this process, not before"
)]
fn start() -> (String, Option<Child>) {
    // Statics are never dropped, so the server ends when the pipe to its standard input does.
    let script = "\"$0\" -H 127.0.0.1 -p 0 2>&1 & cat >/dev/null; kill $!";
    let mut child = Command::new("sh")
        .args(["-c", script])
        .arg(python::program("moto_server"))
        .env("MOTO_ACCOUNT_ID", ACCOUNT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It takes a free port, and says which.
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    loop {
        let from = said.len();
        assert!(
            lines.read_line(&mut said).unwrap() > 0,
            "the moto server does not come up: {said}"
        );
        if let Some((_, address)) = said[from..].split_once("Running on ") {
            let endpoint = address.trim().to_owned();
            // It would stop once the pipe is full of what it says of every request.
            std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
            return (endpoint, Some(child));
        }
    }
}
