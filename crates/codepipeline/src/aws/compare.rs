//! What differs between the actions defined and those standing.

use lambda_with::Integration;
use lambda_with_aws::{Action, Aim, Change, Goal, Orphan};
use serde_json::{Map, Value, json};

use super::Actions;
use crate::CodePipeline;

/// The members of an action that the connection decides, in CodePipeline's terms and in a
/// template's.
const OURS: [(&str, &str); 8] = [
    ("actionTypeId", "ActionTypeId"),
    ("configuration", "Configuration"),
    ("inputArtifacts", "InputArtifacts"),
    ("namespace", "Namespace"),
    ("outputArtifacts", "OutputArtifacts"),
    ("region", "Region"),
    ("roleArn", "RoleArn"),
    ("runOrder", "RunOrder"),
];

impl Actions {
    /// What is to be done for one connection, and what that makes of the pipeline.
    pub(super) fn compare_one(
        &self,
        connection: &CodePipeline,
        next: &mut Value,
        aim: Aim,
        refusals: &mut Vec<String>,
    ) -> Option<Change> {
        let CodePipeline { stage, action, .. } = connection;
        let what = self.what(stage, action);
        let change = |kind| Change::new(kind, what.as_str()).of(connection.name());
        let stages = next["stages"].as_array_mut();
        let mut stages = stages.into_iter().flatten();
        let found = stages.find(|found| found["name"] == stage.as_str());
        let Some(actions) = found.and_then(|found| found["actions"].as_array_mut()) else {
            if aim.goal == Goal::Connect {
                refusals.push(format!(
                    "{} has no stage {stage}: add it, or correct its name",
                    self.thing()
                ));
            }
            return None;
        };
        let at = actions
            .iter()
            .position(|found| found["name"] == action.as_str());
        let ours = at.filter(|at| self.invokes(&actions[*at]));
        let wanted = self.wanted_members(connection);
        match (aim.goal, at, ours) {
            (Goal::Connect, Some(at), None) => {
                let kind = &actions[at]["actionTypeId"]["provider"];
                let kind = kind.as_str().unwrap_or("another provider");
                refusals.push(format!(
                    "{what} is somebody else's, of {kind}; give the connection another action"
                ));
                None
            }
            (Goal::Connect, _, Some(at)) => {
                let standing = self.standing(&actions[at]);
                let change = change(Action::Update).members(&standing, &wanted).or_keep();
                if change.is_change() {
                    self.write(&mut actions[at], &wanted);
                }
                Some(change)
            }
            (Goal::Connect, None, _) => {
                let mut made = json!({ "name": action });
                self.write(&mut made, &wanted);
                actions.push(made);
                Some(change(Action::Create).members(&Value::Null, &wanted))
            }
            (Goal::Disconnect, Some(_), Some(at)) => {
                actions.remove(at);
                if actions.is_empty() {
                    refusals.push(format!(
                        "{what} is the only action of its stage, which cannot be without: \
                         remove the stage, or add another action"
                    ));
                }
                Some(change(Action::Remove))
            }
            (Goal::Disconnect, ..) => None,
        }
    }

    fn what(&self, stage: &str, action: &str) -> String {
        format!("action {stage}/{action} of {}", self.thing())
    }

    /// Whether an action invokes this function.
    fn invokes(&self, action: &Value) -> bool {
        let kind = &action["actionTypeId"];
        kind["category"] == "Invoke"
            && kind["owner"] == "AWS"
            && kind["provider"] == "Lambda"
            && action["configuration"]["FunctionName"] == self.function.name()
            && self.region(action) == self.function.region()
    }

    /// The Region of an action: the pipeline's unless it says another.
    fn region<'a>(&'a self, action: &'a Value) -> &'a str {
        let region = action["region"].as_str();
        region.unwrap_or(self.pipeline.region())
    }

    /// All our members of an action, as they are to be; null for those that are to be missing.
    fn wanted_members(&self, connection: &CodePipeline) -> Value {
        let declared = connection.declaration(&self.function);
        let mut members = Map::new();
        for (name, declared_as) in OURS {
            members.insert(name.to_owned(), camel(&declared[declared_as], name));
        }
        members["region"] = self.function.region().into();
        members.into()
    }

    /// The same of an action that stands.
    fn standing(&self, action: &Value) -> Value {
        let mut members = Map::new();
        for (name, _) in OURS {
            let value = match (name, &action[name]) {
                ("inputArtifacts" | "outputArtifacts", Value::Null) => json!([]),
                ("runOrder", Value::Null) => 1.into(),
                ("region", _) => self.region(action).into(),
                (_, value) => value.clone(),
            };
            members.insert(name.to_owned(), value);
        }
        members.into()
    }

    /// Puts our members into an action; what others have there stays.
    fn write(&self, action: &mut Value, wanted: &Value) {
        let Some(members) = action.as_object_mut() else {
            return;
        };
        for (name, _) in OURS {
            match &wanted[name] {
                Value::Null => drop(members.remove(name)),
                value => drop(members.insert(name.to_owned(), value.clone())),
            }
        }
    }

    /// Actions that invoke this function and are not of this definition.
    pub(super) fn orphans(&self, found: &Value) -> Vec<Orphan> {
        let mut orphans = Vec::new();
        for stage in found["stages"].as_array().into_iter().flatten() {
            for action in stage["actions"].as_array().into_iter().flatten() {
                let place = |member: &Value| member.as_str().unwrap_or_default().to_owned();
                let (stage, name) = (place(&stage["name"]), place(&action["name"]));
                let wanted = |c: &CodePipeline| (&c.stage, &c.action) == (&stage, &name);
                if self.invokes(action) && !self.wanted.iter().any(wanted) {
                    let what = self.what(&stage, &name);
                    orphans.push(Orphan {
                        what: format!("{what}, not in this definition, invokes this function"),
                        fix: "remove it by hand, if nobody else made it".into(),
                    });
                }
            }
        }
        orphans
    }
}

/// Member names as CodePipeline writes them; those of a configuration are the same in both.
fn camel(value: &Value, of: &str) -> Value {
    match value {
        Value::Object(members) if of != "configuration" => {
            let lower = |name: &str| {
                let mut letters = name.chars();
                let first = letters.next().map(|first| first.to_ascii_lowercase());
                first.into_iter().chain(letters).collect::<String>()
            };
            let members = members
                .iter()
                .map(|(name, value)| (lower(name), value.clone()));
            Value::Object(members.collect())
        }
        Value::Array(items) => items.iter().map(|item| camel(item, of)).collect(),
        plain => plain.clone(),
    }
}
