//! Segment documents: made, read, and cut to the size X-Ray takes.

use std::borrow::Cow;

use lambda_with::{EpochSeconds, Error, ErrorKind, Scalar, Text, Timestamp};
use serde::Serialize;

use crate::{IndependentSubsegment, Segment, SegmentId, Subsegment, TraceId, rules};

/// The largest document in bytes, as X-Ray takes it.
pub const MAX_DOCUMENT: usize = 64 * 1024;

/// How many traces one segment is linked to at most.
///
/// See <https://docs.aws.amazon.com/xray/latest/devguide/xray-tracelinking.html>.
pub const MAX_LINKS: usize = 20;

/// What is sent to X-Ray: a segment, or a subsegment by itself.
#[derive(Clone, Debug, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "documents are not kept in numbers"
)]
pub enum Document {
    /// What one service did for one request.
    Segment(Segment),
    /// A piece of that, sent by itself.
    Subsegment(IndependentSubsegment),
}

impl Document {
    /// Reads a document.
    ///
    /// ```
    /// use lambda_with_x_ray::{Document, SERVICE};
    ///
    /// let sample = SERVICE.sample("aws-call").ok_or("no such sample")?;
    /// let document = Document::read(sample.json)?;
    /// assert_eq!(document.trace_id().as_str(), "1-69a56802-0f1e2d3c4b5a69788796a5b4");
    /// assert!(document.problems().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Limit` when it has more than 64 KB, `Decode` when it is not JSON or lacks a member X-Ray
    /// cannot do without.
    pub fn read(json: &str) -> Result<Self, Error> {
        if json.len() > MAX_DOCUMENT {
            let message = format!("a document of {} bytes is too large", json.len());
            return Err(Error::new(ErrorKind::Limit, message).with("limit", "64 KB"));
        }
        #[derive(serde::Deserialize)]
        struct Kind {
            #[serde(default)]
            r#type: Option<Text>,
        }
        let refuse =
            |error| Error::new(ErrorKind::Decode, "not a segment document").caused_by(error);
        let kind: Kind = serde_json::from_str(json).map_err(refuse)?;
        if kind.r#type.is_some_and(|kind| kind == "subsegment") {
            lambda_with::decode(json.to_owned()).map(Self::Subsegment)
        } else {
            lambda_with::decode(json.to_owned()).map(Self::Segment)
        }
    }

    /// The trace it belongs to.
    #[must_use]
    pub fn trace_id(&self) -> &Text {
        match self {
            Self::Segment(segment) => &segment.trace_id,
            Self::Subsegment(subsegment) => &subsegment.trace_id,
        }
    }

    /// Where the document, or anything in it, departs from what X-Ray documents: one line for each
    /// place. X-Ray itself drops some such documents without a word.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        rules::problems(self)
    }
}

impl Segment {
    /// A segment that begins now or began then, with a fresh id.
    ///
    /// ```
    /// use lambda_with::Timestamp;
    /// use lambda_with_x_ray::{MAX_DOCUMENT, Segment, Subsegment, TraceId};
    ///
    /// let began = Timestamp::from_unix_millis(1_772_447_730_131);
    /// let mut segment = Segment::new("orders", TraceId::new(began), began);
    /// let mut call = Subsegment::new("DynamoDB", began);
    /// call.annotate("tenant", "blue");
    /// call.end(Timestamp::from_unix_millis(1_772_447_730_164));
    /// segment.subsegments = Some(vec![call]);
    /// segment.end_time = Some(Timestamp::from_unix_millis(1_772_447_730_170).into());
    /// assert_eq!(segment.into_documents(MAX_DOCUMENT)?.len(), 1);
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    #[must_use]
    pub fn new(name: &str, trace: TraceId, start: Timestamp) -> Self {
        Self {
            name: clean(name).as_ref().into(),
            id: SegmentId::random().into(),
            trace_id: trace.to_string().into(),
            start_time: start.into(),
            ..Self::default()
        }
    }

    /// The documents to send, each of at most `limit` bytes: one where all fits into one, else the
    /// subsegments by themselves, before what they are part of.
    ///
    /// # Errors
    ///
    /// `Limit` when one is too large even without its subsegments.
    pub fn into_documents(mut self, limit: usize) -> Result<Vec<String>, Error> {
        let whole = json(&self)?;
        if whole.len() <= limit {
            return Ok(vec![whole]);
        }
        let children = self.subsegments.take().unwrap_or_default();
        split(
            children,
            &self.trace_id,
            &self.id,
            &self.name,
            json(&self)?,
            limit,
        )
    }
}

impl Subsegment {
    /// A subsegment that begins now or began then, with a fresh id.
    #[must_use]
    pub fn new(name: &str, start: Timestamp) -> Self {
        Self {
            name: clean(name).as_ref().into(),
            id: SegmentId::random().into(),
            start_time: start.into(),
            ..Self::default()
        }
    }

    /// Ends it.
    pub fn end(&mut self, end: Timestamp) {
        self.end_time = Some(EpochSeconds::from(end));
        self.in_progress = None;
    }

    /// Adds a value X-Ray indexes. What cannot stand in a key becomes `_`.
    pub fn annotate(&mut self, key: &str, value: impl Into<Scalar>) {
        let annotations = self.annotations.get_or_insert_default();
        annotations.insert(annotation_key(key).as_ref(), value.into());
    }

    /// The subsegment as a document of its own.
    #[must_use]
    pub fn independent(
        self,
        trace: impl Into<Text>,
        parent: impl Into<Text>,
    ) -> IndependentSubsegment {
        let Self {
            name,
            id,
            start_time,
            end_time,
            in_progress,
            namespace,
            http,
            aws,
            sql,
            error,
            throttle,
            fault,
            cause,
            annotations,
            metadata,
            precursor_ids,
            subsegments,
            other,
        } = self;
        IndependentSubsegment {
            name,
            id,
            r#type: Text::from_static("subsegment"),
            trace_id: trace.into(),
            parent_id: parent.into(),
            start_time,
            end_time,
            in_progress,
            namespace,
            http,
            aws,
            sql,
            error,
            throttle,
            fault,
            cause,
            annotations,
            metadata,
            precursor_ids,
            subsegments,
            other,
        }
    }
}

impl IndependentSubsegment {
    /// The documents to send, as [`Segment::into_documents`] makes them.
    ///
    /// # Errors
    ///
    /// `Limit` when one is too large even without its subsegments.
    pub fn into_documents(mut self, limit: usize) -> Result<Vec<String>, Error> {
        let whole = json(&self)?;
        if whole.len() <= limit {
            return Ok(vec![whole]);
        }
        let children = self.subsegments.take().unwrap_or_default();
        split(
            children,
            &self.trace_id,
            &self.id,
            &self.name,
            json(&self)?,
            limit,
        )
    }
}

/// The children by themselves, and then what they are part of.
fn split(
    children: Vec<Subsegment>,
    trace: &Text,
    id: &Text,
    name: &str,
    rest: String,
    limit: usize,
) -> Result<Vec<String>, Error> {
    if rest.len() > limit {
        let message = format!("`{name}` alone is a document of {} bytes", rest.len());
        return Err(Error::new(ErrorKind::Limit, message)
            .with("limit", format!("{limit} bytes"))
            .with("fix", "keep less in its annotations and metadata"));
    }
    let mut documents = Vec::with_capacity(children.len() + 1);
    for child in children {
        let child = child.independent(trace.clone(), id.clone());
        documents.extend(child.into_documents(limit)?);
    }
    documents.push(rest);
    Ok(documents)
}

fn json<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| {
        Error::new(ErrorKind::Invalid, "the document cannot be written").caused_by(error)
    })
}

/// A name as X-Ray takes it.
pub(crate) fn clean(name: &str) -> Cow<'_, str> {
    if !name.is_empty() && name.len() <= rules::MAX_NAME && name.chars().all(rules::in_name) {
        return name.into();
    }
    let allowed = |c| if rules::in_name(c) { c } else { '_' };
    let name: String = name.chars().take(rules::MAX_NAME).map(allowed).collect();
    match name.is_empty() {
        true => "-".into(),
        false => name.into(),
    }
}

/// A key of an annotation as X-Ray takes it.
pub(crate) fn annotation_key(key: &str) -> Cow<'_, str> {
    let allowed = |c: char| if rules::in_key(c) { c } else { '_' };
    match key.bytes().all(|byte| rules::in_key(byte.into())) {
        true => key.into(),
        false => key.chars().map(allowed).collect::<String>().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn big(children: usize, size: usize) -> Segment {
        let began = Timestamp::from_unix_millis(1_772_447_730_131);
        let mut segment = Segment::new("orders", TraceId::new(began), began);
        segment.end_time = Some(began.into());
        let child = |number: usize| {
            let mut child = Subsegment::new(&format!("part {number}"), began);
            child.end(began);
            child.annotate("text", "x".repeat(size));
            let mut inner = Subsegment::new("inner", began);
            inner.end(began);
            child.subsegments = Some(vec![inner]);
            child
        };
        segment.subsegments = Some((0..children).map(child).collect());
        segment
    }

    #[test]
    fn what_fits_is_one_document() {
        let segment = big(3, 100);
        let documents = segment.clone().into_documents(MAX_DOCUMENT).unwrap();
        assert_eq!(documents.len(), 1);
        assert_eq!(
            Document::read(&documents[0]).unwrap(),
            Document::Segment(segment)
        );
    }

    #[test]
    fn a_big_segment_is_streamed() {
        let segment = big(100, 1000);
        let id = segment.id.clone();
        let documents = segment.into_documents(MAX_DOCUMENT).unwrap();
        assert_eq!(documents.len(), 101);
        for (place, json) in documents.iter().enumerate() {
            assert!(json.len() <= MAX_DOCUMENT);
            let document = Document::read(json).unwrap();
            assert_eq!(document.problems(), Vec::<String>::new());
            match document {
                Document::Subsegment(part) => {
                    assert_eq!(
                        (part.parent_id, part.name.as_str()),
                        (id.clone(), format!("part {place}").as_str())
                    );
                    assert_eq!(part.subsegments.unwrap()[0].name, "inner");
                }
                Document::Segment(segment) => assert_eq!((place, segment.subsegments), (100, None)),
            }
        }
        // A limit below one child cuts deeper.
        let documents = big(2, 300).into_documents(600).unwrap();
        assert_eq!(documents.len(), 5);
    }

    #[test]
    fn what_is_too_large_alone_is_refused() {
        let error = big(2, 70_000).into_documents(MAX_DOCUMENT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(
            error
                .to_string()
                .starts_with("`part 0` alone is a document of 70"),
            "{error}"
        );
        let document = format!(r#"{{"name":"{}"}}"#, "x".repeat(MAX_DOCUMENT));
        assert_eq!(
            Document::read(&document).unwrap_err().kind(),
            ErrorKind::Limit
        );
        for json in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"name":"a","id":"b","start_time":1}"#,
        ] {
            assert_eq!(
                Document::read(json).unwrap_err().kind(),
                ErrorKind::Decode,
                "{json}"
            );
        }
    }

    #[test]
    fn names_and_keys_are_made_to_fit() {
        for (name, expected) in [
            ("orders::price", "orders::price"),
            ("GET /orders/{id}", "GET /orders/_id_"),
            ("Prüfung", "Prüfung"),
            ("", "-"),
        ] {
            assert_eq!(clean(name), expected);
        }
        assert_eq!(clean(&"ü".repeat(300)).chars().count(), 200);
        assert_eq!(annotation_key("http.status-code"), "http.status_code");
    }
}
