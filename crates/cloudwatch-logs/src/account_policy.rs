//! The subscription of all log groups.

use lambda_with::{Finding, Function, Integration, Permission, Resource, Service};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{CloudWatchLogsEvent, SERVICE, check, permission};

/// A subscription of a function to the log groups of its account and Region, those to come included.
///
/// ```toml
/// [[functions.alerts.with]]
/// service = "cloudwatch-logs"
/// kind = "account-policy"
/// pattern = "ERROR"
/// exclude = ["/harbor/audit"]
/// ```
///
/// ```
/// use lambda_with_cloudwatch_logs::AccountPolicy;
///
/// assert_eq!(AccountPolicy::default().pattern, "");
/// ```
///
/// The function's own log group is left out by Amazon CloudWatch Logs itself. An account has one such
/// policy in each Region; the filters of log groups stand beside it.
/// See <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters-AccountLevel.html>.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AccountPolicy {
    /// Which log events pass, in the language of filter patterns; all unless set.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pattern: String,
    /// The names of log groups that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// The policy's name; `lambda-with-account-policy` unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_name: Option<String>,
}

impl AccountPolicy {
    /// The name the policy has in the account.
    pub(crate) fn policy(&self) -> &str {
        self.policy_name
            .as_deref()
            .unwrap_or("lambda-with-account-policy")
    }

    /// The policy, with the function where it is to go to.
    pub(crate) fn document(&self, function: &str) -> Value {
        json!({ "DestinationArn": function, "FilterPattern": self.pattern })
    }

    /// Which log groups it is for; nothing where it is for all.
    pub(crate) fn selection(&self) -> Option<String> {
        (!self.exclude.is_empty()).then(|| format!("LogGroupName NOT IN {}", json!(self.exclude)))
    }
}

impl Integration for AccountPolicy {
    type Event = CloudWatchLogsEvent;
    type Response = ();
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        "logs-account-policy".into()
    }

    fn permissions(&self, function: &Function) -> Vec<Permission> {
        permission(self.name(), "*", function).into_iter().collect()
    }

    /// The policy, which depends on the permission: Amazon CloudWatch Logs tries it out.
    fn resources(&self, _function: &Function) -> Vec<Resource> {
        let mut properties = json!({
            "PolicyDocument": self.document(Resource::FUNCTION).to_string(),
            "PolicyName": self.policy(),
            "PolicyType": "SUBSCRIPTION_FILTER_POLICY",
            "Scope": "ALL",
        });
        if let Some(selection) = self.selection() {
            properties["SelectionCriteria"] = selection.into();
        }
        let mut policy = Resource::new("LogsAccountPolicy", "AWS::Logs::AccountPolicy", properties);
        policy
            .depends_on
            .push(Resource::permission_id(&self.name()));
        vec![policy]
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::policy(self, function)
    }

    fn conflicts(&self, _other: &Self) -> Vec<Finding> {
        vec![check::second_policy()]
    }
}
