//! What a subscription may say.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html> and
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html>.

#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;
use std::time::Duration;

use http::{Method, Uri};
use serde_json::Value;

use super::buffer::Buffering;
use super::destination::Target;
use super::event::{Api, Stream};
use super::subscriber::Subscription;

/// The names by which an environment reaches itself.
const HOSTS: [&str; 2] = ["sandbox.localdomain", "sandbox"];

/// Names for this machine, which extensions use where they are told that they run locally.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "0.0.0.0"];

/// Reads a request; what does not fit is listed as AWS lists it.
pub(crate) fn read(telemetry: bool, body: &[u8]) -> Result<Subscription, String> {
    let asked: Value = serde_json::from_slice(body)
        .map_err(|error| format!("the request is not valid JSON: {error}"))?;
    let mut wrong = Wrong::default();
    let api = wrong.note(api(telemetry, &asked["schemaVersion"]));
    let streams = wrong.note(streams(&asked["types"]));
    let buffering = buffering(&asked["buffering"], &mut wrong);
    let target = wrong.note(target(telemetry, &asked["destination"]));
    match (api, streams, target) {
        (Some(api), Some(streams), Some(target)) if wrong.0.is_empty() => Ok(Subscription {
            api,
            streams,
            buffering,
            target,
        }),
        _ => Err(wrong.0.join("; ")),
    }
}

/// What is wrong with a request.
#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn note<T>(&mut self, read: Result<T, String>) -> Option<T> {
        read.map_err(|wrong| self.0.push(wrong)).ok()
    }
}

fn api(telemetry: bool, version: &Value) -> Result<Api, String> {
    let version = match version {
        Value::Null if telemetry => return Err("schemaVersion is not provided".to_owned()),
        Value::Null => "2020-08-15",
        version => version.as_str().unwrap_or_default(),
    };
    match (telemetry, version) {
        (true, "2022-07-01") => Ok(Api::Telemetry { json: false }),
        (true, "2022-12-13" | "2025-01-29") => Ok(Api::Telemetry { json: true }),
        (false, "2020-08-15") => Ok(Api::Logs {
            runtime_done: false,
        }),
        (false, "2021-03-18") => Ok(Api::Logs { runtime_done: true }),
        (true, _) => Err("schemaVersion should be 2022-07-01, 2022-12-13 or 2025-01-29".to_owned()),
        (false, _) => Err("schemaVersion should be 2020-08-15 or 2021-03-18".to_owned()),
    }
}

fn streams(types: &Value) -> Result<Vec<Stream>, String> {
    let names = types.as_array().filter(|names| !names.is_empty());
    let names = names.ok_or("types should not be empty")?;
    let stream = |name: &Value| {
        let stream = name.as_str().and_then(Stream::named);
        stream.ok_or_else(|| format!("types should be platform, function or extension, not {name}"))
    };
    names.iter().map(stream).collect()
}

fn buffering(asked: &Value, wrong: &mut Wrong) -> Buffering {
    let mut member = |name: &str, default: usize, allowed: RangeInclusive<usize>| {
        let value = match &asked[name] {
            Value::Null => Some(default),
            value => value
                .as_u64()
                .and_then(|value| usize::try_from(value).ok())
                .filter(|value| allowed.contains(value)),
        };
        let (least, most) = (allowed.start(), allowed.end());
        let value = value.ok_or_else(|| format!("{name} should be between {least} and {most}"));
        wrong.note(value).unwrap_or(default)
    };
    let default = Buffering::default();
    Buffering {
        max_items: member("maxItems", default.max_items, 1_000..=10_000),
        max_bytes: member("maxBytes", default.max_bytes, 262_144..=1_048_576),
        timeout: Duration::from_millis(member("timeoutMs", 1_000, 25..=30_000) as u64),
    }
}

fn target(telemetry: bool, destination: &Value) -> Result<Target, String> {
    if destination.is_null() {
        return Err("destination is not provided".to_owned());
    }
    match destination["protocol"].as_str() {
        Some("HTTP") => http(telemetry, destination),
        Some("TCP") => tcp(destination),
        _ => Err("protocol should be HTTP or TCP".to_owned()),
    }
}

fn http(telemetry: bool, destination: &Value) -> Result<Target, String> {
    let uri = uri(destination)?;
    if uri.scheme_str() != Some("http") {
        return Err("URI should begin with http://".to_owned());
    }
    let method = match destination["method"].as_str() {
        Some("PUT") if !telemetry => Method::PUT,
        None | Some("POST") => Method::POST,
        Some(_) if telemetry => Method::POST,
        Some(_) => return Err("method should be PUT or POST".to_owned()),
    };
    let port = port(&uri)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Ok(Target::Http {
        method,
        host: uri.authority().map(ToString::to_string).unwrap_or_default(),
        port,
        path: path.to_owned(),
    })
}

/// A port, as AWS's own emulator of managed instances has it, or a URI, as the reference has it.
fn tcp(destination: &Value) -> Result<Target, String> {
    let port = match &destination["port"] {
        Value::Null => port(&uri(destination)?)?,
        port => port
            .as_u64()
            .and_then(|port| u16::try_from(port).ok())
            .filter(|port| *port != 0)
            .ok_or("port should be between 1 and 65535")?,
    };
    Ok(Target::Tcp { port })
}

fn uri(destination: &Value) -> Result<Uri, String> {
    let uri = destination["URI"].as_str().filter(|uri| !uri.is_empty());
    let uri = uri.ok_or("URI is not provided")?;
    // Some leave the host out where they run locally.
    let uri = uri.replacen("://:", "://localhost:", 1);
    uri.parse()
        .map_err(|error| format!("URI {uri} is not valid: {error}"))
}

fn port(uri: &Uri) -> Result<u16, String> {
    let host = uri.host().unwrap_or_default();
    let is_one_of = |names: &[&str]| names.iter().any(|name| host.eq_ignore_ascii_case(name));
    if is_one_of(&LOCAL) {
        tracing::warn!(host, "on AWS telemetry goes to sandbox.localdomain only");
    } else if !is_one_of(&HOSTS) {
        return Err(format!("URI host should be {}, not {host}", HOSTS[0]));
    }
    uri.port_u16()
        .ok_or_else(|| "URI port is not provided".to_owned())
}
