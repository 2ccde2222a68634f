//! `lambda-with permissions --granted`: what given policies do not grant, without asking AWS.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use lambda_with::policy::{Decision, Policy, PolicyStatement, may_invoke, may_poll};
use lambda_with::{Function, Statement};
use serde::Serialize;
use serde_json::Value;

use super::read;
use crate::config::Defined;
use crate::needs::Needs;
use crate::output::Output;

/// Policies as they are, told apart by whether they say who is meant.
#[derive(Debug, Default)]
struct Granted {
    function: Policy,
    role: Vec<(String, Policy)>,
}

/// Something that is needed and not granted.
#[derive(Debug, Serialize)]
struct Lacking {
    function: String,
    /// Who may not do what, and what stands in the way.
    reason: String,
    /// The statement that would grant it, where one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<PolicyStatement>,
}

pub(super) fn run(
    files: &[PathBuf],
    functions: &[(&Defined, Needs)],
    output: Output,
) -> anyhow::Result<ExitCode> {
    let mut granted = Granted::default();
    for file in files {
        granted.take(file)?;
    }
    let lacking: Vec<Lacking> = functions
        .iter()
        .flat_map(|(defined, needs)| granted.lacking(defined, needs))
        .collect();
    if output.is_json() {
        output.json(&lacking)?;
    } else {
        let mut text = String::new();
        for Lacking {
            function,
            reason,
            fix,
        } in &lacking
        {
            text.push_str(&format!("{function}: {reason}\n"));
            if let Some(fix) = fix {
                text.push_str(&format!("  fix: {}\n", serde_json::to_string(fix)?));
            }
        }
        output.text(&text)?;
    }
    Ok(match lacking.as_slice() {
        [] => {
            output.note("these policies grant all that is needed");
            ExitCode::SUCCESS
        }
        _ => ExitCode::FAILURE,
    })
}

impl Granted {
    /// Reads a document, or the answer of the AWS CLI that holds one.
    fn take(&mut self, file: &Path) -> anyhow::Result<()> {
        let shown = file.display();
        let value: Value =
            serde_json::from_str(&read(file)?).with_context(|| format!("`{shown}` is not JSON"))?;
        let inner = ["Policy", "PolicyDocument", "PolicyVersion"]
            .iter()
            .find_map(|member| value.get(member));
        let inner = inner.map(|inner| inner.get("Document").unwrap_or(inner));
        let document = match inner.unwrap_or(&value) {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let policy: Policy = document
            .parse()
            .with_context(|| format!("`{shown}` holds no policy document"))?;
        let names_somebody =
            |s: &PolicyStatement| s.principal.is_some() || s.not_principal.is_some();
        if policy.statements.iter().any(names_somebody) {
            self.function.statements.extend(policy.statements);
        } else {
            self.role.push((shown.to_string(), policy));
        }
        Ok(())
    }

    fn lacking(&self, defined: &Defined, needs: &Needs) -> Vec<Lacking> {
        let lacking = |reason, fix| Lacking {
            function: defined.name.clone(),
            reason,
            fix,
        };
        let refused = needs
            .statements
            .iter()
            .filter_map(|statement| self.refusal(&defined.function, statement));
        let mut all: Vec<Lacking> = refused
            .map(|(reason, fix)| lacking(reason, Some(fix)))
            .collect();
        all.extend(
            may_poll(&self.role, &needs.role)
                .into_iter()
                .map(|missing| {
                    let fix = (!missing.why.ends_with("denies it")).then(|| missing.fix());
                    let (action, resource, why) =
                        (&missing.action, &missing.resource, &missing.why);
                    let reason =
                        format!("the execution role may not do {action} to {resource}: {why}");
                    lacking(reason, fix)
                }),
        );
        all
    }

    /// Why what `needed` grants is not granted, and what would grant it.
    fn refusal(
        &self,
        function: &Function,
        needed: &Statement,
    ) -> Option<(String, PolicyStatement)> {
        let mut wanted = PolicyStatement::of_function(needed, &function.arn);
        let Some(caller) = needed.caller() else {
            // An account or everybody: only a statement that says the same will do.
            wanted.sid = None;
            let same = |found: &PolicyStatement| {
                let mut found = found.clone();
                found.sid = None;
                found == wanted
            };
            let granted = self.function.statements.iter().any(same);
            let reason = format!("no statement grants what {} does", needed.sid);
            return (!granted).then_some((reason, wanted));
        };
        match may_invoke(&self.function, &function.arn, &caller, needed.action) {
            Decision::Allowed { .. } => None,
            Decision::Denied(denial) => Some((denial.to_string(), wanted)),
        }
    }
}
