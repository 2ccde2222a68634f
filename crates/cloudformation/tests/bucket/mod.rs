//! A server that stands for the bucket answers are put into, and records them.

use std::sync::{Arc, Mutex};

use lambda_with_cloudformation::{CustomResourceEvent, SERVICE};
use lambda_with_testing::clock::passing;
use lambda_with_testing::sample;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Statuses for the requests in their order, the last for all that follow; 0 is
/// never answered, while the time of a frozen clock goes by.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) url: String,
    pub(crate) log: Arc<Mutex<Vec<(u16, String, String)>>>,
}

impl Bucket {
    pub(crate) async fn new(statuses: impl Into<Vec<u16>>) -> Self {
        let statuses = statuses.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let url =
            format!("http://{address}/arn%3Aaws%3Acloudformation%7CBerths?X-Amz-Signature=5ec2e7");
        let bucket = Self { url, log };
        let served = bucket.clone();
        tokio::spawn(async move {
            for at in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut bytes = Vec::new();
                let (head, body) = loop {
                    let mut block = [0; 4096];
                    let read = stream.read(&mut block).await.unwrap();
                    bytes.extend_from_slice(&block[..read]);
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else {
                        continue;
                    };
                    let length = header(head, "content-length").unwrap_or_default();
                    if read == 0 || body.len() >= length.parse().unwrap() {
                        break (head.to_owned(), body.to_owned());
                    }
                };
                let status = *statuses.get(at).or(statuses.last()).unwrap();
                served.log.lock().unwrap().push((status, head, body));
                if status == 0 {
                    let never: () = passing().await;
                    return never;
                }
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        bucket
    }

    pub(crate) fn event(&self, id: &str) -> CustomResourceEvent {
        let mut document = sample(&SERVICE, id);
        document["ResponseURL"] = json!(self.url);
        serde_json::from_value(document).unwrap()
    }

    /// How many requests there were, and the answers taken.
    pub(crate) fn answers(&self) -> (usize, Vec<Value>) {
        let log = self.log.lock().unwrap();
        let taken = log.iter().filter(|(status, ..)| *status == 200);
        let taken = taken.map(|(_, _, body)| serde_json::from_str(body).unwrap());
        (log.len(), taken.collect())
    }
}

pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim())
}
