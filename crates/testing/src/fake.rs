//! An endpoint made of one function, for what no emulator serves: it records every request.

mod iam;
mod lambda;
mod mapping;

use std::fmt;
use std::sync::{Arc, Mutex};

use aws_sdk_lambda::config::{Credentials, RuntimeComponents, SharedCredentialsProvider};
use aws_sdk_lambda::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use lambda_with_aws::Session;

pub use self::iam::Iam;
pub use self::lambda::Lambda;
pub use self::mapping::mapping;

/// Every request: method, path with query, body. Where the protocol has one path only, the operation
/// stands after it: `/RotateSecret`.
pub type Log = Arc<Mutex<Vec<(String, String, String)>>>;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The path with its query, as in a [`Log`].
    pub path: &'a str,
    /// The body.
    pub body: &'a str,
    request: &'a HttpRequest,
}

/// What is answered: status, headers, body.
pub type Answered = (u16, Vec<(&'static str, String)>, String);

type Answer = dyn Fn(Asked<'_>) -> Answered + Send + Sync;

#[derive(Clone)]
struct Endpoint {
    answer: Arc<Answer>,
    log: Log,
}

/// A session whose requests (method, path with query, body) are answered with a status and a body.
pub fn session(
    answer: impl Fn(&str, &str, &str) -> (u16, String) + Send + Sync + 'static,
) -> (Session, Log) {
    session_in("eu-west-1", move |asked| {
        let (status, body) = answer(asked.method, asked.path, asked.body);
        (status, Vec::new(), body)
    })
}

/// A session in a Region, where headers matter too.
pub fn session_in(
    region: &'static str,
    answer: impl Fn(Asked<'_>) -> Answered + Send + Sync + 'static,
) -> (Session, Log) {
    let log = Log::default();
    let endpoint = Endpoint {
        answer: Arc::new(answer),
        log: Arc::clone(&log),
    };
    let credentials = Credentials::new("test", "test", None, None, "test");
    let config = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(endpoint)
        .region(aws_config::Region::new(region));
    (Session::new(config.build()).unwrap(), log)
}

/// Those requests of a log that are of this method: path and body.
pub fn of(log: &Log, method: &str) -> Vec<(String, String)> {
    let log = log.lock().unwrap();
    let matching = log.iter().filter(|(m, _, _)| m == method);
    matching
        .map(|(_, path, body)| (path.clone(), body.clone()))
        .collect()
}

impl<'a> Asked<'a> {
    /// A header of the request.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.request.headers().get(name)
    }
}

impl HttpConnector for Endpoint {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let (_, after) = request.uri().split_once("://").unwrap_or_default();
        let mut path = after.find('/').map_or("/", |at| &after[at..]).to_owned();
        // The protocols that know one path only say in a header what is asked.
        if let Some((_, operation)) = request
            .headers()
            .get("x-amz-target")
            .and_then(|target| target.rsplit_once('.'))
        {
            path.push_str(operation);
        }
        let method = request.method().to_owned();
        let (status, headers, answered) = (self.answer)(Asked {
            method: &method,
            path: &path,
            body: &body,
            request: &request,
        });
        self.log.lock().unwrap().push((method, path, body));
        let status = status.try_into().unwrap();
        let mut response = HttpResponse::new(status, SdkBody::from(answered));
        for (name, value) in headers {
            response.headers_mut().insert(name, value);
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl HttpClient for Endpoint {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").finish_non_exhaustive()
    }
}
