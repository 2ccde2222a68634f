//! Spans of `tracing` as subsegments of the invocation's segment.

mod conventions;
mod fields;
mod json;
mod work;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use lambda_with::Error;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Span, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use self::fields::{Failure, Fields, HeaderField};
use self::work::{Part, Traced, Work};
use crate::{Emitter, Sampled, SegmentId, TraceHeader};

/// The fields of a span by which an invocation is known: `lambda_runtime`'s own, and the same in
/// snake case.
const HEADER_FIELDS: [&str; 2] = ["xrayTraceId", "xray_trace_id"];

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
/// In keys of annotations `_` stands for what is neither letter, digit, `_` nor `.`. At most 50 of
/// either are kept for a span, and 1,000 characters of each.
///
/// **Calls.** Fields named by the conventions of OpenTelemetry fill what X-Ray has for them, however
/// they are recorded. `rpc.system = "aws-api"`, as spans of AWS SDKs have it, gives the namespace
/// `aws`, the name from `rpc.service` and the operation from `rpc.method`. `otel.kind = "client"` or
/// `"producer"`, or a database (`db.system`, `db.query.text` …), gives the namespace `remote` and the
/// name of what is called: `peer.service`, `server.address`, or the host of `url.full`. Fields like
/// `http.request.method` and `http.response.status_code` make the block `http`, those of databases
/// the block `sql`. `otel.name` takes the place of the span's name.
///
/// **Errors.** An event of the level `ERROR` makes its span a fault, with the event's message, or the
/// error it carries and what that was caused by; so does `otel.status_code = "ERROR"`. A status of
/// 500 or more is a fault too, one of 400 to 499 an error, and 429 throttling besides. Ten events are
/// told of one span.
///
/// **Sending.** When a span closes that is not part of another, with all that is part of it: it waits
/// for nothing and no thread, so nothing is left when the environment is frozen or killed. What cannot
/// be sent is dropped. Where more than 100 subsegments or 32 KB have gathered within a span that is
/// still open, further ones are sent as they close. A span closes when all within it have closed.
///
/// **Beside OpenTelemetry.** The layer keeps what it knows to itself, reads nobody else's, and sets
/// nothing global: `tracing-opentelemetry` works beside it on the same spans. Ids differ between
/// the two.
///
/// **Without a trace.** While no invocation is traced, spans cost next to nothing. Nothing is sent for
/// what lies outside of an invocation; nobody is told (as by `AWS_XRAY_CONTEXT_MISSING=IGNORE_ERROR` of X-Ray's SDKs). A
/// filter that hides the invocation's span hides its header: keep the target `lambda_runtime` at
/// `INFO` in it.
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html>.
pub struct XRayLayer {
    send: Box<Send>,
    limit: usize,
    emitter: Option<Arc<Emitter>>,
    /// How many invocations are being traced: where there is none, spans cost next to nothing.
    open: AtomicUsize,
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
            open: AtomicUsize::new(0),
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
            open: AtomicUsize::new(0),
        }
    }

    fn is_idle(&self) -> bool {
        self.open.load(Ordering::Relaxed) == 0
    }

    /// Marks the span of an invocation.
    fn begin<'a, R: LookupSpan<'a>>(&self, span: &SpanRef<'a, R>, header: &HeaderField) {
        let header = TraceHeader::from(header.0.as_deref().unwrap_or_default());
        let traced = traced(&header).map(Arc::new).ok_or(header);
        if traced.is_ok() {
            self.open.fetch_add(1, Ordering::Relaxed);
        }
        let before = span.extensions_mut().replace(Mark::Invocation(traced));
        self.ended(before.as_ref());
    }

    fn ended(&self, mark: Option<&Mark>) {
        if let Some(Mark::Invocation(Ok(_))) = mark {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn send(&self, part: &Part, traced: &Traced, parent: SegmentId) {
        let document = part.document(traced, parent);
        if document.len() <= self.limit {
            (self.send)(&document);
        } else if let Some(emitter) = &self.emitter {
            emitter.drop_one();
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
        let names = attributes.metadata().fields();
        let is_invocation = HEADER_FIELDS.iter().any(|name| names.field(name).is_some());
        if !is_invocation && self.is_idle() {
            return;
        }
        let Some(span) = context.span(id) else { return };
        if is_invocation {
            let mut header = HeaderField::default();
            attributes.record(&mut header);
            self.begin(&span, &header);
            return;
        }
        let Some((traced, parent)) = above(&span) else {
            return;
        };
        let mut work = Work::new(traced, parent);
        attributes.record(&mut work.fields);
        span.extensions_mut().replace(Mark::Work(Box::new(work)));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        // Values are read before the span is locked: what prints them may use spans itself.
        let Some(span) = context.span(id) else { return };
        let is_work = match span.extensions().get() {
            Some(Mark::Work(_)) => true,
            Some(Mark::Invocation(_)) => false,
            None => return,
        };
        if is_work {
            let mut fields = Fields::default();
            values.record(&mut fields);
            if let Some(Mark::Work(work)) = span.extensions_mut().get_mut() {
                work.fields.merge(fields);
            }
            return;
        }
        let mut header = HeaderField::default();
        values.record(&mut header);
        if header.0.is_some() {
            self.begin(&span, &header);
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
            work.follows(before);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() != Level::ERROR || self.is_idle() {
            return;
        }
        let mut failure = Failure::default();
        event.record(&mut failure);
        for span in context.event_scope(event).into_iter().flatten() {
            match span.extensions_mut().get_mut() {
                Some(Mark::Work(work)) => return work.failed(failure, event.metadata()),
                Some(Mark::Invocation(_)) => return,
                None => {}
            }
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if !self.is_idle()
            && let Some(span) = context.span(id)
            && let Some(Mark::Work(work)) = span.extensions_mut().get_mut()
        {
            work.left = Some(SystemTime::now());
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if self.is_idle() {
            return;
        }
        let Some(span) = context.span(&id) else {
            return;
        };
        let mark = span.extensions_mut().remove();
        self.ended(mark.as_ref());
        let Some(Mark::Work(work)) = mark else { return };
        let (traced, id, parent) = (work.traced.clone(), work.id, work.parent);
        let (mut part, apart) = work.finish(span.name(), self.limit);
        for part in apart {
            self.send(&part, &traced, id);
        }
        let mut above = span.scope().skip(1);
        let held = above.find_map(|span| match span.extensions_mut().get_mut()? {
            Mark::Work(whole) => Some(whole.hold(&mut part)),
            Mark::Invocation(_) => Some(false),
        });
        if held != Some(true) {
            self.send(&part, &traced, parent);
        }
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
        trace: header.root()?.to_string(),
        segment: header.parent()?,
        header: header.clone(),
    })
}
