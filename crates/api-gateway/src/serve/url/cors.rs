//! Web pages of other origins.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use serde::Deserialize;

/// Which web pages of other origins may call a function URL, and what they may do.
///
/// ```
/// use http::{HeaderMap, Request};
/// use lambda_with_api_gateway::serve::Cors;
///
/// let cors = Cors { allow_origins: vec!["https://app.example.com".into()], ..Cors::default() };
/// let request = Request::get("/").header("origin", "https://app.example.com").body(())?;
/// let mut headers = HeaderMap::new();
/// cors.apply(&request, &mut headers);
/// assert_eq!(headers["access-control-allow-origin"], "https://app.example.com");
/// # Ok::<(), http::Error>(())
/// ```
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors>.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Cors {
    /// Whether cookies and the like may be sent.
    pub allow_credentials: bool,
    /// Headers a request may have; `*` for all.
    pub allow_headers: Vec<String>,
    /// Methods a request may have; `*` for all.
    pub allow_methods: Vec<String>,
    /// Origins that may call; `*` for all, and within one (`https://*.example.com`).
    pub allow_origins: Vec<String>,
    /// Headers of the response a page may read.
    pub expose_headers: Vec<String>,
    /// For how many seconds a browser remembers what it was allowed.
    pub max_age: Option<u32>,
}

impl Cors {
    /// The answer to a browser that asks what it may do; the function is not asked. `None` for any
    /// other request.
    #[must_use]
    pub fn preflight<B>(&self, request: &Request<B>) -> Option<Response<Bytes>> {
        let asks = request.method() == Method::OPTIONS
            && request.headers().contains_key(ORIGIN)
            && request
                .headers()
                .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !asks {
            return None;
        }
        let mut response = Response::new(Bytes::new());
        let headers = response.headers_mut();
        if self.allow_origin(request, headers) {
            set(headers, ACCESS_CONTROL_ALLOW_METHODS, &self.allow_methods);
            set(headers, ACCESS_CONTROL_ALLOW_HEADERS, &self.allow_headers);
            if let Some(seconds) = self.max_age {
                headers.insert(ACCESS_CONTROL_MAX_AGE, seconds.into());
            }
        }
        Some(response)
    }

    /// Adds to a response what the page may do with it. What the function says about it itself stays,
    /// and so it may stand there twice, as on AWS.
    pub fn apply<B>(&self, request: &Request<B>, headers: &mut HeaderMap) {
        if self.allow_origin(request, headers) {
            set(headers, ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose_headers);
        }
    }

    /// Says that the origin of the request may call; whether it may.
    fn allow_origin<B>(&self, request: &Request<B>, headers: &mut HeaderMap) -> bool {
        let Some(origin) = request.headers().get(ORIGIN) else {
            return false;
        };
        let named = origin.to_str().unwrap_or_default();
        if !self.allow_origins.iter().any(|one| fits(one, named)) {
            return false;
        }
        let any = self.allow_origins.iter().any(|one| one == "*");
        if any && !self.allow_credentials {
            headers.append(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        } else {
            headers.append(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        if self.allow_credentials {
            let allowed = HeaderValue::from_static("true");
            headers.append(ACCESS_CONTROL_ALLOW_CREDENTIALS, allowed);
        }
        true
    }
}

fn fits(pattern: &str, origin: &str) -> bool {
    let (pattern, origin) = (pattern.to_ascii_lowercase(), origin.to_ascii_lowercase());
    match pattern.split_once('*') {
        Some((before, after)) => {
            origin.len() >= before.len() + after.len()
                && origin.starts_with(before)
                && origin.ends_with(after)
        }
        None => pattern == origin,
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, values: &[String]) {
    if let Ok(value) = HeaderValue::try_from(values.join(","))
        && !values.is_empty()
    {
        headers.append(name, value);
    }
}
