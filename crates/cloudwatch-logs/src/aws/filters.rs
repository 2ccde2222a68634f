//! The filters of one log group.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::SubscriptionFilter as Standing;
use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{
    Action, Aim, Change, Goal, Orphan, Part, Pauses, Reading, Session, Stage, Work, failed,
};
use serde_json::{Value, json};

use super::{same_function, unseen};
use crate::SubscriptionFilter;

/// The filters of one log group that go to one function.
#[derive(Debug)]
pub(super) struct Filters {
    client: Client,
    log_group: String,
    function: Function,
    wanted: Vec<SubscriptionFilter>,
}

/// What is to be done with one filter.
enum Step<'a> {
    Keep,
    Put(&'a SubscriptionFilter),
    Delete(String),
}

impl Filters {
    pub(super) fn new(filter: &SubscriptionFilter, session: &Session, function: &Function) -> Self {
        Self {
            client: Client::new(session.config()),
            log_group: filter.log_group.clone(),
            function: function.clone(),
            wanted: vec![filter.clone()],
        }
    }

    async fn found(&self, goal: Goal) -> Result<Vec<Standing>, Error> {
        let request = self.client.describe_subscription_filters();
        let mut pages = request
            .log_group_name(&self.log_group)
            .into_paginator()
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => found.extend(page.subscription_filters.unwrap_or_default()),
                Err(error) => {
                    let error = failed("DescribeSubscriptionFilters", self.title(), error);
                    return match error.kind() {
                        ErrorKind::NotFound if goal == Goal::Disconnect => Ok(Vec::new()),
                        ErrorKind::NotFound => Err(error.with(
                            "fix",
                            "create the log group, or correct its name; a function's comes with its first run",
                        )),
                        _ => Err(error),
                    };
                }
            }
        }
        Ok(found)
    }

    /// Everything that belongs to the part, with what is to be done.
    fn compare(&self, found: &[Standing], aim: Aim) -> (Reading, Vec<(Change, Step<'_>)>) {
        let mut reading = Reading::default();
        let mut steps = Vec::new();
        let arn = self.function.arn.as_str();
        let mut count = found.len();
        for standing in found {
            let name = standing.filter_name().unwrap_or_default();
            let wanted = |filter: &SubscriptionFilter| filter.filter(&self.function) == name;
            if standing.destination_arn() != Some(arn)
                || self.wanted.iter().any(wanted)
                || aim.goal == Goal::Disconnect
            {
                continue;
            }
            let what = self.what(name);
            // A name that is made here begins with the log group's and ends with the function's.
            let made = SubscriptionFilter::new(&self.log_group).name();
            let start = made
                .rsplit_once('-')
                .map_or(made.as_str(), |(start, _)| start);
            let ours =
                name.starts_with(start) && name.ends_with(&format!("-{}", self.function.name()));
            if ours && aim.options.prune {
                let change = Change::new(Action::Remove, what).note("orphan");
                steps.push((change, Step::Delete(name.into())));
                count -= 1;
            } else {
                let fix = match ours {
                    true => "connect with --prune",
                    false => "remove it by hand, if nobody else made it",
                };
                let what = format!("{what}, not in this definition, runs this function");
                reading.orphans.push(Orphan {
                    what,
                    fix: fix.into(),
                });
            }
        }
        for filter in &self.wanted {
            let name = filter.filter(&self.function);
            let standing = found.iter().find(|f| f.filter_name() == Some(&name));
            let goes = standing
                .and_then(Standing::destination_arn)
                .unwrap_or_default();
            let ours = standing.filter(|_| same_function(goes, arn));
            let change = |action| Change::new(action, self.what(&name)).of(filter.name());
            match (aim.goal, standing, ours) {
                (Goal::Connect, _, Some(ours)) => {
                    let (stands, should) = (shown(ours), self.shown(filter));
                    steps.push(match stands == should {
                        true => (change(Action::Keep), Step::Keep),
                        false => {
                            let change = change(Action::Update).members(&stands, &should);
                            (change, Step::Put(filter))
                        }
                    });
                }
                (Goal::Connect, None, _) => {
                    count += 1;
                    let change = change(Action::Create).members(&Value::Null, &self.shown(filter));
                    steps.push((change, Step::Put(filter)));
                }
                (Goal::Connect, Some(_), None) => reading.refusals.push(format!(
                    "{} is somebody else's: it goes to {goes}; give the connection another filter_name",
                    self.what(&name)
                )),
                (Goal::Disconnect, _, Some(_)) => {
                    steps.push((change(Action::Remove), Step::Delete(name)));
                }
                (Goal::Disconnect, ..) => {}
            }
        }
        // Where more stand already, the quota has been raised, and AWS knows to what.
        let known = found.len() <= self.most();
        if aim.goal == Goal::Connect && known && count > self.most() {
            reading.refusals.push(self.full(found, count));
        }
        reading.changes = steps.iter().map(|(change, _)| change.clone()).collect();
        (reading, steps)
    }

    /// The most filters of a log group; a quota that cannot be raised.
    fn most(&self) -> usize {
        match self.function.region() {
            "ca-central-1" => 5,
            _ => 2,
        }
    }

    fn full(&self, found: &[Standing], count: usize) -> String {
        let standing: Vec<String> = found
            .iter()
            .map(|f| {
                let [name, goes] =
                    [f.filter_name(), f.destination_arn()].map(Option::unwrap_or_default);
                format!("{name}, which goes to {goes}")
            })
            .collect();
        let standing = match standing.as_slice() {
            [] => "there is none yet".to_owned(),
            standing => format!("there are {}", standing.join(" and ")),
        };
        format!(
            "log group {} would have {count} subscription filters, more than the {} it takes: {standing}",
            self.log_group,
            self.most()
        )
    }

    fn what(&self, name: &str) -> String {
        format!("subscription filter {name} of log group {}", self.log_group)
    }

    fn shown(&self, filter: &SubscriptionFilter) -> Value {
        let mut fields = filter.system_fields.clone();
        fields.sort_unstable();
        json!({
            "destinationArn": self.function.arn.as_str(),
            "filterPattern": filter.pattern,
            "applyOnTransformedLogs": filter.transformed,
            "fieldSelectionCriteria": filter.field_selection.as_deref().unwrap_or_default(),
            "emitSystemFields": fields,
        })
    }

    async fn put(&self, filter: &SubscriptionFilter) -> Result<(), Error> {
        let fields = &filter.system_fields;
        let request = self
            .client
            .put_subscription_filter()
            .log_group_name(&self.log_group)
            .filter_name(filter.filter(&self.function))
            .filter_pattern(&filter.pattern)
            .destination_arn(self.function.arn.as_str())
            .set_apply_on_transformed_logs(filter.transformed.then_some(true))
            .set_field_selection_criteria(filter.field_selection.clone())
            .set_emit_system_fields((!fields.is_empty()).then(|| fields.clone()));
        let sent = request.send().await;
        sent.map(drop).map_err(|error| {
            let name = filter.filter(&self.function);
            let error = failed("PutSubscriptionFilter", self.what(&name), error);
            match error.kind() {
                ErrorKind::Limit => {
                    error.with("fix", "remove a filter of the log group nobody needs")
                }
                _ => error,
            }
        })
    }

    async fn delete(&self, name: &str) -> Result<(), Error> {
        let request = self.client.delete_subscription_filter();
        let sent = request.log_group_name(&self.log_group).filter_name(name);
        match sent.send().await {
            Ok(_) => Ok(()),
            Err(error) => match failed("DeleteSubscriptionFilter", self.what(name), error) {
                error if error.kind() == ErrorKind::NotFound => Ok(()),
                error => Err(error),
            },
        }
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let found = self.found(aim.goal).await?;
        let (reading, steps) = self.compare(&found, aim);
        if let Some(refusal) = reading.refusals.into_iter().next() {
            return Err(Error::new(ErrorKind::Invalid, refusal));
        }
        for (change, step) in steps {
            match step {
                Step::Keep => {}
                Step::Delete(name) => self.delete(&name).await?,
                Step::Put(filter) => {
                    let mut pauses = Pauses::new(aim.options.wait.min(Duration::from_secs(20)));
                    while let Err(error) = self.put(filter).await {
                        if !(unseen(&error) && pauses.again().await) {
                            return Err(error);
                        }
                    }
                }
            }
            done.push(change);
        }
        let stands = self.found(aim.goal).await?;
        match self
            .compare(&stands, aim)
            .0
            .changes
            .iter()
            .find(|c| c.is_change())
        {
            None => Ok(()),
            Some(change) => {
                let message = format!("{} does not stand as written: {change}", change.what);
                Err(Error::new(ErrorKind::Conflict, message).with("fix", "run this again"))
            }
        }
    }
}

impl Part for Filters {
    fn title(&self) -> String {
        format!("the subscription filters of log group {}", self.log_group)
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move {
            let found = self.found(aim.goal).await?;
            Ok(self.compare(&found, aim).0)
        })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }

    fn join(&mut self, other: &dyn Part) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<Self>();
        let other = other.filter(|other| self.log_group == other.log_group);
        self.wanted.extend(
            other
                .into_iter()
                .flat_map(|other| other.wanted.iter().cloned()),
        );
        other.is_some()
    }
}

/// What a filter says, for comparing and for the eye.
fn shown(filter: &Standing) -> Value {
    let mut fields = filter.emit_system_fields().to_vec();
    fields.sort_unstable();
    json!({
        "destinationArn": filter.destination_arn(),
        "filterPattern": filter.filter_pattern().unwrap_or_default(),
        "applyOnTransformedLogs": filter.apply_on_transformed_logs(),
        "fieldSelectionCriteria": filter.field_selection_criteria().unwrap_or_default(),
        "emitSystemFields": fields,
    })
}
