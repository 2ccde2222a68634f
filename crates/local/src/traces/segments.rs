//! The segments Lambda makes for an invocation.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html>.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use lambda_with::rules::recursion::Chain;
use lambda_with::{Error, ErrorKind, FunctionError, Outcome, Record, Text, Timestamp};
use lambda_with_x_ray::{
    Aws, Cause, CauseDetails, Exception, Http, HttpResponse, Link, MAX_LINKS, Sampled, Segment,
    SegmentId, Subsegment, TraceHeader, TraceId,
};
use serde::Deserialize;

use super::Traces;
use crate::clock::Clock;
use crate::function::Function;

/// When what happened in an invocation, noted by those who know.
#[derive(Debug, Default)]
pub(crate) struct Times {
    began: OnceLock<Duration>,
    answered: OnceLock<Duration>,
    initialization: OnceLock<(Duration, Duration)>,
}

impl Times {
    /// The function has been handed the event.
    pub(crate) fn began(&self, now: Duration) {
        // Once set, it stays.
        let _ = self.began.set(now);
    }

    /// The function has answered.
    pub(crate) fn answered(&self, now: Duration) {
        let _ = self.answered.set(now);
    }

    /// The environment was started for this invocation, and took this long `before` now.
    pub(crate) fn initialized(&self, now: Duration, before: Duration, took: Duration) {
        let start = now.saturating_sub(before);
        let _ = self.initialization.set((start, start + took));
    }
}

/// An invocation that is traced.
#[derive(Debug)]
pub(crate) struct Invoked {
    traces: Arc<Traces>,
    clock: Clock,
    lambda: Segment,
    function: SegmentId,
    trace: TraceId,
    arn: Text,
    times: Arc<Times>,
}

impl Invoked {
    /// Begins the segments, and sets the header the function is given; `None` when the caller wants
    /// no trace.
    pub(crate) fn begin(
        traces: &Arc<Traces>,
        clock: Clock,
        function: &Function,
        request_id: &str,
        header: &mut Option<String>,
        links: Vec<Link>,
    ) -> Option<Box<Self>> {
        let now = clock.now();
        let mut known = TraceHeader::from(header.as_deref().unwrap_or_default());
        if known.sampled() == Some(Sampled::No) {
            return None;
        }
        let trace = known.root().unwrap_or_else(|| {
            let fresh = TraceId::new(time(now));
            known = TraceHeader::new(fresh, None, Sampled::Yes);
            fresh
        });
        let arn = Text::from(function.definition.arn.as_str());
        let lambda = Segment {
            parent_id: known.parent().map(Text::from),
            origin: Some(Text::from_static("AWS::Lambda")),
            resource_arn: Some(arn.clone()),
            aws: Some(Aws {
                account_id: Some(function.definition.account().into()),
                request_id: Some(request_id.into()),
                ..Aws::default()
            }),
            links: (!links.is_empty()).then_some(links),
            ..Segment::new(function.name(), trace, time(now))
        };
        let id = SegmentId::random();
        known.set_parent(id);
        known.set_sampled(Sampled::Yes);
        *header = Some(known.to_string());
        Some(Box::new(Self {
            traces: traces.clone(),
            clock,
            lambda,
            function: id,
            trace,
            arn,
            times: Arc::default(),
        }))
    }

    pub(crate) fn times(&self) -> Arc<Times> {
        self.times.clone()
    }

    /// Ends the segments, and keeps them.
    pub(crate) fn end(mut self, result: &Result<Outcome, Error>) {
        let now = self.clock.now();
        let status = match result {
            Ok(_) => 200,
            Err(error) if error.kind() == ErrorKind::Throttled => 429,
            Err(_) => 500,
        };
        self.lambda.end_time = Some(time(now).into());
        self.lambda.error = (status == 429).then_some(true);
        self.lambda.throttle = (status == 429).then_some(true);
        self.lambda.fault = (status == 500).then_some(true);
        self.lambda.http = Some(Http {
            response: Some(HttpResponse {
                status: Some(status),
                ..HttpResponse::default()
            }),
            ..Http::default()
        });
        let function = result
            .as_ref()
            .ok()
            .map(|outcome| self.function(outcome, now));
        for segment in [Some(self.lambda), function].into_iter().flatten() {
            for document in segment
                .into_documents(lambda_with_x_ray::MAX_DOCUMENT)
                .into_iter()
                .flatten()
            {
                self.traces.keep(document);
            }
        }
    }

    fn function(&self, outcome: &Outcome, now: Duration) -> Segment {
        let initialization = self.times.initialization.get().copied();
        let began = self.times.began.get().copied();
        let answered = self.times.answered.get().copied().unwrap_or(now);
        // An environment that never came to work shows what it was at: its start.
        let start = began.unwrap_or(now);
        let parts = [
            initialization.map(|(from, to)| ("Initialization", from, to)),
            began.map(|began| ("Invocation", began, answered)),
            began.map(|_| ("Overhead", answered, now)),
        ];
        let part = |(name, from, to): (&str, Duration, Duration)| {
            let mut part = Subsegment::new(name, time(from));
            part.end(time(to));
            part.aws = Some(Aws {
                function_arn: Some(self.arn.clone()),
                ..Aws::default()
            });
            part
        };
        let failed = outcome.is_function_error();
        Segment {
            id: self.function.into(),
            parent_id: Some(self.lambda.id.clone()),
            origin: Some(Text::from_static("AWS::Lambda::Function")),
            end_time: Some(time(now).into()),
            aws: Some(Aws {
                account_id: self
                    .lambda
                    .aws
                    .as_ref()
                    .and_then(|aws| aws.account_id.clone()),
                function_arn: Some(self.arn.clone()),
                ..Aws::default()
            }),
            fault: failed.then_some(true),
            cause: failed.then(|| outcome.payload().map(cause)).flatten(),
            subsegments: Some(parts.into_iter().flatten().map(part).collect()),
            ..Segment::new(&self.lambda.name, self.trace, time(start))
        }
    }
}

/// The headers of a batch's messages, as Amazon SQS hands them over.
pub(crate) fn headers(records: &[Record]) -> Vec<TraceHeader> {
    #[derive(Deserialize)]
    struct Message {
        attributes: Attributes,
    }
    #[derive(Deserialize)]
    struct Attributes {
        #[serde(rename = "AWSTraceHeader")]
        header: String,
    }
    let header = |record: &Record| {
        let message: Message = serde_json::from_slice(&record.json).ok()?;
        Some(TraceHeader::from(message.attributes.header.as_str()))
    };
    records.iter().filter_map(header).collect()
}

/// The chain of requests a batch goes on with.
pub(crate) fn chain(headers: &[TraceHeader]) -> Chain {
    let mut chain = Chain::default();
    for header in headers {
        chain.join(Chain::read(header.get("Lineage").unwrap_or_default()));
    }
    chain
}

/// The links to the traces of a batch's messages.
pub(crate) fn links(headers: &[TraceHeader]) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for header in headers {
        let Some(trace) = header.root() else { continue };
        let link = Link {
            trace_id: trace.to_string().into(),
            id: header.parent().map(Text::from),
            ..Link::default()
        };
        if links.len() < MAX_LINKS && !links.contains(&link) {
            links.push(link);
        }
    }
    links
}

/// What a function's error says.
fn cause(payload: &Bytes) -> Cause {
    let error: FunctionError = serde_json::from_slice(payload).unwrap_or_default();
    Cause::Details(CauseDetails {
        exceptions: Some(vec![Exception {
            id: Some(SegmentId::random().into()),
            message: Some(error.error_message.into()),
            r#type: error.error_type.map(Text::from),
            ..Exception::default()
        }]),
        ..CauseDetails::default()
    })
}

/// To the microsecond, as X-Ray asks.
fn time(instant: Duration) -> Timestamp {
    let micros = Duration::new(instant.as_secs(), instant.subsec_micros() * 1000);
    (UNIX_EPOCH + micros).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_linked_to_each_trace_once_and_not_to_more_than_x_ray_takes() {
        let header = |number: u32| {
            let id = format!("1-69a56802-{number:024x}");
            TraceHeader::from(format!("Root={id};Parent=53995c3f42cd8ad8;Sampled=1").as_str())
        };
        let headers: Vec<TraceHeader> = (0..30).map(header).collect();
        assert_eq!(links(&headers).len(), MAX_LINKS);
        assert_eq!(links(&[header(1), header(1), header(2)]).len(), 2);
        assert_eq!(links(&[TraceHeader::default()]), []);
    }
}
