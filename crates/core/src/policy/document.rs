//! The document's types, member for member as the policy grammar has them.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{Error, ErrorKind, Map, Scalar, Text};

/// A policy document, as `GetPolicy` and the IAM calls return it.
///
/// ```
/// use lambda_with::policy::Policy;
///
/// let text = r#"{"Version":"2012-10-17","Id":"default","Statement":[]}"#;
/// let policy: Policy = text.parse()?;
/// assert_eq!(policy.to_json(), text);
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// A document whose `Statement` is one object instead of a list is read, and written back as a
/// list. Parsing refuses text that is not a policy document.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Policy {
    /// The version of the policy language, `2012-10-17`.
    #[serde(rename = "Version", default = "version")]
    pub version: Text,
    /// The policy's id; `default` in a function's policy.
    #[serde(rename = "Id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Text>,
    /// The statements, in order.
    #[serde(rename = "Statement", default, deserialize_with = "one_or_many")]
    pub statements: Vec<PolicyStatement>,
    /// Members this crate does not know.
    #[serde(flatten)]
    pub other: Map<Value>,
}

/// One statement of a policy document.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PolicyStatement {
    /// The statement's id.
    #[serde(rename = "Sid", default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Text>,
    /// Whether it allows or denies.
    #[serde(rename = "Effect")]
    pub effect: Effect,
    /// Who is meant. Statements of roles have none: the role itself is meant.
    #[serde(rename = "Principal", default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<Principals>,
    /// Everybody else is meant.
    #[serde(
        rename = "NotPrincipal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub not_principal: Option<Principals>,
    /// The actions; `*` and `?` are wildcards.
    #[serde(rename = "Action", default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Values>,
    /// All actions but these.
    #[serde(rename = "NotAction", default, skip_serializing_if = "Option::is_none")]
    pub not_action: Option<Values>,
    /// The ARNs of what it is about; `*` and `?` are wildcards.
    #[serde(rename = "Resource", default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Values>,
    /// All resources but these.
    #[serde(
        rename = "NotResource",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub not_resource: Option<Values>,
    /// Operator, then key, then the values one of which must fit.
    #[serde(rename = "Condition", default, skip_serializing_if = "Map::is_empty")]
    pub condition: Map<Map<Values>>,
    /// Members this crate does not know.
    #[serde(flatten)]
    pub other: Map<Value>,
}

/// Whether a statement lets in or keeps out.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Effect {
    /// It lets in.
    #[default]
    Allow,
    /// It keeps out, whatever others allow.
    Deny,
}

/// Whom a statement means.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(into = "Written", try_from = "Written")]
pub enum Principals {
    /// `"*"`: everybody.
    Anyone,
    /// `{"Service": …}`, `{"AWS": …}` and so on.
    Of(Map<Values>),
}

/// One value or a list of values, written back as it came.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Values {
    /// A single value.
    One(Scalar),
    /// A list, perhaps of one.
    Many(Vec<Scalar>),
}

impl Policy {
    /// The document as compact JSON, members in AWS's order.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Only a map with keys that are no strings could fail, and there is none.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The statement of this id.
    #[must_use]
    pub fn find(&self, sid: &str) -> Option<&PolicyStatement> {
        self.statements
            .iter()
            .find(|statement| statement.sid.as_deref() == Some(sid))
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            version: version(),
            id: None,
            statements: Vec::new(),
            other: Map::default(),
        }
    }
}

impl FromStr for Policy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| {
            Error::new(ErrorKind::Decode, "the text is not a policy document").caused_by(error)
        })
    }
}

impl Values {
    /// The values, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Scalar> {
        match self {
            Self::One(value) => std::slice::from_ref(value).iter(),
            Self::Many(values) => values.iter(),
        }
    }
}

impl From<&str> for Values {
    fn from(value: &str) -> Self {
        Self::One(value.into())
    }
}

impl From<String> for Values {
    fn from(value: String) -> Self {
        Self::One(value.into())
    }
}

impl<T: Into<Scalar>> FromIterator<T> for Values {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self::Many(values.into_iter().map(Into::into).collect())
    }
}

/// `Principals` as JSON has them.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Written {
    Text(Text),
    Of(Map<Values>),
}

impl From<Principals> for Written {
    fn from(principals: Principals) -> Self {
        match principals {
            Principals::Anyone => Self::Text("*".into()),
            Principals::Of(map) => Self::Of(map),
        }
    }
}

impl TryFrom<Written> for Principals {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Text(text) if text == "*" => Ok(Self::Anyone),
            Written::Text(text) => Err(format!(
                "`{text}` is not a principal: it must be `*` or an object such as {{\"Service\": …}}"
            )),
            Written::Of(map) => Ok(Self::Of(map)),
        }
    }
}

fn version() -> Text {
    "2012-10-17".into()
}

fn one_or_many<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<PolicyStatement>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        Many(Vec<PolicyStatement>),
        One(Box<PolicyStatement>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::Many(statements) => statements,
        OneOrMany::One(statement) => vec![*statement],
    })
}

#[cfg(test)]
mod tests;
