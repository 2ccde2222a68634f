//! May Lambda poll? What a role is allowed, by its own policies.

use serde::Serialize;

use super::matching::like;
use super::{Effect, Policy, PolicyStatement, Values};
use crate::RoleStatement;

/// An action a role is not allowed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Missing {
    /// The action, such as `sqs:ReceiveMessage`.
    pub action: String,
    /// On what.
    pub resource: String,
    /// Why it is needed, in half a sentence.
    pub reason: String,
    /// What stands in the way: nothing allows it, a condition, or what denies it.
    pub why: String,
}

impl Missing {
    /// The statement that would allow it. None helps where a policy denies it.
    #[must_use]
    pub fn fix(&self) -> PolicyStatement {
        PolicyStatement {
            effect: Effect::Allow,
            action: Some(self.action.as_str().into()),
            resource: Some(self.resource.as_str().into()),
            ..PolicyStatement::default()
        }
    }
}

/// Which of `needed` a role with these policies, each with a name for it, is not allowed. None means
/// that Lambda may poll.
///
/// ```
/// use lambda_with::RoleStatement;
/// use lambda_with::policy::{Policy, may_poll};
///
/// let queue = "arn:aws:sqs:eu-west-1:123456789012:orders";
/// let needed = RoleStatement::new(["sqs:ReceiveMessage", "sqs:DeleteMessage"], queue, "Lambda polls");
/// let policy: Policy = r#"{"Statement":{"Effect":"Allow","Action":"sqs:Receive*","Resource":"*"}}"#.parse()?;
/// let missing = may_poll(&[("reading".into(), policy)], &[needed]);
/// assert_eq!(missing[0].action, "sqs:DeleteMessage");
/// assert_eq!(missing[0].why, "no policy of the role allows it");
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// A statement that allows under another condition than the one it is needed under counts as not
/// allowing, and `why` names the condition; one that denies under a condition is passed over. Permission boundaries, organizations and the
/// source's own policy are not seen here.
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html>.
#[must_use]
pub fn may_poll(policies: &[(String, Policy)], needed: &[RoleStatement]) -> Vec<Missing> {
    let mut missing = Vec::new();
    for statement in needed {
        for resource in &statement.resources {
            for action in &statement.actions {
                if let Some(why) = refusal(policies, statement, action, resource) {
                    missing.push(Missing {
                        action: (*action).to_owned(),
                        resource: resource.clone(),
                        reason: statement.reason.to_owned(),
                        why,
                    });
                }
            }
        }
    }
    missing
}

/// What keeps the role from an action, if anything does.
fn refusal(
    policies: &[(String, Policy)],
    needed: &RoleStatement,
    action: &str,
    resource: &str,
) -> Option<String> {
    let mut conditional = None;
    let mut allowed = false;
    for (name, policy) in policies {
        let statements = policy.statements.iter();
        for statement in statements.filter(|s| speaks_of(s, action, resource)) {
            match (statement.effect, is_met(statement, needed)) {
                (Effect::Deny, true) => return Some(format!("{name} denies it")),
                (Effect::Allow, true) => allowed = true,
                (Effect::Allow, false) => {
                    let condition = condition(statement);
                    conditional = Some(format!("{name} allows it only when {condition}"));
                }
                (Effect::Deny, false) => {}
            }
        }
    }
    (!allowed).then(|| conditional.unwrap_or_else(|| "no policy of the role allows it".into()))
}

/// Whether all conditions of a statement are among those under which the action is needed.
fn is_met(statement: &PolicyStatement, needed: &RoleStatement) -> bool {
    statement.condition.iter().all(|(operator, keys)| {
        keys.iter().all(|(key, values)| {
            let known = |value: &str| {
                let mut conditions = needed.conditions.iter();
                conditions
                    .any(|(o, k, v)| *o == operator.as_str() && *k == key.as_str() && v == value)
            };
            values.iter().any(|value| known(&value.to_string()))
        })
    })
}

/// The conditions of a statement, in its own words: `StringEquals aws:SourceVpc vpc-1`.
fn condition(statement: &PolicyStatement) -> String {
    let keys = statement.condition.iter().flat_map(|(operator, keys)| {
        keys.iter().map(move |(key, values)| {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            format!("{operator} {key} {}", values.join(" or "))
        })
    });
    keys.collect::<Vec<_>>().join(" and ")
}

fn speaks_of(statement: &PolicyStatement, action: &str, resource: &str) -> bool {
    let action = action.to_ascii_lowercase();
    let acts = |pattern: &str| like(&pattern.to_ascii_lowercase(), &action);
    let about = |pattern: &str| like(pattern, resource);
    one_of(&statement.action, &statement.not_action, acts)
        && one_of(&statement.resource, &statement.not_resource, about)
}

fn one_of(
    positive: &Option<Values>,
    negative: &Option<Values>,
    fits: impl Fn(&str) -> bool,
) -> bool {
    let any = |values: &Values| values.iter().any(|value| fits(&value.to_string()));
    match (positive, negative) {
        (Some(values), _) => any(values),
        (None, Some(values)) => !any(values),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(documents: &[&str]) -> Vec<String> {
        let policies: Vec<(String, Policy)> = documents
            .iter()
            .enumerate()
            .map(|(index, document)| (format!("policy {index}"), document.parse().unwrap()))
            .collect();
        let needed = RoleStatement::new(
            ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
            "arn:aws:sqs:eu-west-1:123456789012:orders",
            "Lambda polls",
        );
        let missing = may_poll(&policies, &[needed]);
        missing
            .iter()
            .map(|missing| format!("{}: {}", missing.action, missing.why))
            .collect()
    }

    #[test]
    fn roles() {
        let receive = "sqs:ReceiveMessage";
        let none = "no policy of the role allows it";
        for (documents, expected) in [
            (
                vec![],
                vec![
                    format!("{receive}: {none}"),
                    format!("sqs:DeleteMessage: {none}"),
                ],
            ),
            (
                vec![r#"{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}"#],
                vec![],
            ),
            (
                vec![
                    r#"{"Statement":[{"Effect":"Allow","Action":["SQS:Receive*","sqs:Delete?essage"],"Resource":"arn:aws:sqs:*:123456789012:ord*"}]}"#,
                ],
                vec![],
            ),
            (
                vec![
                    r#"{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}"#,
                    r#"{"Statement":{"Effect":"Deny","Action":"sqs:Receive*","Resource":"*"}}"#,
                ],
                vec![format!("{receive}: policy 1 denies it")],
            ),
            (
                vec![
                    r#"{"Statement":[{"Effect":"Allow","NotAction":"sqs:ReceiveMessage","Resource":"*"},{"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:eu-west-1:123456789012:other"}]}"#,
                ],
                vec![format!("{receive}: {none}")],
            ),
            (
                vec![
                    r#"{"Statement":{"Effect":"Allow","Action":"sqs:Receive*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}}"#,
                    r#"{"Statement":{"Effect":"Allow","Action":"sqs:Delete*","Resource":"*"}}"#,
                ],
                vec![format!(
                    "{receive}: policy 0 allows it only when Bool aws:SecureTransport true"
                )],
            ),
        ] {
            assert_eq!(check(&documents), expected, "{documents:?}");
        }
    }

    #[test]
    fn a_condition_it_is_needed_under_is_no_obstacle() {
        let key = "elasticfilesystem:AccessPointArn";
        let needed = |value| {
            RoleStatement::new(["elasticfilesystem:ClientMount"], "*", "Lambda mounts").when(
                "StringEquals",
                key,
                value,
            )
        };
        let policy: Policy = format!(
            r#"{{"Statement":{{"Effect":"Allow","Action":"elasticfilesystem:*","Resource":"*","Condition":{{"StringEquals":{{"{key}":["a","b"]}}}}}}}}"#
        )
        .parse()
        .unwrap();
        let policies = [("inline".to_owned(), policy)];
        assert_eq!(may_poll(&policies, &[needed("b")]), []);
        let missing = may_poll(&policies, &[needed("c")]);
        assert_eq!(
            missing[0].why,
            format!("inline allows it only when StringEquals {key} a or b")
        );
    }
}
