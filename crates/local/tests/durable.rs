//! `kill -9` of the engine: what it accepted runs after a restart, and no process stays.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{echo, eventually, example, function, lives};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An engine in a process of its own.
struct Engine {
    process: Child,
    address: String,
}

impl Engine {
    fn start(dir: &Path) -> Self {
        let mut process = Command::new(example("engine"))
            .arg(dir)
            .arg("0")
            .arg(example("echo"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        Self {
            process,
            address: address.trim().to_owned(),
        }
    }

    async fn invoke(&self, kind: &str, events: &[Value]) -> Vec<(u16, String)> {
        invoke(&self.address, kind, events).await
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Fails when it is dead already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Invokes `echo` over one connection, once for each event; returns status and body of each.
async fn invoke(address: &str, kind: &str, events: &[Value]) -> Vec<(u16, String)> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut answers = Vec::new();
    for event in events {
        let body = event.to_string();
        let request = format!(
            "POST /2015-03-31/functions/echo/invocations HTTP/1.1\r\nhost: localhost\r\n\
             x-amz-invocation-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        answers.push(answer(&mut stream).await);
    }
    answers
}

/// Reads one response with a content length.
async fn answer(stream: &mut TcpStream) -> (u16, String) {
    let mut all = Vec::new();
    let end = loop {
        if let Some(end) = all.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        assert_ne!(
            stream.read_buf(&mut all).await.unwrap(),
            0,
            "the engine is there"
        );
    };
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    let length: usize = length.parse().unwrap();
    while all.len() < end + length {
        assert_ne!(
            stream.read_buf(&mut all).await.unwrap(),
            0,
            "the engine is there"
        );
    }
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, String::from_utf8(all[end..].to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_accepted_events_survive_kill_nine() {
    let dir = tempfile::tempdir().unwrap();
    let ran = dir.path().join("ran");
    let data = dir.path().join("data");
    let mut first = Engine::start(&data);
    let context = first
        .invoke("RequestResponse", &[json!({"context": true})])
        .await;
    let context: Value = serde_json::from_str(&context[0].1).unwrap();
    let pid = context["pid"].as_u64().unwrap();

    // All processes wait for a file; the thousand events behind theirs cannot run.
    let gate = dir.path().join("gate");
    let processes = echo(function()).max_environments;
    let waits = vec![json!({"until": gate}); processes];
    let accepted = first.invoke("Event", &waits).await;
    assert!(
        accepted.iter().all(|(status, _)| *status == 202),
        "{accepted:?}"
    );
    tokio::time::sleep(Duration::from_millis(300)).await;
    let events: Vec<_> = (0..1000)
        .map(|id| json!({"append": ran, "id": id}))
        .collect();
    let mut sending = tokio::task::JoinSet::new();
    for part in events.chunks(50) {
        let (address, part) = (first.address.clone(), part.to_vec());
        sending.spawn(async move { invoke(&address, "Event", &part).await });
    }
    let accepted = sending.join_all().await.concat();
    let is_accepted = |(status, body): &&(u16, String)| *status == 202 && body.is_empty();
    assert_eq!(accepted.iter().filter(is_accepted).count(), 1000);
    assert!(!ran.exists(), "nothing has run yet");
    first.process.kill().unwrap();
    first.process.wait().unwrap();
    eventually("the busy process has ended with its engine", 60, || {
        !lives(pid)
    })
    .await;
    assert!(!ran.exists(), "nothing has run yet");

    std::fs::write(&gate, "").unwrap();
    let second = Engine::start(&data);
    let ids = || -> Vec<u64> {
        let text = std::fs::read_to_string(&ran).unwrap_or_default();
        text.lines().map(|line| line.parse().unwrap()).collect()
    };
    eventually("all have run", 60, || ids().len() >= 1000).await;
    let mut ids = ids();
    ids.sort_unstable();
    assert_eq!(ids, (0..1000).collect::<Vec<_>>());
    drop(second);
}
