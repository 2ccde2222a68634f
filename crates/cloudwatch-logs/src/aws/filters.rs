//! The filters of one log group.

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::SubscriptionFilter as Described;
use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{Aim, Entries, Entry, Goal, Reading, Session, Shared, failed};
use serde_json::{Value, json};

use super::unseen;
use crate::SubscriptionFilter;

/// The filters of one log group that go to one function.
#[derive(Debug)]
pub(super) struct Filters {
    client: Client,
    log_group: String,
    function: Function,
    wanted: Vec<SubscriptionFilter>,
}

/// One filter of the log group.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filter(Described);

impl Filters {
    pub(super) fn new(filter: &SubscriptionFilter, session: &Session, function: &Function) -> Self {
        Self {
            client: Client::new(session.config()),
            log_group: filter.log_group.clone(),
            function: function.clone(),
            wanted: vec![filter.clone()],
        }
    }

    fn what(&self, name: &str) -> String {
        format!("subscription filter {name} of log group {}", self.log_group)
    }

    fn wanted(&self, filter: &SubscriptionFilter) -> Filter {
        let fields = &filter.system_fields;
        let described = Described::builder()
            .filter_name(filter.filter(&self.function))
            .filter_pattern(&filter.pattern)
            .destination_arn(self.function.arn.as_str())
            .apply_on_transformed_logs(filter.transformed)
            .set_field_selection_criteria(filter.field_selection.clone())
            .set_emit_system_fields((!fields.is_empty()).then(|| fields.clone()));
        Filter(described.build())
    }

    /// Whether a name begins with the log group's and ends with the function's, as those made here do.
    fn is_made(&self, name: &str) -> bool {
        let made = SubscriptionFilter::new(&self.log_group).name();
        let start = made.rsplit_once('-').map_or(&*made, |(start, _)| start);
        name.starts_with(start) && name.ends_with(&format!("-{}", self.function.name()))
    }

    /// The most filters of a log group; a quota that cannot be raised.
    fn most(&self) -> usize {
        match self.function.region() {
            "ca-central-1" => 5,
            _ => 2,
        }
    }

    fn full(&self, found: &[Filter], count: usize) -> String {
        let standing = found
            .iter()
            .map(|filter| format!("{}, which goes to {}", filter.name(), filter.target()));
        let standing: Vec<String> = standing.collect();
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

    async fn put(&self, Filter(filter): &Filter) -> Result<(), Error> {
        let name = filter.filter_name().unwrap_or_default();
        let request = self
            .client
            .put_subscription_filter()
            .log_group_name(&self.log_group)
            .filter_name(name)
            .set_filter_pattern(filter.filter_pattern.clone())
            .set_destination_arn(filter.destination_arn.clone())
            .set_apply_on_transformed_logs(filter.apply_on_transformed_logs().then_some(true))
            .set_field_selection_criteria(filter.field_selection_criteria.clone())
            .set_emit_system_fields(filter.emit_system_fields.clone());
        let sent = request.send().await;
        sent.map(drop).map_err(|error| {
            let error = failed("PutSubscriptionFilter", self.what(name), error);
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
        let request = request.log_group_name(&self.log_group).filter_name(name);
        let sent = request.send().await;
        sent.map(drop)
            .map_err(|error| failed("DeleteSubscriptionFilter", self.what(name), error))
    }
}

impl Shared for Filters {
    type Document = Vec<Filter>;

    fn title(&self) -> String {
        format!("the subscription filters of log group {}", self.log_group)
    }

    async fn read(&self, _goal: Goal) -> Result<Vec<Filter>, Error> {
        let request = self.client.describe_subscription_filters();
        let request = request.log_group_name(&self.log_group);
        let mut filters = request.into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(filter) = filters.next().await {
            let filter = filter.map_err(|error| {
                let error = failed("DescribeSubscriptionFilters", Shared::title(self), error);
                match error.kind() {
                    ErrorKind::NotFound => error.with(
                        "fix",
                        "create the log group, or correct its name; a function's comes with its first run",
                    ),
                    _ => error,
                }
            });
            found.push(Filter(filter?));
        }
        Ok(found)
    }

    fn compare(&self, found: &Vec<Filter>, aim: Aim) -> (Reading, Vec<Filter>) {
        let wanted = |filter: &SubscriptionFilter| (filter.name(), self.wanted(filter));
        let entries = Entries {
            function: &self.function,
            wanted: self.wanted.iter().map(wanted).collect(),
            what: &|name| self.what(name),
            is_made: &|name| self.is_made(name),
            member: "filter_name",
        };
        let (mut reading, next) = entries.compare(found, aim);
        // Where more stand already, the quota has been raised, and AWS knows to what.
        let known = found.len() <= self.most();
        if aim.goal == Goal::Connect && known && next.len() > self.most() {
            reading.refusals.push(self.full(found, next.len()));
        }
        (reading, next)
    }

    async fn write(&self, found: &Vec<Filter>, next: &Vec<Filter>) -> Result<(), Error> {
        let is_in = |filter: &Filter| next.iter().any(|other| other.name() == filter.name());
        for filter in found.iter().filter(|filter| !is_in(filter)) {
            self.delete(filter.name()).await?;
        }
        for filter in next.iter().filter(|filter| !found.contains(filter)) {
            self.put(filter).await?;
        }
        Ok(())
    }

    fn is_early(&self, error: &Error) -> bool {
        unseen(error)
    }

    fn join(&mut self, other: &Self) -> bool {
        let same = self.log_group == other.log_group;
        self.wanted
            .extend(other.wanted.iter().filter(|_| same).cloned());
        same
    }
}

impl Entry for Filter {
    fn name(&self) -> &str {
        self.0.filter_name().unwrap_or_default()
    }

    fn target(&self) -> &str {
        self.0.destination_arn().unwrap_or_default()
    }

    fn members(&self) -> Value {
        let Self(filter) = self;
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
}
