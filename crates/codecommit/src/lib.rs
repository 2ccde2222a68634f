#![doc = include_str!("../README.md")]

#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod ext;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod name;

use lambda_with::{Arn, Finding, Function, Integration, Permission, Resource, Service, Statement};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use crate::generated::*;

/// A trigger of a repository that runs a function.
///
/// ```toml
/// [[functions.lint.with]]
/// service = "codecommit"
/// repository = "arn:aws:codecommit:eu-west-1:123456789012:ferry-timetable"
/// branches = ["main"]
/// events = ["updateReference", "createReference"]
/// ```
///
/// ```
/// use lambda_with_codecommit::CodeCommit;
///
/// let repository = "arn:aws:codecommit:eu-west-1:123456789012:ferry-timetable".parse()?;
/// let main = CodeCommit { branches: vec!["main".into()], ..CodeCommit::new(repository) };
/// assert_eq!(main.events, ["all"]);
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// The repository and the function are in the same Region.
/// See <https://docs.aws.amazon.com/codecommit/latest/userguide/how-to-notify-lambda.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CodeCommit {
    /// The repository's ARN.
    pub repository: Arn,
    /// The branches by their exact names, at most ten; all unless set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<String>,
    /// The kinds of events, out of [`CodeCommit::EVENTS`]; `all` unless set.
    #[serde(default = "all")]
    pub events: Vec<String>,
    /// A text that is sent along, at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<String>,
    /// The trigger's name within the repository, which records carry as `eventTriggerName`. Made from
    /// the function's name and the other fields unless set; set it to keep the name when they change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_name: Option<String>,
}

impl CodeCommit {
    /// The kinds of events a trigger can name. `all` stands alone.
    pub const EVENTS: [&'static str; 4] = [
        "all",
        "createReference",
        "deleteReference",
        "updateReference",
    ];

    /// All that happens to branches and tags of a repository.
    #[must_use]
    pub fn new(repository: Arn) -> Self {
        Self {
            repository,
            branches: Vec::new(),
            events: all(),
            custom_data: None,
            trigger_name: None,
        }
    }

    /// The trigger, with the function where it is to go to.
    pub(crate) fn trigger(&self, function: &Function, destination: &str) -> Value {
        let mut trigger = json!({
            "name": name::of_trigger(self, function),
            "destinationArn": destination,
            "branches": self.branches,
            "events": self.events,
        });
        if let Some(data) = &self.custom_data {
            trigger["customData"] = data.as_str().into();
        }
        trigger
    }
}

impl Integration for CodeCommit {
    type Event = CodeCommitEvent;
    type Response = ();
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of(self)
    }

    fn permissions(&self, _function: &Function) -> Vec<Permission> {
        // A pattern would admit other repositories. `check` finds it, and until it is put right
        // nothing is granted.
        if !name::is_repository(&self.repository) {
            return Vec::new();
        }
        let statement = Statement::service(self.name(), "codecommit.amazonaws.com")
            .source_arn(self.repository.clone())
            .source_account(self.repository.account());
        vec![Permission::ResourceBased(statement)]
    }

    /// The repository with its trigger, or nothing where it belongs to another account.
    ///
    /// CloudFormation has no resource for a trigger alone, so the template must own the repository.
    fn resources(&self, function: &Function) -> Vec<Resource> {
        if self.repository.account() != function.account() {
            return Vec::new();
        }
        let trigger = self.trigger(function, Resource::FUNCTION);
        let trigger: serde_json::Map<String, Value> = trigger
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (capital(name), value.clone()))
            .collect();
        let name = self.repository.resource();
        let properties = json!({ "RepositoryName": name, "Triggers": [trigger] });
        let id = Resource::logical_id(&[name, "repository"]);
        let mut repository = Resource::new(id, "AWS::CodeCommit::Repository", properties);
        repository
            .depends_on
            .push(Resource::permission_id(&self.name()));
        vec![repository]
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::same_trigger(self, other).into_iter().collect()
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        check::twice(self, other).into_iter().collect()
    }
}

fn all() -> Vec<String> {
    vec!["all".into()]
}

fn capital(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_ascii_uppercase() + rest
}
