//! Ids: of requests, of attempts, of traces.

use std::time::Duration;

use lambda_with::Arn;
use lambda_with::rules::recursion::Chain;
use lambda_with_x_ray::{Sampled, TraceHeader, TraceId};
use uuid::Uuid;

use crate::clock::Clock;

/// A fresh id, as requests and attempts carry it.
pub(crate) fn request_id() -> String {
    Uuid::new_v4().to_string()
}

/// The header of an event that is queued, or one for it: all attempts belong to one trace.
pub(crate) fn sampled(header: Option<String>, now: Duration) -> String {
    let known = header.filter(|header| TraceHeader::from(header.as_str()).root().is_some());
    known.unwrap_or_else(|| {
        let trace = TraceId::new(Clock::timestamp_of(now));
        TraceHeader::new(trace, None, Sampled::Yes).to_string()
    })
}

/// The header a function is given: with the invocation counted in its chain of requests. Says too
/// which invocation of this function it is in that chain.
pub(crate) fn entered(
    header: Option<String>,
    mut chain: Chain,
    function: &Arn,
    now: Duration,
) -> (String, u32) {
    let header = header.unwrap_or_else(|| self::header(now));
    let mut header = TraceHeader::from(header.as_str());
    chain.join(Chain::read(header.get("Lineage").unwrap_or_default()));
    let invocation = chain.enter(function);
    header.set_lineage(&chain.to_string());
    (header.to_string(), invocation)
}

/// The header without what counts loops: of a service that is no part of them.
pub(crate) fn without_lineage(header: &str) -> String {
    let members = header.split(';').map(str::trim);
    let others = members.filter(|member| !member.to_ascii_lowercase().starts_with("lineage="));
    others.collect::<Vec<_>>().join(";")
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
