//! Rules of event buses.

use lambda_with::rules::filter::{Document, EventPattern};
use lambda_with::{
    Arn, CallerRole, Error, Finding, Function, Integration, Permission, Resource, RoleStatement,
    Service, Statement,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::target::{self, InputTransformer, Target};
use crate::{EventBridgeEvent, SERVICE, check, name};

/// A rule of an event bus that runs a function: on events that match a pattern, on a schedule, or both.
///
/// ```toml
/// [[functions.orders.with]]
/// service = "eventbridge"
/// kind = "rule"
/// name = "big-orders"
/// bus = "shop"
/// pattern = { source = ["shop.orders"], detail = { total = [{ numeric = [">", 100] }] } }
/// ```
///
/// ```
/// use lambda_with_eventbridge::Rule;
///
/// let rule = Rule::matching("stopped", r#"{"source":["aws.ec2"],"detail":{"state":["stopped"]}}"#);
/// assert!(rule.matches(r#"{"source":"aws.ec2","detail":{"state":"stopped"}}"#)?);
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// The rule belongs to the function's account and Region. Events of another account come by way of
/// a bus of this one.
/// See <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html>.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The rule's name, unique on its bus: 1 to 64 letters, digits, `.`, `-` and `_`.
    pub name: String,
    /// The name of the bus; the account's `default` bus unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bus: Option<String>,
    /// Which events: an object, or its JSON text (TOML has no null).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Value>,
    /// When, by UTC: `rate(5 minutes)` or `cron(0 6 * * ? *)`. On the default bus only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// What the rule is for, at most 512 characters. Left as it is unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the rule runs. Left as it is unless set; a new rule does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<RuleState>,
    /// The target's id within the rule; made from the function's name unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_id: Option<String>,
    /// What the function receives instead of the event: any value, or JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// The part of the event the function receives instead of the whole: `$.detail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_path: Option<String>,
    /// What the function receives, made from parts of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_transformer: Option<InputTransformer>,
    /// How often handing over to Lambda is tried again, 0 to 185; EventBridge takes 185 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_retry_attempts: Option<u32>,
    /// Seconds after which EventBridge gives up, 60 to 86,400; it takes 86,400 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_event_age: Option<u32>,
    /// The SQS queue for events that could not be handed over. Its own policy must let
    /// `events.amazonaws.com` send for the rule's ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_queue: Option<Arn>,
    /// A role that trusts `events.amazonaws.com`, to invoke with. Unless set the function's policy
    /// lets EventBridge in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Arn>,
}

/// Whether a rule runs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RuleState {
    /// It runs, but not for read-only calls that AWS CloudTrail records.
    Enabled,
    /// It does not run.
    Disabled,
    /// It runs, for read-only calls that AWS CloudTrail records too.
    EnabledWithAllCloudtrailManagementEvents,
}

impl RuleState {
    /// The word of the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "ENABLED",
            Self::Disabled => "DISABLED",
            Self::EnabledWithAllCloudtrailManagementEvents => {
                "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
            }
        }
    }
}

impl Rule {
    /// A rule of the default bus, for events that match a pattern given as JSON text.
    pub fn matching(name: impl Into<String>, pattern: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            pattern: Some(Value::String(pattern.into())),
            ..Self::default()
        }
    }

    /// A rule of the default bus that runs on a schedule.
    pub fn scheduled(name: impl Into<String>, schedule: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            schedule: Some(schedule.into()),
            ..Self::default()
        }
    }

    /// The pattern, read; nothing where the rule has none.
    ///
    /// # Errors
    ///
    /// As for [`EventPattern::parse`].
    pub fn event_pattern(&self) -> Result<Option<EventPattern>, Error> {
        let text = self.pattern.as_ref().map(target::text);
        text.map(|text| EventPattern::parse(&text)).transpose()
    }

    /// Whether the rule's pattern matches an event, given as JSON text. Without a pattern none does.
    ///
    /// # Errors
    ///
    /// When the pattern is not valid, or the event is no JSON object.
    pub fn matches(&self, event: impl AsRef<[u8]>) -> Result<bool, Error> {
        let event = Document::parse(event.as_ref())?;
        let pattern = self.event_pattern()?;
        Ok(pattern.is_some_and(|pattern| pattern.matches(&event)))
    }

    /// The rule's ARN; nothing where its name or that of its bus is none.
    pub(crate) fn arn(&self, function: &Function) -> Option<Arn> {
        let bus = self.bus.as_deref().filter(|bus| *bus != "default");
        let named = name::is_name(&self.name) && bus.is_none_or(name::is_bus);
        let resource = match bus {
            Some(bus) => format!("rule/{bus}/{}", self.name),
            None => format!("rule/{}", self.name),
        };
        let (partition, region) = (function.partition(), function.region());
        let arn = Arn::new(partition, "events", region, function.account(), &resource);
        arn.ok().filter(|_| named)
    }

    /// The id of the function's target.
    pub(crate) fn target_id(&self, function: &Function) -> String {
        let made = || name::target(function, &self.name());
        self.target_id.clone().unwrap_or_else(made)
    }

    /// The target, with this ARN for the function.
    pub(crate) fn target(&self, function: &Function, arn: &str) -> Value {
        let target = Target {
            input: self.input.as_ref(),
            maximum_retry_attempts: self.maximum_retry_attempts,
            maximum_event_age: self.maximum_event_age,
            dead_letter_queue: self.dead_letter_queue.as_ref(),
        };
        let mut members = target.members();
        members.insert("Arn".into(), json!(arn));
        members.insert("Id".into(), json!(self.target_id(function)));
        if let Some(role) = &self.role {
            members.insert("RoleArn".into(), json!(role));
        }
        if let Some(path) = &self.input_path {
            members.insert("InputPath".into(), json!(path));
        }
        if let Some(transformer) = &self.input_transformer {
            let mut input = Map::new();
            if !transformer.paths.is_empty() {
                input.insert("InputPathsMap".into(), json!(transformer.paths));
            }
            input.insert("InputTemplate".into(), json!(transformer.template));
            members.insert("InputTransformer".into(), Value::Object(input));
        }
        Value::Object(members)
    }
}

impl Integration for Rule {
    /// Where the target has an input of its own, the function receives that instead.
    type Event = EventBridgeEvent;
    type Response = ();
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of_rule(self)
    }

    /// The function's policy lets the rule in; with a role, the role may invoke.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        if self.role.is_some() {
            let reason = "EventBridge invokes the function";
            let arn = function.arn.as_str();
            let invoke = RoleStatement::new(["lambda:InvokeFunction"], arn, reason);
            let mut caller = CallerRole::new("events.amazonaws.com", [invoke]);
            caller.role = self.role.clone();
            return vec![Permission::CallerRole(caller)];
        }
        // A name that is a pattern would admit other rules. `check` finds it.
        let arn = self.arn(function).into_iter();
        arn.map(|arn| {
            let statement = Statement::service(self.name(), "events.amazonaws.com");
            Permission::ResourceBased(statement.source_arn(arn))
        })
        .collect()
    }

    /// The rule, with the function as one of its targets.
    fn resources(&self, function: &Function) -> Vec<Resource> {
        let mut properties = json!({
            "Name": self.name,
            "Targets": [self.target(function, Resource::FUNCTION)],
        });
        if let Some(bus) = &self.bus {
            properties["EventBusName"] = json!(bus);
        }
        if let Some(pattern) = &self.pattern {
            let text = target::text(pattern);
            properties["EventPattern"] = serde_json::from_str(&text).unwrap_or(json!(text));
        }
        if let Some(schedule) = &self.schedule {
            properties["ScheduleExpression"] = json!(schedule);
        }
        if let Some(description) = &self.description {
            properties["Description"] = json!(description);
        }
        if let Some(state) = self.state {
            properties["State"] = json!(state);
        }
        let id = name::logical_id("rule", self.bus.as_deref(), &self.name);
        vec![Resource::new(id, "AWS::Events::Rule", properties)]
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::rule::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::rule::conflicts(self, other)
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        check::rule::conflicts_within(self, other)
    }
}
