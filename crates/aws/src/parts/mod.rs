//! The parts of a wiring that follow from the definition of a connection.

mod asynchronous;
mod caller;
mod configuration;
mod deployed;
mod mapping;
mod mapping_calls;
mod mapping_members;
mod other_mappings;
mod recursion;
pub(crate) mod remote;
mod role;
mod statement_calls;
mod statement_form;
mod statements;
mod trust;
mod url;

pub(crate) use self::asynchronous::Asynchronous;
pub(crate) use self::caller::CallerRole;
pub use self::caller::caller_role;
pub(crate) use self::configuration::Configuration;
pub(crate) use self::deployed::Deployed;
pub(crate) use self::mapping::Mapping;
pub(crate) use self::other_mappings::OtherMappings;
pub(crate) use self::recursion::Recursion;
pub(crate) use self::role::{RolePolicy, decoded, inline, role_name};
pub(crate) use self::statement_calls::policy;
pub(crate) use self::statements::Statements;
pub(crate) use self::trust::Trust;
pub(crate) use self::url::Url;
