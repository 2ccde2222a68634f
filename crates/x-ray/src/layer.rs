//! Spans of `tracing` as subsegments of the invocation's segment.

mod fields;
mod work;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use lambda_with::Error;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Span, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use self::fields::{Failure, HeaderField};
use self::work::{Traced, Work};
use crate::{Emitter, IndependentSubsegment, Sampled, SegmentId, TraceHeader};

/// The fields of a span by which an invocation is known: `lambda_runtime`'s own, and the same in
/// snake case.
const HEADER_FIELDS: [&str; 2] = ["xrayTraceId", "xray_trace_id"];

/// How many finished subsegments wait for what they are part of; more are sent without it.
const MAX_WAITING: usize = 100;

/// A layer of `tracing_subscriber` that sends spans to X-Ray, as subsegments of the segment Lambda
/// makes for the invocation.
///
/// ```no_run
/// use lambda_with_x_ray::XRayLayer;
/// use tracing::level_filters::LevelFilter;
/// use tracing_subscriber::Layer;
/// use tracing_subscriber::layer::SubscriberExt;
/// use tracing_subscriber::util::SubscriberInitExt;
///
/// # fn main() -> Result<(), lambda_with::Error> {
/// tracing_subscriber::registry()
///     .with(XRayLayer::from_env()?.with_filter(LevelFilter::INFO))
///     .init();
/// # Ok(())
/// # }
/// ```
///
/// **Which spans.** All below one with a field `xrayTraceId` (or `xray_trace_id`) that holds a trace
/// header. `lambda_runtime` opens such a span around each invocation by itself; it stands for the
/// segment Lambda sends, and is not sent again. Nothing is sent outside of such a span, nor where
/// the header does not say `Sampled=1`. Choose more finely with a filter of `tracing_subscriber`;
/// the spans of AWS SDKs have the level `DEBUG`.
///
/// **Time.** From the creation of a span until it was last left, so a future that waits counts as
/// long as it is not done. Nested and concurrent spans find their place by their parent span.
///
/// **Fields.** Recorded as text, number or truth value they become annotations, which X-Ray indexes:
/// `tenant = "blue"`. Recorded by `?` or `%` they become metadata below `tracing`: `basket = ?basket`.
/// In keys of annotations `_` stands for what is neither letter nor digit. At most 50 of either are
/// kept for a span, and 1,000 characters of each.
///
/// **Errors.** An event of the level `ERROR` makes its span a fault, with the event's message, or the
/// error it carries and what that was caused by.
///
/// **Calls of AWS SDKs.** A span with `rpc.system = "aws-api"` has the namespace `aws` and is named
/// after its `rpc.service`; `rpc.method` is its operation.
///
/// **Sending.** When a span closes that is not part of another, with all that is part of it, in
/// documents small enough for the daemon. Nothing waits; what cannot be sent is dropped.
///
/// **Beside OpenTelemetry.** The layer keeps what it knows to itself, reads nobody else's, and sets
/// nothing global: `tracing-opentelemetry` works beside it on the same spans. Ids differ between
/// the two.
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html>.
pub struct XRayLayer {
    send: Box<Send>,
    limit: usize,
    emitter: Option<Arc<Emitter>>,
}

type Send = dyn Fn(&str) + std::marker::Send + Sync;

/// What a span of the registry is to this layer.
enum Mark {
    /// The invocation: its header, or where it is traced all about that.
    Invocation(Result<Arc<Traced>, TraceHeader>),
    Work(Box<Work>),
}

impl XRayLayer {
    /// Hands every document, of at most 64 KB, to `send`.
    ///
    /// It is called in the thread that closed the span, and should not wait.
    pub fn new(send: impl Fn(&str) + std::marker::Send + Sync + 'static) -> Self {
        Self {
            send: Box::new(send),
            limit: crate::MAX_DOCUMENT,
            emitter: None,
        }
    }

    /// Sends to the daemon that Lambda names, as [`Emitter::from_env`] does.
    ///
    /// # Errors
    ///
    /// As of [`Emitter::from_env`].
    pub fn from_env() -> Result<Self, Error> {
        Emitter::from_env().map(|emitter| Self::with(Arc::new(emitter)))
    }

    /// Sends through an emitter, whose counters tell what was dropped.
    #[must_use]
    pub fn with(emitter: Arc<Emitter>) -> Self {
        let through = emitter.clone();
        Self {
            // What is dropped is counted.
            send: Box::new(move |document| {
                through.send(document);
            }),
            limit: Emitter::MAX_DOCUMENT,
            emitter: Some(emitter),
        }
    }

    fn send(&self, subsegment: IndependentSubsegment) {
        match subsegment.into_documents(self.limit) {
            Ok(documents) => documents.iter().for_each(|document| (self.send)(document)),
            Err(_) => {
                if let Some(emitter) = &self.emitter {
                    emitter.drop_one();
                }
            }
        }
    }
}

impl fmt::Debug for XRayLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XRayLayer")
            .field("emitter", &self.emitter)
            .finish_non_exhaustive()
    }
}

/// The header for a call made now: that of the invocation, with the subsegment at hand as the parent.
///
/// ```
/// use lambda_with_x_ray::{TRACE_HEADER, current_header};
///
/// let header = current_header().map(|header| (TRACE_HEADER, header.to_string()));
/// assert!(header.is_none()); // there is no span here, nor a subscriber
/// ```
///
/// Put it into the header `X-Amzn-Trace-Id` of an HTTP request, or into the system attribute
/// `AWSTraceHeader` of a message of Amazon SQS, and what follows hangs below this subsegment. Where
/// the invocation is not traced, it is the header as it came, which says so. `None` outside of an
/// invocation, and where the subscriber is not built on `tracing_subscriber`'s registry.
#[must_use]
pub fn current_header() -> Option<TraceHeader> {
    let within = |(id, subscriber): (&Id, &Dispatch)| {
        let registry = subscriber.downcast_ref::<Registry>()?;
        registry.span(id)?.scope().find_map(|span| {
            span.extensions().get::<Mark>().map(|mark| match mark {
                Mark::Invocation(Ok(traced)) => traced.header.clone(),
                Mark::Invocation(Err(header)) => header.clone(),
                Mark::Work(work) => {
                    let mut header = work.traced.header.clone();
                    header.set_parent(work.id);
                    header
                }
            })
        })
    };
    Span::current().with_subscriber(within).flatten()
}

impl<S> Layer<S> for XRayLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let names = attributes.metadata().fields();
        if HEADER_FIELDS.iter().any(|name| names.field(name).is_some()) {
            let mut header = HeaderField::default();
            attributes.record(&mut header);
            let header = TraceHeader::from(header.0.as_deref().unwrap_or_default());
            let traced = traced(&header).map(Arc::new).ok_or(header);
            span.extensions_mut().insert(Mark::Invocation(traced));
            return;
        }
        let Some((traced, parent)) = above(&span) else {
            return;
        };
        let mut work = Work::new(traced, parent);
        attributes.record(&mut work.fields);
        span.extensions_mut().insert(Mark::Work(Box::new(work)));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(Mark::Work(work)) = span.extensions_mut().get_mut()
        {
            values.record(&mut work.fields);
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let place = |id: &Id| {
            let span = context.span(id)?;
            match span.extensions().get::<Mark>()? {
                Mark::Work(work) => Some((work.parent, work.id)),
                Mark::Invocation(_) => None,
            }
        };
        let Some((parent, before)) = place(follows) else {
            return;
        };
        if let Some(span) = context.span(id)
            && let Some(Mark::Work(work)) = span.extensions_mut().get_mut()
            && work.parent == parent
        {
            work.precursors.push(before);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() != Level::ERROR {
            return;
        }
        for span in context.event_scope(event).into_iter().flatten() {
            match span.extensions_mut().get_mut() {
                Some(Mark::Work(work)) => {
                    let mut failure = Failure::default();
                    event.record(&mut failure);
                    work.failed(failure, event.metadata());
                    return;
                }
                Some(Mark::Invocation(_)) => return,
                None => {}
            }
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(Mark::Work(work)) = span.extensions_mut().get_mut()
        {
            work.left = Some(SystemTime::now());
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let Some(Mark::Work(work)) = span.extensions_mut().remove() else {
            return;
        };
        let (trace, parent) = (work.traced.root, work.parent);
        let finished = work.finish(span.name());
        for above in span.scope().skip(1) {
            match above.extensions_mut().get_mut() {
                Some(Mark::Work(whole)) => {
                    whole.parts.push(finished);
                    if whole.parts.len() < MAX_WAITING {
                        return;
                    }
                    let (parts, id) = (std::mem::take(&mut whole.parts), whole.id);
                    for part in parts {
                        self.send(part.independent(trace.to_string(), id));
                    }
                    return;
                }
                Some(Mark::Invocation(_)) => break,
                None => {}
            }
        }
        self.send(finished.independent(trace.to_string(), parent));
    }
}

/// The trace a span belongs to, and what it is part of there.
fn above<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) -> Option<(Arc<Traced>, SegmentId)> {
    let mut scope = span.scope().skip(1);
    scope.find_map(|span| {
        span.extensions().get::<Mark>().map(|mark| match mark {
            Mark::Invocation(Ok(traced)) => Some((traced.clone(), traced.segment)),
            Mark::Invocation(Err(_)) => None,
            Mark::Work(work) => Some((work.traced.clone(), work.id)),
        })
    })?
}

/// What a header says, where the invocation is to be traced.
fn traced(header: &TraceHeader) -> Option<Traced> {
    if header.sampled() != Some(Sampled::Yes) {
        return None;
    }
    Some(Traced {
        root: header.root()?,
        segment: header.parent()?,
        header: header.clone(),
    })
}
