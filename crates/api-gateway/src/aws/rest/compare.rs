//! What differs between the methods defined and those standing.

use std::collections::BTreeMap;

use lambda_with_aws::{Action, Change, Orphan, Reading, same_function};
use serde_json::{Value, json};

use super::calls::{Found, Node};
use super::{Method, Methods, Wanted};
use crate::resources::prefixes;

impl Methods {
    /// What connecting does, and what comes of it.
    pub(super) fn connected(&self, found: &Found) -> (Reading, Found) {
        let (mut reading, mut next) = (Reading::default(), found.clone());
        for wanted in &self.wanted {
            match self.method_change(wanted, &mut next) {
                Ok(change) => reading.changes.push(change.of(&wanted.connection)),
                Err(refusal) => reading.refusals.push(refusal),
            }
        }
        for (path, node) in &found.resources {
            for (verb, method) in &node.methods {
                let is_wanted = |it: &Wanted| it.verb == *verb && it.path == *path;
                let runs = invoked(method) == Some(self.function.arn.as_str());
                if runs && !self.wanted.iter().any(is_wanted) {
                    let what = self.what(verb, path);
                    reading.orphans.push(Orphan {
                        what: format!("{what}, not in this definition, runs this function"),
                        fix: format!(
                            "`aws apigateway delete-method --rest-api-id {} --resource-id {} \
                             --http-method {verb}`, if nobody else made it, and deploy the API",
                            self.api, node.id
                        ),
                    });
                }
            }
        }
        match &mut next.stage {
            None => reading
                .warnings
                .push(format!("API {} has no stage {}", self.api, self.stage)),
            Some(stage) => {
                let mut stale = Vec::new();
                for wanted in &self.wanted {
                    let method = next.resources.get(&wanted.path);
                    let method = method.and_then(|node| node.methods.get(&wanted.verb));
                    let key = (wanted.path.clone(), wanted.verb.clone());
                    if let (Some(served), Some(method)) = (&mut stage.methods, method)
                        && served.get(&key) != Some(&method.authorization)
                    {
                        stale.push(wanted);
                        served.insert(key, method.authorization.clone());
                    }
                }
                let changes = reading.changes.iter().any(Change::is_change);
                stage.due = changes || !stale.is_empty();
                reading.changes.push(self.deployment(stage.due));
            }
        }
        (reading, next)
    }

    fn deployment(&self, due: bool) -> Change {
        let action = if due { Action::Update } else { Action::Keep };
        Change::new(action, self.what_deployment())
    }

    /// One method; or why it cannot be.
    fn method_change(&self, wanted: &Wanted, next: &mut Found) -> Result<Change, String> {
        let thing = self.thing();
        let (authorization, authorizer) = match wanted.authorizer.as_deref() {
            None => ("NONE".to_owned(), None),
            Some("AWS_IAM") => ("AWS_IAM".to_owned(), None),
            Some(name) => match next.authorizers.get(name) {
                Some((kind, id)) => (kind.clone(), Some(id.clone())),
                None => {
                    return Err(format!(
                        "{thing} has no authorizer `{name}`: create it first"
                    ));
                }
            },
        };
        let method = Method {
            authorization,
            authorizer,
            integration: wanted.integration.clone(),
        };
        let what = self.what(&wanted.verb, &wanted.path);
        for path in prefixes(&wanted.path) {
            next.resources.entry(path.to_owned()).or_default();
        }
        let node = next.resources.entry(wanted.path.clone()).or_default();
        let Some(standing) = node.methods.get(&wanted.verb) else {
            let change = Change::new(Action::Create, what).members(&Value::Null, &shown(&method));
            node.methods.insert(wanted.verb.clone(), method);
            return Ok(change);
        };
        if !self.is_ours(standing) {
            let leads = match standing.integration["uri"].as_str() {
                Some(uri) => uri,
                None => standing.integration["type"].as_str().unwrap_or("nothing"),
            };
            return Err(format!("{what} is somebody else's: it leads to {leads}"));
        }
        let change = Change::new(Action::Update, what).members(&shown(standing), &shown(&method));
        node.methods.insert(wanted.verb.clone(), method);
        Ok(change.or_keep())
    }

    /// What disconnecting does, and what comes of it.
    pub(super) fn disconnected(&self, found: &Found) -> (Reading, Found) {
        let (mut reading, mut next) = (Reading::default(), found.clone());
        for wanted in &self.wanted {
            let Some(node) = next.resources.get_mut(&wanted.path) else {
                continue;
            };
            let standing = node.methods.get(&wanted.verb);
            if standing.is_some_and(|method| self.is_ours(method)) {
                node.methods.remove(&wanted.verb);
                let change = Change::new(Action::Remove, self.what(&wanted.verb, &wanted.path));
                reading.changes.push(change.of(&wanted.connection));
            }
        }
        // The longest first: what is left empty may leave another empty.
        let mut paths: Vec<&str> = self
            .wanted
            .iter()
            .flat_map(|wanted| prefixes(&wanted.path))
            .collect();
        paths.sort_unstable_by(|one, other| other.cmp(one));
        paths.dedup();
        for path in paths {
            if is_empty(&next.resources, path) {
                next.resources.remove(path);
                let change = Change::new(Action::Remove, self.what_resource(path));
                reading.changes.push(change);
            }
        }
        if let Some(stage) = &mut next.stage {
            let mut stale = false;
            for wanted in &self.wanted {
                let node = next.resources.get(&wanted.path);
                let stands = node.is_some_and(|node| node.methods.contains_key(&wanted.verb));
                let key = (wanted.path.clone(), wanted.verb.clone());
                if let Some(served) = &mut stage.methods
                    && !stands
                {
                    stale |= served.remove(&key).is_some();
                }
            }
            stage.due = stale || !reading.changes.is_empty();
            // API Gateway does not deploy an API without methods: such a stage serves what it served.
            let serves = next.resources.values().any(|node| !node.methods.is_empty());
            if stage.due && serves {
                reading.changes.push(self.deployment(true));
            } else {
                if stage.due && !reading.changes.is_empty() {
                    reading.warnings.push(format!(
                        "{} has no method left, which cannot be deployed: its stage {} goes on \
                         serving what was deployed, without permission to run the function",
                        self.thing(),
                        self.stage
                    ));
                }
                next.stage.clone_from(&found.stage);
            }
        }
        (reading, next)
    }

    /// Whether a method is ours to change: it runs the function, in whatever version, or nothing yet.
    fn is_ours(&self, method: &Method) -> bool {
        let runs = |arn| same_function(arn, self.function.arn.as_str());
        method.integration.is_null() || invoked(method).is_some_and(runs)
    }
}

/// The ARN of the function a method runs.
fn invoked(method: &Method) -> Option<&str> {
    let uri = method.integration["uri"].as_str()?;
    let (_, function) = uri.split_once("/functions/")?;
    Some(function.rsplit_once('/')?.0)
}

/// A method for the eye.
fn shown(method: &Method) -> Value {
    let mut shown = method.integration.clone();
    shown["authorizationType"] = json!(method.authorization);
    if let Some(authorizer) = &method.authorizer {
        shown["authorizerId"] = json!(authorizer);
    }
    shown
}

/// Whether a resource has neither a method nor a resource below it.
fn is_empty(resources: &BTreeMap<String, Node>, path: &str) -> bool {
    let below = format!("{path}/");
    let node = resources.get(path);
    node.is_some_and(|node| node.methods.is_empty())
        && !resources.keys().any(|other| other.starts_with(&below))
}
