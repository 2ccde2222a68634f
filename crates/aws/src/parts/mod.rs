//! The parts of a wiring that follow from the definition of a connection.

mod caller;
mod configuration;
mod mapping;
mod mapping_calls;
mod mapping_members;
mod other_mappings;
pub(crate) mod remote;
mod role;
mod statement_calls;
mod statement_form;
mod statements;
mod trust;

pub(crate) use self::caller::CallerRole;
pub use self::caller::caller_role;
pub(crate) use self::configuration::Configuration;
pub(crate) use self::mapping::Mapping;
pub(crate) use self::other_mappings::OtherMappings;
pub(crate) use self::role::{RolePolicy, decoded, inline, role_name};
pub(crate) use self::statement_calls::policy;
pub(crate) use self::statements::Statements;
pub(crate) use self::trust::Trust;
