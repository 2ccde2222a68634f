//! Which headers an answer may have.

use lambda_with::{Error, Map};

use super::rules::invalid;
use crate::{CloudFrontHeader, Trigger};

const NAME: &str = "a header's name is in lower case, and its key is the same name";
const DISALLOWED: &str = "a header of CloudFront's own is not added or changed";
const READ_ONLY: &str = "a read-only header is not added, changed or removed";
const COUNTRY: &str = "viewer-response does not add CloudFront-Viewer-Country";

const DISALLOWED_NAMES: &[&str] = &[
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "trailer",
    "upgrade",
    "x-accel-buffering",
    "x-accel-charset",
    "x-accel-limit-rate",
    "x-accel-redirect",
    "x-amzn-auth",
    "x-amzn-cf-billing",
    "x-amzn-cf-id",
    "x-amzn-cf-xff",
    "x-amzn-errortype",
    "x-amzn-fle-profile",
    "x-amzn-header-count",
    "x-amzn-header-order",
    "x-amzn-lambda-integration-tag",
    "x-amzn-requestid",
    "x-cache",
    "x-forwarded-proto",
    "x-real-ip",
];

type Headers = Map<Vec<CloudFrontHeader>>;

fn read_only(trigger: Trigger) -> &'static [&'static str] {
    match trigger {
        Trigger::ViewerRequest => &[
            "cdn-loop",
            "content-length",
            "host",
            "transfer-encoding",
            "via",
        ],
        Trigger::OriginRequest => &[
            "accept-encoding",
            "cdn-loop",
            "content-length",
            "if-modified-since",
            "if-none-match",
            "if-range",
            "if-unmodified-since",
            "transfer-encoding",
            "via",
        ],
        Trigger::OriginResponse => &["transfer-encoding", "via"],
        Trigger::ViewerResponse => &[
            "content-encoding",
            "content-length",
            "transfer-encoding",
            "via",
            "warning",
        ],
    }
}

/// Compares headers with those that came; what is as it came is not looked at.
pub(super) fn check(
    trigger: Trigger,
    came: Option<&Headers>,
    headers: &Headers,
) -> Result<(), Error> {
    for (name, values) in headers.iter() {
        if came.is_some_and(|came| came.get(name) == Some(values)) {
            continue;
        }
        let key = |header: &CloudFrontHeader| {
            let key = header.key.as_ref();
            key.is_none_or(|key| key.eq_ignore_ascii_case(name))
        };
        if !is_name(name) || !values.iter().all(key) {
            return Err(invalid(NAME, format!("`{name}` is not so")));
        }
        let own = ["x-amz-cf-", "x-edge-"];
        if DISALLOWED_NAMES.contains(&name.as_str()) || own.iter().any(|own| name.starts_with(own))
        {
            return Err(invalid(DISALLOWED, format!("`{name}` is there")));
        }
    }
    let same = |name: &str| came.and_then(|came| came.get(name)) == headers.get(name);
    match read_only(trigger).iter().find(|name| !same(name)) {
        Some(name) => Err(invalid(READ_ONLY, format!("`{name}` is not as it came"))),
        None => Ok(()),
    }
}

pub(super) fn check_country(
    trigger: Trigger,
    came: Option<&Headers>,
    headers: &Headers,
) -> Result<(), Error> {
    let name = "cloudfront-viewer-country";
    let there = |headers: &Headers| headers.contains(name);
    if trigger == Trigger::ViewerResponse && there(headers) && !came.is_some_and(there) {
        return Err(invalid(COUNTRY, "the answer adds it"));
    }
    Ok(())
}

/// As many bytes as the headers have when they are written out.
pub(super) fn bytes(headers: &Headers) -> usize {
    let line =
        |name: &str, header: &CloudFrontHeader| name.len() + header.value.len() + ": \r\n".len();
    let lines = headers.iter().map(|(name, values)| {
        values
            .iter()
            .map(|header| line(name, header))
            .sum::<usize>()
    });
    lines.sum()
}

/// Whether this is a header's name in lower case.
fn is_name(name: &str) -> bool {
    let letter =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(letter)
}
