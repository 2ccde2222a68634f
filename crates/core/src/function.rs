//! The function at the other end of a connection.

use serde::{Deserialize, Serialize};

use crate::{Arn, Error, ErrorKind, is_account};

/// A Lambda function, with those of its settings that decide whether a connection works.
///
/// ```
/// use lambda_with::Function;
///
/// let function = Function::new("arn:aws:lambda:eu-west-1:123456789012:function:orders:live".parse()?)?;
/// assert_eq!(function.name(), "orders");
/// assert_eq!(function.qualifier(), Some("live"));
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// Settings left out have Lambda's defaults: a timeout of 3 seconds, 128 MB, no reserved
/// concurrency. See <https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html>.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Function {
    /// The function's ARN, with a version or alias where the connection is to that alone.
    pub arn: Arn,
    /// The role the function runs as. Polled sources are read with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Arn>,
    /// Seconds an invocation may take: 1 to 900, 3 unless set.
    pub timeout: u32,
    /// Memory in MB: 128 to 10,240, 128 unless set.
    pub memory: u32,
    /// Reserved concurrency; 0 throttles every invocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_concurrency: Option<u32>,
    /// Subnets the function is attached to; empty outside a VPC.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<String>,
    /// Security groups of the function's network interfaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<String>,
}

impl Function {
    /// A function with Lambda's default settings.
    ///
    /// # Errors
    ///
    /// When `arn` is not that of a Lambda function.
    pub fn new(arn: Arn) -> Result<Self, Error> {
        let refuse = |why: &str| {
            Err(Error::new(
                ErrorKind::Invalid,
                format!("`{arn}` is not a function's ARN: {why}"),
            )
            .with(
                "form",
                "arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]",
            ))
        };
        if arn.service() != "lambda" {
            return refuse("its service is not `lambda`");
        }
        if !is_account(arn.account()) {
            return refuse("its account is not twelve digits");
        }
        if arn.region().is_empty() {
            return refuse("it has no Region");
        }
        let parts: Vec<&str> = arn.resource().split(':').collect();
        if !matches!(parts.as_slice(), ["function", name] | ["function", name, _] if !name.is_empty())
        {
            return refuse("its resource is not `function:NAME` or `function:NAME:QUALIFIER`");
        }
        Ok(Self {
            arn,
            role: None,
            timeout: 3,
            memory: 128,
            reserved_concurrency: None,
            subnets: Vec::new(),
            security_groups: Vec::new(),
        })
    }

    /// The function's name, without version or alias.
    #[must_use]
    pub fn name(&self) -> &str {
        self.arn.resource().split(':').nth(1).unwrap_or_default()
    }

    /// The version or alias the ARN names.
    #[must_use]
    pub fn qualifier(&self) -> Option<&str> {
        self.arn.resource().split(':').nth(2)
    }

    /// The partition, such as `aws`.
    #[must_use]
    pub fn partition(&self) -> &str {
        self.arn.partition()
    }

    /// The Region the function runs in.
    #[must_use]
    pub fn region(&self) -> &str {
        self.arn.region()
    }

    /// The account that owns the function.
    #[must_use]
    pub fn account(&self) -> &str {
        self.arn.account()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_function_arns_are_taken() {
        for (arn, reason) in [
            (
                "arn:aws:sqs:eu-west-1:123456789012:orders",
                "service is not",
            ),
            (
                "arn:aws:lambda:eu-west-1:12:function:orders",
                "twelve digits",
            ),
            ("arn:aws:lambda::123456789012:function:orders", "no Region"),
            (
                "arn:aws:lambda:eu-west-1:123456789012:layer:orders",
                "resource is not",
            ),
            (
                "arn:aws:lambda:eu-west-1:123456789012:function:",
                "resource is not",
            ),
        ] {
            let error = Function::new(arn.parse().unwrap()).unwrap_err().to_string();
            assert!(error.contains(reason), "{arn}: {error}");
        }
    }
}
