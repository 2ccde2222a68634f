//! What differs between the routes defined and those standing.

use lambda_with_aws::{Action, Change, Orphan, Reading};
use serde_json::{Value, json};

use super::calls::{self, Found, Route};
use super::{Routes, Wanted};

impl Routes {
    /// What connecting does, and what comes of it.
    pub(super) fn connected(&self, found: &Found, prune: bool) -> (Reading, Found) {
        let (mut reading, mut next) = (Reading::default(), found.clone());
        reading.changes.push(self.integration_change(&mut next));
        if self.torn {
            let what = "connections of one function differ in payload format or timeout";
            let thing = self.thing();
            reading
                .refusals
                .push(format!("{thing}: {what}; make them equal"));
        }
        for wanted in &self.routes {
            match self.route_change(wanted, &mut next) {
                Ok(change) => reading.changes.push(change.of(&wanted.connection)),
                Err(refusal) => reading.refusals.push(refusal),
            }
        }
        for route in self.left_over(found) {
            let what = self.what(&route.key);
            if prune {
                next.routes.retain(|other| other.key != route.key);
                let change = Change::new(Action::Remove, what);
                reading.changes.push(change.note("orphan"));
            } else {
                let what = format!("{what}, not in this definition, leads to {}", self.function);
                reading.orphans.push(Orphan {
                    what,
                    fix: "connect with --prune".into(),
                });
            }
        }
        match found.auto_deploy {
            None => reading
                .warnings
                .push(format!("API {} has no stage {}", self.api, self.stage)),
            Some(false) => reading.warnings.push(format!(
                "stage {} of API {} does not deploy by itself: deploy it to let changes count",
                self.stage, self.api
            )),
            Some(true) => {}
        }
        (reading, next)
    }

    fn integration_change(&self, next: &mut Found) -> Change {
        let change = |action| Change::new(action, self.what_integration());
        let mut all = next.integrations.iter_mut();
        let Some(ours) = all.find(|integration| integration.description == self.mark) else {
            next.integrations.push(calls::Integration {
                id: String::new(),
                description: self.mark.clone(),
                members: self.integration.clone(),
            });
            return change(Action::Create).members(&Value::Null, &self.integration);
        };
        let change = change(Action::Update).members(&ours.members, &self.integration);
        ours.members = self.integration.clone();
        change.or_keep()
    }

    /// One route; or why it cannot be.
    fn route_change(&self, wanted: &Wanted, next: &mut Found) -> Result<Change, String> {
        let Some((authorization, authorizer)) = wanted.authorization(next) else {
            let name = wanted.authorizer.as_deref().unwrap_or_default();
            let thing = self.thing();
            return Err(format!(
                "{thing} has no authorizer `{name}`: create it first"
            ));
        };
        let what = self.what(&wanted.key);
        let target = next
            .integration(&self.mark)
            .filter(|ours| !ours.id.is_empty());
        let target = target.map(calls::Integration::target);
        let standing = next.routes.iter_mut().find(|route| route.key == wanted.key);
        let Some(route) = standing else {
            let change = Change::new(Action::Create, what);
            let kind = json!(authorization);
            next.routes.push(Route {
                id: String::new(),
                key: wanted.key.clone(),
                target,
                authorization,
                authorizer,
                two_way: wanted.two_way,
                response: None,
            });
            let change = change.detail("AuthorizationType", Value::Null, kind);
            return Ok(match wanted.two_way {
                true => change.detail("TwoWay", Value::Null, json!(true)),
                false => change,
            });
        };
        if route.target.is_none() || route.target != target {
            let target = route.target.as_deref().unwrap_or("nothing");
            return Err(format!("{what} is somebody else's: it leads to {target}"));
        }
        let stands = json!([route.authorization, route.authorizer]);
        let should = json!([authorization, authorizer]);
        let turned = route.two_way != wanted.two_way;
        if stands == should && !turned {
            return Ok(Change::new(Action::Keep, what));
        }
        let mut change = Change::new(Action::Update, what);
        if turned {
            change = change.detail("TwoWay", json!(route.two_way), json!(wanted.two_way));
            route.two_way = wanted.two_way;
        }
        (route.authorization, route.authorizer) = (authorization, authorizer);
        Ok(match stands == should {
            true => change,
            false => change.detail("Authorization", stands, should),
        })
    }

    /// What disconnecting does, and what comes of it.
    pub(super) fn disconnected(&self, found: &Found) -> (Reading, Found) {
        let (mut reading, mut next) = (Reading::default(), found.clone());
        let Some(ours) = found.integration(&self.mark) else {
            return (reading, next);
        };
        let target = Some(ours.target());
        next.routes.retain(|route| {
            let goes = route.target == target && self.wants(&route.key).is_some();
            let change = goes.then(|| Change::new(Action::Remove, self.what(&route.key)));
            reading.changes.extend(change);
            !goes
        });
        let what = self.what_integration();
        reading.changes.push(match self.left_over(found).next() {
            None => {
                let is_ours = |other: &calls::Integration| other.id == ours.id;
                next.integrations.retain(|other| !is_ours(other));
                Change::new(Action::Remove, what)
            }
            Some(other) => {
                let note = format!("route {} still leads to it", other.key);
                Change::new(Action::Keep, what).note(note)
            }
        });
        (reading, next)
    }

    /// Routes to our integration that the definition does not speak of.
    fn left_over<'a>(&'a self, found: &'a Found) -> impl Iterator<Item = &'a Route> {
        let target = found
            .integration(&self.mark)
            .map(calls::Integration::target);
        found.routes.iter().filter(move |route| {
            target.is_some() && route.target == target && self.wants(&route.key).is_none()
        })
    }
}
