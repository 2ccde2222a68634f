//! Rules that several triggers share.

use lambda_with::{Error, ErrorKind, Nullable};

/// Claims that belong to Amazon Cognito. Of those that begin with `cognito:` all but three do.
const RESERVED: [&str; 20] = [
    "acr",
    "amr",
    "at_hash",
    "auth_time",
    "azp",
    "client_id",
    "device_key",
    "event_id",
    "exp",
    "iat",
    "identities",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "origin_jti",
    "sub",
    "token_use",
    "username",
    "version",
];

/// Claims made of groups and roles.
const GROUPS: [&str; 3] = ["cognito:groups", "cognito:roles", "cognito:preferred_role"];

pub(super) fn invalid(rule: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Invalid, message).with("rule", rule)
}

pub(super) fn limit(rule: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Limit, message).with("rule", rule)
}

/// A claim that may be left out.
pub(super) fn may_suppress(claim: &str) -> Result<(), Error> {
    let own = claim.starts_with("cognito:") && !GROUPS.contains(&claim);
    if !own && !RESERVED.contains(&claim) {
        return Ok(());
    }
    Err(invalid(
        "claims of Amazon Cognito's own stay as they are",
        format!("the claim `{claim}` cannot be changed or left out"),
    ))
}

/// A claim that may be added or replaced.
pub(super) fn may_add(claim: &str) -> Result<(), Error> {
    may_suppress(claim)?;
    if claim.starts_with("dev:") {
        return Err(invalid(
            "developer attributes can only be left out",
            format!("the claim `{claim}` cannot be set"),
        ));
    }
    Ok(())
}

/// The value in its place, an empty one if there is none as yet.
pub(super) fn filled<T: Default>(place: &mut Nullable<T>) -> &mut T {
    if place.as_ref().is_none() {
        *place = Nullable::Value(T::default());
    }
    match place {
        Nullable::Value(value) => value,
        Nullable::Missing | Nullable::Null => unreachable!("it was filled above"),
    }
}
