//! May this caller invoke?

use std::fmt;

use super::edit::is_sid_byte;
use super::request::{Miss, Request};
use super::{Effect, Policy, PolicyStatement};
use crate::{Arn, Caller, Delivery, Error, ErrorKind, Statement};

/// What a policy says to a request.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Decision {
    /// The caller may.
    Allowed {
        /// The statement that lets it in; none for the function's own account.
        sid: Option<String>,
        /// Statements that denied nothing because they use an operator not known here.
        left_out: Vec<String>,
    },
    /// The caller may not.
    Denied(Box<Denial>),
}

/// Why a caller may not invoke, and what would change that.
///
/// `Display` gives the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Denial {
    /// The statement that denies, or the one that comes nearest to allowing.
    pub sid: Option<String>,
    /// Whether a statement denies it; otherwise none allows it.
    pub explicit: bool,
    /// Who may not do what, and which condition or element stands in the way.
    pub reason: String,
    /// The statement that would let the caller in. None helps against an explicit denial.
    pub fix: Option<Statement>,
    /// The function the request was for.
    pub resource: Arn,
}

/// Decides whether `caller` may do `action` (`lambda:InvokeFunction`) to `function`.
///
/// `policy` is the one of exactly this function, version or alias, and `function` the ARN with that
/// version or alias. A statement that denies wins over all that allow. The function's own account
/// needs no statement. Policy variables are not resolved: a value with `${` matches only itself.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>.
pub fn may_invoke(
    policy: &Policy,
    function: &Arn,
    caller: &Caller,
    action: &'static str,
) -> Decision {
    let request = Request {
        action,
        caller,
        resource: function,
    };
    let mut left_out = Vec::new();
    let mut nearest: Option<(usize, Miss)> = None;
    let mut allowed = matches!(caller, Caller::Owner).then_some(None);
    for (index, statement) in policy.statements.iter().enumerate() {
        let miss = request.miss(statement);
        match (statement.effect, miss) {
            (Effect::Deny, None) => return request.denied(&name(statement, index), statement),
            (Effect::Deny, Some(miss)) if miss.unknown => left_out.push(name(statement, index)),
            (Effect::Deny, Some(_)) => {}
            (Effect::Allow, None) => {
                allowed.get_or_insert(statement.sid.as_deref().map(str::to_owned));
            }
            (Effect::Allow, Some(miss)) => {
                if nearest
                    .as_ref()
                    .is_none_or(|(_, best)| miss.distance < best.distance)
                {
                    nearest = Some((index, miss));
                }
            }
        }
    }
    match allowed {
        Some(sid) => Decision::Allowed { sid, left_out },
        None => request.not_allowed(policy, nearest),
    }
}

impl Decision {
    /// Whether the caller may.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }

    /// The decision as a result.
    ///
    /// # Errors
    ///
    /// `Denied` with the reason, and the statement that would help as JSON in the context `fix`.
    pub fn into_result(self) -> Result<(), Error> {
        match self {
            Self::Allowed { .. } => Ok(()),
            Self::Denied(denial) => {
                let fix = denial.fix.as_ref().map(|statement| {
                    let statement = PolicyStatement::of_function(statement, &denial.resource);
                    serde_json::to_string(&statement).unwrap_or_default()
                });
                let error = Error::new(ErrorKind::Denied, denial.reason);
                Err(match fix {
                    Some(fix) => error.with("fix", fix),
                    None => error,
                })
            }
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl Request<'_> {
    fn denied(&self, name: &str, statement: &PolicyStatement) -> Decision {
        let reason = format!("{}: {name} denies it", self.refusal());
        let sid = statement.sid.as_deref().map(str::to_owned);
        let resource = self.resource.clone();
        Decision::Denied(Box::new(Denial {
            sid,
            explicit: true,
            reason,
            fix: None,
            resource,
        }))
    }

    fn not_allowed(&self, policy: &Policy, nearest: Option<(usize, Miss)>) -> Decision {
        let nearest = nearest.and_then(|(index, miss)| {
            let statement = policy.statements.get(index)?;
            Some((
                statement,
                format!("{} {}", name(statement, index), miss.words?),
            ))
        });
        let (sid, why) = match nearest {
            Some((statement, why)) => (statement.sid.as_deref().map(str::to_owned), why),
            None => (None, format!("no statement names {}", self.who())),
        };
        let reason = format!("{}: {why}", self.refusal());
        let fix = match self.caller {
            Caller::Owner => None,
            Caller::Service(delivery) => Some(self.fix(policy, delivery)),
            Caller::FunctionUrl => {
                let statements = Statement::public_url();
                statements.into_iter().find(|one| one.action == self.action)
            }
        };
        let resource = self.resource.clone();
        Decision::Denied(Box::new(Denial {
            sid,
            explicit: false,
            reason,
            fix,
            resource,
        }))
    }

    fn fix(&self, policy: &Policy, delivery: &Delivery) -> Statement {
        let service = delivery.principal.split('.').next().unwrap_or_default();
        let source = delivery
            .source_arn
            .as_ref()
            .map(Arn::resource)
            .unwrap_or_default();
        let mut sid: String = format!("{service}-{source}")
            .chars()
            .map(|c| {
                if u8::try_from(c).is_ok_and(is_sid_byte) {
                    c
                } else {
                    '-'
                }
            })
            .take(90)
            .collect();
        sid.truncate(sid.trim_end_matches('-').len());
        if sid.is_empty() {
            sid.push_str("caller");
        }
        let taken = |sid: &str| policy.find(sid).is_some();
        let free = (2..)
            .map(|n| format!("{sid}-{n}"))
            .find(|other| !taken(other));
        if taken(&sid) {
            sid = free.unwrap_or(sid);
        }
        Statement {
            action: self.action,
            source_arn: delivery.source_arn.clone(),
            source_account: delivery.source_account.clone(),
            event_source_token: delivery.event_source_token.clone(),
            ..Statement::service(sid, delivery.principal.as_str())
        }
    }

    fn who(&self) -> &str {
        match self.caller {
            Caller::Service(delivery) => &delivery.principal,
            Caller::Owner => "the function's own account",
            Caller::FunctionUrl => "anybody who has the function's URL",
        }
    }

    fn refusal(&self) -> String {
        let function = self.resource.resource();
        match self.action {
            "lambda:InvokeFunction" => format!("{} may not invoke {function}", self.who()),
            action => format!("{} may not do {action} to {function}", self.who()),
        }
    }
}

fn name(statement: &PolicyStatement, index: usize) -> String {
    match &statement.sid {
        Some(sid) => format!("statement \"{sid}\""),
        None => format!("statement {}", index + 1),
    }
}

#[cfg(test)]
mod tests;
