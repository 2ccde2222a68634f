//! Which origin an answer may send a request to.

use lambda_with::{Error, Map};

use super::rules::invalid;
use crate::{
    CloudFrontCustomOrigin, CloudFrontHeader, CloudFrontOrigin, CloudFrontS3Origin, Trigger,
};

const WHERE: &str = "only origin-request changes the origin";
const ONE: &str = "an origin is either custom or s3";
const DOMAIN: &str = "a domain has at most 253 characters; that of a bucket 128, in lower case";
const PATH: &str = "an origin's path is empty, or begins with a slash and does not end with one";
const PORT: &str = "a port is 80, 443 or 1,024 to 65,535";
const PROTOCOL: &str = "a protocol is http or https, over TLSv1.2, TLSv1.1, TLSv1 or SSLv3";
const TIME: &str = "time-outs are 1 to 120 seconds, and the whole takes no less than a read";
const SIGNED: &str = "a bucket is read with `none`, or `origin-access-identity` and its region";
const HEADERS: &str = "a custom header is not a header of the request";

type Headers = Map<Vec<CloudFrontHeader>>;

pub(super) fn check(
    trigger: Trigger,
    origin: Option<&CloudFrontOrigin>,
    headers: &Headers,
) -> Result<(), Error> {
    if trigger != Trigger::OriginRequest {
        return Err(invalid(WHERE, format!("this is a {trigger}")));
    }
    let Some(origin) = origin else {
        return Err(invalid(ONE, "there is none"));
    };
    let custom_headers = match (&origin.custom, &origin.s3) {
        (Some(custom), None) => {
            check_custom(custom)?;
            &custom.custom_headers
        }
        (None, Some(s3)) => {
            check_s3(s3)?;
            &s3.custom_headers
        }
        (Some(_), Some(_)) => return Err(invalid(ONE, "it is both")),
        (None, None) => return Err(invalid(ONE, "it is neither")),
    };
    match custom_headers.keys().find(|name| headers.contains(name)) {
        Some(name) => Err(invalid(HEADERS, format!("`{name}` is both"))),
        None => Ok(()),
    }
}

fn check_custom(origin: &CloudFrontCustomOrigin) -> Result<(), Error> {
    let domain = &origin.domain_name;
    if !(1..=253).contains(&domain.chars().count()) || domain.contains([':', '/']) {
        return Err(invalid(DOMAIN, format!("it is `{domain}`")));
    }
    path(&origin.path)?;
    if let Some(port) = origin
        .port
        .filter(|port| !matches!(port, 80 | 443 | 1024..=65_535))
    {
        return Err(invalid(PORT, format!("it is {port}")));
    }
    let protocol = origin.protocol.as_deref();
    if let Some(protocol) = protocol.filter(|name| !matches!(*name, "http" | "https")) {
        return Err(invalid(PROTOCOL, format!("it is `{protocol}`")));
    }
    let known = ["TLSv1.2", "TLSv1.1", "TLSv1", "SSLv3"];
    let mut versions = origin.ssl_protocols.iter().flatten();
    if let Some(version) = versions.find(|version| !known.contains(&version.as_str())) {
        return Err(invalid(PROTOCOL, format!("`{version}` is none")));
    }
    times(
        origin.read_timeout,
        origin.keepalive_timeout,
        origin.response_completion_timeout,
    )
}

fn check_s3(origin: &CloudFrontS3Origin) -> Result<(), Error> {
    let domain = &origin.domain_name;
    let upper = domain.contains(|c: char| c.is_ascii_uppercase());
    if !(1..=128).contains(&domain.chars().count()) || upper {
        return Err(invalid(DOMAIN, format!("it is `{domain}`")));
    }
    path(&origin.path)?;
    let region = origin
        .region
        .as_deref()
        .is_some_and(|region| !region.is_empty());
    match origin.auth_method.as_deref() {
        None | Some("none") => {}
        Some("origin-access-identity") if region => {}
        Some("origin-access-identity") => return Err(invalid(SIGNED, "the region is missing")),
        Some(other) => return Err(invalid(SIGNED, format!("it is `{other}`"))),
    }
    times(
        origin.read_timeout,
        None,
        origin.response_completion_timeout,
    )
}

fn path(path: &str) -> Result<(), Error> {
    let good = path.is_empty() || path.starts_with('/') && !path.ends_with('/');
    if good && path.chars().count() <= 255 {
        return Ok(());
    }
    Err(invalid(PATH, format!("it is `{path}`")))
}

fn times(read: Option<i64>, keep: Option<i64>, whole: Option<i64>) -> Result<(), Error> {
    for seconds in [read, keep].into_iter().flatten() {
        if !(1..=120).contains(&seconds) {
            return Err(invalid(TIME, format!("{seconds} seconds are not")));
        }
    }
    match whole {
        Some(whole) if whole != 0 && whole < read.unwrap_or(1) => {
            Err(invalid(TIME, format!("the whole takes {whole} seconds")))
        }
        _ => Ok(()),
    }
}
