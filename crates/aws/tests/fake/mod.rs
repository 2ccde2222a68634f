//! An endpoint made of one function, for what no emulator serves: it records every request.

use std::sync::{Arc, Mutex};

use aws_smithy_http_client::test_util::infallible_client_fn;
use lambda_with_aws::Session;

/// The requests that changed something: method, path, body.
pub(crate) type Log = Arc<Mutex<Vec<(String, String, String)>>>;

/// A session whose requests (method, path with query, body) are answered with a status and a body.
pub(crate) fn session(
    answer: impl Fn(&str, &str, &str) -> (u16, String) + Send + Sync + 'static,
) -> (Session, Log) {
    let log = Log::default();
    let writer = Arc::clone(&log);
    let client = infallible_client_fn(move |request| {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let path = request
            .uri()
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default();
        let method = request.method().to_string();
        let (status, answered) = answer(&method, &path, &body);
        writer.lock().unwrap().push((method, path, body));
        http::Response::builder()
            .status(status)
            .body(answered)
            .unwrap()
    });
    let credentials = aws_sdk_lambda::config::Credentials::new("test", "test", None, None, "test");
    let config = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .credentials_provider(aws_sdk_lambda::config::SharedCredentialsProvider::new(
            credentials,
        ))
        .http_client(client)
        .region(aws_config::Region::new("eu-west-1"));
    (Session::new(config.build()).unwrap(), log)
}

/// Those requests of a log that are of this method: path and body.
pub(crate) fn of(log: &Log, method: &str) -> Vec<(String, String)> {
    let log = log.lock().unwrap();
    let matching = log.iter().filter(|(m, _, _)| m == method);
    matching
        .map(|(_, path, body)| (path.clone(), body.clone()))
        .collect()
}
