//! What subscribers are told, and how it is written down.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>.

use bytes::Bytes;
use lambda_with::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::refusal::json_bytes;

/// What an extension subscribes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stream {
    Platform,
    Function,
    Extension,
}

impl Stream {
    /// The stream of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Platform, Self::Function, Self::Extension]
            .into_iter()
            .find(|stream| stream.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Function => "function",
            Self::Extension => "extension",
        }
    }
}

/// The API of a subscription, which decides what events look like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Api {
    /// The Telemetry API; whether lines that are JSON become part of the event.
    Telemetry { json: bool },
    /// The Logs API; whether the end of a runtime's work is told.
    Logs { runtime_done: bool },
}

impl Api {
    pub(crate) fn is_telemetry(self) -> bool {
        matches!(self, Self::Telemetry { .. })
    }
}

/// One event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) time: Timestamp,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A line somebody printed, with its line end.
    Line(Stream, String),
    /// An event of the platform, by its name without `platform.`.
    Platform(&'static str, Value),
}

impl Event {
    pub(crate) fn stream(&self) -> Stream {
        match &self.what {
            What::Line(stream, _) => *stream,
            What::Platform(..) => Stream::Platform,
        }
    }

    /// How many bytes it takes, about.
    pub(crate) fn size(&self) -> usize {
        match &self.what {
            What::Line(_, text) => text.len() + 80,
            What::Platform(..) => 256,
        }
    }

    /// The event as subscribers of this API receive it; `None` where they are not told.
    pub(crate) fn write(&self, api: Api) -> Option<Bytes> {
        let (kind, record) = match &self.what {
            What::Line(stream, text) => (stream.name().to_owned(), line(text, api)),
            What::Platform(name, record) => {
                let record = match api {
                    Api::Telemetry { .. } => new(name, record),
                    Api::Logs { runtime_done } => old(name, record, runtime_done),
                }?;
                (format!("platform.{name}"), json_bytes(&record))
            }
        };
        let mut event = format!(
            r#"{{"time":"{}","type":"{kind}","record":"#,
            self.time.to_rfc3339_millis()
        )
        .into_bytes();
        event.extend_from_slice(&record);
        event.push(b'}');
        Some(event.into())
    }
}

/// A line is text, or what it holds as JSON.
fn line(text: &str, api: Api) -> Bytes {
    if api == (Api::Telemetry { json: true }) && text.starts_with('{') {
        // Raw: members stay as and where they are.
        if let Ok(object) = serde_json::from_str::<&RawValue>(text) {
            return Bytes::copy_from_slice(object.get().as_bytes());
        }
    }
    json_bytes(&text)
}

/// What only the Logs API has is left out.
fn new(name: &str, record: &Value) -> Option<Value> {
    match name {
        "end" | "fault" | "logsSubscription" => None,
        _ => Some(record.clone()),
    }
}

/// The events the Logs API has, with the members it has.
fn old(name: &str, record: &Value, runtime_done: bool) -> Option<Value> {
    Some(match name {
        "start" => json!({ "requestId": record["requestId"], "version": record["version"] }),
        "runtimeDone" if runtime_done => {
            let status = match record["status"].as_str() {
                Some("error") => "failure",
                status => status.unwrap_or("success"),
            };
            json!({ "requestId": record["requestId"], "status": status })
        }
        "report" => json!({ "requestId": record["requestId"], "metrics": record["metrics"] }),
        "logsDropped" => {
            let mut record = record.clone();
            record["reason"] = json!(
                "Consumer seems to have fallen behind as it has not acknowledged receipt of logs."
            );
            record
        }
        "end" | "fault" | "extension" | "logsSubscription" => record.clone(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const NEW: Api = Api::Telemetry { json: false };
    const JSON: Api = Api::Telemetry { json: true };
    const OLD: Api = Api::Logs {
        runtime_done: false,
    };
    const DONE: Api = Api::Logs { runtime_done: true };

    fn check(what: What, api: Api, text: &Expect) {
        let time = Timestamp::from_unix_millis(1_665_532_830_007);
        let written = Event { time, what }.write(api);
        text.assert_eq(&written.map_or_else(String::new, |written| {
            String::from_utf8(written.to_vec()).unwrap()
        }));
    }

    #[test]
    fn lines() {
        let said = |text: &str| What::Line(Stream::Function, text.to_owned());
        check(
            said("one \"two\"\n"),
            NEW,
            &expect![[
                r#"{"time":"2022-10-12T00:00:30.007Z","type":"function","record":"one \"two\"\n"}"#
            ]],
        );
        let object = "{\"b\":1, \"a\":1.0}\n";
        check(
            said(object),
            NEW,
            &expect![[
                r#"{"time":"2022-10-12T00:00:30.007Z","type":"function","record":"{\"b\":1, \"a\":1.0}\n"}"#
            ]],
        );
        check(
            said(object),
            JSON,
            &expect![[
                r#"{"time":"2022-10-12T00:00:30.007Z","type":"function","record":{"b":1, "a":1.0}}"#
            ]],
        );
        check(
            said("{broken\n"),
            JSON,
            &expect![[
                r#"{"time":"2022-10-12T00:00:30.007Z","type":"function","record":"{broken\n"}"#
            ]],
        );
        check(
            What::Line(Stream::Extension, "7\n".to_owned()),
            JSON,
            &expect![[r#"{"time":"2022-10-12T00:00:30.007Z","type":"extension","record":"7\n"}"#]],
        );
    }

    #[test]
    fn platform_events_of_both_apis() {
        let done = || {
            let record =
                json!({ "requestId": "r", "status": "error", "errorType": "Runtime.ExitError" });
            What::Platform("runtimeDone", record)
        };
        check(
            done(),
            NEW,
            &expect![[
                r#"{"time":"2022-10-12T00:00:30.007Z","type":"platform.runtimeDone","record":{"errorType":"Runtime.ExitError","requestId":"r","status":"error"}}"#
            ]],
        );
        check(
            done(),
            DONE,
            &expect![[
                r#"{"time":"2022-10-12T00:00:30.007Z","type":"platform.runtimeDone","record":{"requestId":"r","status":"failure"}}"#
            ]],
        );
        check(done(), OLD, &expect![""]);
        let report =
            json!({ "requestId": "r", "status": "success", "metrics": { "durationMs": 1.5 } });
        check(
            What::Platform("report", report),
            OLD,
            &expect![[
                r#"{"time":"2022-10-12T00:00:30.007Z","type":"platform.report","record":{"metrics":{"durationMs":1.5},"requestId":"r"}}"#
            ]],
        );
        check(What::Platform("end", json!({})), NEW, &expect![""]);
        check(What::Platform("initStart", json!({})), OLD, &expect![""]);
    }
}
