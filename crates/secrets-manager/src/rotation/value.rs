//! The value of a secret.

use lambda_with::{Error, ErrorKind, Secret, Text};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// As many bytes a value has at most.
const MAX_VALUE: usize = 65_536;

const SIZE: &str = "a secret's value has 1 to 65,536 bytes";
const SAME: &str = "AWSCURRENT and AWSPENDING are for the same user and the same host";

/// The value of a version of a secret. `Debug` never shows it.
#[derive(Clone, Debug, PartialEq)]
pub enum SecretValue {
    /// `SecretString`, JSON as a rule.
    Text(Secret<Text>),
    /// `SecretBinary`.
    Binary(Secret<Vec<u8>>),
}

impl SecretValue {
    /// A text.
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Text(Secret::new(text.into()))
    }

    /// A value as JSON text.
    ///
    /// ```
    /// use lambda_with_secrets_manager::SecretValue;
    ///
    /// let secret = SecretValue::json(&serde_json::json!({"username": "ferries", "password": "x"}))?;
    /// assert!(!format!("{secret:?}").contains("ferries"));
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When `value` cannot be written as JSON.
    pub fn json(value: &impl Serialize) -> Result<Self, Error> {
        let json = serde_json::to_string(value).map_err(|error| {
            Error::new(ErrorKind::Invalid, "the value cannot be written as JSON").caused_by(error)
        })?;
        Ok(Self::text(json))
    }

    /// The value's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The value read as JSON.
    ///
    /// # Errors
    ///
    /// When it is not the JSON that `T` reads. The error says where, not what stands there.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(self.as_bytes()).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            Error::new(
                ErrorKind::Decode,
                "the secret's value is not the JSON it should be",
            )
            .with("at", place)
        })
    }

    /// Sees that two values agree in these members: that both are for the same user and host.
    ///
    /// ```
    /// use lambda_with_secrets_manager::SecretValue;
    /// use serde_json::json;
    ///
    /// let current = SecretValue::json(&json!({"username": "ferries", "password": "old"}))?;
    /// let pending = SecretValue::json(&json!({"username": "ferries", "password": "new"}))?;
    /// pending.same(&current, &["username", "host"])?;
    /// assert!(pending.same(&current, &["password"]).is_err());
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When a value is not a JSON object, or a member differs. The error names the member.
    pub fn same(&self, other: &Self, members: &[&str]) -> Result<(), Error> {
        let [ours, theirs]: [serde_json::Map<String, Value>; 2] = [self.decode()?, other.decode()?];
        let differs = |name: &&&str| ours.get(**name) != theirs.get(**name);
        match members.iter().find(differs) {
            None => Ok(()),
            Some(name) => {
                let message = format!("they differ in `{name}`");
                Err(Error::new(ErrorKind::Invalid, message).with("rule", SAME))
            }
        }
    }

    /// Whether Secrets Manager takes the value.
    pub(super) fn check(&self) -> Result<(), Error> {
        let bytes = self.as_bytes().len();
        if (1..=MAX_VALUE).contains(&bytes) {
            return Ok(());
        }
        let message = format!("the value has {bytes} bytes");
        Err(Error::new(ErrorKind::Limit, message).with("rule", SIZE))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_another_user_or_host_are_refused() {
        let value = |user: &str, host: Value| {
            SecretValue::json(&json!({ "username": user, "host": host, "password": user }))
        };
        let current = value("ferries", json!("db.example.com")).unwrap();
        for (user, host, differs) in [
            ("ferries", json!("db.example.com"), ""),
            ("root", json!("db.example.com"), "`username`"),
            ("ferries", json!("other.example.com"), "`host`"),
            ("ferries", Value::Null, "`host`"),
        ] {
            let pending = value(user, host).unwrap();
            match pending.same(&current, &["username", "host"]) {
                Ok(()) => assert_eq!(differs, "", "{user}"),
                Err(error) => {
                    let rule = "AWSCURRENT and AWSPENDING are for the same user and the same host";
                    assert_eq!(error.context("rule"), Some(rule));
                    assert!(
                        !differs.is_empty() && error.message().contains(differs),
                        "{error}"
                    );
                }
            }
        }
    }
}
