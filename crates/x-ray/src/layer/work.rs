//! One span on its way to become a subsegment.

mod write;

use std::sync::Arc;
use std::time::SystemTime;

use tracing::Metadata;

use super::fields::{Failure, Fields};
use crate::{SegmentId, TraceHeader};

/// How many subsegments that have ended wait for what they are part of.
const MAX_PARTS: usize = 100;

/// How many bytes they may have.
const MAX_BYTES: usize = 32 * 1024;

/// How deep they nest: readers of JSON have limits of their own.
const MAX_DEPTH: usize = 24;

/// How many events of the level `ERROR` are told of one span.
const MAX_FAILURES: usize = 10;

/// How many spans one may follow from.
const MAX_PRECURSORS: usize = 50;

/// What is added to a part to make it a document of its own.
const ENVELOPE: usize = 128;

/// The invocation a span belongs to.
pub(super) struct Traced {
    pub(super) header: TraceHeader,
    pub(super) trace: String,
    /// The segment Lambda sends.
    pub(super) segment: SegmentId,
}

/// One open span.
pub(super) struct Work {
    pub(super) traced: Arc<Traced>,
    pub(super) id: SegmentId,
    pub(super) parent: SegmentId,
    pub(super) fields: Fields,
    /// When the span was last left.
    pub(super) left: Option<SystemTime>,
    start: SystemTime,
    /// Siblings it follows from.
    precursors: Vec<SegmentId>,
    failures: Vec<(Failure, &'static Metadata<'static>)>,
    /// What has ended within it.
    parts: Vec<Part>,
}

/// A subsegment that has ended, with all that is part of it.
#[derive(Default)]
pub(super) struct Part {
    json: String,
    /// How many subsegments it holds, itself among them.
    count: usize,
    depth: usize,
}

impl Work {
    pub(super) fn new(traced: Arc<Traced>, parent: SegmentId) -> Self {
        Self {
            traced,
            id: SegmentId::random(),
            parent,
            fields: Fields::default(),
            left: None,
            start: SystemTime::now(),
            precursors: Vec::new(),
            failures: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Takes note of an event of the level `ERROR`.
    pub(super) fn failed(&mut self, failure: Failure, event: &'static Metadata<'static>) {
        if self.failures.len() < MAX_FAILURES {
            self.failures.push((failure, event));
        }
    }

    pub(super) fn follows(&mut self, before: SegmentId) {
        if self.precursors.len() < MAX_PRECURSORS {
            self.precursors.push(before);
        }
    }

    /// Takes a part that has ended, unless there is no room: then it is to be sent by itself.
    pub(super) fn hold(&mut self, part: &mut Part) -> bool {
        let (count, bytes) = self.parts.iter().fold((0, 0), |(count, bytes), part| {
            (count + part.count, bytes + part.json.len())
        });
        let fits = count + part.count <= MAX_PARTS
            && bytes + part.json.len() <= MAX_BYTES
            && part.depth < MAX_DEPTH;
        if fits {
            self.parts.push(std::mem::take(part));
        }
        fits
    }

    /// What the span has become, and what of it must be sent by itself for a document to have at
    /// most `limit` bytes.
    pub(super) fn finish(mut self, name: &str, limit: usize) -> (Part, Vec<Part>) {
        let limit = limit.saturating_sub(ENVELOPE);
        let mut apart = Vec::new();
        let mut json = self.write(name);
        if json.len() > limit {
            apart = std::mem::take(&mut self.parts);
            json = self.write(name);
        }
        // Better less than nothing.
        if json.len() > limit {
            self.fields.metadata.clear();
            json = self.write(name);
        }
        if json.len() > limit {
            self.fields
                .values
                .retain(|recorded| recorded.place.is_some());
            self.failures.truncate(1);
            json = self.write(name);
        }
        let part = Part {
            json,
            count: 1 + self.parts.iter().map(|part| part.count).sum::<usize>(),
            depth: 1 + self
                .parts
                .iter()
                .map(|part| part.depth)
                .max()
                .unwrap_or_default(),
        };
        (part, apart)
    }
}

impl Part {
    /// It as a document of its own.
    pub(super) fn document(&self, traced: &Traced, parent: SegmentId) -> String {
        let (trace, members) = (&traced.trace, &self.json[1..]);
        format!(r#"{{"type":"subsegment","trace_id":"{trace}","parent_id":"{parent}",{members}"#)
    }
}
