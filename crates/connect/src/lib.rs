#![doc = include_str!("../README.md")]

#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod ext;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod respond;

use std::collections::BTreeMap;

use lambda_with::{
    Arn, Example, Finding, Function, Integration, Patience, Permission, Resource, Service,
    Statement, switch,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use crate::generated::*;
pub use crate::respond::{ConnectResponse, JsonResponse};

/// An Amazon Connect instance whose flows invoke a function.
///
/// ```toml
/// [[functions.balance.with]]
/// service = "connect"
/// instance = "arn:aws:connect:eu-west-2:123456789012:instance/2b7c9f30-1a2b-4c3d-8e4f-5a6b7c8d9e0f"
/// time_limit = 5
/// attributes = { lookup = "balance" }
/// ```
///
/// ```
/// use lambda_with_connect::Connect;
///
/// let instance = "arn:aws:connect:eu-west-2:123456789012:instance/2b7c9f30-1a2b-4c3d-8e4f-5a6b7c8d9e0f";
/// let balance = Connect { time_limit: 5, ..Connect::new(instance.parse()?) };
/// assert!(!balance.asynchronous);
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// What flows say of the function is written into the flow, with [`Connect::parameters`].
/// See <https://docs.aws.amazon.com/connect/latest/adminguide/connect-lambda-functions.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// The instance's ARN, `arn:aws:connect:REGION:ACCOUNT:instance/ID`.
    pub instance: Arn,
    /// Seconds the flow waits for the answer: 1 to 8, and 8 unless set; up to 60 where it goes on
    /// meanwhile.
    #[serde(default = "eight")]
    pub time_limit: u32,
    /// Whether the flow goes on at once and asks for the result later.
    #[serde(default, skip_serializing_if = "switch::is_off")]
    pub asynchronous: bool,
    /// What the flow takes for an answer: flat texts unless set.
    #[serde(default)]
    pub response: ResponseType,
    /// What the flow gives to the function as parameters. Values may refer to the contact, such as
    /// `$.Attributes.tier`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

/// What a flow takes for an answer.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResponseType {
    /// A flat object of texts: [`ConnectResponse`].
    #[default]
    StringMap,
    /// Any JSON: [`JsonResponse`].
    Json,
}

impl Connect {
    /// An instance whose flows wait for eight seconds.
    #[must_use]
    pub fn new(instance: Arn) -> Self {
        Self {
            instance,
            time_limit: eight(),
            asynchronous: false,
            response: ResponseType::default(),
            attributes: BTreeMap::new(),
        }
    }

    /// The `Parameters` of the action `InvokeLambdaFunction`, as a flow's content has them.
    ///
    /// ```
    /// use lambda_with::Function;
    /// use lambda_with_connect::Connect;
    ///
    /// let instance = "arn:aws:connect:eu-west-2:123456789012:instance/2b7c9f30-1a2b-4c3d-8e4f-5a6b7c8d9e0f";
    /// let function = Function::new("arn:aws:lambda:eu-west-2:123456789012:function:balance".parse()?)?;
    /// let parameters = Connect::new(instance.parse()?).parameters(&function);
    /// assert_eq!(parameters["InvocationTimeLimitSeconds"], "8");
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    #[must_use]
    pub fn parameters(&self, function: &Function) -> Value {
        let response = match self.response {
            ResponseType::StringMap => "STRING_MAP",
            ResponseType::Json => "JSON",
        };
        let mut parameters = json!({
            "LambdaFunctionARN": function.arn,
            "InvocationTimeLimitSeconds": self.time_limit.to_string(),
            "ResponseValidation": { "ResponseType": response },
        });
        if self.asynchronous {
            parameters["InvocationType"] = json!("ASYNCHRONOUS");
        }
        if !self.attributes.is_empty() {
            parameters["LambdaInvocationAttributes"] = json!(self.attributes);
        }
        parameters
    }

    /// Whether the instance stands beside the function, so that flows can choose it from a list.
    fn is_beside(&self, function: &Function) -> bool {
        let instance = &self.instance;
        (instance.partition(), instance.region()) == (function.partition(), function.region())
            && instance.account() == function.account()
    }
}

impl Integration for Connect {
    type Event = ConnectEvent;
    type Response = ConnectResponse;
    const SERVICE: Service = SERVICE;

    /// `connect-` and the instance's id, which is a UUID.
    fn name(&self) -> String {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let id = check::instance_id(&self.instance);
        let mut name: String = "connect-".chars().chain(id.chars().map(letter)).collect();
        name.truncate(80);
        name
    }

    fn permissions(&self, _function: &Function) -> Vec<Permission> {
        // A pattern would let other instances in. `check` finds it, and until it is put right
        // nothing is granted.
        if !check::is_instance(&self.instance) {
            return Vec::new();
        }
        let statement = Statement::service(self.name(), "connect.amazonaws.com")
            .source_arn(self.instance.clone())
            .source_account(self.instance.account());
        vec![Permission::ResourceBased(statement)]
    }

    /// The function's place in the list that flows choose from, or nothing where the instance is in
    /// another account or Region: there the ARN is typed into the flow.
    fn resources(&self, function: &Function) -> Vec<Resource> {
        if !self.is_beside(function) {
            return Vec::new();
        }
        let properties = json!({
            "InstanceId": self.instance,
            "IntegrationArn": Resource::FUNCTION,
            "IntegrationType": "LAMBDA_FUNCTION",
        });
        let id = Resource::logical_id(&[&self.name(), "association"]);
        let mut association = Resource::new(id, "AWS::Connect::IntegrationAssociation", properties);
        association
            .depends_on
            .push(Resource::permission_id(&self.name()));
        vec![association]
    }

    /// A call to the instance, with the parameters the flow gives.
    fn example(&self, _function: &Function) -> Option<Example> {
        let sample = match self.response {
            ResponseType::StringMap => "voice",
            ResponseType::Json => "json-parameters",
        };
        let example = Example::named(&SERVICE, sample)?;
        let contact = "/Details/ContactData";
        let queue = example.sample.at(&format!("{contact}/Queue/ARN"));
        let queue = queue.as_ref().and_then(Value::as_str).unwrap_or_default();
        let queue = queue
            .split_once("/queue/")
            .map(|(_, id)| format!("{}/queue/{id}", self.instance));
        let id = check::instance_id(&self.instance);
        let mut example = example
            .with(format!("{contact}/AwsRegion"), self.instance.region())
            .with(format!("{contact}/InstanceARN"), self.instance.as_str())
            .with(format!("{contact}/Tags/aws:connect:instanceId"), id);
        if let Some(queue) = queue {
            example = example.with(format!("{contact}/Queue/ARN"), queue);
        }
        if !self.attributes.is_empty() {
            example = example.with("/Details/Parameters", json!(self.attributes));
        }
        Some(example)
    }

    /// The flow waits for `time_limit` seconds in all; within them Amazon Connect tries three times
    /// more.
    fn patience(&self) -> Patience {
        Patience {
            together: true,
            attempts: 4,
            errors: true,
            ..Patience::of_seconds(self.time_limit)
        }
        .otherwise("the flow takes its error branch")
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        check::conflicts_within(self, other)
    }
}

fn eight() -> u32 {
    8
}
