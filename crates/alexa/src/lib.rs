#![doc = include_str!("../README.md")]

mod check;
mod custom_skill;
mod ext;
mod generated;
mod name;
mod respond;
mod smart_home_skill;

use lambda_with::{
    Example, Finding, Function, Integration, Patience, Payload, Permission, Resource, Service,
};
use serde::{Deserialize, Serialize};

pub use crate::custom_skill::{CustomSkill, SkillRegion};
pub use crate::generated::*;
pub use crate::respond::{Answer, Playback, Reply};
pub use crate::smart_home_skill::SmartHomeSkill;

/// A connection of any kind of skill, told apart by `kind`.
///
/// ```toml
/// [[functions.tea.with]]
/// service = "alexa"
/// kind = "custom"               # or "smart-home"
/// skill_id = "amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666"
/// ```
///
/// ```
/// use lambda_with::Integration;
/// use lambda_with_alexa::{Alexa, CustomSkill};
///
/// let tea = CustomSkill::new("amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666");
/// let name = "alexa-custom-1f0c9a4e-1111-4222-8333-444455556666";
/// assert_eq!(Alexa::Custom(tea).name(), name);
/// ```
///
/// It only passes on what the kinds of skill do; a program that knows the kind uses that.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum Alexa {
    /// A skill with a voice model of its own.
    Custom(CustomSkill),
    /// A skill that controls devices at home.
    SmartHome(SmartHomeSkill),
}

macro_rules! each {
    ($value:expr, $connection:ident => $result:expr) => {
        match $value {
            Alexa::Custom($connection) => $result,
            Alexa::SmartHome($connection) => $result,
        }
    };
}

impl Integration for Alexa {
    /// Decode it as the event type of the kind of skill.
    type Event = Payload;
    /// The JSON of the answer type of the kind of skill.
    type Response = Payload;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        each!(self, connection => connection.name())
    }

    fn permissions(&self, function: &Function) -> Vec<Permission> {
        each!(self, connection => connection.permissions(function))
    }

    fn resources(&self, function: &Function) -> Vec<Resource> {
        each!(self, connection => connection.resources(function))
    }

    fn example(&self, function: &Function) -> Option<Example> {
        each!(self, connection => connection.example(function))
    }

    fn patience(&self) -> Patience {
        each!(self, connection => connection.patience())
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        each!(self, connection => connection.check(function))
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        match (self, other) {
            (Self::Custom(a), Self::Custom(b)) => a.conflicts(b),
            (Self::SmartHome(a), Self::SmartHome(b)) => a.conflicts(b),
            _ => Vec::new(),
        }
    }
}
