//! A function that streams: so many pieces of so many bytes, with pauses between them.

use std::time::Duration;

use bytes::Bytes;
use lambda_runtime::streaming::{Body, Response, channel};
use lambda_runtime::{Error, LambdaEvent, MetadataPrelude, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Value>) -> Result<Response<Body>, Error> {
    let asked = event.payload;
    if let Some(text) = asked["fail"].as_str() {
        return Err(text.into());
    }
    let number = |name: &str, usual: u64| asked[name].as_u64().unwrap_or(usual);
    let (pieces, size) = (number("pieces", 3), usize::try_from(number("size", 1))?);
    let pause = Duration::from_millis(number("pause", 0));
    let (exit, path) = (
        asked["exit"].as_bool(),
        asked["done"].as_str().map(str::to_owned),
    );
    let (mut sender, body) = channel();
    tokio::spawn(async move {
        for number in 0..pieces {
            let letter = b'a' + u8::try_from(number % 26).unwrap_or_default();
            if sender
                .send_data(Bytes::from(vec![letter; size]))
                .await
                .is_err()
            {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        if exit == Some(true) {
            std::process::exit(1);
        }
        if let Some(path) = path {
            let _ = std::fs::write(path, "done");
        }
    });
    let mut response = Response::from(body);
    if let Some(status) = asked["status"].as_u64() {
        let mut headers = http::HeaderMap::new();
        headers.insert("content-type", "text/plain".parse()?);
        headers.insert("x-kind", "streamed".parse()?);
        response.metadata_prelude = MetadataPrelude {
            status_code: u16::try_from(status)?.try_into()?,
            headers,
            cookies: vec!["a=1".to_owned(), "b=2".to_owned()],
        };
    }
    Ok(response)
}
