//! A connection of a smart home skill.

use lambda_with::{
    Example, Finding, Function, Integration, Patience, Permission, Resource, Service,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::custom_skill::endpoint;
use crate::{SERVICE, SkillRegion, SmartHomeRequest, SmartHomeResponse, check, name};

/// Who invokes for smart home skills and others with a voice model of Alexa's.
const PRINCIPAL: &str = "alexa-connectedhome.amazon.com";

/// A smart home skill, whose directives a function carries out.
///
/// ```toml
/// [[functions.lamps.with]]
/// service = "alexa"
/// kind = "smart-home"
/// skill_id = "amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666"
/// region = "EU"
/// ```
///
/// ```
/// use lambda_with_alexa::SmartHomeSkill;
///
/// let lamps = SmartHomeSkill::new("amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666");
/// assert_eq!(lamps.region, None);
/// ```
///
/// The principal differs from a custom skill's, and the token is not optional. See
/// <https://developer.amazon.com/en-US/docs/alexa/smarthome/implement-your-skill.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SmartHomeSkill {
    /// The skill's id, `amzn1.ask.skill.` and a UUID.
    pub skill_id: String,
    /// The part of the world whose users this function serves; all that have no other unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<SkillRegion>,
}

impl SmartHomeSkill {
    /// A skill with one function for all users.
    #[must_use]
    pub fn new(skill_id: impl Into<String>) -> Self {
        Self {
            skill_id: skill_id.into(),
            region: None,
        }
    }

    /// The part of the skill's manifest that names the function.
    ///
    /// ```
    /// use lambda_with::Function;
    /// use lambda_with_alexa::SmartHomeSkill;
    ///
    /// let arn = "arn:aws:lambda:eu-west-1:123456789012:function:lamps";
    /// let skill = SmartHomeSkill::new("amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666");
    /// let manifest = skill.manifest(&Function::new(arn.parse()?)?);
    /// assert_eq!(manifest["apis"]["smartHome"]["protocolVersion"], "3");
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    #[must_use]
    pub fn manifest(&self, function: &Function) -> Value {
        let mut api = endpoint(self.region, function);
        api["protocolVersion"] = json!("3");
        json!({ "apis": { "smartHome": api } })
    }
}

impl Integration for SmartHomeSkill {
    type Event = SmartHomeRequest;
    type Response = SmartHomeResponse;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of("smart-home", &self.skill_id, self.region)
    }

    /// One statement, for directives of this skill alone.
    fn permissions(&self, _function: &Function) -> Vec<Permission> {
        name::permission(self.name(), PRINCIPAL, &self.skill_id)
    }

    /// Nothing: the skill is kept outside of AWS.
    fn resources(&self, _function: &Function) -> Vec<Resource> {
        Vec::new()
    }

    /// A directive to a device.
    fn example(&self, _function: &Function) -> Option<Example> {
        Example::named(&SERVICE, "turn-on")
    }

    fn patience(&self) -> Patience {
        Patience::of_seconds(8).otherwise("the user hears that the device does not respond")
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::smart_home(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        let (one, two) = (&self.skill_id, &other.skill_id);
        check::same_endpoint((one, self.region), (two, other.region))
    }
}
