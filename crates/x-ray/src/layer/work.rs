//! One span on its way to become a subsegment.

use std::sync::Arc;
use std::time::SystemTime;

use lambda_with::{Text, Timestamp};
use tracing::Metadata;

use super::fields::{Failure, Fields};
use crate::{
    Aws, Cause, CauseDetails, Exception, Namespace, SegmentId, StackFrame, Subsegment, TraceHeader,
    TraceId,
};

/// The invocation a span belongs to.
pub(super) struct Traced {
    pub(super) header: TraceHeader,
    pub(super) root: TraceId,
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
    /// Siblings it follows from.
    pub(super) precursors: Vec<SegmentId>,
    /// What has ended within it.
    pub(super) parts: Vec<Subsegment>,
    start: SystemTime,
    exceptions: Vec<Exception>,
}

impl Work {
    pub(super) fn new(traced: Arc<Traced>, parent: SegmentId) -> Self {
        Self {
            traced,
            id: SegmentId::random(),
            parent,
            fields: Fields::default(),
            left: None,
            precursors: Vec::new(),
            parts: Vec::new(),
            start: SystemTime::now(),
            exceptions: Vec::new(),
        }
    }

    /// Takes note of an event of the level `ERROR`.
    pub(super) fn failed(&mut self, failure: Failure, event: &Metadata<'_>) {
        let stack = event.file().map(|file| {
            vec![StackFrame {
                path: Some(file.into()),
                line: event.line().map(i64::from),
                label: event.module_path().map(Text::from),
                ..StackFrame::default()
            }]
        });
        let messages = failure.into_messages();
        let ids: Vec<Text> = messages
            .iter()
            .map(|_| SegmentId::random().into())
            .collect();
        for (place, message) in messages.into_iter().enumerate() {
            self.exceptions.push(Exception {
                id: ids.get(place).cloned(),
                message: Some(message.into()),
                cause: ids.get(place + 1).cloned(),
                stack: stack.clone().filter(|_| place == 0),
                ..Exception::default()
            });
        }
    }

    /// The subsegment it has become.
    pub(super) fn finish(mut self, name: &str) -> Subsegment {
        let name = self
            .fields
            .service
            .clone()
            .filter(|_| self.fields.is_aws)
            .unwrap_or_else(|| name.into());
        let end = self.left.unwrap_or_else(SystemTime::now).max(self.start);
        let failed = !self.exceptions.is_empty();
        let is_aws = self.fields.is_aws;
        let metadata = self.fields.metadata();
        let annotations = self.fields.annotations;
        Subsegment {
            id: self.id.into(),
            end_time: Some(micros(end).into()),
            namespace: is_aws.then_some(Namespace::Aws),
            aws: is_aws.then(|| Aws {
                operation: self.fields.operation,
                ..Aws::default()
            }),
            fault: failed.then_some(true),
            cause: failed.then(|| {
                Cause::Details(CauseDetails {
                    exceptions: Some(self.exceptions),
                    ..CauseDetails::default()
                })
            }),
            annotations: (!annotations.is_empty()).then_some(annotations),
            metadata,
            precursor_ids: (!self.precursors.is_empty())
                .then(|| self.precursors.into_iter().map(Text::from).collect()),
            subsegments: (!self.parts.is_empty()).then_some(self.parts),
            ..Subsegment::new(&name, micros(self.start))
        }
    }
}

/// Microseconds are what X-Ray asks for.
fn micros(time: SystemTime) -> Timestamp {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let whole = std::time::Duration::new(since.as_secs(), since.subsec_micros() * 1000);
    (SystemTime::UNIX_EPOCH + whole).into()
}
