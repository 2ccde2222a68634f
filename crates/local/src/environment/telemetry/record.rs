//! What many records have: a status, a trace, durations.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::trace;

/// A record with its status.
pub(crate) fn record(id: Option<&str>, status: Option<&str>) -> Map<String, Value> {
    let mut record = Map::new();
    if let Some(id) = id {
        record.insert("requestId".to_owned(), json!(id));
    }
    let (status, kind) = outcome(status);
    record.insert("status".to_owned(), json!(status));
    if let Some(kind) = kind {
        record.insert("errorType".to_owned(), json!(kind));
    }
    record
}

/// The trace a job is part of, if that is kept.
pub(crate) fn tracing(header: &str) -> Option<Value> {
    let header = trace::without_lineage(header);
    let sampled = header.split(';').any(|member| member == "Sampled=1");
    sampled.then(|| json!({ "type": "X-Amzn-Trace-Id", "value": header }))
}

/// What the status of a log's line is in an event: the status, and the type of the error.
pub(crate) fn outcome(status: Option<&str>) -> (&'static str, Option<&str>) {
    match status {
        None => ("success", None),
        Some("timeout") => ("timeout", None),
        Some(status) => {
            let kind = status.rsplit("Error Type: ").next().unwrap_or_default();
            let failed = match kind.starts_with("Sandbox.") {
                true => "failure",
                false => "error",
            };
            (failed, Some(known(kind)))
        }
    }
}

/// A type of error as events have it: one that does not look like Lambda's own is not shown.
fn known(kind: &str) -> &str {
    let camel = |name: &str| {
        let mut letters = name.chars();
        letters
            .next()
            .is_some_and(|first| first.is_ascii_uppercase())
            && letters
                .next()
                .is_some_and(|second| second.is_ascii_alphabetic())
    };
    match kind.split_once('.') {
        Some(("Runtime" | "Function", name)) if camel(name) => kind,
        Some(("Extension" | "Sandbox", _)) => kind,
        Some(("Function", _)) => "Function.Unknown",
        _ => "Runtime.Unknown",
    }
}

/// Milliseconds as events have them.
pub(crate) fn millis(duration: Duration) -> f64 {
    let micros = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    f64::from(micros) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_types_of_errors() {
        for (line, status, kind) in [
            (None, "success", None),
            (Some("timeout"), "timeout", None),
            (
                Some("error\tError Type: Runtime.ExitError"),
                "error",
                Some("Runtime.ExitError"),
            ),
            (
                Some("error\tError Type: Extension.Crash"),
                "error",
                Some("Extension.Crash"),
            ),
            (
                Some("error\tError Type: Function.Boom"),
                "error",
                Some("Function.Boom"),
            ),
            (
                Some("error\tError Type: Function.boom"),
                "error",
                Some("Function.Unknown"),
            ),
            (
                Some("error\tError Type: ZeroDivisionError"),
                "error",
                Some("Runtime.Unknown"),
            ),
            (
                Some("error\tError Type: Sandbox.Failure"),
                "failure",
                Some("Sandbox.Failure"),
            ),
        ] {
            assert_eq!(outcome(line), (status, kind), "{line:?}");
        }
    }

    #[test]
    fn only_traces_that_are_kept_are_told() {
        let root = "Root=1-67891233-abcdef012345678912345678";
        for (header, value) in [
            (format!("{root};Parent=53995c3f42cd8ad8;Sampled=0"), None),
            (
                format!("{root};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:fc3b4ff1:0"),
                Some(format!("{root};Parent=53995c3f42cd8ad8;Sampled=1")),
            ),
        ] {
            let expected = value.map(|value| json!({"type": "X-Amzn-Trace-Id", "value": value}));
            assert_eq!(tracing(&header), expected, "{header}");
        }
    }
}
