//! Event source mappings: Lambda polls, as the function's role.

use lambda_with::{Arn, Error, ErrorKind, Function};
use serde_json::{Map, Value, json};

use super::mapping_members::{IDENTITY, KAFKA, defaults, is_fixed, of_properties, same};
use crate::change::{Action, Change, Reading};
use crate::plan::Goal;
use crate::session::Session;
use crate::wire::{Aim, Part, Pauses, Stage, Work};

/// The mapping of one source and one function.
#[derive(Debug)]
pub(crate) struct Mapping {
    pub(super) session: Session,
    pub(super) function: Function,
    connection: String,
    /// Members as Lambda's API has them.
    pub(super) wanted: Map<String, Value>,
}

impl Mapping {
    /// The resource a mapping is in a definition.
    pub(crate) const KIND: &'static str = "AWS::Lambda::EventSourceMapping";

    pub(crate) fn new(
        session: &Session,
        function: &Function,
        connection: &str,
        properties: &Value,
    ) -> Self {
        Self {
            session: session.clone(),
            function: function.clone(),
            connection: connection.to_owned(),
            wanted: of_properties(properties, function.arn.as_str()),
        }
    }

    pub(super) fn source(&self) -> Option<&str> {
        self.wanted.get("EventSourceArn")?.as_str()
    }

    /// The source's service, as ARNs name it.
    fn service(&self) -> String {
        let arn = self.source().and_then(|arn| arn.parse::<Arn>().ok());
        arn.map_or_else(
            || "self-managed-kafka".into(),
            |arn| arn.service().to_owned(),
        )
    }

    pub(super) fn what(&self) -> String {
        let source = self.source().map_or_else(
            || self.connection.clone(),
            |source| {
                source
                    .rsplit_once(':')
                    .map_or(source, |(_, name)| name)
                    .to_owned()
            },
        );
        let function = self.function.arn.resource().trim_start_matches("function:");
        format!(
            "event source mapping of {} {source} to {function}",
            self.service()
        )
    }

    pub(super) fn is(&self, found: &Value) -> bool {
        found["FunctionArn"] == self.function.arn.as_str()
            && IDENTITY.iter().all(|member| {
                let wanted = self.wanted.get(*member).unwrap_or(&Value::Null);
                same(&found[*member], wanted)
            })
    }

    /// What differs: member, found, wanted; and what an update must send.
    fn differences(&self, found: &Value) -> Vec<(String, Value, Value)> {
        let defaults: Map<String, Value> = defaults(&self.service()).into_iter().collect();
        let mut wanted = defaults.clone();
        wanted.extend(self.wanted.clone());
        for member in found
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
        {
            if member.ends_with(KAFKA) && !wanted.contains_key(member) {
                wanted.insert(member.clone(), json!({}));
            }
        }
        let enabled = wanted.remove("Enabled").unwrap_or(Value::Bool(true));
        let mut differences = Vec::new();
        let state = found["State"].as_str().unwrap_or_default();
        let standing = json!(!state.starts_with("Disabl"));
        if standing != enabled {
            differences.push(("Enabled".to_owned(), standing, enabled));
        }
        for (member, mut wanted) in wanted {
            // Tags that cannot be read are those it was made with.
            let unread = member == "Tags" && found["Tags"].is_null();
            if unread || member == "FunctionName" || IDENTITY.contains(&member.as_str()) {
                continue;
            }
            let found = &found[&member];
            if member.ends_with(KAFKA) {
                // Lambda draws a consumer group where none is named.
                if wanted["ConsumerGroupId"].is_null() {
                    wanted["ConsumerGroupId"] = found["ConsumerGroupId"].clone();
                }
                // What is left out of an update stays.
                if wanted["SchemaRegistryConfig"].is_null()
                    && found["SchemaRegistryConfig"].is_object()
                {
                    wanted["SchemaRegistryConfig"] = json!({});
                }
            }
            // What is at its default may be left out of the answer.
            let standing = defaults
                .get(&member)
                .filter(|_| found.is_null())
                .unwrap_or(found);
            if !same(standing, &wanted) {
                differences.push((member, found.clone(), wanted));
            }
        }
        differences
    }

    fn compare(&self, found: Option<&Value>, aim: Aim) -> Reading {
        let mut reading = Reading::default();
        let change = |action| Change::new(action, self.what()).of(&self.connection);
        match (found, aim.goal) {
            (None, Goal::Disconnect) => {}
            (Some(_), Goal::Disconnect) => reading.changes.push(change(Action::Remove)),
            (None, Goal::Connect) => {
                let mut shown = self.wanted.clone();
                shown.remove("FunctionName");
                let change = change(Action::Create).members(&Value::Null, &Value::Object(shown));
                reading.changes.push(change);
            }
            (Some(found), Goal::Connect) => {
                let differences = self.differences(found);
                let fixed = |(member, found, wanted): &&(String, Value, Value)| {
                    is_fixed(member, found, wanted)
                };
                let fixed: Vec<_> = differences.iter().filter(fixed).collect();
                let remade = !fixed.is_empty() && aim.options.replace;
                if !aim.options.replace {
                    let refusals = fixed.iter().map(|difference| self.refusal(difference));
                    reading.refusals.extend(refusals);
                }
                let same = differences.is_empty();
                let action = if same { Action::Keep } else { Action::Update };
                let mut change = change(action);
                for (member, found, wanted) in differences {
                    change = change.detail(member, found, wanted);
                }
                let word = match remade {
                    true => Some(format!("deleted and made anew: {}", self.lost())),
                    false => word(found),
                };
                if let Some(word) = word {
                    change = change.note(word);
                }
                reading.changes.push(change);
            }
        }
        reading
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        // A permission just granted takes a while to count.
        let mut pauses = Pauses::new(aim.options.wait);
        loop {
            match self.step(aim, done).await {
                Err(error) if passing(&error) && pauses.again().await => {}
                other => return other,
            }
        }
    }

    async fn step(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let found = self.settled(aim).await?;
        let reading = self.compare(found.as_ref(), aim);
        if let Some(refusal) = reading.refusals.into_iter().next() {
            return Err(Error::new(ErrorKind::Conflict, refusal));
        }
        let Some(change) = reading.changes.into_iter().next() else {
            return Ok(());
        };
        let uuid = found
            .as_ref()
            .and_then(|found| found["UUID"].as_str())
            .unwrap_or_default();
        match change.action {
            Action::Keep => {
                done.push(change);
                return Ok(());
            }
            Action::Create => self.create().await?,
            Action::Update
                if change
                    .details
                    .iter()
                    .any(|it| is_fixed(&it.member, &it.found, &it.wanted)) =>
            {
                self.delete(uuid).await?;
                if let Err(error) = self.make_anew(aim).await {
                    let gone = Change::new(Action::Remove, self.what());
                    done.push(gone.note("not made anew yet"));
                    return Err(error);
                }
            }
            Action::Update => {
                let sent = |detail: &crate::Detail| (detail.member.clone(), detail.wanted.clone());
                let mut members: Map<_, _> = change.details.iter().map(sent).collect();
                let tags = members.remove("Tags");
                if !members.is_empty() {
                    self.update(uuid, members).await?;
                }
                let arn = found.as_ref().map(|found| &found["EventSourceMappingArn"]);
                if let (Some(tags), Some(Value::String(arn))) = (tags, arn) {
                    self.tag(arn, &tags).await?;
                }
            }
            Action::Remove => self.delete(uuid).await?,
        }
        let connecting = aim.goal == Goal::Connect;
        done.push(change);
        let after = self.settled(aim).await?;
        let left = self
            .compare(after.as_ref(), aim)
            .changes
            .into_iter()
            .find(Change::is_change);
        match left {
            Some(left) if connecting => {
                let members: Vec<&str> = left.details.iter().map(|d| d.member.as_str()).collect();
                let what = format!(
                    "AWS took the change, but does not show it: {} of {}",
                    members.join(", "),
                    self.what()
                );
                Err(Error::new(ErrorKind::Unavailable, what).with("fix", "run it again"))
            }
            _ => Ok(()),
        }
    }

    /// Makes the mapping once the one that was deleted is gone.
    async fn make_anew(&self, aim: Aim) -> Result<(), Error> {
        let mut pauses = Pauses::new(aim.options.wait);
        while self.found().await?.is_some() {
            if !pauses.again().await {
                let what = format!("{} is still being deleted by AWS", self.what());
                let error = Error::new(ErrorKind::Unavailable, what);
                return Err(error.with("fix", "run it again in a while"));
            }
        }
        self.create().await
    }

    fn refusal(&self, (member, found, wanted): &(String, Value, Value)) -> String {
        format!(
            "{}: {member} is {found} and cannot become {wanted}, because a mapping reads it only when \
             it is made; --replace deletes it and makes it anew, as disconnect and connect would: {}",
            self.what(),
            self.lost()
        )
    }

    /// What is lost with a mapping's position.
    fn lost(&self) -> &'static str {
        match self.wanted.get("StartingPosition").and_then(Value::as_str) {
            Some("LATEST") => {
                "it forgets how far it has read, and records that came before it stands are left out"
            }
            Some("AT_TIMESTAMP") => {
                "it forgets how far it has read, and reads again from the time given"
            }
            _ => "it forgets how far it has read, and reads again all that the source still keeps",
        }
    }

    /// The mapping once nothing is under way; one that is being deleted counts as gone when it is.
    async fn settled(&self, aim: Aim) -> Result<Option<Value>, Error> {
        let busy = ["Creating", "Deleting", "Disabling", "Enabling", "Updating"];
        let mut pauses = Pauses::new(aim.options.wait);
        loop {
            let found = self.found().await?;
            let state = found.as_ref().and_then(|found| found["State"].as_str());
            if !state.is_some_and(|state| busy.contains(&state)) {
                return Ok(found);
            }
            if !pauses.again().await {
                let what = format!("{} is still being changed by AWS", self.what());
                let error = Error::new(ErrorKind::Unavailable, what);
                return Err(error.with("fix", "run it again in a while"));
            }
        }
    }
}

impl Part for Mapping {
    fn title(&self) -> String {
        self.what()
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move { Ok(self.compare(self.found().await?.as_ref(), aim)) })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }
}

/// Whether the same call may go through in a moment: the role's policy has not spread yet, the
/// mapping is busy, or somebody else made it meanwhile.
fn passing(error: &Error) -> bool {
    let spreading = error.kind() == ErrorKind::Invalid
        && error
            .message()
            .contains("execution role does not have permissions");
    spreading || error.kind() == ErrorKind::Conflict && error.context("code").is_some()
}

/// A word on how a mapping does.
fn word(found: &Value) -> Option<String> {
    let state = found["State"].as_str()?;
    let result = found["LastProcessingResult"].as_str();
    let quiet = result.is_none_or(|result| matches!(result, "OK" | "No records processed"));
    match result {
        Some(result) if !quiet => Some(format!("{state}, {result}")),
        _ if state == "Enabled" => None,
        _ => Some(state.to_owned()),
    }
}
