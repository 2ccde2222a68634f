#![doc = include_str!("../README.md")]

mod raw;
mod service;

use std::fmt::Debug;
use std::future::Future;

use bytes::Bytes;
use lambda_runtime::{Diagnostic, IntoFunctionResponse, Runtime, layers::TracingLayer};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_stream::Stream;
use tower::Service;

pub use lambda_runtime::{Context, Error, LambdaEvent, service_fn};

pub use crate::raw::{RawBytes, RawBytesLayer, Undecoded};
pub use crate::service::{Decode, HandlerError, decode};

/// Runs a handler until Lambda ends the process.
///
/// ```no_run
/// use lambda_with::Payload;
/// use lambda_with_runtime::{Error, LambdaEvent, service_fn};
///
/// # async fn run() -> Result<(), Error> {
/// lambda_with_runtime::run(service_fn(|event: LambdaEvent<Payload>| async move {
///     Ok::<usize, Error>(event.payload.as_bytes().len())
/// }))
/// .await
/// # }
/// ```
///
/// It takes the place of [`lambda_runtime::run`] without another change: the same handlers, the
/// same tracing span, the same answers. What differs is that the event is decoded from the bytes
/// Lambda sent, with [`lambda_with::decode`]. An event that does not fit the handler's type is
/// answered with an error that names the member; the handler is not called.
///
/// # Errors
///
/// When the Runtime API cannot be reached, as `lambda_runtime` does.
///
/// # Panics
///
/// As `lambda_runtime` does, when the variables that Lambda sets for every function are missing
/// (`AWS_LAMBDA_FUNCTION_NAME`, `AWS_LAMBDA_RUNTIME_API` …) and outside of a tokio runtime.
pub async fn run<A, F, R, B, S, D, E>(handler: F) -> Result<(), Error>
where
    F: Service<LambdaEvent<A>, Response = R>,
    F::Future: Future<Output = Result<R, F::Error>>,
    F::Error: Into<Diagnostic> + Debug,
    A: DeserializeOwned,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    Runtime::new(decode(handler))
        .layer(TracingLayer::new())
        .layer(RawBytesLayer::new())
        .run()
        .await
}
