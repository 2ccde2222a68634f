//! A connection of a pre-provisioning hook.

use lambda_with::{
    Arn, Example, Finding, Function, Integration, Mode, Permission, Resource, Service,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{ProvisioningRequest, ProvisioningResponse, SERVICE, check, name, permission};

/// A function that decides which devices a fleet provisioning template may register.
///
/// ```toml
/// [[functions.enrol.with]]
/// service = "iot"
/// kind = "provisioning"
/// template = "harbor-cranes"
/// ```
///
/// ```
/// use lambda_with_iot::Provisioning;
///
/// assert_eq!(Provisioning::new("harbor-cranes").payload_version, "2020-04-01");
/// ```
///
/// The template exists already, unless `body` and `role` say what it is to be in an export.
/// See <https://docs.aws.amazon.com/iot/latest/developerguide/pre-provisioning-hook.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Provisioning {
    /// The template's name: 1 to 36 letters, digits, `_` and `-`.
    pub template: String,
    /// The form of the event; there is only `2020-04-01`.
    #[serde(default = "payload_version")]
    pub payload_version: String,
    /// The template itself, as JSON text of at most 10,240 characters. With it, exports hold the
    /// template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The role that registers devices, which exports of the template need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Arn>,
}

impl Provisioning {
    /// The hook of a template that exists already.
    pub fn new(template: impl Into<String>) -> Self {
        Self {
            template: template.into(),
            payload_version: payload_version(),
            body: None,
            role: None,
        }
    }
}

impl Integration for Provisioning {
    type Event = ProvisioningRequest;
    type Response = ProvisioningResponse;
    const SERVICE: Service = Service {
        mode: Mode::Synchronous,
        ..SERVICE
    };

    fn name(&self) -> String {
        name::connection("provisioning", &self.template, &[])
    }

    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let kind = "provisioningtemplate";
        let account = function.account();
        permission(self.name(), function, account, kind, &self.template)
    }

    /// The template with its hook, where the definition says what is in it.
    fn resources(&self, _function: &Function) -> Vec<Resource> {
        let (Some(body), Some(role)) = (&self.body, &self.role) else {
            return Vec::new();
        };
        let properties = json!({
            "Enabled": true,
            "PreProvisioningHook": {
                "PayloadVersion": self.payload_version,
                "TargetArn": Resource::FUNCTION,
            },
            "ProvisioningRoleArn": role,
            "TemplateBody": body,
            "TemplateName": self.template,
            "TemplateType": "FLEET_PROVISIONING",
        });
        let id = Resource::logical_id(&[&self.name()]);
        let mut template = Resource::new(id, "AWS::IoT::ProvisioningTemplate", properties);
        let permission = Resource::permission_id(&self.name());
        template.depends_on.push(permission);
        vec![template]
    }

    fn example(&self, function: &Function) -> Option<Example> {
        let (partition, region) = (function.partition(), function.region());
        let (account, name) = (function.account(), &self.template);
        let arn = format!("arn:{partition}:iot:{region}:{account}:provisioningtemplate/{name}");
        Some(Example::named(&SERVICE, "provisioning")?.with("/templateArn", arn))
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::provisioning(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        let names = (self.template.as_str(), other.template.as_str());
        check::one_function("provisioning template", names, check::HOOK_PAGE)
    }
}

fn payload_version() -> String {
    "2020-04-01".into()
}
