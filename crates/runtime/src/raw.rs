//! Handing the bytes Lambda sent past the runtime's own decoding.

use std::cell::RefCell;
use std::sync::Once;
use std::task::{Context, Poll};

use bytes::Bytes;
use lambda_runtime::LambdaInvocation;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::value::RawValue;
use tower::{Layer, Service};

thread_local! {
    /// The body of the invocation whose `call` is running on this thread.
    ///
    /// The runtime decodes the body inside `Service::call`, before the first await, so a value set
    /// around that one synchronous call reaches exactly the event it belongs to.
    static BODY: RefCell<Option<Bytes>> = const { RefCell::new(None) };
}

/// A tower layer that hands the raw body of every invocation to [`Undecoded`].
///
/// Add it last, so that it runs first:
///
/// ```no_run
/// use lambda_runtime::{LambdaEvent, Runtime};
/// use lambda_with::Payload;
/// use lambda_with_runtime::{Error, RawBytesLayer, decode, service_fn};
///
/// # async fn run() -> Result<(), Error> {
/// let handler = service_fn(|event: LambdaEvent<Payload>| async move {
///     Ok::<usize, Error>(event.payload.as_bytes().len())
/// });
/// Runtime::new(decode(handler)).layer(RawBytesLayer::new()).run().await
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RawBytesLayer(());

impl RawBytesLayer {
    /// The layer; it has no settings.
    #[must_use]
    pub fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for RawBytesLayer {
    type Service = RawBytes<S>;

    fn layer(&self, inner: S) -> RawBytes<S> {
        RawBytes { inner }
    }
}

/// The service [`RawBytesLayer`] makes.
#[derive(Clone, Copy, Debug)]
pub struct RawBytes<S> {
    inner: S,
}

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for RawBytes<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut invocation: LambdaInvocation) -> S::Future {
        let body = std::mem::replace(&mut invocation.body, Bytes::from_static(b"null"));
        let _clear = Set::new(body);
        self.inner.call(invocation)
    }
}

/// Clears the body again, also when the inner service panics.
struct Set;

impl Set {
    fn new(body: Bytes) -> Self {
        BODY.set(Some(body));
        Self
    }
}

impl Drop for Set {
    fn drop(&mut self) {
        BODY.set(None);
    }
}

/// An event's bytes, taken from [`RawBytesLayer`] while the runtime believes it decodes.
///
/// Without the layer it is read like any other JSON value, which copies the event once more; the
/// first time that happens a warning says so. Nothing else changes.
#[derive(Clone, Debug)]
pub struct Undecoded(Bytes);

impl Undecoded {
    /// The event as Lambda sent it.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl<'de> Deserialize<'de> for Undecoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if let Some(body) = BODY.take() {
            <()>::deserialize(deserializer)?;
            return Ok(Self(body));
        }
        static WARNED: Once = Once::new();
        WARNED.call_once(|| {
            tracing::warn!(
                "RawBytesLayer is missing: events are read twice; add \
                 `.layer(lambda_with_runtime::RawBytesLayer::new())` to the Runtime, or use \
                 `lambda_with_runtime::run`"
            );
        });
        let raw = Box::<RawValue>::deserialize(deserializer).map_err(D::Error::custom)?;
        Ok(Self(Bytes::from(String::from(Box::<str>::from(raw)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_layer_the_text_is_kept() {
        let text = r#"{ "id": 1.50, "note": "\u00e9" }"#;
        let event: Undecoded = serde_json::from_str(text).unwrap();
        assert_eq!(event.into_bytes(), text);
    }

    #[test]
    fn a_body_is_handed_over_once() {
        let guard = Set::new(Bytes::from_static(b"[1]"));
        let event: Undecoded = serde_json::from_str("null").unwrap();
        assert_eq!(event.into_bytes(), "[1]");
        let again: Undecoded = serde_json::from_str("null").unwrap();
        assert_eq!(again.into_bytes(), "null");
        drop(guard);
        assert!(BODY.take().is_none());
    }
}
