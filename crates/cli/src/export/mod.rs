//! The definition as infrastructure code.

mod cloudformation;
mod function;
mod substitute;
mod template;

pub(crate) use self::cloudformation::cloudformation;
