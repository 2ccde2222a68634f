//! Answers put over HTTPS.

use std::fmt;

use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lambda_with::{Error, ErrorKind};

use lambda_with::BoxError;

use crate::provide::{Answer, Put};

/// Puts answers with hyper and rustls. Make one when the function starts; clones share it.
///
/// ```
/// use lambda_with_cloudformation::Https;
///
/// let https = Https::new()?;
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// It trusts the certificates of the system, as the AWS SDK does, and takes `http://` addresses as
/// well, for tests.
#[derive(Clone)]
pub struct Https {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Https {
    /// A client.
    ///
    /// # Errors
    ///
    /// When the system has no certificates.
    pub fn new() -> Result<Self, Error> {
        let connector = HttpsConnectorBuilder::new().with_native_roots();
        let connector = connector.map_err(|error| {
            let message = "no certificates of the system can be read";
            Error::new(ErrorKind::Unavailable, message).caused_by(error)
        })?;
        let connector = connector.https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client })
    }
}

impl Put for Https {
    async fn put(&self, answer: Answer<'_>) -> Result<u16, BoxError> {
        let mut request = Request::put(answer.url);
        for (name, value) in answer.headers {
            request = request.header(name, value);
        }
        let body = Full::new(Bytes::copy_from_slice(answer.body.as_bytes()));
        let response = self.client.request(request.body(body)?).await?;
        Ok(response.status().as_u16())
    }
}

impl fmt::Debug for Https {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Https").finish_non_exhaustive()
    }
}
