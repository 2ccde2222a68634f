//! Which variables a function may be given.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>.

use std::collections::BTreeMap;

use crate::refusal::{Refusal, json_bytes};

/// Variables that are Lambda's own.
const RESERVED: [&str; 21] = [
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
];

/// The most bytes all variables may have together, as JSON.
const MAX: usize = 4096;

const UNABLE: &str = "Lambda was unable to configure your environment variables because the environment variables you have provided";

/// Refuses what Lambda refuses, and what no process can be given.
pub(super) fn check(variables: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let is_reserved = |name: &&str| RESERVED.contains(name);
    let names = variables.keys().map(String::as_str);
    let reserved: Vec<&str> = names.clone().filter(is_reserved).collect();
    if !reserved.is_empty() {
        let reserved = reserved.join(", ");
        return Err(Refusal::parameter(format!(
            "{UNABLE} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: {reserved}"
        )));
    }
    for name in names {
        let mut bytes = name.bytes();
        let begins = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if !begins || name.len() < 2 || !bytes.all(word) {
            let constraint = "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]";
            return Err(Refusal::malformed(&format!(
                "1 validation error detected: Value '{name}' at 'environment.variables' failed to satisfy constraint: {constraint}"
            )));
        }
    }
    if let Some((name, _)) = variables.iter().find(|(_, value)| value.contains('\0')) {
        return Err(Refusal::parameter(format!(
            "the value of `{name}` has a NUL character in it"
        )));
    }
    let measured = json_bytes(variables);
    if measured.len() > MAX {
        let measured = String::from_utf8_lossy(&measured);
        return Err(Refusal::parameter(format!(
            "{UNABLE} exceeded the 4KB limit. String measured: {measured}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_function_may_be_given_is_refused() {
        let at_most = "x".repeat(MAX - r#"{"AB":""}"#.len());
        let too_much = format!("{at_most}x");
        for (name, value, refused) in [
            ("PLACE", "harbor", false),
            ("a1_", "", false),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566", false),
            ("AB", &at_most, false),
            ("AB", &too_much, true),
            ("AWS_REGION", "eu-west-1", true),
            ("_X_AMZN_TRACE_ID", "", true),
            ("", "", true),
            ("A", "", true),
            ("1A", "", true),
            ("_A", "", true),
            ("A=B", "", true),
            ("Ä1", "", true),
            ("PLACE", "a\0b", true),
        ] {
            let variables = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            assert_eq!(check(&variables).is_err(), refused, "{name}");
        }
    }
}
