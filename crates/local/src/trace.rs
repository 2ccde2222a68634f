//! Ids: of requests, of attempts, of traces.

use std::time::Duration;

use uuid::Uuid;

/// A fresh id, as requests and attempts carry it.
pub(crate) fn request_id() -> String {
    Uuid::new_v4().to_string()
}

/// An X-Ray header for an invocation that came without one; never sampled.
///
/// See <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>.
pub(crate) fn header(now: Duration) -> String {
    let random = Uuid::new_v4().simple().to_string();
    format!(
        "Root=1-{:08x}-{};Parent={};Sampled=0",
        now.as_secs(),
        &random[..24],
        &random[16..]
    )
}
