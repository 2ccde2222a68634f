//! A server that stands for CodePipeline's API, and records what it is told.

use std::sync::{Arc, Mutex};

use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::config::retry::RetryConfig;
use aws_sdk_codepipeline::config::{BehaviorVersion, Credentials, Region};
use lambda_with_testing::clock::passing;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Answers the calls in their order, the last for all that follow; status 0 is never
/// answered, while the time of a frozen clock goes by.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    url: String,
    log: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Endpoint {
    pub(crate) async fn new(answers: impl Into<Vec<(u16, &'static str)>>) -> Self {
        let answers = answers.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let endpoint = Self { url, log };
        let served = endpoint.clone();
        tokio::spawn(async move {
            for at in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut bytes = Vec::new();
                let (head, body) = loop {
                    let mut block = [0; 8192];
                    let read = stream.read(&mut block).await.unwrap();
                    bytes.extend_from_slice(&block[..read]);
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else {
                        continue;
                    };
                    let length: usize = header(head, "content-length").parse().unwrap();
                    if read == 0 || body.len() >= length {
                        break (head.to_owned(), body.to_owned());
                    }
                };
                let target = header(&head, "x-amz-target").split('.').nth(1).unwrap();
                let call = (target.to_owned(), serde_json::from_str(&body).unwrap());
                served.log.lock().unwrap().push(call);
                let (status, body) = *answers.get(at).or(answers.last()).unwrap();
                if status == 0 {
                    let never: () = passing().await;
                    return never;
                }
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.1\r\n\
                     content-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        endpoint
    }

    /// A client of the SDK, which leaves trying again to us.
    pub(crate) fn client(&self) -> Client {
        let config = aws_sdk_codepipeline::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(&self.url)
            .region(Region::new("eu-west-1"))
            .retry_config(RetryConfig::disabled());
        Client::from_conf(config.build())
    }

    /// The operations called, and what with.
    pub(crate) fn calls(&self) -> Vec<(String, Value)> {
        self.log.lock().unwrap().clone()
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    found.next().map_or("", |(_, value)| value.trim())
}
