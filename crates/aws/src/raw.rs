//! Documents as they are on the wire.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_lambda::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_lambda::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::primitives::SdkBody;
use lambda_with::{Error, ErrorKind};
use serde_json::Value;

use crate::error::failed;

/// Sends one call's body as given, and keeps the answer's as it came.
///
/// The SDK's types drop the members they do not know. Where a document is read, changed and written
/// back, those of others would be lost with them; through this they stay. Signing, retries and
/// errors remain the SDK's. Give it to a call with `.customize().interceptor(exchange.clone())`.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    body: Option<Arc<str>>,
    answer: Arc<Mutex<Option<Vec<u8>>>>,
}

impl Exchange {
    /// Sends what the SDK makes of the call's input.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends this body instead.
    #[must_use]
    pub fn sending(body: impl Into<Arc<str>>) -> Self {
        Self {
            body: Some(body.into()),
            ..Self::default()
        }
    }

    /// The answer's body, once the call was made with this: also where the SDK's types cannot take
    /// it, for a document may be newer than they are.
    ///
    /// # Errors
    ///
    /// The call's own, where it did not succeed.
    #[expect(
        clippy::result_large_err,
        reason = "the SDK's error goes on as it came"
    )]
    pub fn answered<T, E>(
        &self,
        made: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<Vec<u8>, SdkError<E, HttpResponse>> {
        let succeeded = |error: &SdkError<E, HttpResponse>| {
            let response = error.raw_response();
            response.is_some_and(|response| response.status().is_success())
        };
        match made {
            Err(error) if !succeeded(&error) => Err(error),
            _ => Ok(self.answer()),
        }
    }

    /// The answer's JSON, with the members that the SDK's types do not know.
    ///
    /// # Errors
    ///
    /// The call's own, as [`failed`] gives it; `Decode` where the answer is not JSON.
    pub fn document<T, E>(
        &self,
        operation: &str,
        thing: impl AsRef<str>,
        made: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<Value, Error>
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let thing = thing.as_ref();
        let answer = self.answered(made);
        let answer = answer.map_err(|error| failed(operation, thing, error))?;
        serde_json::from_slice(&answer).map_err(|error| {
            let what = format!("the answer to {operation} for {thing} is not JSON");
            Error::new(ErrorKind::Decode, what).caused_by(error)
        })
    }

    /// The body of the last answer; empty before there is one.
    #[must_use]
    pub fn answer(&self) -> Vec<u8> {
        self.answer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .unwrap_or_default()
    }
}

impl Intercept for Exchange {
    fn name(&self) -> &'static str {
        "Exchange"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(body) = &self.body {
            let request = context.request_mut();
            request
                .headers_mut()
                .insert("content-length", body.len().to_string());
            *request.body_mut() = SdkBody::from(&**body);
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().map(<[u8]>::to_vec);
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = body;
        Ok(())
    }
}
