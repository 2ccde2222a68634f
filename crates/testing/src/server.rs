//! A moto server: the one at `LAMBDA_WITH_MOTO`, or one of our own, which ends with this process.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

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

fn start() -> (String, Option<Child>) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let free = free.local_addr().unwrap();
    // Statics are never dropped, so the server ends when the pipe to its standard input does.
    let script = "\"$0\" -H 127.0.0.1 -p \"$1\" & cat >/dev/null; kill $!";
    let child = Command::new("sh")
        .args(["-c", script])
        .arg(python::program("moto_server"))
        .arg(free.port().to_string())
        .env("MOTO_ACCOUNT_ID", ACCOUNT)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while TcpStream::connect(free).is_err() {
        let waited = start.elapsed();
        assert!(
            waited < Duration::from_secs(90),
            "the moto server does not come up"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    (format!("http://{free}"), Some(child))
}
