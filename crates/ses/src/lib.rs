#![doc = include_str!("../README.md")]

#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod ext;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod name;
mod respond;

use lambda_with::{
    Arn, Finding, Function, Integration, Permission, Resource, Service, Statement, switch,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use crate::generated::*;

/// An action of a receipt rule that runs a function.
///
/// ```toml
/// [[functions.inbox.with]]
/// service = "ses"
/// rule_set = "harbor"
/// rule = "berths"
/// recipients = ["harbor@example.org"]
/// bucket = "harbor-mail"
/// prefix = "in/"
/// ```
///
/// ```
/// use lambda_with_ses::{Ses, SesInvocation};
///
/// let judge = Ses { invocation: SesInvocation::RequestResponse, ..Ses::new("harbor", "berths") };
/// assert!(judge.enabled && !judge.existing);
/// ```
///
/// The rule is part of the connection: it is made where it is missing, and removed with its last
/// action. With `existing` it is somebody else's, and only the action is ours. Rule and function are in
/// one account and Region. See <https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Ses {
    /// The receipt rule set, which must be there.
    pub rule_set: String,
    /// The rule's name within the set.
    pub rule: String,
    /// Whether Amazon SES waits for what the function answers; it does not unless set.
    #[serde(default, skip_serializing_if = "SesInvocation::is_default")]
    pub invocation: SesInvocation,
    /// Addresses and domains the rule is for: `harbor@example.org`, `example.org`, `.example.org` for
    /// all subdomains. All verified ones unless set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<String>,
    /// The bucket the mail is stored in before the function runs. Its policy must let Amazon SES.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// What the keys in the bucket begin with. The mail's id follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// A standard topic that is told when the function's action runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Arn>,
    /// Whether mail is scanned for spam and viruses; it is not unless set.
    #[serde(default, skip_serializing_if = "switch::is_off")]
    pub scan: bool,
    /// Whether mail that comes in without encryption is refused; it is not unless set.
    #[serde(default, skip_serializing_if = "switch::is_off")]
    pub require_tls: bool,
    /// Whether the rule applies; true unless set.
    #[serde(default = "switch::on", skip_serializing_if = "switch::is_on")]
    pub enabled: bool,
    /// The rule after which a new rule is put; before all others unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Whether the rule is somebody else's. Then it must be there, nothing of it is set but our
    /// action, which goes before what stops the rule, and templates cannot hold it.
    #[serde(default, skip_serializing_if = "switch::is_off")]
    pub existing: bool,
}

/// Whether Amazon SES waits for a function.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum SesInvocation {
    /// It does not: the function runs beside the rule.
    #[default]
    Event,
    /// It waits up to 30 seconds for a [`SesDisposition`].
    RequestResponse,
}

impl SesInvocation {
    /// As AWS writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "Event",
            Self::RequestResponse => "RequestResponse",
        }
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands over a reference"
    )]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Ses {
    /// An asynchronous action of a rule for all recipients.
    pub fn new(rule_set: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            rule_set: rule_set.into(),
            rule: rule.into(),
            invocation: SesInvocation::default(),
            recipients: Vec::new(),
            bucket: None,
            prefix: None,
            topic: None,
            scan: false,
            require_tls: false,
            enabled: true,
            after: None,
            existing: false,
        }
    }

    /// The action that stores the mail, in Amazon SES's terms.
    fn store(&self) -> Option<Value> {
        let mut action = json!({ "BucketName": self.bucket.as_ref()? });
        if let Some(prefix) = &self.prefix {
            action["ObjectKeyPrefix"] = json!(prefix);
        }
        Some(json!({ "S3Action": action }))
    }

    /// The action that runs the function, in Amazon SES's terms.
    fn run(&self, function: &str) -> Value {
        let mut action =
            json!({ "FunctionArn": function, "InvocationType": self.invocation.as_str() });
        if let Some(topic) = &self.topic {
            action["TopicArn"] = json!(topic);
        }
        json!({ "LambdaAction": action })
    }

    /// The rule without its actions, in Amazon SES's terms.
    fn head(&self) -> Value {
        let mut rule = json!({
            "Name": self.rule,
            "Enabled": self.enabled,
            "TlsPolicy": if self.require_tls { "Require" } else { "Optional" },
            "ScanEnabled": self.scan,
        });
        if !self.recipients.is_empty() {
            rule["Recipients"] = json!(self.recipients);
        }
        rule
    }
}

impl Integration for Ses {
    type Event = SesEvent;
    type Response = SesDisposition;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of(&self.rule_set, &self.rule)
    }

    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let arn = Arn::new(
            function.partition(),
            "ses",
            function.region(),
            function.account(),
            &format!(
                "receipt-rule-set/{}:receipt-rule/{}",
                self.rule_set, self.rule
            ),
        );
        // A name that is empty or a pattern would admit other rules. `check` finds it.
        let named = check::is_name(&self.rule_set) && check::is_name(&self.rule);
        let Some(arn) = arn.ok().filter(|_| named) else {
            return Vec::new();
        };
        let statement = Statement::service(self.name(), "ses.amazonaws.com")
            .source_arn(arn)
            .source_account(function.account());
        vec![Permission::ResourceBased(statement)]
    }

    /// The rule, or nothing where it is somebody else's. It waits for the permission, which Amazon
    /// SES tries.
    fn resources(&self, _function: &Function) -> Vec<Resource> {
        if self.existing {
            return Vec::new();
        }
        let mut rule = self.head();
        let run = self.run(Resource::FUNCTION);
        rule["Actions"] = self.store().into_iter().chain([run]).collect();
        let mut properties = json!({ "Rule": rule, "RuleSetName": self.rule_set });
        if let Some(after) = &self.after {
            properties["After"] = json!(after);
        }
        let id = Resource::logical_id(&[&self.name(), "rule"]);
        let mut resource = Resource::new(id, "AWS::SES::ReceiptRule", properties);
        resource
            .depends_on
            .push(Resource::permission_id(&self.name()));
        vec![resource]
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::conflicts(self, other)
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        check::conflicts_within(self, other)
    }
}
