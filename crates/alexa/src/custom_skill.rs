//! A connection of a custom skill.

use lambda_with::{
    Example, Finding, Function, Integration, Patience, Permission, Resource, Service,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{SERVICE, SkillRequest, SkillResponse, check, name};

/// Who invokes for a custom skill.
const PRINCIPAL: &str = "alexa-appkit.amazon.com";

/// A custom skill, one with a voice model of its own, whose requests a function answers.
///
/// ```toml
/// [[functions.tea.with]]
/// service = "alexa"
/// kind = "custom"
/// skill_id = "amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666"
/// region = "EU"
/// ```
///
/// ```
/// use lambda_with_alexa::{CustomSkill, SkillRegion};
///
/// let tea = CustomSkill {
///     region: Some(SkillRegion::Eu),
///     ..CustomSkill::new("amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666")
/// };
/// assert!(tea.region.is_some());
/// ```
///
/// The skill itself is kept with Alexa, outside of AWS: see [`CustomSkill::manifest`]. See
/// <https://developer.amazon.com/en-US/docs/alexa/custom-skills/host-a-custom-skill-as-an-aws-lambda-function.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CustomSkill {
    /// The skill's id, `amzn1.ask.skill.` and a UUID.
    pub skill_id: String,
    /// The part of the world whose users this function serves; all that have no other unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<SkillRegion>,
}

/// A part of the world, for which a skill can have a function of its own.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SkillRegion {
    /// North America.
    Na,
    /// Europe and India.
    Eu,
    /// The Far East.
    Fe,
}

impl SkillRegion {
    /// The region's name in a skill's manifest: `NA`, `EU` or `FE`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Na => "NA",
            Self::Eu => "EU",
            Self::Fe => "FE",
        }
    }
}

impl CustomSkill {
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
    /// use lambda_with_alexa::CustomSkill;
    ///
    /// let arn = "arn:aws:lambda:eu-west-1:123456789012:function:tea:live";
    /// let skill = CustomSkill::new("amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666");
    /// let manifest = skill.manifest(&Function::new(arn.parse()?)?);
    /// assert_eq!(manifest["apis"]["custom"]["endpoint"]["uri"], arn);
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// It goes below `manifest` in `skill.json` of the ASK command line, and in the skill management
    /// API. Set the permission first: Alexa tries the function when the skill is saved.
    #[must_use]
    pub fn manifest(&self, function: &Function) -> Value {
        json!({ "apis": { "custom": endpoint(self.region, function) } })
    }
}

/// Where the requests of all users, or of a region's, go.
pub(crate) fn endpoint(region: Option<SkillRegion>, function: &Function) -> Value {
    let endpoint = json!({ "endpoint": { "uri": function.arn } });
    match region {
        None => endpoint,
        Some(region) => json!({ "regions": { region.as_str(): endpoint } }),
    }
}

impl Integration for CustomSkill {
    type Event = SkillRequest;
    type Response = SkillResponse;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of("custom", &self.skill_id, self.region)
    }

    /// One statement, for requests of this skill alone.
    fn permissions(&self, _function: &Function) -> Vec<Permission> {
        name::permission(self.name(), PRINCIPAL, &self.skill_id)
    }

    /// Nothing: the skill is kept outside of AWS.
    fn resources(&self, _function: &Function) -> Vec<Resource> {
        Vec::new()
    }

    /// A request by voice that names an intent.
    fn example(&self, _function: &Function) -> Option<Example> {
        let id = self.skill_id.as_str();
        let example = Example::named(&SERVICE, "intent")?
            .with("/session/application/applicationId", id)
            .with("/context/System/application/applicationId", id);
        Some(example)
    }

    fn patience(&self) -> Patience {
        Patience::of_seconds(8).otherwise("the user hears that the skill does not respond")
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::custom(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        let (one, two) = (&self.skill_id, &other.skill_id);
        check::same_endpoint((one, self.region), (two, other.region))
    }
}
