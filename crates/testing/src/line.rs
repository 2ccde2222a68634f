//! Sessions over a line that gives way to others, and that can be cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_config::retry::RetryConfig;
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use lambda_with_aws::Session;

/// Counts the requests of a session, and cuts it off after some.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    client: SharedHttpClient,
    asked: Arc<AtomicUsize>,
    most: usize,
}

/// One connector of a line.
#[derive(Debug)]
struct End {
    line: Line,
    inner: SharedHttpConnector,
}

impl Line {
    /// A session like this one that lets others go first at each request. The answer of request
    /// number `most` is lost, though it was done, and no further one gets through.
    pub(crate) fn over(session: &Session, most: usize) -> (Session, Self) {
        let config = session.config();
        let client = config.http_client();
        let line = Self {
            client: client.unwrap_or_else(|| Builder::new().build_http()),
            asked: Arc::default(),
            most,
        };
        let config = config.to_builder().http_client(line.clone());
        let config = match most {
            usize::MAX => config,
            _ => config.retry_config(RetryConfig::disabled()),
        };
        (Session::new(config.build()).unwrap(), line)
    }

    /// How many requests went out.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl HttpClient for Line {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(End {
            line: self.clone(),
            inner: self.client.http_connector(settings, components),
        })
    }
}

impl HttpConnector for End {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (line, inner) = (self.line.clone(), self.inner.clone());
        let cut = || Err(ConnectorError::io("the line is cut".into()));
        HttpConnectorFuture::new(async move {
            tokio::task::yield_now().await;
            let nth = line.asked.fetch_add(1, Ordering::SeqCst) + 1;
            if nth > line.most {
                return cut();
            }
            let answer = inner.call(request).await;
            if nth == line.most { cut() } else { answer }
        })
    }
}
