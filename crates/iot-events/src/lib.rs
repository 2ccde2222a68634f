#![doc = include_str!("../README.md")]

#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod ext;
mod generated;

use lambda_with::name::{checksum, slug};
use lambda_with::{
    Arn, CallerRole, Example, Finding, Function, Integration, Permission, Resource, RoleStatement,
    Service, Statement,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use crate::generated::*;

/// Why there is nothing to connect.
pub(crate) const ENDED: &str =
    "AWS IoT Events ended on 20 May 2026: there is nothing that could run the function";

/// A detector model that ran a function.
///
/// ```toml
/// [[functions.cranes.with]]
/// service = "iot-events"
/// detector_model = "crane_load"
/// ```
///
/// ```
/// use lambda_with_iot_events::IotEvents;
///
/// assert_eq!(IotEvents::new("crane_load").detector_model, "crane_load");
/// ```
///
/// The service has ended: this is for reading what it sent, and for templates that still name it.
/// See <https://docs.aws.amazon.com/iotevents/latest/developerguide/iotevents-end-of-support.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IotEvents {
    /// The detector model's name: 1 to 128 letters, digits, `_` and `-`.
    pub detector_model: String,
    /// The role the detector model works with. Exports make one unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Arn>,
    /// The model as CloudFormation's `DetectorModelDefinition`, with `${Function}` for the function's
    /// ARN. With it, exports hold the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Value>,
}

impl IotEvents {
    /// A detector model that exports leave out.
    pub fn new(detector_model: impl Into<String>) -> Self {
        Self {
            detector_model: detector_model.into(),
            role: None,
            definition: None,
        }
    }
}

impl Integration for IotEvents {
    /// An action with a payload of its own sent that instead: decode it as a type of yours.
    type Event = IotEventsEvent;
    type Response = ();
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        let readable = format!("iot-events-{}", self.detector_model);
        let mut short = slug(&readable);
        short.truncate(70);
        if short == readable {
            return short;
        }
        let short = short.trim_end_matches('-');
        format!("{short}-{}", checksum(&self.detector_model))
    }

    /// The detector model's role may invoke; and so may the service, as one of AWS's two guides
    /// asked for.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let reason = "the detector model invokes the function with its role";
        let invoke = RoleStatement::new(["lambda:InvokeFunction"], function.arn.as_str(), reason);
        let mut caller = CallerRole::new("iotevents.amazonaws.com", [invoke]);
        caller.source_account = Some(function.account().to_owned());
        caller.role = self.role.clone();
        let statement = Statement::service(self.name(), "iotevents.amazonaws.com")
            .source_account(function.account());
        vec![
            Permission::CallerRole(caller),
            Permission::ResourceBased(statement),
        ]
    }

    /// The detector model, where the definition says what is in it.
    fn resources(&self, _function: &Function) -> Vec<Resource> {
        let Some(definition) = &self.definition else {
            return Vec::new();
        };
        let role = match &self.role {
            Some(role) => role.to_string(),
            None => format!("${{{}.Arn}}", Resource::logical_id(&[&self.name(), "role"])),
        };
        let properties = json!({
            "DetectorModelDefinition": definition,
            "DetectorModelName": self.detector_model,
            "RoleArn": role,
        });
        let id = Resource::logical_id(&[&self.name()]);
        vec![Resource::new(
            id,
            "AWS::IoTEvents::DetectorModel",
            properties,
        )]
    }

    fn example(&self, _function: &Function) -> Option<Example> {
        let name = "/event/payload/detector/detectorModelName";
        let example = Example::named(&SERVICE, "message")?;
        Some(example.with(name, self.detector_model.as_str()))
    }

    fn check(&self, _function: &Function) -> Vec<Finding> {
        check::check(self)
    }
}
