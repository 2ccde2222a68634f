//! What connections grant to an execution role.

use lambda_with::{Function, Integration, Permission};

/// A line for each statement of the execution role, which needs nothing else: the actions, on what,
/// and when.
///
/// # Panics
///
/// When it does.
#[must_use]
#[track_caller]
pub fn granted(connection: &impl Integration, function: &Function) -> String {
    let line = |permission: Permission| match permission {
        Permission::ExecutionRole(statement) => {
            let when = statement.conditions.iter();
            let when = when.map(|(op, key, value)| format!(" when {op} {key} {value}"));
            let (actions, on) = (statement.actions, statement.resources);
            let (actions, on) = (actions.join(" "), on.join(" "));
            format!("{actions} on {on}{}\n", when.collect::<String>())
        }
        other => panic!("{other:?}"),
    };
    let permissions = connection.permissions(function).into_iter();
    permissions.map(line).collect()
}
