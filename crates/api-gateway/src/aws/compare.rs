//! What differs between the routes defined and those standing.

use lambda_with_aws::{Action, Aim, Change, Goal, Orphan, Reading};
use serde_json::{Value, json};

use super::calls::{self, Found, Route};
use super::{Routes, Wanted};

impl Routes {
    fn connect(&self, found: &Found, prune: bool) -> Reading {
        let mut reading = Reading::default();
        let ours = found.integration(&self.mark);
        let change = |action, what| Change::new(action, what);
        let what = self.what_integration();
        reading.changes.push(match ours {
            None => change(Action::Create, what).members(&Value::Null, &self.integration),
            Some(ours) => {
                let changed =
                    change(Action::Update, what.clone()).members(&ours.members, &self.integration);
                if changed.details.is_empty() {
                    change(Action::Keep, what)
                } else {
                    changed
                }
            }
        });
        let target = ours.map(calls::Integration::target);
        if self.torn {
            let what = "connections of one function differ in payload format or timeout";
            reading
                .refusals
                .push(format!("API {}: {what}; make them equal", self.api));
        }
        for Wanted {
            connection,
            key,
            authorizer,
            ..
        } in &self.routes
        {
            let change = |action, what| Change::new(action, what).of(connection);
            let Some(wanted) = self
                .wants(key)
                .and_then(|wanted| wanted.authorization(found))
            else {
                let name = authorizer.as_deref().unwrap_or_default();
                let what = format!(
                    "API {} has no authorizer `{name}`: create it first",
                    self.api
                );
                reading.refusals.push(what);
                return reading;
            };
            let what = self.what(key);
            let standing = found.routes.iter().find(|route| route.key == *key);
            reading.changes.push(match standing {
                None => change(Action::Create, what).detail(
                    "AuthorizationType",
                    Value::Null,
                    wanted.0.into(),
                ),
                Some(route) if route.target.is_some() && route.target == target => {
                    let found = json!([route.authorization, route.authorizer]);
                    let wanted = json!([wanted.0, wanted.1]);
                    match found == wanted {
                        true => change(Action::Keep, what),
                        false => {
                            change(Action::Update, what).detail("Authorization", found, wanted)
                        }
                    }
                }
                Some(route) => {
                    let target = route.target.as_deref().unwrap_or("nothing");
                    reading
                        .refusals
                        .push(format!("{what} is somebody else's: it leads to {target}"));
                    continue;
                }
            });
        }
        for route in self.left_over(found) {
            let what = self.what(&route.key);
            if prune {
                reading
                    .changes
                    .push(change(Action::Remove, what).note("orphan"));
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
        reading
    }

    fn disconnect(&self, found: &Found) -> Reading {
        let mut reading = Reading::default();
        let change = |action, what| Change::new(action, what);
        let Some(ours) = found.integration(&self.mark) else {
            return reading;
        };
        let target = Some(ours.target());
        let leading = found.routes.iter().filter(|route| route.target == target);
        for route in leading.filter(|route| self.wants(&route.key).is_some()) {
            reading
                .changes
                .push(change(Action::Remove, self.what(&route.key)));
        }
        let what = self.what_integration();
        reading.changes.push(match self.left_over(found).next() {
            None => change(Action::Remove, what),
            Some(other) => {
                change(Action::Keep, what).note(format!("route {} still leads to it", other.key))
            }
        });
        reading
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

    pub(super) fn compare(&self, found: &Found, aim: Aim) -> Reading {
        match aim.goal {
            Goal::Connect => self.connect(found, aim.options.prune),
            Goal::Disconnect => self.disconnect(found),
        }
    }
}
