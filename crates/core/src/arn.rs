//! Amazon Resource Names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Error, ErrorKind};

/// An Amazon Resource Name, kept as it was written.
///
/// ```
/// use lambda_with::Arn;
///
/// let queue: Arn = "arn:aws:sqs:eu-west-1:123456789012:orders".parse()?;
/// assert_eq!(queue.service(), "sqs");
/// assert_eq!(queue.resource(), "orders");
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// Six parts, separated by colons; the resource may hold colons and slashes of its own. Region and
/// account are empty where the service has none (an S3 bucket). Patterns with `*` are ARNs too, as
/// policies use them.
///
/// # Errors
///
/// Parsing refuses a text without the six parts, and one with an empty partition, service or
/// resource.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Arn(Box<str>);

impl Arn {
    /// Puts an ARN together from its parts.
    ///
    /// # Errors
    ///
    /// As for parsing.
    pub fn new(
        partition: &str,
        service: &str,
        region: &str,
        account: &str,
        resource: &str,
    ) -> Result<Self, Error> {
        format!("arn:{partition}:{service}:{region}:{account}:{resource}").parse()
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `aws`, `aws-cn`, `aws-us-gov` and so on.
    #[must_use]
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    /// The service's namespace, such as `sqs`.
    #[must_use]
    pub fn service(&self) -> &str {
        self.part(2)
    }

    /// The Region, empty for global resources.
    #[must_use]
    pub fn region(&self) -> &str {
        self.part(3)
    }

    /// The account's twelve digits, empty where the service leaves them out.
    #[must_use]
    pub fn account(&self) -> &str {
        self.part(4)
    }

    /// All that follows the fifth colon.
    #[must_use]
    pub fn resource(&self) -> &str {
        self.part(5)
    }

    /// Whether this is the ARN of one role, and no pattern.
    #[must_use]
    pub fn is_role(&self) -> bool {
        self.service() == "iam" && self.resource().starts_with("role/") && !self.is_pattern()
    }

    /// Whether it holds a `*` or `?`, by which policies match many.
    #[must_use]
    pub fn is_pattern(&self) -> bool {
        self.0.contains(['*', '?'])
    }

    fn part(&self, index: usize) -> &str {
        self.0.splitn(6, ':').nth(index).unwrap_or_default()
    }
}

/// Whether a text is the id of an account: twelve digits.
///
/// ```
/// assert!(lambda_with::is_account("123456789012"));
/// assert!(!lambda_with::is_account("1234-5678-9012"));
/// ```
#[must_use]
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl FromStr for Arn {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = |why: &str| {
            Err(
                Error::new(ErrorKind::Invalid, format!("`{text}` is not an ARN: {why}"))
                    .with("form", "arn:partition:service:region:account:resource"),
            )
        };
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", "", ..] => refuse("the partition is empty"),
            ["arn", _, "", ..] => refuse("the service is empty"),
            ["arn", _, _, _, _, ""] => refuse("the resource is empty"),
            ["arn", _, _, _, _, _] => Ok(Self(text.into())),
            ["arn", ..] => refuse("it needs six parts separated by colons"),
            _ => refuse("it does not begin with `arn:`"),
        }
    }
}

impl TryFrom<&str> for Arn {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        text.parse()
    }
}

impl AsRef<str> for Arn {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arn({})", self.0)
    }
}

impl<'de> Deserialize<'de> for Arn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl Serialize for Arn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        for (text, service, region, account, resource) in [
            ("arn:aws:s3:::uploads", "s3", "", "", "uploads"),
            ("arn:aws:s3:::uploads/a:b", "s3", "", "", "uploads/a:b"),
            (
                "arn:aws-cn:lambda:cn-north-1:123456789012:function:f:live",
                "lambda",
                "cn-north-1",
                "123456789012",
                "function:f:live",
            ),
            (
                "arn:aws:execute-api:eu-west-1:123456789012:a1/*/GET/pets",
                "execute-api",
                "eu-west-1",
                "123456789012",
                "a1/*/GET/pets",
            ),
        ] {
            let arn: Arn = text.parse().unwrap();
            assert_eq!(
                (arn.service(), arn.region(), arn.account(), arn.resource()),
                (service, region, account, resource),
                "{text}"
            );
            assert_eq!(arn.to_string(), text);
        }
    }

    #[test]
    fn roles() {
        for (text, expected) in [
            ("arn:aws:iam::123456789012:role/orders", true),
            ("arn:aws-cn:iam::123456789012:role/team/orders", true),
            ("arn:aws:iam::123456789012:role/*", false),
            ("arn:aws:iam::123456789012:role/order?", false),
            ("arn:aws:iam::123456789012:user/orders", false),
            ("arn:aws:sqs::123456789012:role/orders", false),
        ] {
            let arn: Arn = text.parse().unwrap();
            assert_eq!(arn.is_role(), expected, "{text}");
        }
    }

    #[test]
    fn refusals_name_the_text_and_the_reason() {
        for (text, reason) in [
            ("", "does not begin"),
            ("orders", "does not begin"),
            ("arn:aws:sqs", "six parts"),
            ("arn::sqs:eu-west-1:1:q", "partition is empty"),
            ("arn:aws::eu-west-1:1:q", "service is empty"),
            ("arn:aws:sqs:eu-west-1:1:", "resource is empty"),
        ] {
            let error = text.parse::<Arn>().unwrap_err().to_string();
            assert!(error.contains(reason) && error.contains(text), "{error}");
        }
    }
}
