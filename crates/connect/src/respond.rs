//! What a flow takes for an answer: flat texts, or any JSON, of less than 32 KB.

use std::collections::HashMap;

use lambda_with::{Error, ErrorKind, Json, Map, Scalar, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// As many bytes an answer must have less of.
const MAX_ANSWER: usize = 32 * 1024;

const FLAT: &str = "an answer is a flat object of texts";
const NAME: &str = "every member of an answer has a name";
const SIZE: &str = "an answer has less than 32 KB as JSON";

/// The answer to a flow that takes texts: a flat object, of which `$.External.NAME` is a member.
///
/// ```
/// use lambda_with_connect::ConnectResponse;
///
/// let mut answer = ConnectResponse::new();
/// answer.set("Balance", 1000)?;
/// answer.set("Gold", true)?;
/// assert_eq!(serde_json::to_string(&answer)?, r#"{"Balance":"1000","Gold":"true"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Numbers and truth values become texts: anything else in an answer would lead the flow to its
/// error branch. A value of this type is always one a flow takes.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Map<Text>")]
pub struct ConnectResponse(Map<Text>);

impl ConnectResponse {
    /// An answer without members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The answer made of a struct or map. Members that are null are left out.
    ///
    /// ```
    /// use lambda_with_connect::ConnectResponse;
    /// use serde::Serialize;
    ///
    /// #[derive(Serialize)]
    /// struct Sailing {
    ///     ship: &'static str,
    ///     pier: u8,
    ///     delay: Option<u32>,
    /// }
    ///
    /// let answer = ConnectResponse::of(&Sailing { ship: "Alca", pier: 2, delay: None })?;
    /// assert_eq!(answer.get("pier"), Some("2"));
    /// assert_eq!(answer.get("delay"), None);
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it is not flat, or too large. The error names the `rule` and the member.
    pub fn of(value: &impl Serialize) -> Result<Self, Error> {
        let json = serde_json::to_value(value).map_err(|error| {
            Error::new(ErrorKind::Invalid, "the answer cannot be written as JSON").caused_by(error)
        })?;
        let Value::Object(members) = json else {
            return Err(invalid(FLAT, "it is not an object".into()));
        };
        let mut answer = Map::new();
        for (name, value) in members {
            let text = match value {
                Value::Null => continue,
                Value::String(text) => text,
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                Value::Array(_) | Value::Object(_) => {
                    return Err(invalid(FLAT, format!("`{name}` is not flat")));
                }
            };
            answer.push(name.into(), text.into());
        }
        Self::try_from(answer)
    }

    /// Reads what a function answered, as a flow would.
    ///
    /// # Errors
    ///
    /// When the flow would go to its error branch. The error names the `rule` and the member.
    pub fn read(json: &[u8]) -> Result<Self, Error> {
        let value: Value = serde_json::from_slice(json)
            .map_err(|error| invalid(FLAT, "it is not JSON".into()).caused_by(error))?;
        let Value::Object(members) = value else {
            return Err(invalid(FLAT, "it is not an object".into()));
        };
        if json.len() >= MAX_ANSWER {
            return Err(too_large(json.len()));
        }
        let text = |(name, value)| match value {
            Value::String(text) => Ok((Text::from(name), Text::from(text))),
            other => {
                let what = match other {
                    Value::Null => "null",
                    Value::Bool(_) => "true or false",
                    Value::Number(_) => "a number",
                    Value::Array(_) => "an array",
                    _ => "an object",
                };
                Err(invalid(FLAT, format!("`{name}` is {what}")))
            }
        };
        let answer: Map<Text> = members.into_iter().map(text).collect::<Result<_, _>>()?;
        Self::try_from(answer)
    }

    /// Sets a member: a text, a number, or true or false.
    ///
    /// # Errors
    ///
    /// When the name is empty, or the answer would be too large; it is then as it was.
    pub fn set(&mut self, name: impl Into<Text>, value: impl Into<Scalar>) -> Result<(), Error> {
        let mut members = self.0.clone();
        members.insert(name, value.into().to_string().into());
        *self = Self::try_from(members)?;
        Ok(())
    }

    /// A member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(Text::as_str)
    }

    /// All members, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Takes over members that are texts already.
///
/// # Errors
///
/// When a name is empty, or the answer is too large.
impl TryFrom<Map<Text>> for ConnectResponse {
    type Error = Error;

    fn try_from(members: Map<Text>) -> Result<Self, Error> {
        if members.keys().any(|name| name.is_empty()) {
            return Err(invalid(NAME, "a name is empty".into()));
        }
        within_answer(Json::encode(&members)?.as_str())?;
        Ok(Self(members))
    }
}

/// Takes over an answer as `aws_lambda_events` and others have it.
///
/// # Errors
///
/// When a name is empty, or the answer is too large.
impl TryFrom<HashMap<String, String>> for ConnectResponse {
    type Error = Error;

    fn try_from(members: HashMap<String, String>) -> Result<Self, Error> {
        let texts = members
            .into_iter()
            .map(|(name, value)| (name, value.into()));
        Self::try_from(texts.collect::<Map<Text>>())
    }
}

impl From<ConnectResponse> for HashMap<String, String> {
    fn from(answer: ConnectResponse) -> Self {
        let texts = answer.0.into_iter();
        texts
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }
}

/// The answer to a flow that takes JSON.
///
/// ```
/// use lambda_with_connect::JsonResponse;
/// use serde_json::json;
///
/// let answer = JsonResponse::of(&json!({ "sailing": { "pier": 2 } }))?;
/// assert_eq!(serde_json::to_string(&answer)?, r#"{"sailing":{"pier":2}}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Flows reach into objects, `$.External.sailing.pier`, and not into arrays.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct JsonResponse(Json);

impl JsonResponse {
    /// The answer made of any value.
    ///
    /// # Errors
    ///
    /// When it cannot be written as JSON, or is too large.
    pub fn of(value: &impl Serialize) -> Result<Self, Error> {
        let json = Json::encode(value)?;
        within_answer(json.as_str())?;
        Ok(Self(json))
    }
}

fn invalid(rule: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Invalid, message).with("rule", rule)
}

fn within_answer(json: &str) -> Result<(), Error> {
    match json.len() < MAX_ANSWER {
        true => Ok(()),
        false => Err(too_large(json.len())),
    }
}

fn too_large(bytes: usize) -> Error {
    let message = format!("the answer has {bytes} bytes");
    Error::new(ErrorKind::Limit, message).with("rule", SIZE)
}
