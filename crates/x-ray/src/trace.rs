//! A trace put together from the documents of all who took part in it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lambda_with::{EpochSeconds, Map, Scalar, Text, Timestamp};

use crate::{Cause, Document, Link, Namespace, Segment, Subsegment};

/// How deep a tree nests; what lies deeper stands side by side.
const MAX_DEPTH: usize = 200;

/// One trace, and the traces it goes on from or goes on in.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Trace {
    /// Its own id first, then those it is linked to.
    pub ids: Vec<Text>,
    /// Segments nobody asked for, as far as is known.
    pub roots: Vec<Node>,
}

/// A segment or subsegment with what it consists of and what it asked for.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Node {
    /// Its name.
    pub name: Text,
    /// Its id.
    pub id: Text,
    /// The trace it was sent for.
    pub trace_id: Text,
    /// Of a segment what ran the application, of a subsegment what it calls.
    pub origin: Option<Text>,
    /// Whether it is a segment.
    pub is_segment: bool,
    /// Whether it hangs here because it is linked, as the trace of a batch is to those of its messages.
    pub linked: bool,
    /// When it began.
    pub start: Timestamp,
    /// How long it took; `None` while it is in progress.
    pub duration: Option<Duration>,
    /// Whether there was a client error.
    pub error: bool,
    /// Whether there was throttling.
    pub throttle: bool,
    /// Whether there was a server error.
    pub fault: bool,
    /// What the first exception says.
    pub message: Option<Text>,
    /// The status of its HTTP response.
    pub status: Option<i64>,
    /// Its annotations.
    pub annotations: Map<Scalar>,
    /// What it consists of and asked for, in the order it began.
    pub children: Vec<Node>,
}

impl Trace {
    /// The trace of this id, with all it is linked to; `None` when no document belongs to it.
    ///
    /// A finished document takes the place of the one that said it was in progress. What names a
    /// parent that was never sent stands as a root. A tree nests 200 levels deep; what lies below
    /// stands side by side.
    #[must_use]
    pub fn of(documents: &[Document], id: &str) -> Option<Self> {
        let ids = connected(documents, id)?;
        let members: BTreeSet<&str> = ids.iter().map(Text::as_str).collect();
        let mut parts = Parts::default();
        for document in documents {
            if members.contains(document.trace_id().as_str()) {
                parts.document(document);
            }
        }
        Some(Self {
            roots: parts.roots(),
            ids,
        })
    }

    /// The trace whose segment began last.
    #[must_use]
    pub fn last(documents: &[Document]) -> Option<&Text> {
        let began = documents.iter().filter_map(|document| match document {
            Document::Segment(segment) => Some((time(&segment.start_time), &segment.trace_id)),
            Document::Subsegment(_) => None,
        });
        began.max_by_key(|(start, _)| *start).map(|(_, id)| id)
    }
}

/// The trace and all it is linked to, from either side.
fn connected(documents: &[Document], id: &str) -> Option<Vec<Text>> {
    let mut neighbours: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for document in documents {
        let own = document.trace_id().as_str();
        neighbours.entry(own).or_default();
        let Document::Segment(segment) = document else {
            continue;
        };
        for link in segment.links.iter().flatten() {
            neighbours.entry(own).or_default().insert(&link.trace_id);
            neighbours.entry(&link.trace_id).or_default().insert(own);
        }
    }
    let (first, _) = neighbours.get_key_value(id)?;
    let mut ids = vec![*first];
    let mut seen = BTreeSet::from([*first]);
    let mut place = 0;
    while let Some(id) = ids.get(place) {
        let more = neighbours.get(id).into_iter().flatten().copied();
        ids.extend(more.filter(|id| seen.insert(id)));
        place += 1;
    }
    Some(ids.into_iter().map(Text::from).collect())
}

/// What names a part: ids are unique within a trace only.
type Key = (Text, Text);

#[derive(Default)]
struct Parts {
    nodes: BTreeMap<Key, Node>,
    parents: BTreeMap<Key, Key>,
    links: BTreeMap<Key, Vec<Link>>,
}

impl Parts {
    fn document(&mut self, document: &Document) {
        match document {
            Document::Segment(segment) => self.segment(segment),
            Document::Subsegment(sent) => {
                let mut node = Node {
                    origin: sent
                        .namespace
                        .as_ref()
                        .map(Namespace::as_str)
                        .map(Text::from),
                    status: status(sent.http.as_ref()),
                    ..node(
                        &sent.name,
                        &sent.id,
                        &sent.start_time,
                        sent.end_time.as_ref(),
                    )
                };
                node.failed([sent.error, sent.throttle, sent.fault], sent.cause.as_ref());
                node.annotations = sent.annotations.clone().unwrap_or_default();
                let trace = &sent.trace_id;
                self.add(node, trace, Some(&sent.parent_id));
                self.children(trace, &sent.id, sent.subsegments.as_deref());
            }
        }
    }

    fn segment(&mut self, segment: &Segment) {
        let mut node = Node {
            origin: segment.origin.clone(),
            is_segment: true,
            status: status(segment.http.as_ref()),
            ..node(
                &segment.name,
                &segment.id,
                &segment.start_time,
                segment.end_time.as_ref(),
            )
        };
        node.failed(
            [segment.error, segment.throttle, segment.fault],
            segment.cause.as_ref(),
        );
        node.annotations = segment.annotations.clone().unwrap_or_default();
        let trace = &segment.trace_id;
        self.add(node, trace, segment.parent_id.as_ref());
        if let Some(links) = &segment.links {
            let key = (trace.clone(), segment.id.clone());
            self.links.insert(key, links.clone());
        }
        self.children(trace, &segment.id, segment.subsegments.as_deref());
    }

    fn children(&mut self, trace: &Text, parent: &Text, children: Option<&[Subsegment]>) {
        for child in children.unwrap_or_default() {
            let mut node = Node {
                origin: child
                    .namespace
                    .as_ref()
                    .map(Namespace::as_str)
                    .map(Text::from),
                status: status(child.http.as_ref()),
                ..node(
                    &child.name,
                    &child.id,
                    &child.start_time,
                    child.end_time.as_ref(),
                )
            };
            node.failed(
                [child.error, child.throttle, child.fault],
                child.cause.as_ref(),
            );
            node.annotations = child.annotations.clone().unwrap_or_default();
            self.add(node, trace, Some(parent));
            self.children(trace, &child.id, child.subsegments.as_deref());
        }
    }

    fn add(&mut self, mut node: Node, trace: &Text, parent: Option<&Text>) {
        node.trace_id = trace.clone();
        let key = (trace.clone(), node.id.clone());
        if let Some(parent) = parent {
            self.parents
                .insert(key.clone(), (trace.clone(), parent.clone()));
        }
        let finished = node.duration.is_some();
        match self.nodes.get(&key) {
            Some(known) if known.duration.is_some() && !finished => {}
            _ => drop(self.nodes.insert(key, node)),
        }
    }

    fn roots(mut self) -> Vec<Node> {
        let mut below: BTreeMap<Key, Vec<Key>> = BTreeMap::new();
        let mut roots = Vec::new();
        let keys: Vec<Key> = self.nodes.keys().cloned().collect();
        for key in keys {
            let parent = self
                .parents
                .get(&key)
                .filter(|parent| self.nodes.contains_key(*parent));
            let linked = || {
                let links = self.links.get(&key)?.iter();
                links
                    .filter_map(|link| Some((link.trace_id.clone(), link.id.clone()?)))
                    .find(|other| self.nodes.contains_key(other))
            };
            match parent.cloned() {
                Some(parent) => below.entry(parent).or_default().push(key),
                None => match linked() {
                    Some(parent) => {
                        if let Some(node) = self.nodes.get_mut(&key) {
                            node.linked = true;
                        }
                        below.entry(parent).or_default().push(key);
                    }
                    None => roots.push(key),
                },
            }
        }
        let mut roots = self.take(roots, &mut below, 0);
        // What names itself as its parent, over however many others, has not been reached.
        while let Some(key) = self.nodes.keys().next().cloned() {
            roots.extend(self.take(vec![key], &mut below, 0));
        }
        roots
    }

    fn take(
        &mut self,
        mut keys: Vec<Key>,
        below: &mut BTreeMap<Key, Vec<Key>>,
        depth: usize,
    ) -> Vec<Node> {
        let mut nodes = Vec::new();
        while let Some(key) = keys.pop() {
            let Some(mut node) = self.nodes.remove(&key) else {
                continue;
            };
            let children = below.remove(&key).unwrap_or_default();
            if depth < MAX_DEPTH {
                node.children = self.take(children, below, depth + 1);
            } else {
                keys.extend(children);
            }
            nodes.push(node);
        }
        nodes.sort_by(|one, other| (one.start, &one.id).cmp(&(other.start, &other.id)));
        nodes
    }
}

impl Node {
    /// When it ended; `None` while it is in progress.
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        let took = self.duration?;
        let nanos = u64::from(self.start.nanos()) + u64::from(took.subsec_nanos());
        let seconds = u64::try_from(self.start.seconds()).ok()? + took.as_secs();
        let since = Duration::from_secs(seconds) + Duration::from_nanos(nanos);
        Some((std::time::UNIX_EPOCH + since).into())
    }

    fn failed(&mut self, [error, throttle, fault]: [Option<bool>; 3], cause: Option<&Cause>) {
        self.error = error == Some(true);
        self.throttle = throttle == Some(true);
        self.fault = fault == Some(true);
        if let Some(Cause::Details(details)) = cause {
            self.message = details
                .exceptions
                .iter()
                .flatten()
                .find_map(|exception| exception.message.clone());
        }
    }
}

fn node(name: &Text, id: &Text, start: &EpochSeconds, end: Option<&EpochSeconds>) -> Node {
    let start = time(start);
    Node {
        name: name.clone(),
        id: id.clone(),
        start,
        duration: end.map(|end| between(start, time(end))),
        ..Node::default()
    }
}

fn status(http: Option<&crate::Http>) -> Option<i64> {
    http?.response.as_ref()?.status
}

fn time(seconds: &EpochSeconds) -> Timestamp {
    seconds.timestamp().unwrap_or_default()
}

/// How long it is from one to the other; nothing where it is not after.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> Duration {
    let nanos =
        |time: Timestamp| i128::from(time.seconds()) * 1_000_000_000 + i128::from(time.nanos());
    let nanos = (nanos(to) - nanos(from)).clamp(0, i128::from(u64::MAX));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::{Value, json};

    use super::*;

    fn documents(documents: &[Value]) -> Vec<Document> {
        documents
            .iter()
            .map(|json| Document::read(&json.to_string()).unwrap())
            .collect()
    }

    fn draw(nodes: &[Node], depth: usize, text: &mut String) {
        for node in nodes {
            let origin = node.origin.as_deref().unwrap_or("-");
            let took = node.duration.map(|took| took.as_millis());
            let marks = format!(
                "{}{}",
                if node.linked { " linked" } else { "" },
                if node.fault { " fault" } else { "" }
            );
            text.push_str(&format!(
                "{}{} {origin} {took:?}{marks}\n",
                "  ".repeat(depth),
                node.name
            ));
            draw(&node.children, depth + 1, text);
        }
    }

    fn check(json: &[Value], id: &str, expected: &Expect) {
        let trace = Trace::of(&documents(json), id).unwrap();
        let mut text = format!("{}\n", trace.ids.join(" "));
        draw(&trace.roots, 0, &mut text);
        expected.assert_eq(&text);
    }

    fn segment(trace: &str, id: &str, parent: Option<&str>, start: f64) -> Value {
        let mut json = json!({ "name": id, "id": id, "trace_id": trace, "start_time": start, "end_time": start + 0.5, "origin": "AWS::Lambda" });
        if let Some(parent) = parent {
            json["parent_id"] = json!(parent);
        }
        json
    }

    #[test]
    fn parts_find_their_place_in_any_order() {
        let mut a = segment("t", "a", None, 1.0);
        a["subsegments"] = json!([{ "name": "work", "id": "w", "start_time": 1.25, "end_time": 1.5, "namespace": "aws" }]);
        let call = json!({ "name": "call", "id": "c", "type": "subsegment", "trace_id": "t", "parent_id": "w", "start_time": 1.3, "end_time": 1.4, "fault": true });
        let begun = json!({ "name": "a", "id": "a", "trace_id": "t", "start_time": 1.0, "in_progress": true });
        let parts = [
            call,
            segment("t", "b", Some("c"), 1.31),
            segment("t", "early", Some("a"), 1.1),
            a,
            begun,
            segment("u", "other", None, 0.0),
        ];
        check(
            &parts,
            "t",
            &expect![[r#"
            t
            a AWS::Lambda Some(500)
              early AWS::Lambda Some(500)
              work aws Some(250)
                call - Some(100) fault
                  b AWS::Lambda Some(500)
        "#]],
        );
    }

    #[test]
    fn linked_traces_are_one_tree_from_either_end() {
        let mut batch = segment("u", "batch", None, 2.0);
        batch["links"] = json!([{ "trace_id": "t", "id": "a" }, { "trace_id": "v", "id": "c" }, { "trace_id": "never" }]);
        let parts = [
            segment("t", "a", None, 1.0),
            segment("v", "c", None, 1.5),
            batch,
            segment("w", "d", None, 0.0),
        ];
        check(
            &parts,
            "t",
            &expect![[r#"
            t u never v
            a AWS::Lambda Some(500)
              batch AWS::Lambda Some(500) linked
            c AWS::Lambda Some(500)
        "#]],
        );
        check(
            &parts,
            "u",
            &expect![[r#"
            u never t v
            a AWS::Lambda Some(500)
              batch AWS::Lambda Some(500) linked
            c AWS::Lambda Some(500)
        "#]],
        );
        let documents = documents(&parts);
        assert_eq!(Trace::last(&documents).unwrap(), "u");
        assert_eq!(Trace::of(&documents, "x"), None);
    }

    #[test]
    fn a_trace_may_be_deep_and_wide() {
        let chain = 20_000;
        let id = |number: usize| format!("{number:016x}");
        let mut parts: Vec<Value> = (1..chain)
            .map(|number| segment("t", &id(number), Some(&id(number - 1)), number as f64))
            .collect();
        parts.push(segment("t", &id(0), None, 0.0));
        let links: Vec<Value> = (0..20_000)
            .map(|number| json!({ "trace_id": format!("l{number}") }))
            .collect();
        parts[0]["links"] = json!(links);
        let documents: Vec<Document> = parts
            .iter()
            .map(|json| Document::Segment(serde_json::from_value(json.clone()).unwrap()))
            .collect();
        let trace = Trace::of(&documents, "t").unwrap();
        assert_eq!(trace.ids.len(), 20_001);
        let mut nodes = &trace.roots;
        let mut depth = 0;
        while nodes.len() == 1 {
            (nodes, depth) = (&nodes[0].children, depth + 1);
        }
        assert_eq!((depth, nodes.len()), (MAX_DEPTH, chain - MAX_DEPTH));
    }

    #[test]
    fn circles_end() {
        check(
            &[
                segment("t", "a", Some("b"), 1.0),
                segment("t", "b", Some("a"), 2.0),
                segment("t", "c", Some("c"), 3.0),
            ],
            "t",
            &expect![[r#"
            t
            a AWS::Lambda Some(500)
              b AWS::Lambda Some(500)
            c AWS::Lambda Some(500)
        "#]],
        );
    }
}
