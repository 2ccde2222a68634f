//! Schedules of EventBridge Scheduler.

use lambda_with::{
    Arn, CallerRole, Finding, Function, Integration, Permission, Resource, RoleStatement, Service,
    switch,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::target::Target;
use crate::{EventBridgeEvent, SERVICE, check, name};

/// A schedule of EventBridge Scheduler that runs a function, once or again and again.
///
/// ```toml
/// [[functions.reports.with]]
/// service = "eventbridge"
/// kind = "schedule"
/// name = "morning-report"
/// schedule = "cron(30 6 ? * MON-FRI *)"
/// timezone = "Europe/Dublin"
/// flexible_window = 15
/// input = { report = "daily", due = "<aws.scheduler.scheduled-time>" }
/// ```
///
/// ```
/// use lambda_with_eventbridge::Schedule;
///
/// let tides = Schedule::new("tides", "rate(6 hours)");
/// assert!(tides.enabled && tides.timezone.is_none());
/// ```
///
/// EventBridge Scheduler invokes with a role, which it needs for the function's own account too.
/// See <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html>.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The schedule's name, unique in its group: 1 to 64 letters, digits, `.`, `-` and `_`.
    pub name: String,
    /// The group, which must be there; the group `default` unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// When: `at(2027-01-31T07:30:00)`, `rate(5 minutes)`, `cron(0 6 * * ? *)`.
    pub schedule: String,
    /// The time zone of `at` and `cron`, such as `Europe/Dublin`; UTC unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// When it begins, in RFC 3339. A rate counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// When it ends, in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Minutes within which it may run late, 1 to 1,440; on time unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flexible_window: Option<u32>,
    /// Whether it runs; it does unless set.
    #[serde(default = "switch::on", skip_serializing_if = "switch::is_on")]
    pub enabled: bool,
    /// What it is for, at most 512 characters. Left as it is unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the function receives: any value, or JSON text, with [`Schedule::CONTEXT`] filled in.
    /// An envelope that says little unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// How often handing over to Lambda is tried again, 0 to 185; Scheduler takes 185 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_retry_attempts: Option<u32>,
    /// Seconds after which Scheduler gives up, 60 to 86,400; it takes 86,400 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_event_age: Option<u32>,
    /// The SQS queue for what could not be handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_queue: Option<Arn>,
    /// A role that trusts `scheduler.amazonaws.com`, to invoke with. One is made unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Arn>,
}

impl Schedule {
    /// What Scheduler fills in, wherever it stands in the input's texts.
    pub const CONTEXT: [&str; 4] = [
        "<aws.scheduler.schedule-arn>",
        "<aws.scheduler.scheduled-time>",
        "<aws.scheduler.execution-id>",
        "<aws.scheduler.attempt-number>",
    ];

    /// A schedule of the default group with Scheduler's default settings.
    pub fn new(name: impl Into<String>, schedule: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            group: None,
            schedule: schedule.into(),
            timezone: None,
            start: None,
            end: None,
            flexible_window: None,
            enabled: true,
            description: None,
            input: None,
            maximum_retry_attempts: None,
            maximum_event_age: None,
            dead_letter_queue: None,
            role: None,
        }
    }

    /// The schedule's settings as the API and CloudFormation name them, with these ARNs for the
    /// function and the role.
    pub(crate) fn settings(&self, function: &str, role: &str) -> Value {
        let target = Target {
            input: self.input.as_ref(),
            maximum_retry_attempts: self.maximum_retry_attempts,
            maximum_event_age: self.maximum_event_age,
            dead_letter_queue: self.dead_letter_queue.as_ref(),
        };
        let mut target = target.members();
        target.insert("Arn".into(), json!(function));
        target.insert("RoleArn".into(), json!(role));
        let window = match self.flexible_window {
            Some(minutes) => json!({ "Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes }),
            None => json!({ "Mode": "OFF" }),
        };
        let mut settings = json!({
            "FlexibleTimeWindow": window,
            "Name": self.name,
            "ScheduleExpression": self.schedule,
            "State": if self.enabled { "ENABLED" } else { "DISABLED" },
            "Target": target,
        });
        for (name, value) in [
            ("Description", &self.description),
            ("EndDate", &self.end),
            ("GroupName", &self.group),
            ("ScheduleExpressionTimezone", &self.timezone),
            ("StartDate", &self.start),
        ] {
            if let Some(value) = value {
                settings[name] = json!(value);
            }
        }
        settings
    }
}

impl Integration for Schedule {
    /// Where the schedule has an input, the function receives that instead.
    type Event = EventBridgeEvent;
    type Response = ();
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of_schedule(self)
    }

    /// The role Scheduler takes on, for schedules of this account only. It invokes, and sends what
    /// could not be handed over to the queue.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let reason = "EventBridge Scheduler invokes the function";
        let arn = function.arn.as_str();
        let mut allows = vec![RoleStatement::new(["lambda:InvokeFunction"], arn, reason)];
        if let Some(queue) = &self.dead_letter_queue {
            let reason = "EventBridge Scheduler sends what it could not hand over";
            let send = RoleStatement::new(["sqs:SendMessage"], queue.as_str(), reason);
            allows.push(send);
        }
        let mut caller = CallerRole::new("scheduler.amazonaws.com", allows);
        caller.source_account = Some(function.account().to_owned());
        caller.role = self.role.clone();
        vec![Permission::CallerRole(caller)]
    }

    fn resources(&self, function: &Function) -> Vec<Resource> {
        let _ = function;
        let made = || {
            let id = Resource::logical_id(&[&self.name(), "role"]);
            format!("${{{id}.Arn}}")
        };
        let role = self.role.as_ref().map_or_else(made, Arn::to_string);
        let properties = self.settings(Resource::FUNCTION, &role);
        let id = name::logical_id("schedule", self.group.as_deref(), &self.name);
        vec![Resource::new(id, "AWS::Scheduler::Schedule", properties)]
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::schedule::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::schedule::conflicts(self, other)
    }
}
