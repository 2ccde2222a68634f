//! Rotations against a store in memory that keeps the rules of Secrets Manager's versions.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Mutex;

use lambda_with::{BoxError, Error};
use lambda_with_secrets_manager::{
    Description, PendingValue, Progress, Rotation, RotationEvent, SecretStore, SecretValue, rotate,
};

const NEW: &str = "7d0f6d0b-6d2f-4f8e-9c55-0f6f2f6a1b2c";
const OLD: &str = "11111111-2222-4333-8444-555555555555";
const TOKEN: &str = "3b9a7c1e-5f44-4a8e-8d2d-0c8f6a1e9b77";

/// One secret, and what was called.
#[derive(Debug, Default)]
struct Store {
    enabled: Option<bool>,
    stages: Mutex<BTreeMap<String, Vec<String>>>,
    values: Mutex<BTreeMap<String, SecretValue>>,
    calls: Mutex<Vec<String>>,
    broken: Option<&'static str>,
}

/// A database with one user: what the password is, and what was done.
#[derive(Debug, Default)]
struct Database {
    password: Mutex<Vec<u8>>,
    told: Mutex<u32>,
    makes: Option<&'static str>,
}

impl Store {
    fn new(versions: &[(&str, &str, Option<&str>)]) -> Self {
        let store = Self::default();
        for (version, stage, value) in versions {
            let stages = match *stage {
                "" => Vec::new(),
                stage => vec![stage.to_owned()],
            };
            store
                .stages
                .lock()
                .unwrap()
                .insert((*version).into(), stages);
            if let Some(value) = value {
                let value = SecretValue::text(*value);
                store
                    .values
                    .lock()
                    .unwrap()
                    .insert((*version).into(), value);
            }
        }
        store
    }

    fn ready() -> Self {
        Self::new(&[(OLD, "AWSCURRENT", Some("old")), (NEW, "AWSPENDING", None)])
    }

    fn call(&self, name: &str) -> Result<(), BoxError> {
        self.calls.lock().unwrap().push(name.into());
        match self.broken == Some(name) {
            true => Err(format!("{name} is down").into()),
            false => Ok(()),
        }
    }

    fn calls(&self) -> String {
        std::mem::take(&mut *self.calls.lock().unwrap()).join(" ")
    }

    fn stages(&self, version: &str) -> String {
        self.stages.lock().unwrap()[version].join(" ")
    }
}

impl SecretStore for Store {
    async fn describe(&self, _secret_id: &str) -> Result<Description, BoxError> {
        self.call("describe")?;
        Ok(Description {
            rotation_enabled: self.enabled,
            version_ids_to_stages: self.stages.lock().unwrap().clone(),
        })
    }

    async fn value(
        &self,
        _secret_id: &str,
        version_id: Option<&str>,
        version_stage: &str,
    ) -> Result<Option<SecretValue>, BoxError> {
        self.call(version_stage)?;
        let stages = self.stages.lock().unwrap();
        let staged =
            |(_, stages): &(&String, &Vec<String>)| stages.iter().any(|s| s == version_stage);
        let found = stages
            .iter()
            .filter(staged)
            .find(|(v, _)| version_id.is_none_or(|id| id == *v));
        let values = self.values.lock().unwrap();
        Ok(found.and_then(|(version, _)| values.get(version).cloned()))
    }

    async fn put_pending(&self, pending: PendingValue<'_>) -> Result<(), BoxError> {
        self.call("put")?;
        assert_eq!(pending.version_stages, ["AWSPENDING"]);
        assert_eq!(
            pending.rotation_token.map(|token| token.as_str()),
            Some(TOKEN)
        );
        let version = pending.client_request_token.to_owned();
        self.values
            .lock()
            .unwrap()
            .insert(version, pending.value.clone());
        Ok(())
    }

    async fn make_current(
        &self,
        _secret: &str,
        to: &str,
        from: Option<&str>,
    ) -> Result<(), BoxError> {
        self.call("move")?;
        let mut stages = self.stages.lock().unwrap();
        if let Some(from) = from {
            stages.insert(from.into(), vec!["AWSPREVIOUS".into()]);
        }
        stages.insert(to.into(), vec!["AWSCURRENT".into()]);
        Ok(())
    }
}

impl Rotation for Database {
    async fn create_secret(
        &self,
        _event: &RotationEvent,
        current: Option<&SecretValue>,
    ) -> Result<SecretValue, BoxError> {
        if let Some(made) = self.makes {
            return Ok(SecretValue::text(made));
        }
        let current = current.map_or(&b"none"[..], SecretValue::as_bytes);
        let current = String::from_utf8(current.to_vec())?;
        Ok(SecretValue::text(format!("after {current}")))
    }

    async fn set_secret(
        &self,
        _event: &RotationEvent,
        _current: Option<&SecretValue>,
        pending: &SecretValue,
    ) -> Result<(), BoxError> {
        *self.password.lock().unwrap() = pending.as_bytes().to_vec();
        Ok(())
    }

    async fn test_secret(
        &self,
        _event: &RotationEvent,
        value: &SecretValue,
    ) -> Result<(), BoxError> {
        match *self.password.lock().unwrap() == value.as_bytes() {
            true => Ok(()),
            false => Err("login refused".into()),
        }
    }

    async fn finish_secret(&self, _event: &RotationEvent) -> Result<(), BoxError> {
        *self.told.lock().unwrap() += 1;
        Ok(())
    }
}

fn steps() -> [RotationEvent; 4] {
    RotationEvent::steps("ferries", NEW).map(|mut event| {
        event.rotation_token = Some(TOKEN.into());
        event
    })
}

fn rule(error: &Error) -> &str {
    error.context("rule").unwrap_or_default()
}

#[tokio::test]
async fn four_steps_move_the_secret_on() {
    let (store, database) = (Store::ready(), Database::default());
    for (event, calls) in steps().iter().zip([
        "describe AWSPENDING AWSCURRENT put",
        "describe AWSPENDING AWSCURRENT",
        "describe AWSPENDING",
        "describe move",
    ]) {
        assert_eq!(
            rotate(event, &store, &database).await.unwrap(),
            Progress::Done
        );
        assert_eq!(store.calls(), calls);
    }
    assert_eq!(*database.password.lock().unwrap(), b"after old");
    assert_eq!(store.stages(NEW), "AWSCURRENT");
    assert_eq!(store.stages(OLD), "AWSPREVIOUS");
    assert_eq!(*database.told.lock().unwrap(), 1);
}

#[tokio::test]
async fn every_step_can_come_again() {
    let (store, database) = (Store::ready(), Database::default());
    for event in &steps() {
        rotate(event, &store, &database).await.unwrap();
        let made = store.values.lock().unwrap()[NEW].clone();
        let again = rotate(event, &store, &database).await.unwrap();
        let expected = match event.step.as_str() {
            "createSecret" => Progress::AlreadyCreated,
            "finishSecret" => Progress::AlreadyCurrent,
            _ => Progress::Done,
        };
        assert_eq!(again, expected);
        assert_eq!(store.values.lock().unwrap()[NEW], made);
    }
    assert_eq!(*database.told.lock().unwrap(), 2);
    store.calls();
    // The whole rotation again, as after a failure that was none.
    for event in &steps() {
        let again = rotate(event, &store, &database).await.unwrap();
        assert_eq!(again, Progress::AlreadyCurrent);
        assert_eq!(store.calls(), "describe");
    }
}

#[tokio::test]
async fn a_secret_without_a_value_gets_its_first() {
    let store = Store::new(&[(NEW, "AWSPENDING", None)]);
    let database = Database::default();
    for event in &steps() {
        rotate(event, &store, &database).await.unwrap();
    }
    assert_eq!(*database.password.lock().unwrap(), b"after none");
    assert_eq!(store.stages(NEW), "AWSCURRENT");
}

#[tokio::test]
async fn the_test_can_come_alone() {
    let database = Database::default();
    *database.password.lock().unwrap() = b"old".into();
    let [_, _, test, _] = steps();
    rotate(&test, &Store::ready(), &database).await.unwrap();
    let copied = Store::new(&[
        (OLD, "AWSCURRENT", Some("old")),
        (NEW, "AWSPENDING", Some("old")),
    ]);
    rotate(&test, &copied, &database).await.unwrap();
}

#[tokio::test]
async fn states_no_step_can_be_done_in() {
    let [create, set, test, finish] = steps();
    let with = |edit: fn(&mut RotationEvent)| {
        let mut event = create.clone();
        edit(&mut event);
        event
    };
    let disabled = Store {
        enabled: Some(false),
        ..Store::ready()
    };
    let unknown = Store::new(&[(OLD, "AWSCURRENT", Some("old"))]);
    let unstaged = Store::new(&[(OLD, "AWSCURRENT", Some("old")), (NEW, "", None)]);
    let empty = Store::new(&[(NEW, "AWSPENDING", None)]);
    let created = "the step createSecret has put a pending value";
    let token = "the client request token has 32 to 64 characters";
    let rotation_token = "the rotation token has 36 to 256 characters: letters, digits and hyphens";
    for (event, store, expected) in [
        (&create, &disabled, "rotation is enabled for the secret"),
        (&finish, &disabled, "rotation is enabled for the secret"),
        (
            &create,
            &unknown,
            "the version to be made is one of the secret's",
        ),
        (
            &set,
            &unstaged,
            "the version to be made is staged AWSPENDING",
        ),
        (&set, &Store::ready(), created),
        (&test, &empty, created),
        (
            &with(|event| event.step = "dropSecret".into()),
            &Store::ready(),
            "the step is createSecret, setSecret, testSecret or finishSecret",
        ),
        (
            &with(|event| event.client_request_token = "short".into()),
            &Store::ready(),
            token,
        ),
        (
            &with(|event| event.client_request_token = "x".repeat(65).into()),
            &Store::ready(),
            token,
        ),
        (
            &with(|event| event.rotation_token = Some("short".into())),
            &Store::ready(),
            rotation_token,
        ),
        (
            &with(|event| event.rotation_token = Some("_".repeat(36).into())),
            &Store::ready(),
            rotation_token,
        ),
    ] {
        let error = rotate(event, store, &Database::default())
            .await
            .unwrap_err();
        assert_eq!(rule(&error), expected);
        assert_eq!(error.context("secret"), Some("ferries"));
        assert!(!store.calls().contains("put"));
    }
}

#[tokio::test]
async fn values_that_cannot_be_put() {
    for (made, refused) in [("", true), ("x", false)] {
        let database = Database {
            makes: Some(made),
            ..Database::default()
        };
        let result = rotate(&steps()[0], &Store::ready(), &database).await;
        let expected = "a secret's value has 1 to 65,536 bytes";
        assert_eq!(result.is_err(), refused);
        assert!(result.err().is_none_or(|error| rule(&error) == expected));
    }
    let large: &'static str = "x".repeat(65_537).leak();
    let database = Database {
        makes: Some(large),
        ..Database::default()
    };
    let error = rotate(&steps()[0], &Store::ready(), &database)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("65537 bytes"), "{error}");
}

#[tokio::test]
async fn what_fails_is_named_and_no_secret_is_shown() {
    let [create, _, test, finish] = steps();
    for (event, broken, what) in [
        (&create, "describe", "DescribeSecret failed"),
        (&create, "AWSPENDING", "GetSecretValue failed"),
        (&create, "put", "PutSecretValue failed"),
        (&finish, "move", "UpdateSecretVersionStage failed"),
        (&test, "", "test failed: login refused"),
    ] {
        let store = Store {
            broken: Some(broken),
            ..Store::ready()
        };
        let error = rotate(event, &store, &Database::default())
            .await
            .unwrap_err();
        let text = format!("{error} {error:?} {store:?}");
        assert!(
            text.contains(what) && text.contains(event.step.as_str()),
            "{text}"
        );
        assert!(!text.contains(TOKEN) && !text.contains("\"old\""), "{text}");
    }
}

#[test]
fn values_agree_on_user_and_host() {
    let value = |json: &str| SecretValue::text(json);
    let one = value(r#"{"username":"u","host":"h","password":"a"}"#);
    for (other, expected) in [
        (value(r#"{"username":"u","host":"h","password":"b"}"#), ""),
        (
            value(r#"{"username":"v","host":"h"}"#),
            "they differ in `username`",
        ),
        (value(r#"{"username":"u"}"#), "they differ in `host`"),
        (value("hunter2"), "not the JSON it should be"),
        (
            SecretValue::Binary(vec![0xff].into()),
            "not the JSON it should be",
        ),
    ] {
        let error = one.same(&other, &["username", "host"]).err();
        let text = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(
            text.contains(expected) && text.is_empty() == expected.is_empty(),
            "{text}"
        );
        assert!(!text.contains("hunter2"));
    }
}
