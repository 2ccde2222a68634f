//! Doing what is asked, and answering it exactly once.

mod put;

use std::fmt;
use std::time::{Duration, SystemTime};

use lambda_with::{BoxError, Error, ErrorKind, guarded};
use tokio::time::{Instant, sleep_until};

pub use self::put::{Answer, Put};
use crate::respond::Provided;
use crate::{CustomResourceEvent, CustomResourceRequestType, CustomResourceResponse};

/// How much of an invocation is kept for the answer, at most.
const KEPT: Duration = Duration::from_secs(2);
/// How much of it is left for Lambda to be told that no answer went through.
const LEFT: Duration = Duration::from_millis(100);

/// A kind of resource that CloudFormation does not have, of which [`provide`] calls the right
/// method.
///
/// ```
/// use lambda_with::BoxError;
/// use lambda_with_cloudformation::{CustomResource, CustomResourceEvent, Provided};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// #[serde(rename_all = "PascalCase")]
/// struct Berths {
///     quay: String,
///     count: u32,
/// }
///
/// struct Harbor;
///
/// impl CustomResource for Harbor {
///     async fn create(&self, event: &CustomResourceEvent) -> Result<Provided, BoxError> {
///         let berths: Berths = event.properties()?;
///         // Make them, unless they are there already: the request may come twice.
///         Ok(Provided::new(format!("berths-{}", berths.quay)).data("Count", berths.count))
///     }
///
///     async fn update(&self, event: &CustomResourceEvent, _id: &str) -> Result<Provided, BoxError> {
///         // On another quay they get another id, and CloudFormation has the old ones deleted.
///         self.create(event).await
///     }
///
///     async fn delete(&self, _event: &CustomResourceEvent, _id: &str) -> Result<(), BoxError> {
///         // Remove those with the id; nothing to do where there are none.
///         Ok(())
///     }
/// }
/// ```
///
/// Each method can be called again for a request it has done, and must then change nothing.
pub trait CustomResource {
    /// Makes the resource.
    ///
    /// An error, a panic or a lack of time is answered as failure; the stack rolls back, and with
    /// it comes a request to delete: [`clean_up`](Self::clean_up) is called for it, or
    /// [`delete`](Self::delete) where the error is [`Partly`].
    fn create(
        &self,
        event: &CustomResourceEvent,
    ) -> impl Future<Output = Result<Provided, BoxError>> + Send;

    /// Changes the resource, or makes another one in its place.
    ///
    /// Give the same id, or none, for the same resource. With another id CloudFormation has the old
    /// one deleted once the stack is up to date, or the new one when it rolls back.
    ///
    /// After a failure CloudFormation asks for an update back to the old properties.
    fn update(
        &self,
        event: &CustomResourceEvent,
        id: &str,
    ) -> impl Future<Output = Result<Provided, BoxError>> + Send;

    /// Removes the resource with this id.
    ///
    /// One that is not there counts as removed: give `Ok`, or a [`lambda_with::Error`] of the kind
    /// `NotFound`, which is answered as success too.
    fn delete(
        &self,
        event: &CustomResourceEvent,
        id: &str,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Removes what a creation may have left that failed before the resource had an id. Does
    /// nothing unless written.
    ///
    /// The properties may be those that made the creation fail.
    fn clean_up(
        &self,
        event: &CustomResourceEvent,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = event;
        async { Ok(()) }
    }
}

/// The error of a creation that failed when there was something with an id already, so that this
/// is deleted.
///
/// ```
/// use lambda_with::BoxError;
/// use lambda_with_cloudformation::Partly;
///
/// let error: BoxError = Partly::new("berths-north", "12 of 24 are made, then the quay was full").into();
/// assert_eq!(error.to_string(), "12 of 24 are made, then the quay was full");
/// ```
#[derive(Debug)]
pub struct Partly {
    id: String,
    cause: BoxError,
}

impl Partly {
    /// What there is has this id, and this is why there is no more.
    pub fn new(id: impl Into<String>, cause: impl Into<BoxError>) -> Self {
        Self {
            id: id.into(),
            cause: cause.into(),
        }
    }
}

impl fmt::Display for Partly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl std::error::Error for Partly {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.source()
    }
}

/// Does what a request asks by `resource`, and answers it by `put`. Gives what was answered.
///
/// Whatever happens in `resource`, an error, a panic, or that it is not done in time, is answered as
/// failure with the reason. There is one answer that is taken, and it is put before `deadline`, the
/// end of the invocation: `event.context.deadline()` with `lambda_runtime`. `resource` has the time
/// until then, or until CloudFormation stops waiting ([`service_timeout`]), but for the last two
/// seconds (a quarter of it where that is less). It must not block its thread, or it cannot be
/// stopped; and a program built with `panic = "abort"` cannot answer for a panic.
///
/// Call it first in the handler, and let the handler succeed where this succeeds: what `resource`
/// did not do is told to CloudFormation, not to Lambda, which would only run the request again.
///
/// # Errors
///
/// When no answer went through: the address refuses it, or cannot be reached until the deadline.
/// Fail with this error; Lambda runs the request again, which is then answered. The address does
/// not stand in the error.
///
/// [`service_timeout`]: CustomResourceEvent::service_timeout
pub async fn provide(
    event: &CustomResourceEvent,
    resource: &impl CustomResource,
    put: &impl Put,
    deadline: SystemTime,
) -> Result<CustomResourceResponse, Error> {
    let left = deadline.duration_since(SystemTime::now());
    let left = left.unwrap_or_default().min(event.service_timeout());
    let end = Instant::now() + left.saturating_sub(LEFT.min(left / 20));
    let until = end - KEPT.min(left / 4).min(end - Instant::now());

    let done = guarded(sleep_until(until), call(event, resource)).await;
    let answer = match done {
        Ok(provided) => event.success(&provided).unwrap_or_else(|error| {
            let id = provided.id().map(str::to_owned);
            match &event.request_type {
                // It was made, so it must be deleted.
                CustomResourceRequestType::Create => {
                    let id = id.unwrap_or_else(|| event.default_id());
                    event.failure_of(&id, &error.to_string())
                }
                _ => event.failure(&error.to_string()),
            }
        }),
        Err(error) => match error.downcast_ref::<Partly>() {
            Some(partly) => event.failure_of(&partly.id, &reason(&*error)),
            None => event.failure(&reason(&*error)),
        },
    };
    put::deliver(event, &answer, put, end).await?;
    Ok(answer)
}

async fn call(
    event: &CustomResourceEvent,
    resource: &impl CustomResource,
) -> Result<Provided, BoxError> {
    let id = event.physical_resource_id.as_deref().unwrap_or_default();
    match &event.request_type {
        CustomResourceRequestType::Create => resource.create(event).await,
        CustomResourceRequestType::Update if id.is_empty() => {
            Err("the request to update names no physical resource id".into())
        }
        CustomResourceRequestType::Update => resource.update(event, id).await,
        CustomResourceRequestType::Delete => {
            let removed = if event.is_never_created() {
                resource.clean_up(event).await
            } else {
                resource.delete(event, id).await
            };
            match removed {
                Err(error) if !is_gone(&error) => Err(error),
                _ if id.is_empty() => Ok(Provided::new(event.failed_id())),
                _ => Ok(Provided::default()),
            }
        }
        CustomResourceRequestType::Other(other) => {
            Err(format!("`{other}` is no type of request this function knows").into())
        }
    }
}

fn is_gone(error: &BoxError) -> bool {
    let ours = error.downcast_ref::<Error>();
    ours.is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

/// An error with all its causes, each once.
fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}
