//! What answers and failure records of several services have in common; each service's types have it
//! under their own names.

use std::collections::HashSet;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, ErrorKind, Json, JsonText};

/// The most bytes a tumbling window's state may have.
const STATE: usize = 1024 * 1024;

/// Whether Lambda takes an answer that reports these `ids` for what it says, of a batch of these
/// records.
///
/// ```
/// use lambda_with::batch::answer;
///
/// answer::check(["b"], ["a", "b"])?;
/// let error = answer::check(["a", ""], ["a", "b"]).unwrap_err();
/// assert_eq!(error.context("path"), Some("batchItemFailures[1].itemIdentifier"));
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// # Errors
///
/// `Invalid` for an id that is empty or not of the batch: Lambda takes either for a failure of the
/// whole batch.
pub fn check<'i>(
    ids: impl IntoIterator<Item = &'i str>,
    batch: impl IntoIterator<Item = &'i str>,
) -> Result<(), Error> {
    let batch: HashSet<&str> = batch.into_iter().collect();
    for (index, id) in ids.into_iter().enumerate() {
        let what = match id {
            "" => "an empty id fails the whole batch".to_owned(),
            id if batch.contains(id) => continue,
            id => format!("`{id}` is no record of the batch, which fails all of it"),
        };
        let path = format!("batchItemFailures[{index}].itemIdentifier");
        return Err(Error::new(ErrorKind::Invalid, what).with("path", path));
    }
    Ok(())
}

/// A tumbling window's state as an answer hands it on.
///
/// # Errors
///
/// `Invalid` when it is not written as a JSON object, `Limit` when it is over 1 MB: that would end
/// the window early, and the state would be lost.
pub fn state(state: &impl Serialize) -> Result<Json, Error> {
    let state = Json::encode(state)?;
    if !state.as_str().starts_with('{') {
        let what = "the state of a window must be a JSON object";
        return Err(Error::new(ErrorKind::Invalid, what));
    }
    let bytes = state.as_str().len();
    if bytes > STATE {
        let what = format!("the state of the window has {bytes} bytes");
        return Err(Error::new(ErrorKind::Limit, what).with("allowed", "1 MB"));
    }
    Ok(state)
}

/// Reads the state a window's event brings; `T::default()` for the first of a window, whose state is
/// empty.
///
/// # Errors
///
/// When the state does not fit `T`.
pub fn read_state<T: Default + DeserializeOwned>(state: &Json) -> Result<T, Error> {
    let text = state.as_str().trim();
    let inside = text.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
    if text == "null" || inside.is_some_and(|inside| inside.trim().is_empty()) {
        return Ok(T::default());
    }
    state.decode()
}

/// The event in a failure record's `payload`: JSON in a string, as S3 gets it, or JSON itself, as a
/// Kafka topic gets it and some emulators write it. None where there is no payload.
///
/// # Errors
///
/// When it is no event of this form.
pub fn payload<T: DeserializeOwned>(payload: Option<&Json>) -> Result<Option<T>, Error> {
    let Some(payload) = payload.filter(|payload| payload.as_str() != "null") else {
        return Ok(None);
    };
    match payload.as_str().starts_with('"') {
        true => payload.decode::<JsonText>()?.decode().map(Some),
        false => payload.decode().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn states_and_payloads() {
        for (text, expected) in [
            ("{}", Ok(0)),
            ("{ }", Ok(0)),
            ("null", Ok(0)),
            ("7", Ok(7)),
            (r#"{"a":1}"#, Err(ErrorKind::Decode)),
        ] {
            let state: Json = serde_json::from_str(text).unwrap();
            let read = read_state::<u32>(&state).map_err(|error| error.kind());
            assert_eq!(read, expected, "{text}");
        }
        for (value, kind) in [
            (json!([1]), Some(ErrorKind::Invalid)),
            (json!({ "a": "x".repeat(STATE) }), Some(ErrorKind::Limit)),
            (json!({ "a": "x".repeat(STATE - 8) }), None),
        ] {
            assert_eq!(state(&value).err().map(|error| error.kind()), kind);
        }
        for (text, expected) in [
            (r#""{\"a\":1}""#, Some(json!({ "a": 1 }))),
            (r#"{"a":1}"#, Some(json!({ "a": 1 }))),
            ("null", None),
        ] {
            let read = payload::<Value>(Some(&serde_json::from_str(text).unwrap()));
            assert_eq!(read.unwrap(), expected, "{text}");
        }
        assert_eq!(payload::<Value>(None).unwrap(), None);
        assert!(payload::<Value>(Some(&json!("{").into())).is_err());
    }
}
