//! The four steps of a rotation, as Secrets Manager wants them done.

mod value;

use std::collections::BTreeMap;
use std::future::Future;

use lambda_with::{BoxError, Error, ErrorKind, Secret, Text};

pub use self::value::SecretValue;
use crate::{RotationEvent, RotationStep};

const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";

const STEP: &str = "the step is createSecret, setSecret, testSecret or finishSecret";
const TOKEN: &str = "the client request token has 32 to 64 characters";
const ROTATION_TOKEN: &str =
    "the rotation token has 36 to 256 characters: letters, digits and hyphens";
const ENABLED: &str = "rotation is enabled for the secret";
const VERSION: &str = "the version to be made is one of the secret's";
const STAGED: &str = "the version to be made is staged AWSPENDING";
const CREATED: &str = "the step createSecret has put a pending value";

/// What is different from one kind of credential to the next: the steps of a rotation, of which
/// [`rotate`] calls the right one.
///
/// ```
/// use lambda_with::BoxError;
/// use lambda_with_secrets_manager::{Rotation, RotationEvent, SecretValue};
///
/// /// A token that the harbor's own API takes.
/// struct Harbor;
///
/// impl Rotation for Harbor {
///     async fn create_secret(
///         &self,
///         event: &RotationEvent,
///         _current: Option<&SecretValue>,
///     ) -> Result<SecretValue, BoxError> {
///         Ok(SecretValue::text(format!("token-{}", event.client_request_token)))
///     }
///
///     async fn set_secret(
///         &self,
///         _event: &RotationEvent,
///         current: Option<&SecretValue>,
///         pending: &SecretValue,
///     ) -> Result<(), BoxError> {
///         // Log in with `pending`; where that fails, log in with `current` and set it.
///         # let _ = (current, pending);
///         Ok(())
///     }
///
///     async fn test_secret(&self, _event: &RotationEvent, value: &SecretValue) -> Result<(), BoxError> {
///         // Log in with `value`, and read something.
///         # let _ = value;
///         Ok(())
///     }
/// }
/// ```
///
/// Each step can be called again after it succeeded, and must then change nothing.
pub trait Rotation {
    /// Makes the value the secret is to have. Called only while there is none; what it gives is put
    /// beside the current value by [`rotate`].
    fn create_secret(
        &self,
        event: &RotationEvent,
        current: Option<&SecretValue>,
    ) -> impl Future<Output = Result<SecretValue, BoxError>> + Send;

    /// Changes the credential in the database or service to the pending value.
    ///
    /// Try to log in with the pending value first: it may be set already. Before changing anything,
    /// see that the current value still works, and that both are for the same user and host:
    /// [`SecretValue::same`].
    fn set_secret(
        &self,
        event: &RotationEvent,
        current: Option<&SecretValue>,
        pending: &SecretValue,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Uses the value as the secret's readers will.
    ///
    /// When a rotation is set up but not started, this is the only step, and the value may be the
    /// current one.
    fn test_secret(
        &self,
        event: &RotationEvent,
        value: &SecretValue,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Called when the pending value has become the current one, to tell others of it; again where
    /// the step comes again. Does nothing unless written.
    fn finish_secret(
        &self,
        event: &RotationEvent,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = event;
        async { Ok(()) }
    }
}

/// The four calls of Secrets Manager a rotation makes, to be written with one's own client.
///
/// The [crate's documentation](crate#permission) says what the function must be allowed for them.
pub trait SecretStore {
    /// `DescribeSecret`.
    fn describe(
        &self,
        secret_id: &str,
    ) -> impl Future<Output = Result<Description, BoxError>> + Send;

    /// `GetSecretValue` of a version with this stage, or of whichever version has the stage where no
    /// id is given. `None` when the answer is `ResourceNotFoundException`.
    fn value(
        &self,
        secret_id: &str,
        version_id: Option<&str>,
        version_stage: &str,
    ) -> impl Future<Output = Result<Option<SecretValue>, BoxError>> + Send;

    /// `PutSecretValue` with all members of `pending`.
    fn put_pending(
        &self,
        pending: PendingValue<'_>,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// `UpdateSecretVersionStage` of `AWSCURRENT`: to the version `to`, away from the version
    /// `from`. In one call, and without touching `AWSPENDING`, which it takes away by itself.
    fn make_current(
        &self,
        secret_id: &str,
        to: &str,
        from: Option<&str>,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// What `DescribeSecret` says that a rotation must know.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Description {
    /// `RotationEnabled`, where it is there.
    pub rotation_enabled: Option<bool>,
    /// `VersionIdsToStages`: the stages of each version.
    pub version_ids_to_stages: BTreeMap<String, Vec<String>>,
}

/// What `PutSecretValue` is to be called with.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PendingValue<'a> {
    /// `SecretId`.
    pub secret_id: &'a str,
    /// `ClientRequestToken`: the version's id. The same call twice makes one version.
    pub client_request_token: &'a str,
    /// `RotationToken`, which shows that the call comes from the rotation.
    pub rotation_token: Option<&'a Secret<Text>>,
    /// `SecretString` or `SecretBinary`.
    pub value: &'a SecretValue,
    /// `VersionStages`.
    pub version_stages: [&'static str; 1],
}

/// What [`rotate`] found to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// The step was done.
    Done,
    /// A pending value was there already; it was kept.
    AlreadyCreated,
    /// The version is the current one already; nothing was changed.
    AlreadyCurrent,
}

impl RotationStep {
    /// The step by its name on the wire, where this is another way to write it, such as
    /// `create_secret`.
    ///
    /// ```
    /// use lambda_with_secrets_manager::RotationStep;
    ///
    /// assert_eq!(RotationStep::from("create_secret").normalized(), Some(RotationStep::CreateSecret));
    /// assert_eq!(RotationStep::from("drop_secret").normalized(), None);
    /// ```
    #[must_use]
    pub fn normalized(&self) -> Option<Self> {
        Some(match self {
            Self::Other(other) => match other.as_str() {
                "create_secret" => Self::CreateSecret,
                "set_secret" => Self::SetSecret,
                "test_secret" => Self::TestSecret,
                "finish_secret" => Self::FinishSecret,
                _ => return None,
            },
            known => known.clone(),
        })
    }
}

impl RotationEvent {
    /// The four events of one rotation, in order, as Secrets Manager sends them.
    ///
    /// ```
    /// use lambda_with_secrets_manager::{RotationEvent, RotationStep};
    ///
    /// let token = "7d0f6d0b-6d2f-4f8e-9c55-0f6f2f6a1b2c";
    /// let steps = RotationEvent::steps("harbor/ferries-db", token);
    /// assert_eq!(steps[3].step, RotationStep::FinishSecret);
    /// ```
    #[must_use]
    pub fn steps(secret_id: &str, client_request_token: &str) -> [Self; 4] {
        [
            RotationStep::CreateSecret,
            RotationStep::SetSecret,
            RotationStep::TestSecret,
            RotationStep::FinishSecret,
        ]
        .map(|step| Self {
            step,
            secret_id: secret_id.into(),
            client_request_token: client_request_token.into(),
            rotation_token: None,
        })
    }

    /// Whether a rotation can be done with this event.
    ///
    /// # Errors
    ///
    /// When a rule is broken: the error names it as `rule`. No secret is in it.
    pub fn check(&self) -> Result<(), Error> {
        if self.step.normalized().is_none() {
            return Err(self.broken(STEP, format!("`{}` is no step", self.step.as_str())));
        }
        let length = self.client_request_token.len();
        if !(32..=64).contains(&length) {
            return Err(self.broken(TOKEN, format!("it has {length}")));
        }
        let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        match &self.rotation_token {
            Some(token) if !(36..=256).contains(&token.len()) || !token.bytes().all(letter) => {
                let message = format!("it has {} characters, or others", token.len());
                Err(self.broken(ROTATION_TOKEN, message))
            }
            _ => Ok(()),
        }
    }

    fn broken(&self, rule: &'static str, message: String) -> Error {
        self.place(Error::new(ErrorKind::Invalid, message).with("rule", rule))
    }

    fn place(&self, error: Error) -> Error {
        error
            .with("step", self.step.as_str())
            .with("secret", self.secret_id.as_str())
    }
}

/// Does the step of an event: what is the same for all credentials by itself, the rest by
/// `rotation`.
///
/// The answer to Secrets Manager is that the function returned; it reads nothing else.
///
/// - `createSecret` puts a value staged `AWSPENDING`, unless there is one.
/// - `setSecret` and `testSecret` read it, and hand it on.
/// - `finishSecret` moves `AWSCURRENT` to the new version, which takes `AWSPENDING` away with it.
///
/// A step that comes again is done again or found done, never done by halves.
///
/// # Errors
///
/// When the secret is not in a state for the step (the error names the `rule`), or the store or the
/// rotation fails. Secrets Manager then begins anew within the rotation window. No secret stands in
/// the error unless the store or the rotation puts one into theirs.
pub async fn rotate(
    event: &RotationEvent,
    store: &impl SecretStore,
    rotation: &impl Rotation,
) -> Result<Progress, Error> {
    event.check()?;
    let run = Run {
        event,
        store,
        rotation,
    };
    let step = event.step.normalized();
    let Some(description) = run.begin().await? else {
        if step == Some(RotationStep::FinishSecret) {
            run.tell().await?;
        }
        return Ok(Progress::AlreadyCurrent);
    };
    match step {
        Some(RotationStep::CreateSecret) => return run.create().await,
        Some(RotationStep::SetSecret) => run.set().await?,
        Some(RotationStep::TestSecret) => run.test().await?,
        _ => run.finish(&description).await?,
    }
    Ok(Progress::Done)
}

/// One step of one rotation.
struct Run<'a, S, R> {
    event: &'a RotationEvent,
    store: &'a S,
    rotation: &'a R,
}

impl<S: SecretStore, R: Rotation> Run<'_, S, R> {
    /// Sees that the secret is in a state for the step. `None` where the rotation is over.
    async fn begin(&self) -> Result<Option<Description>, Error> {
        let description = self.store.describe(&self.event.secret_id).await;
        let description = description.map_err(|error| self.failed("DescribeSecret", error))?;
        if description.rotation_enabled == Some(false) {
            return Err(self.event.broken(ENABLED, "rotation is off".into()));
        }
        let token = self.event.client_request_token.as_str();
        let Some(stages) = description.version_ids_to_stages.get(token) else {
            let message = format!("the secret has no version `{token}`");
            return Err(self.event.broken(VERSION, message));
        };
        if stages.iter().any(|stage| stage == CURRENT) {
            return Ok(None);
        }
        if !stages.iter().any(|stage| stage == PENDING) {
            let message = format!("version `{token}` is staged {stages:?}");
            return Err(self.event.broken(STAGED, message));
        }
        Ok(Some(description))
    }

    async fn create(&self) -> Result<Progress, Error> {
        if self.pending().await?.is_some() {
            return Ok(Progress::AlreadyCreated);
        }
        let current = self.current().await?;
        let made = self.rotation.create_secret(self.event, current.as_ref());
        let value = made.await.map_err(|error| self.failed("create", error))?;
        value.check().map_err(|error| self.event.place(error))?;
        let pending = PendingValue {
            secret_id: &self.event.secret_id,
            client_request_token: &self.event.client_request_token,
            rotation_token: self.event.rotation_token.as_ref(),
            value: &value,
            version_stages: [PENDING],
        };
        let put = self.store.put_pending(pending).await;
        put.map_err(|error| self.failed("PutSecretValue", error))?;
        Ok(Progress::Done)
    }

    async fn set(&self) -> Result<(), Error> {
        let Some(pending) = self.pending().await? else {
            return Err(self.no_pending());
        };
        let current = self.current().await?;
        let current = current.as_ref();
        let set = self.rotation.set_secret(self.event, current, &pending);
        set.await.map_err(|error| self.failed("set", error))
    }

    async fn test(&self) -> Result<(), Error> {
        // Without the steps before, as when a rotation is set up for later, nothing may be pending.
        let value = match self.pending().await? {
            Some(pending) => Some(pending),
            None => self.current().await?,
        };
        let value = value.ok_or_else(|| self.no_pending())?;
        let test = self.rotation.test_secret(self.event, &value);
        test.await.map_err(|error| self.failed("test", error))
    }

    async fn finish(&self, description: &Description) -> Result<(), Error> {
        let (id, to) = (&self.event.secret_id, &self.event.client_request_token);
        let versions = &description.version_ids_to_stages;
        let from = versions
            .iter()
            .find(|(_, stages)| stages.iter().any(|stage| stage == CURRENT))
            .map(|(version, _)| version.as_str());
        let moved = self.store.make_current(id, to, from).await;
        moved.map_err(|error| self.failed("UpdateSecretVersionStage", error))?;
        self.tell().await
    }

    async fn tell(&self) -> Result<(), Error> {
        let told = self.rotation.finish_secret(self.event).await;
        told.map_err(|error| self.failed("finish", error))
    }

    async fn pending(&self) -> Result<Option<SecretValue>, Error> {
        self.value(Some(&self.event.client_request_token), PENDING)
            .await
    }

    async fn current(&self) -> Result<Option<SecretValue>, Error> {
        self.value(None, CURRENT).await
    }

    async fn value(
        &self,
        version: Option<&str>,
        stage: &str,
    ) -> Result<Option<SecretValue>, Error> {
        let value = self.store.value(&self.event.secret_id, version, stage);
        value
            .await
            .map_err(|error| self.failed("GetSecretValue", error))
    }

    fn no_pending(&self) -> Error {
        let message = "the pending version has no value".into();
        self.event.broken(CREATED, message)
    }

    fn failed(&self, what: &'static str, error: BoxError) -> Error {
        let message = format!("{what} failed: {error}");
        self.event
            .place(Error::new(ErrorKind::Unavailable, message).caused_by(error))
    }
}
