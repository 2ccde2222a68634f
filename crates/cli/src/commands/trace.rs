//! `lambda-with trace`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use lambda_with::Timestamp;
use lambda_with_local::read_traces;
use lambda_with_x_ray::{Document, Node, Trace, TraceHeader, TraceId};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::args;
use crate::failure::Failure;
use crate::output::{Output, Tone, table};

/// A trace, as JSON prints it.
#[derive(Serialize)]
struct Printed<'a> {
    ids: Vec<&'a str>,
    start: String,
    duration_ms: f64,
    tree: Vec<Value>,
}

pub(super) fn run(args: &args::Trace, file: &Path, output: Output) -> anyhow::Result<ExitCode> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).join(".lambda-with");
    let documents = read_traces(&folder)?;
    let id = find(&documents, &args.id, &folder)?;
    let trace = Trace::of(&documents, &id).ok_or_else(|| missing(&id, &folder))?;
    let (start, end) = span(&trace.roots);
    if output.is_json() {
        output.json(&Printed {
            ids: trace.ids.iter().map(lambda_with::Text::as_str).collect(),
            start: start.to_string(),
            duration_ms: millis(between(start, end)),
            tree: trace.roots.iter().map(|node| tree(node, start)).collect(),
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Vec::new();
    for root in &trace.roots {
        draw(root, start, 0, output, &mut rows);
    }
    let took = shown(between(start, end));
    let ids: Vec<&str> = trace.ids.iter().map(lambda_with::Text::as_str).collect();
    let title = output.paint(Tone::Bold, &line(ids[0]));
    output.text(&format!("{title}  {}  {took}\n", start.to_rfc3339_millis()))?;
    for linked in &ids[1..] {
        output.text(&format!("{}  linked\n", line(linked)))?;
    }
    output.text(&table(&rows))?;
    Ok(ExitCode::SUCCESS)
}

/// The trace that is meant: the last, or one by its id, in any form or only the beginning of it.
fn find(documents: &[Document], given: &str, folder: &Path) -> Result<String, Failure> {
    if given == "last" {
        let last = Trace::last(documents).map(ToString::to_string);
        return last.ok_or_else(|| {
            Failure::new(format!("there are no traces in `{}`", folder.display()))
                .fix("run the functions with `lambda-with dev`, and invoke one")
        });
    }
    let header = TraceHeader::from(given).root();
    if let Some(id) = header.or_else(|| TraceId::from_w3c(given).ok()) {
        return Ok(id.to_string());
    }
    let ids: BTreeSet<&str> = documents
        .iter()
        .map(|one| one.trace_id().as_str())
        .collect();
    let mut found = ids.iter().filter(|id| id.starts_with(given));
    match (found.next(), found.count()) {
        _ if ids.contains(given) => Ok(given.to_owned()),
        (None, _) => Err(missing(given, folder)),
        (Some(id), 0) => Ok((*id).to_owned()),
        (Some(first), more) => {
            let what = format!("{} traces begin with `{given}`", more + 1);
            Err(Failure::new(what).fix(format!("write more of the id, as of `{first}`")))
        }
    }
}

fn missing(id: &str, folder: &Path) -> Failure {
    let what = format!("there is no trace `{id}` in `{}`", folder.display());
    Failure::new(what)
        .fix("`lambda-with trace last` shows the latest; old ones make room for new ones")
}

/// When the first of them began, and the last thing in them ended.
fn span(nodes: &[Node]) -> (Timestamp, Timestamp) {
    let start = nodes
        .iter()
        .map(|node| node.start)
        .min()
        .unwrap_or_default();
    let end = nodes.iter().map(end).max().unwrap_or(start);
    (start, end)
}

fn end(node: &Node) -> Timestamp {
    let own = node.end().unwrap_or(node.start);
    node.children.iter().map(end).fold(own, Timestamp::max)
}

fn draw(node: &Node, start: Timestamp, depth: usize, output: Output, rows: &mut Vec<Vec<String>>) {
    let took = node
        .duration
        .map_or_else(|| "in progress".to_owned(), shown);
    let mark = if node.linked { "~ " } else { "" };
    let name = format!("{}{mark}{}", "  ".repeat(depth), line(&node.name));
    let mut notes: Vec<String> = Vec::new();
    notes.extend(node.origin.iter().map(|origin| line(origin)));
    notes.extend(node.status.map(|status| status.to_string()));
    for (is, word, tone) in [
        (node.error, "error", Tone::Warning),
        (node.throttle, "throttle", Tone::Warning),
        (node.fault, "fault", Tone::Bad),
    ] {
        if is {
            notes.push(output.paint(tone, word));
        }
    }
    notes.extend(
        node.message
            .iter()
            .map(|message| format!("({})", line(message))),
    );
    notes.extend(
        node.annotations
            .iter()
            .map(|(key, value)| line(&format!("{key}={value}"))),
    );
    rows.push(vec![
        format!("{:>10}", format!("+{}", shown(between(start, node.start)))),
        format!("{took:>11}"),
        name,
        notes.join(" "),
    ]);
    for child in &node.children {
        draw(child, start, depth + 1, output, rows);
    }
}

/// Text of whoever sent the document, on one line: nothing in it moves the terminal's cursor.
fn line(text: &str) -> String {
    const MOST: usize = 200;
    let shown = text.chars().take(MOST);
    let mut line: String = shown
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(MOST).is_some() {
        line.push('…');
    }
    line
}

fn tree(node: &Node, start: Timestamp) -> Value {
    let mut value = json!({
        "name": node.name,
        "id": node.id,
        "trace_id": node.trace_id,
        "origin": node.origin,
        "segment": node.is_segment,
        "linked": node.linked,
        "start": node.start.to_string(),
        "offset_ms": millis(between(start, node.start)),
        "duration_ms": node.duration.map(millis),
        "error": node.error,
        "throttle": node.throttle,
        "fault": node.fault,
        "annotations": node.annotations,
        "children": node.children.iter().map(|child| tree(child, start)).collect::<Vec<_>>(),
    });
    let optional: Map<String, Value> = [
        (
            "message",
            node.message.as_ref().map(|message| json!(message)),
        ),
        ("status", node.status.map(Value::from)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect();
    if let Some(members) = value.as_object_mut() {
        members.extend(optional);
    }
    value
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    let nanos =
        |time: Timestamp| i128::from(time.seconds()) * 1_000_000_000 + i128::from(time.nanos());
    let nanos = (nanos(to) - nanos(from)).max(0);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn shown(duration: Duration) -> String {
    match duration.as_secs_f64() {
        seconds if seconds < 10.0 => format!("{:.1} ms", seconds * 1e3),
        seconds => format!("{seconds:.1} s"),
    }
}
