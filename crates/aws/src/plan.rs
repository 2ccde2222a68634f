//! What would be done, what was done, and how things stand.

use std::fmt;

use lambda_with::Arn;
use serde::Serialize;

use crate::change::{Budget, Change, Orphan, Reading};

/// What the wiring of a function is to become.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// All that the definition says stands.
    Connect,
    /// Nothing of it does.
    Disconnect,
}

/// What would be done to one function's wiring, or what was.
///
/// `Display` gives it as text without the things that stay as they are, `Serialize` in full.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// The function.
    pub function: Arn,
    /// Where it leads.
    pub goal: Goal,
    /// Everything the definition speaks of, in the order in which it is done.
    pub changes: Vec<Change>,
    /// What is left over from earlier definitions.
    pub orphans: Vec<Orphan>,
    /// What works and will hurt.
    pub warnings: Vec<String>,
    /// What AWS, or this crate, will not do: connecting stops before the first write.
    pub refusals: Vec<String>,
    /// The space of the function's resource-based policy.
    pub policy: Option<Budget>,
}

impl Plan {
    pub(crate) fn new(function: Arn, goal: Goal) -> Self {
        Self {
            function,
            goal,
            changes: Vec::new(),
            orphans: Vec::new(),
            warnings: Vec::new(),
            refusals: Vec::new(),
            policy: None,
        }
    }

    pub(crate) fn take(&mut self, reading: Reading) {
        self.changes.extend(reading.changes);
        self.orphans.extend(reading.orphans);
        self.refusals.extend(reading.refusals);
        self.warnings.extend(reading.warnings);
        self.warnings
            .extend(reading.policy.and_then(|budget| budget.warning()));
        self.policy = self.policy.or(reading.policy);
    }

    /// Whether nothing is to be done, and nothing stands in the way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.refusals.is_empty() && !self.changes.iter().any(Change::is_change)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.function.resource().trim_start_matches("function:");
        if self.is_empty() {
            writeln!(f, "{name}: no changes")?;
        } else {
            writeln!(f, "{name}:")?;
            for change in self.changes.iter().filter(|change| change.is_change()) {
                writeln!(f, "  {}", indented(change))?;
            }
        }
        tail(
            f,
            self.policy,
            [&self.refusals, &self.warnings],
            &self.orphans,
        )
    }
}

pub(crate) fn indented(change: &Change) -> String {
    change.to_string().replace('\n', "\n  ")
}

pub(crate) fn tail(
    f: &mut fmt::Formatter<'_>,
    policy: Option<Budget>,
    [refusals, warnings]: [&[String]; 2],
    orphans: &[Orphan],
) -> fmt::Result {
    if let Some(Budget { bytes, limit }) = policy {
        writeln!(f, "  policy: {bytes} of {limit} bytes")?;
    }
    for refusal in refusals {
        writeln!(f, "  refused: {refusal}")?;
    }
    for warning in warnings {
        writeln!(f, "  warning: {warning}")?;
    }
    for orphan in orphans {
        writeln!(f, "  {}", orphan.to_string().replace('\n', "\n  "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;
    use crate::change::Action;
    use crate::status::Status;

    fn plan() -> Plan {
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
            .parse()
            .unwrap();
        let mut plan = Plan::new(function, Goal::Connect);
        plan.take(Reading {
            changes: vec![
                Change::new(Action::Keep, "statement s3-uploads").of("s3-uploads"),
                Change::new(Action::Create, "statement s3-drafts").of("s3-drafts"),
                Change::new(Action::Update, "mapping of queue orders")
                    .note("Enabled")
                    .detail("BatchSize", json!(5), json!(10)),
            ],
            orphans: vec![Orphan {
                what: "statement s3-old".into(),
                fix: "prune".into(),
            }],
            policy: Some(Budget {
                bytes: 17_000,
                limit: 20_480,
            }),
            ..Reading::default()
        });
        plan
    }

    #[test]
    fn text() {
        expect![[r#"
            orders:
              + statement s3-drafts
              ~ mapping of queue orders (Enabled)
                  BatchSize: 5 → 10
              policy: 17000 of 20480 bytes
              warning: the function's policy takes 17000 of 20480 bytes: 83 % are used
              orphan: statement s3-old
                  fix: prune
        "#]]
        .assert_eq(&plan().to_string());
        expect![[r#"
            orders:
              connected statement s3-uploads
              missing   statement s3-drafts
              drifted   mapping of queue orders (Enabled)
                  BatchSize: 5 → 10
              policy: 17000 of 20480 bytes
              warning: the function's policy takes 17000 of 20480 bytes: 83 % are used
              orphan: statement s3-old
                  fix: prune
        "#]]
        .assert_eq(&Status::from(plan()).to_string());
    }

    #[test]
    fn json() {
        let value = serde_json::to_value(Status::from(plan())).unwrap();
        assert_eq!(value["things"][2]["state"], "drifted");
        assert_eq!(value["things"][2]["details"][0]["member"], "BatchSize");
        assert_eq!(serde_json::to_value(plan()).unwrap()["goal"], "connect");
    }
}
