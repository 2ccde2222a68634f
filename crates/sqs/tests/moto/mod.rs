//! A moto server for the tests: the one at `LAMBDA_WITH_MOTO`, or one of our own from the virtual
//! environment at `LAMBDA_WITH_VENV`, which ends with this process.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};

pub(crate) fn client() -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint())
        .region(Region::new("eu-west-1"))
        .build();
    Client::from_conf(config)
}

pub(crate) fn endpoint() -> &'static str {
    static SERVER: OnceLock<(String, Option<Child>)> = OnceLock::new();
    &SERVER
        .get_or_init(|| match std::env::var("LAMBDA_WITH_MOTO") {
            Ok(endpoint) => (endpoint, None),
            Err(_) => start(),
        })
        .0
}

fn start() -> (String, Option<Child>) {
    let server = std::env::var("LAMBDA_WITH_VENV")
        .map(|venv| Path::new(&venv).join("bin/moto_server"))
        .ok()
        .filter(|server| server.exists());
    let Some(server) = server else {
        panic!("these tests need a moto server: run `cargo xtask test`");
    };
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    // Statics are never dropped, so the server ends when the pipe to its standard input does.
    let script = "\"$0\" -H 127.0.0.1 -p \"$1\" & cat >/dev/null; kill $!";
    let child = Command::new("sh")
        .args(["-c", script])
        .arg(server)
        .arg(free.port().to_string())
        .env("MOTO_ACCOUNT_ID", "123456789012")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while TcpStream::connect(free).is_err() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "the moto server does not come up"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    (format!("http://{free}"), Some(child))
}
