//! A moto server for the tests of all crates: the one at `LAMBDA_WITH_MOTO`, or one of our own from
//! a virtual environment, which ends with this process. Tests that need it fail without it.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, Runtime};
use lambda_with::Function;
use lambda_with_aws::Session;

pub(crate) const ACCOUNT: &str = "123456789012";

/// A session that reaches the server; every one has connections of its own.
pub(crate) fn session() -> Session {
    session_at(endpoint(), "eu-west-1")
}

pub(crate) fn session_at(endpoint: &str, region: &str) -> Session {
    let credentials = aws_sdk_lambda::config::Credentials::new("test", "test", None, None, "test");
    let config = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .credentials_provider(aws_sdk_lambda::config::SharedCredentialsProvider::new(
            credentials,
        ))
        .endpoint_url(endpoint)
        .region(aws_config::Region::new(region.to_owned()));
    Session::new(config.build()).unwrap()
}

/// A function of a new name, with a role of its own.
pub(crate) async fn function(session: &Session, word: &str) -> Function {
    let name = unique(word);
    let trust = lambda_with::policy::Policy::execution_trust().to_json();
    let role = session
        .iam()
        .create_role()
        .role_name(&name)
        .assume_role_policy_document(trust);
    let role = role.send().await.unwrap().role.unwrap().arn;
    let code = FunctionCode::builder().zip_file(Blob::new("PK")).build();
    let request = session
        .lambda()
        .create_function()
        .function_name(&name)
        .role(role)
        .code(code);
    let request = request
        .runtime(Runtime::Providedal2023)
        .handler("bootstrap");
    let arn = request.send().await.unwrap().function_arn.unwrap();
    Function::new(arn.parse().unwrap()).unwrap()
}

/// A name nothing else on the server has.
pub(crate) fn unique(word: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!(
        "{word}-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
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
    let venv = std::env::var("LAMBDA_WITH_VENV").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv"),
        PathBuf::from,
    );
    let server = venv.join("bin/moto_server");
    assert!(
        server.exists(),
        "these tests need a moto server: run `cargo xtask test`"
    );
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
        .env("MOTO_ACCOUNT_ID", ACCOUNT)
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
