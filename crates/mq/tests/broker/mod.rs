//! Real brokers, from Debian's packages, on free loopback ports. Each ends with its test's process.

#![allow(dead_code, reason = "each test file uses its own broker")]

pub(crate) mod amqp;
pub(crate) mod stomp;

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use lambda_with::{Base64, Record, Source};
use serde_json::Value;

/// How long a test waits for a message.
pub(crate) const WAIT: Duration = Duration::from_secs(60);

/// Where the broker listens, and the process that ends it with this one.
type Started = (u16, Child);

/// The bodies of messages, those marked that were delivered before.
pub(crate) fn bodies(records: &[Record]) -> String {
    let body = |record: &Record| {
        let message: Value = serde_json::from_slice(&record.json).unwrap();
        let data: Base64 = serde_json::from_value(message["data"].clone()).unwrap();
        let mark = if message["redelivered"] == true {
            "*"
        } else {
            ""
        };
        String::from_utf8(data.decode().unwrap()).unwrap() + mark
    };
    records.iter().map(body).collect::<Vec<_>>().join(" ")
}

/// Receives until there are `count`.
pub(crate) async fn receive(source: &impl Source, count: usize) -> Vec<Record> {
    let mut records = Vec::new();
    while records.len() < count {
        let some = source.receive(count - records.len(), WAIT).await.unwrap();
        assert!(!some.is_empty(), "{} of {count}", records.len());
        records.extend(some);
    }
    records
}

/// The port of a RabbitMQ broker with its user `guest`.
pub(crate) fn rabbitmq() -> u16 {
    static BROKER: OnceLock<Started> = OnceLock::new();
    let started = BROKER.get_or_init(|| {
        const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
        needs(SERVER, "rabbitmq-server");
        let [port, epmd, peers] = [free(), free(), free()];
        let folder = folder("rabbitmq");
        let config = format!("listeners.tcp.1 = 127.0.0.1:{port}\nlog.console = false\n");
        std::fs::write(folder.join("rabbitmq.conf"), config).unwrap();
        std::fs::write(folder.join("plugins"), "[].").unwrap();
        let mut command = script("epmd -address 127.0.0.1 -port $ERL_EPMD_PORT & exec \"$1\"");
        let at = |name: &str| folder.join(name);
        command
            .arg(SERVER)
            // A broker that is killed early leaves a dump where it was started.
            .current_dir(&folder)
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("ERL_EPMD_PORT", epmd.to_string())
            .env("FOLDER", &folder)
            .env("HOME", &folder)
            .env("RABBITMQ_CONFIG_FILE", at("rabbitmq"))
            .env("RABBITMQ_DIST_PORT", peers.to_string())
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", at("plugins"))
            .env("RABBITMQ_LOG_BASE", at("log"))
            .env("RABBITMQ_MNESIA_BASE", at("mnesia"))
            .env("RABBITMQ_NODENAME", format!("test-{port}@localhost"))
            .env("RABBITMQ_PID_FILE", at("pid"))
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1}",
            );
        start(command, port)
    });
    started.0
}

/// The port of an ActiveMQ broker's STOMP connector.
pub(crate) fn activemq() -> u16 {
    static BROKER: OnceLock<Started> = OnceLock::new();
    let started = BROKER.get_or_init(|| {
        const JAR: &str = "/usr/share/activemq/bin/activemq.jar";
        needs(JAR, "activemq");
        let (port, folder) = (free(), folder("activemq"));
        let config = format!(
            r#"<beans xmlns="http://www.springframework.org/schema/beans" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans.xsd http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
  <broker xmlns="http://activemq.apache.org/schema/core" brokerName="test" persistent="false" useJmx="false" dataDirectory="{data}">
    <plugins>
      <simpleAuthenticationPlugin anonymousAccessAllowed="false">
        <users><authenticationUser username="harbor" password="s3cret" groups="users"/></users>
      </simpleAuthenticationPlugin>
    </plugins>
    <transportConnectors>
      <transportConnector name="stomp" uri="stomp://127.0.0.1:{port}"/>
    </transportConnectors>
  </broker>
</beans>
"#,
            data = folder.display()
        );
        let file = folder.join("activemq.xml");
        std::fs::write(&file, config).unwrap();
        let mut command = script("shift; exec java \"$@\"");
        command
            .current_dir(&folder)
            .args(["java", "-Xmx256m", "-Dactivemq.home=/usr/share/activemq"])
            .arg(format!("-Dactivemq.base={}", folder.display()))
            .arg(format!("-Dactivemq.conf={}", folder.display()))
            .args(["-jar", JAR, "start"])
            .arg(format!("xbean:file:{}", file.display()))
            .env("FOLDER", &folder);
        start(command, port)
    });
    started.0
}

fn needs(file: &str, package: &str) {
    assert!(
        Path::new(file).exists(),
        "there is no {file}: install the Debian package {package}, or run `cargo xtask test`, which does"
    );
}

/// A port that is free, and none of those that systems give away.
fn free() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 9_000).unwrap();
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::SeqCst);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A shell that runs `server` in a process group of its own. Statics are never dropped, so the group
/// ends when the pipe to the shell's standard input does.
fn script(server: &str) -> Command {
    let script = "setsid sh -c \"$SERVER\" sh \"$@\" </dev/null & group=$!; cat >/dev/null; \
                  kill -s KILL -- -$group; rm -rf \"$FOLDER\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).env("SERVER", server);
    command
}

fn start(mut command: Command, port: u16) -> Started {
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            begun.elapsed() < Duration::from_secs(300),
            "the broker does not come up"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    (port, child)
}
