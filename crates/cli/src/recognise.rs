//! Which event or answer a document is.

use std::cmp::Reverse;

use bytes::Bytes;
use lambda_with::Shape;

use crate::compare::Differences;
use crate::json::{Node, join};
use crate::samples::Named;
use crate::services::{Entry, SERVICES};

/// A document read as one root type, and what the type made of it.
#[derive(Debug)]
pub(crate) struct Recognised {
    pub(crate) entry: &'static Entry,
    pub(crate) shape: &'static Shape,
    pub(crate) written: Node,
    pub(crate) differences: Differences,
}

/// The type that came nearest, and what stopped it.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) rust: String,
    pub(crate) why: String,
}

/// Finds the root type that keeps most of the document.
pub(crate) fn recognise(text: &str, document: &Node) -> Result<Recognised, Refused> {
    let mut taken: Vec<Recognised> = Vec::new();
    let mut refused: Vec<(usize, Refused)> = Vec::new();
    for (entry, shape) in shapes() {
        let (matched, why) = match shape.mismatch_in(text.as_bytes()) {
            Some(mismatch) => (mismatch.matched, mismatch.to_string()),
            None => match read(entry, shape, text, document) {
                Ok(recognised) => {
                    if keeps_anything(document, &recognised) {
                        taken.push(recognised);
                    }
                    continue;
                }
                // It has all the marks, so it is nearer than any that lacks one.
                Err(why) => (usize::MAX, why),
            },
        };
        refused.push((
            matched,
            Refused {
                rust: rust(entry, shape),
                why,
            },
        ));
    }
    // Answers of several kinds of API look alike; the sample nearest to the document decides. The
    // first of equals wins: events stand before answers.
    let order = |taken: &Recognised| {
        let alike = nearest(taken, document).map_or(0.0, |(alike, _)| alike);
        let alike = (alike * 1e6).round() as u64;
        let marks = taken.shape.members.len();
        (
            taken.differences.len(),
            Reverse(marks),
            taken.shape.response,
            Reverse(alike),
        )
    };
    let refuse = || {
        let nearest = refused
            .into_iter()
            .rev()
            .max_by_key(|(matched, _)| *matched);
        nearest
            .map(|(_, refused)| refused)
            .unwrap_or_else(|| Refused {
                rust: "none".to_owned(),
                why: "no member of the document is known".to_owned(),
            })
    };
    taken.into_iter().min_by_key(order).ok_or_else(refuse)
}

/// Reads a document as the type of a sample.
pub(crate) fn read_as(named: Named, text: &str, document: &Node) -> Result<Recognised, Refused> {
    let refuse = |why| Refused {
        rust: named.rust(),
        why,
    };
    let shape = named
        .entry
        .service
        .shapes
        .iter()
        .find(|shape| shape.name == named.sample.of);
    let shape = shape.ok_or_else(|| refuse("the type has no shape".to_owned()))?;
    read(named.entry, shape, text, document).map_err(refuse)
}

/// The sample of the type that is most like the document.
pub(crate) fn nearest_sample(recognised: &Recognised, document: &Node) -> Option<Named> {
    nearest(recognised, document).map(|(_, named)| named)
}

fn nearest(recognised: &Recognised, document: &Node) -> Option<(f64, Named)> {
    let entry = recognised.entry;
    let samples = entry.service.samples.iter();
    let mine = Facts::of(document);
    samples
        .filter(|sample| sample.of == recognised.shape.name)
        .filter_map(|sample| {
            let theirs = Facts::of(&Node::parse(sample.json).ok()?);
            Some((mine.similarity(&theirs), Named { entry, sample }))
        })
        .rev()
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
}

/// The type's path in Rust.
pub(crate) fn rust(entry: &Entry, shape: &Shape) -> String {
    format!("{}::{}", entry.module, shape.name)
}

fn shapes() -> impl Iterator<Item = (&'static Entry, &'static Shape)> {
    SERVICES
        .iter()
        .flat_map(|entry| entry.service.shapes.iter().map(move |shape| (entry, shape)))
}

fn read(
    entry: &'static Entry,
    shape: &'static Shape,
    text: &str,
    document: &Node,
) -> Result<Recognised, String> {
    let rewrite = shape
        .rewrite
        .ok_or("built without the core's feature `rewrite`")?;
    let written = rewrite(Bytes::copy_from_slice(text.as_bytes()));
    let written = written.map_err(|error| error.to_string())?;
    let written = Node::parse(&written).map_err(|error| error.to_string())?;
    let differences = Differences::between(document, &written);
    Ok(Recognised {
        entry,
        shape,
        written,
        differences,
    })
}

/// A type without required members reads every object; it must at least know one member of it.
fn keeps_anything(document: &Node, recognised: &Recognised) -> bool {
    match (document, &recognised.written) {
        (Node::Object(before), Node::Object(after)) => {
            before.is_empty() && !recognised.shape.members.is_empty()
                || before
                    .iter()
                    .any(|(name, _)| after.iter().any(|(other, _)| other == name))
        }
        _ => true,
    }
}

/// Members whose values tell the variants of one type apart.
const TELLING: [&str; 9] = [
    "eventName",
    "eventType",
    "detail-type",
    "triggerSource",
    "RequestType",
    "routeKey",
    "type",
    "httpMethod",
    "version",
];

/// What a document is made of.
#[derive(Default)]
struct Facts {
    /// Pointers to all members; of arrays the first element counts.
    pointers: Vec<String>,
    /// Pointers with a value that tells variants apart.
    telling: Vec<(String, String)>,
    /// Pointers with any value.
    values: Vec<(String, Node)>,
}

impl Facts {
    fn of(document: &Node) -> Self {
        let mut facts = Self::default();
        facts.walk("", document);
        facts
    }

    fn walk(&mut self, pointer: &str, node: &Node) {
        match node {
            Node::Object(members) => {
                for (name, value) in members {
                    let pointer = join(pointer, name);
                    if let (true, Some(text)) = (TELLING.contains(&name.as_str()), value.as_str()) {
                        let text = text.trim_start_matches("s3:").to_owned();
                        self.telling.push((pointer.clone(), text));
                    }
                    self.walk(&pointer, value);
                    self.pointers.push(pointer);
                }
            }
            Node::Array(items) => {
                if let Some(item) = items.first() {
                    self.walk(&join(pointer, "0"), item);
                }
            }
            leaf => self.values.push((pointer.to_owned(), leaf.clone())),
        }
    }

    /// How alike two documents are: telling values count most, then members, then values.
    fn similarity(&self, other: &Self) -> f64 {
        let telling = self
            .telling
            .iter()
            .filter(|fact| other.telling.contains(fact))
            .count();
        let pointers = share(&self.pointers, &other.pointers);
        telling as f64 + pointers + share(&self.values, &other.values) / 10.0
    }
}

/// The share that two lists have in common of all that is in them.
fn share<T: PartialEq>(left: &[T], right: &[T]) -> f64 {
    let common = left.iter().filter(|item| right.contains(item)).count();
    common as f64 / (left.len() + right.len() - common).max(1) as f64
}
