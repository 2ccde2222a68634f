//! What the execution role needs for a mapping beside reading the source itself.
//!
//! ```
//! use lambda_with::Function;
//! use lambda_with::rules::mapping::{Mapping, grants};
//!
//! let function = Function::new("arn:aws:lambda:eu-west-1:123456789012:function:orders".parse()?)?;
//! let queue = "arn:aws:sqs:eu-west-1:123456789012:orders-failed";
//! let mapping = Mapping { on_failure: Some(queue.into()), ..Mapping::default() };
//! let send = grants::destination(&mapping, &function, None);
//! assert_eq!(send[0].actions, ["sqs:SendMessage"]);
//! # Ok::<(), lambda_with::Error>(())
//! ```

use super::Mapping;
use super::access::is_secret;
use crate::{Arn, Function, RoleStatement};

/// Reads the secrets that the mapping names, those of its schema registry included.
#[must_use]
pub fn secrets(mapping: &Mapping) -> Option<RoleStatement> {
    let registry = mapping.schema_registry.iter();
    let registry = registry.flat_map(|registry| &registry.access);
    let access = mapping.access.iter().chain(registry);
    let mut resources: Vec<String> = Vec::new();
    for uri in access.filter_map(|entry| entry.uri.as_deref()) {
        if is_secret(uri) && !resources.iter().any(|known| known == uri) {
            resources.push(uri.to_owned());
        }
    }
    statement(
        ["secretsmanager:GetSecretValue"],
        resources,
        "Lambda presents what the secrets hold",
    )
}

/// Reads schemas from AWS Glue, where the mapping's registry is one of Glue's.
#[must_use]
pub fn registry(mapping: &Mapping) -> Vec<RoleStatement> {
    let Some(registry) = &mapping.schema_registry else {
        return Vec::new();
    };
    if !registry.uri.starts_with("arn:") {
        return Vec::new();
    }
    vec![
        RoleStatement::new(
            ["glue:GetRegistry"],
            registry.uri.as_str(),
            "the schemas of the records are in this registry",
        ),
        RoleStatement::new(
            ["glue:GetSchemaVersion"],
            "*",
            "schemas are looked up by their ids, for which Glue knows no resource",
        ),
    ]
}

/// Sends what was given up to the mapping's destination: a queue, a topic of Amazon SNS or a bucket.
/// A bucket must belong to the function's account; `key` is the customer's KMS key that encrypts the
/// destination, and for a queue or topic takes more where it belongs to another account. What writing
/// to a Kafka topic takes, its cluster tells.
#[must_use]
pub fn destination(
    mapping: &Mapping,
    function: &Function,
    key: Option<&Arn>,
) -> Vec<RoleStatement> {
    let to = mapping
        .on_failure
        .as_ref()
        .and_then(|to| to.parse::<Arn>().ok());
    let Some(to) = to else {
        return Vec::new();
    };
    let reason = "Lambda reports here what it gave up";
    let is_foreign = key.is_some_and(|key| key.account() != function.account());
    let message: &[&str] = match is_foreign {
        true => &[
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:GenerateDataKey",
            "kms:ReEncrypt*",
        ],
        false => &["kms:Decrypt", "kms:GenerateDataKey"],
    };
    let (send, encrypt): (_, &[&str]) =
        match to.service() {
            "sqs" => (
                RoleStatement::new(["sqs:SendMessage"], to.as_str(), reason),
                message,
            ),
            "sns" => (
                RoleStatement::new(["sns:Publish"], to.as_str(), reason),
                message,
            ),
            "s3" => {
                let account = function.account();
                let mut write =
                    RoleStatement::new(["s3:PutObject", "s3:ListBucket"], to.as_str(), reason)
                        .when("StringEquals", "s3:ResourceAccount", account);
                write.resources.push(format!("{to}/*"));
                (write, &["kms:GenerateDataKey"])
            }
            _ => return Vec::new(),
        };
    let encrypt = key.map(|key| {
        RoleStatement::new(
            encrypt,
            key.as_str(),
            "the destination is encrypted with this key",
        )
    });
    std::iter::once(send).chain(encrypt).collect()
}

/// Decrypts with these keys, because of `reason`.
#[must_use]
pub fn decrypt<'k>(
    keys: impl IntoIterator<Item = &'k Arn>,
    reason: &'static str,
) -> Option<RoleStatement> {
    let keys = keys.into_iter().map(Arn::to_string).collect();
    statement(["kms:Decrypt"], keys, reason)
}

/// Makes and removes network interfaces in the source's VPC.
#[must_use]
pub fn network() -> RoleStatement {
    RoleStatement::new(
        [
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
        ],
        "*",
        "Lambda's pollers stand in the source's VPC, whose parts EC2 describes without finer permissions",
    )
}

/// Writes the function's log group, which Lambda demands of a role before it polls a broker.
#[must_use]
pub fn logs(function: &Function) -> RoleStatement {
    let group = format!(
        "arn:{}:logs:{}:{}:log-group:/aws/lambda/{}",
        function.partition(),
        function.region(),
        function.account(),
        function.name()
    );
    let actions = [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ];
    let reason = "Lambda demands that the role can log before it polls a broker";
    let mut logs = RoleStatement::new(actions, format!("{group}:*"), reason);
    logs.resources.push(group);
    logs
}

fn statement(
    actions: impl Into<Vec<&'static str>>,
    resources: Vec<String>,
    reason: &'static str,
) -> Option<RoleStatement> {
    let mut resources = resources.into_iter();
    let mut statement = RoleStatement::new(actions, resources.next()?, reason);
    statement.resources.extend(resources);
    Some(statement)
}
