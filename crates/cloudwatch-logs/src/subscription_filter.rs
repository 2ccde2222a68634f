//! The subscription of one log group.

use lambda_with::{Finding, Function, Integration, Permission, Resource, Service, switch};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{CloudWatchLogsEvent, SERVICE, check, name, permission};

/// A subscription of a function to a log group.
///
/// ```toml
/// [[functions.alerts.with]]
/// service = "cloudwatch-logs"
/// kind = "subscription-filter"
/// log_group = "/harbor/ferries"
/// pattern = '{ $.level = "error" }'
/// ```
///
/// ```
/// use lambda_with_cloudwatch_logs::SubscriptionFilter;
///
/// let errors = SubscriptionFilter {
///     pattern: "?ERROR ?WARN".into(),
///     ..SubscriptionFilter::new("/harbor/ferries")
/// };
/// assert!(!errors.transformed);
/// ```
///
/// The log group belongs to the function's account and Region.
/// See <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionFilter {
    /// The log group's name.
    pub log_group: String,
    /// Which log events pass, in the language of filter patterns; all unless set.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pattern: String,
    /// The filter's name within the log group, which messages carry in `subscriptionFilters`. Made
    /// from the other fields and the function's name unless set; set it to keep the name when they
    /// change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_name: Option<String>,
    /// Whether the pattern is held against log events as the log group's transformer leaves them, and
    /// these are sent. False unless set.
    #[serde(default, skip_serializing_if = "switch::is_off")]
    pub transformed: bool,
    /// Which log events pass by their system fields, besides the pattern:
    /// `@aws.account NOT IN ["210987654321"]`. For groups that hold logs of several accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_selection: Option<String>,
    /// The system fields to send along, out of [`SubscriptionFilter::SYSTEM_FIELDS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub system_fields: Vec<String>,
}

impl SubscriptionFilter {
    /// The system fields there are.
    pub const SYSTEM_FIELDS: [&'static str; 3] = ["@aws.account", "@aws.region", "@source.log"];

    /// All that is logged to a log group.
    pub fn new(log_group: impl Into<String>) -> Self {
        Self {
            log_group: log_group.into(),
            ..Self::default()
        }
    }

    /// The name the filter has in the log group.
    pub(crate) fn filter(&self, function: &Function) -> String {
        let made = || format!("{}-{}", self.name(), function.name());
        self.filter_name.clone().unwrap_or_else(made)
    }
}

impl Integration for SubscriptionFilter {
    type Event = CloudWatchLogsEvent;
    type Response = ();
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of_filter(self)
    }

    fn permissions(&self, function: &Function) -> Vec<Permission> {
        // A name that is empty or a pattern would admit other log groups. `check` finds it, and until
        // it is put right nothing is granted.
        if !name::is_log_group(&self.log_group) {
            return Vec::new();
        }
        let log_group = format!("{}:*", self.log_group);
        permission(self.name(), &log_group, function)
            .into_iter()
            .collect()
    }

    /// The filter, which depends on the permission: Amazon CloudWatch Logs tries it out.
    fn resources(&self, function: &Function) -> Vec<Resource> {
        let mut properties = json!({
            "DestinationArn": Resource::FUNCTION,
            "FilterName": self.filter(function),
            "FilterPattern": self.pattern,
            "LogGroupName": self.log_group,
        });
        if self.transformed {
            properties["ApplyOnTransformedLogs"] = true.into();
        }
        if let Some(selection) = &self.field_selection {
            properties["FieldSelectionCriteria"] = selection.as_str().into();
        }
        if !self.system_fields.is_empty() {
            properties["EmitSystemFields"] = json!(self.system_fields);
        }
        let id = Resource::logical_id(&[&self.name(), "filter"]);
        let mut filter = Resource::new(id, "AWS::Logs::SubscriptionFilter", properties);
        filter
            .depends_on
            .push(Resource::permission_id(&self.name()));
        vec![filter]
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::filter(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::same_filter(self, other).into_iter().collect()
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        check::twice(self, other).into_iter().collect()
    }
}
