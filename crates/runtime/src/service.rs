//! Decoding an event before the handler sees it.

use std::fmt::{self, Debug};
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::task::{Context, Poll};

use futures_util::TryFutureExt;
use futures_util::future::{Either, MapErr};
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde::de::DeserializeOwned;
use tower::Service;

use crate::Undecoded;

/// Wraps a handler so that its events are decoded with [`lambda_with::decode`].
///
/// [`run`](crate::run) does it for you; call it when you put the `Runtime` together yourself.
pub fn decode<A, F>(handler: F) -> Decode<A, F> {
    Decode {
        handler,
        event: PhantomData,
    }
}

/// The service [`decode`] makes.
pub struct Decode<A, F> {
    handler: F,
    event: PhantomData<fn() -> A>,
}

impl<A, F: Clone> Clone for Decode<A, F> {
    fn clone(&self) -> Self {
        decode(self.handler.clone())
    }
}

impl<A, F: Debug> Debug for Decode<A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decode")
            .field("handler", &self.handler)
            .finish()
    }
}

impl<A, F> Service<LambdaEvent<Undecoded>> for Decode<A, F>
where
    A: DeserializeOwned,
    F: Service<LambdaEvent<A>>,
{
    type Response = F::Response;
    type Error = HandlerError<F::Error>;
    type Future = Either<
        MapErr<F::Future, fn(F::Error) -> HandlerError<F::Error>>,
        Ready<Result<F::Response, HandlerError<F::Error>>>,
    >;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.handler.poll_ready(cx).map_err(HandlerError::Handler)
    }

    fn call(&mut self, event: LambdaEvent<Undecoded>) -> Self::Future {
        let LambdaEvent { payload, context } = event;
        match lambda_with::decode(payload.into_bytes()) {
            Ok(payload) => {
                let answer = self.handler.call(LambdaEvent { payload, context });
                Either::Left(answer.map_err(HandlerError::Handler))
            }
            Err(error) => {
                tracing::error!(%error, "the event does not fit the handler's type; the handler is not called");
                Either::Right(ready(Err(HandlerError::Decode(error))))
            }
        }
    }
}

/// Why an invocation failed.
#[derive(Debug)]
pub enum HandlerError<E> {
    /// The event does not fit the handler's type; the handler was not called.
    Decode(lambda_with::Error),
    /// The handler returned this.
    Handler(E),
}

impl<E: Into<Diagnostic>> From<HandlerError<E>> for Diagnostic {
    fn from(error: HandlerError<E>) -> Self {
        match error {
            HandlerError::Decode(error) => Self {
                error_type: "lambda_with::Error".into(),
                error_message: error.to_string(),
            },
            HandlerError::Handler(error) => error.into(),
        }
    }
}
