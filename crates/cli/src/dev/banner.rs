//! What `lambda-with dev` says once everything is up.

use serde::Serialize;

use super::records::{FILE, On, Records};
use crate::output::{Output, Tone};
use crate::shell;

/// What is up.
#[derive(Debug, Default, Serialize)]
pub(super) struct Up {
    /// The Invoke API.
    pub(super) invoke: String,
    /// The queue of asynchronous events, where it is shared with other engines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) queue: Option<String>,
    pub(super) functions: Vec<String>,
    /// Functions that are on AWS only.
    pub(super) elsewhere: Vec<String>,
    pub(super) apis: Vec<Api>,
    pub(super) sources: Vec<Source>,
    pub(super) records: Vec<Records>,
    /// Connections nothing serves here; their events come through the Invoke API.
    pub(super) other: Vec<Other>,
}

/// One HTTP API or load balancer.
#[derive(Debug, Serialize)]
pub(super) struct Api {
    /// What it is, for people.
    #[serde(skip)]
    pub(super) kind: &'static str,
    pub(super) url: String,
    pub(super) routes: Vec<String>,
}

/// One queue, stream, topic or broker.
#[derive(Debug, Serialize)]
pub(super) struct Source {
    pub(super) function: String,
    pub(super) service: &'static str,
    pub(super) source: String,
    /// Where it is polled; nothing where it is not.
    pub(super) polled_at: Option<String>,
    /// What was to be named for it to be polled.
    #[serde(skip)]
    pub(super) wanted: &'static str,
}

/// A connection that has no door of its own.
#[derive(Debug, Serialize)]
pub(super) struct Other {
    pub(super) function: String,
    pub(super) service: &'static str,
    pub(super) connection: String,
    /// Whether the service sends events at all.
    pub(super) sends: bool,
}

pub(super) fn print(up: &Up, output: Output) -> anyhow::Result<()> {
    if output.is_json() {
        output.text(&format!("{}\n", serde_json::to_string(up)?))
    } else {
        output.text(&text(up, output))
    }
}

fn text(up: &Up, output: Output) -> String {
    let bold = |text: &str| output.paint(Tone::Bold, text);
    let mut text = format!("{}  {}\n", bold("Invoke API"), up.invoke);
    for function in &up.functions {
        let call = shell::line([
            "aws",
            "lambda",
            "invoke",
            "--endpoint-url",
            &up.invoke,
            "--function-name",
            function,
            "--cli-binary-format",
            "raw-in-base64-out",
            "--payload",
            "{}",
            "/dev/stdout",
        ]);
        text.push_str(&format!("  {function}\n    {call}\n"));
    }
    if let Some(queue) = &up.queue {
        text.push_str(&format!("{}  {queue}\n", bold("shared queue")));
    }
    for function in &up.elsewhere {
        text.push_str(&format!("  {function}: on AWS only, not run here\n"));
    }
    for api in &up.apis {
        text.push_str(&format!("{}  {}\n", bold(api.kind), api.url));
        if let Some(place) = api.url.strip_prefix("ws://") {
            text.push_str(&format!("  {}\n", api.routes.join("  ")));
            text.push_str(&format!("  @connections at http://{place}\n"));
            continue;
        }
        for route in &api.routes {
            text.push_str(&format!("  {route}\n    {}\n", curl(route, &api.url)));
        }
    }
    for source in &up.sources {
        let title = bold(source.service);
        text.push_str(&format!(
            "{title}  {} → {}\n",
            source.source, source.function
        ));
        text.push_str(&match &source.polled_at {
            Some(url) => format!("  polled at {url}\n"),
            None => format!(
                "  not polled: say where it is with {}\n    {}\n",
                source.wanted,
                by_hand(&source.function, source.service, up)
            ),
        });
    }
    for records in &up.records {
        let on = match records.on {
            On::Success => "success",
            On::Failure => "failure",
        };
        let of = records
            .of
            .map_or_else(String::new, |of| format!(" of {of}"));
        text.push_str(&format!(
            "{}  {} on {on}{of} → {}\n",
            bold("records"),
            records.function,
            records.destination
        ));
        text.push_str(&match &records.sent_to {
            Some(place) => format!("  sent to {place}\n"),
            None => format!(
                "  kept in {FILE}: say where to send them with {}\n",
                records.wanted
            ),
        });
    }
    for other in &up.other {
        let title = bold(other.service);
        text.push_str(&format!(
            "{title}  {} → {}\n",
            other.connection, other.function
        ));
        text.push_str(&match other.sends {
            true => format!("    {}\n", by_hand(&other.function, other.service, up)),
            false => "  sends nothing by itself\n".to_owned(),
        });
    }
    text.push_str("Ctrl-C ends it.\n");
    text
}

/// A call that sends a sample.
fn by_hand(function: &str, service: &str, up: &Up) -> String {
    let words = [
        "lambda-with",
        "invoke",
        function,
        "--event",
        service,
        "--endpoint-url",
    ];
    shell::line(words.into_iter().chain([up.invoke.as_str()]))
}

/// A call that takes the route.
fn curl(route: &str, url: &str) -> String {
    let (method, path) = route.split_once(' ').unwrap_or(("GET", "/"));
    let (host, path) = path.split_at(path.find('/').unwrap_or(0));
    let url = format!("{url}{}", path.replace('*', "1"));
    let header = format!("host: {}", host.replace('*', "1"));
    if !host.is_empty() {
        return shell::line(["curl", &url, "-H", &header]);
    }
    match method {
        "GET" | "ANY" => shell::line(["curl", &url]),
        "POST" | "PUT" | "PATCH" => {
            let json = "content-type: application/json";
            shell::line(["curl", "-X", method, &url, "-H", json, "-d", "{}"])
        }
        _ => shell::line(["curl", "-X", method, &url]),
    }
}
