//! Websites: what a browser on this machine sends to 127.0.0.1 on behalf of a page.

use std::net::IpAddr;

use http::{HeaderMap, Request, Uri, header};

/// Ends of names that public DNS has nothing under, so that no website can give itself such a name.
const PRIVATE: [&str; 5] = ["internal", "local", "localdomain", "localhost", "test"];

/// Whether a page of some website may have sent a request, through a browser on this machine.
///
/// ```
/// use http::Request;
/// use lambda_with_local::is_from_website;
///
/// let sdk = Request::get("/").header("host", "127.0.0.1:9000").body(())?;
/// assert!(!is_from_website(&sdk));
/// let page = Request::get("/").header("host", "rebound.example.com:9000").body(())?;
/// assert!(is_from_website(&page));
/// # Ok::<(), http::Error>(())
/// ```
///
/// So it is where the `Origin` is not this machine, or the `Host` is a name that a website may have
/// pointed to 127.0.0.1. Addresses and names that public DNS does not know (`localhost`,
/// `host.docker.internal`, `lambda` …) are not such names. What is public on AWS is so here, and need not
/// be asked about: pages reach a function URL of `NONE` wherever it is. What is signed there, and here
/// lets in everybody, must not let in pages.
#[must_use]
pub fn is_from_website<B>(request: &Request<B>) -> bool {
    of_website(request.headers())
}

/// The same by headers alone.
pub(crate) fn of_website(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST);
    let host = host.map(|host| host.to_str().unwrap_or_default());
    let origin = headers.get(header::ORIGIN);
    let origin = origin.map(|origin| origin.to_str().unwrap_or_default());
    !host.is_none_or(is_private) || !origin.is_none_or(is_of_this_machine)
}

/// Whether a browser says that it sends this; what speaks the Runtime API is none.
pub(crate) fn of_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN)
        || headers.contains_key("sec-fetch-site")
        || of_website(headers)
}

fn is_private(host: &str) -> bool {
    let Ok(authority) = host.parse::<http::uri::Authority>() else {
        return false;
    };
    let name = authority.host().trim_end_matches('.');
    let address = name.trim_start_matches('[').trim_end_matches(']');
    if address.parse::<IpAddr>().is_ok() {
        return true;
    }
    match name.rsplit_once('.') {
        Some((_, end)) => PRIVATE.iter().any(|known| known.eq_ignore_ascii_case(end)),
        None => !name.is_empty(),
    }
}

fn is_of_this_machine(origin: &str) -> bool {
    let uri = origin.parse::<Uri>().ok();
    let host = uri.as_ref().and_then(Uri::host);
    host.is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"))
        && uri.is_some_and(|uri| uri.scheme().is_some())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn pages_of_websites_are_known_by_origin_and_host() {
        for (host, origin, from_website) in [
            (None, None, false),
            (Some("127.0.0.1:9000"), None, false),
            (Some("[::1]:9000"), None, false),
            (Some("192.0.2.7"), None, false),
            (Some("localhost:9000"), None, false),
            (Some("LOCALHOST"), None, false),
            (Some("localhost."), None, false),
            (Some("orders.localhost:9000"), None, false),
            (Some("host.docker.internal:9000"), None, false),
            (Some("lambda:9000"), None, false),
            (Some("orders.test"), None, false),
            (Some("example.com"), None, true),
            (Some("example.com:9000"), None, true),
            (Some("127.0.0.1.example.com"), None, true),
            (Some("localhost.example.com"), None, true),
            (Some("notlocalhost.com"), None, true),
            (Some("example.notlocal"), None, true),
            (Some(""), None, true),
            (Some("a b"), None, true),
            (None, Some("http://localhost:3000"), false),
            (None, Some("http://127.0.0.1"), false),
            (None, Some("http://[::1]:8080"), false),
            (None, Some("https://example.com"), true),
            (None, Some("http://localhost.example.com"), true),
            (None, Some("http://127.0.0.1.example.com:9000"), true),
            (None, Some("null"), true),
            (None, Some(""), true),
            (Some("localhost"), Some("https://example.com"), true),
            (Some("example.com"), Some("http://example.com"), true),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
                if let Some(value) = value {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(of_website(&headers), from_website, "{host:?} {origin:?}");
        }
    }
}
