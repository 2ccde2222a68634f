//! Answers, and the rules CloudFormation has for them.

use lambda_with::{Error, ErrorKind, Json, Map, Nullable, Secret};
use serde::Serialize;

use crate::{CustomResourceEvent, CustomResourceResponse, CustomResourceStatus};

/// As many bytes an answer has at most.
const MAX_ANSWER: usize = 4096;
/// As many bytes an id has at most.
const MAX_ID: usize = 1024;

const SIZE: &str = "an answer has at most 4,096 bytes as JSON";
const ID: &str = "a physical resource id has 1 to 1,024 bytes";
const REASON: &str = "a failure has a reason";

/// What became of a resource that was made or changed.
///
/// ```
/// use lambda_with_cloudformation::Provided;
///
/// let berths = Provided::new("berths-north").data("First", "N1").data("Count", 24);
/// assert!(format!("{:?}", berths.no_echo()).contains("[redacted]"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provided {
    id: Option<String>,
    data: Map<Secret<Json>>,
    no_echo: bool,
}

impl Provided {
    /// A resource with this id, which the update and the removal will have: one that does not
    /// change as long as the resource is the same. 1 to 1,024 bytes.
    ///
    /// `Provided::default()` has an id made of stack and resource, or after an update the one it
    /// had. Another id after an update says that there is a new resource now, and CloudFormation
    /// has the old one deleted.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: Some(id.into()),
            ..Self::default()
        }
    }

    /// Adds what `Fn::GetAtt` gives for this name: a string, number or boolean, or a list of them.
    ///
    /// What cannot be written as JSON is null.
    #[must_use]
    pub fn data(mut self, name: &str, value: impl Serialize) -> Self {
        let value = Json::encode(&value).unwrap_or_default();
        self.data.insert(name, Secret::new(value));
        self
    }

    /// Has CloudFormation show asterisks for the data.
    #[must_use]
    pub fn no_echo(mut self) -> Self {
        self.no_echo = true;
        self
    }

    /// The id, where one was given.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl CustomResourceEvent {
    /// The answer that it was done.
    ///
    /// ```
    /// use lambda_with_cloudformation::{CustomResourceEvent, Provided, SERVICE};
    ///
    /// let json = SERVICE.sample("create").ok_or("no such sample")?.json;
    /// let event: CustomResourceEvent = lambda_with::decode(json)?;
    /// let answer = event.success(&Provided::new("berths-north").data("First", "N1"))?;
    /// assert_eq!(answer.physical_resource_id, "berths-north");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When CloudFormation would not take it: see [`CustomResourceResponse::check`].
    pub fn success(&self, provided: &Provided) -> Result<CustomResourceResponse, Error> {
        let id = provided.id.as_deref().or(self.known_id());
        let id = id.map_or_else(|| self.default_id(), str::to_owned);
        let data = provided.data.iter();
        let data: Map<Json> = data
            .map(|(name, json)| (name.clone(), (**json).clone()))
            .collect();
        let mut answer = self.answer(CustomResourceStatus::Success, &id);
        if !data.is_empty() {
            answer.data = Nullable::Value(Secret::new(data));
        }
        if provided.no_echo {
            answer.no_echo = Nullable::Value(true);
        }
        answer.check()?;
        Ok(answer)
    }

    /// The answer that it failed, and why. A reason too long for the answer is cut.
    ///
    /// The id is the one the resource has. One without an id, whose creation fails, gets
    /// [`failed_id`](Self::failed_id): CloudFormation asks to delete it next.
    #[must_use]
    pub fn failure(&self, reason: &str) -> CustomResourceResponse {
        let id = self.known_id();
        let id = id.map_or_else(|| self.failed_id(), str::to_owned);
        self.failure_of(&id, reason)
    }

    /// The same, for a resource that got this id before it failed.
    #[must_use]
    pub fn failure_of(&self, id: &str, reason: &str) -> CustomResourceResponse {
        let mut answer = self.answer(CustomResourceStatus::Failed, id);
        if !(1..=MAX_ID).contains(&id.len()) {
            answer.physical_resource_id = self.failed_id().into();
        }
        let reason = if reason.trim().is_empty() {
            "no reason was given"
        } else {
            reason
        };
        answer.reason = Nullable::Value("".into());
        let room = MAX_ANSWER.saturating_sub(answer.to_json().len());
        answer.reason = Nullable::Value(cut(reason, room).into());
        answer
    }

    fn known_id(&self) -> Option<&str> {
        let id = self.physical_resource_id.as_deref();
        id.filter(|id| !id.is_empty())
    }

    fn answer(&self, status: CustomResourceStatus, id: &str) -> CustomResourceResponse {
        CustomResourceResponse {
            status,
            physical_resource_id: id.into(),
            stack_id: self.stack_id.clone(),
            request_id: self.request_id.clone(),
            logical_resource_id: self.logical_resource_id.clone(),
            ..CustomResourceResponse::default()
        }
    }
}

impl CustomResourceResponse {
    /// Whether CloudFormation takes the answer.
    ///
    /// # Errors
    ///
    /// When a rule is broken: the error names it as `rule`. No data is in it.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |rule, message: String| {
            let error = Error::new(ErrorKind::Limit, message).with("rule", rule);
            Err(error.with("resource", self.logical_resource_id.as_str()))
        };
        let id = self.physical_resource_id.len();
        if !(1..=MAX_ID).contains(&id) {
            return refuse(ID, format!("the physical resource id has {id} bytes"));
        }
        let failed = self.status == CustomResourceStatus::Failed;
        if failed && self.reason.as_deref().is_none_or(str::is_empty) {
            return refuse(REASON, "the failure has no reason".into());
        }
        match self.to_json().len() {
            bytes if bytes > MAX_ANSWER => refuse(SIZE, format!("the answer has {bytes} bytes")),
            _ => Ok(()),
        }
    }

    /// The answer as it is put: UTF-8, as many bytes long as the `Content-Length` says.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Texts and JSON that was read or encoded before: there is nothing that cannot be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// As much of a text as takes no more than this many bytes inside a JSON string.
fn cut(text: &str, room: usize) -> &str {
    let mut taken = 0;
    for (at, letter) in text.char_indices() {
        taken += match letter {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            '\0'..='\u{1f}' => 6,
            _ => letter.len_utf8(),
        };
        if taken > room {
            return &text[..at];
        }
    }
    text
}
