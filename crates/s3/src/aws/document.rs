//! A bucket's notification configuration, with what others wrote kept to the letter.

use lambda_with::{Error, ErrorKind};
use roxmltree::{Document as Xml, Node};

use super::entry::Entry;

const EMPTY: &str =
    r#"<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">"#;

/// The whole configuration: topics, queues, functions, the EventBridge switch, and whatever else
/// there may be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Document {
    /// The root's start tag, with the namespaces that entries may use.
    head: String,
    pub(super) entries: Vec<Entry>,
}

impl Document {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let refuse = |why: String| {
            Error::new(
                ErrorKind::Decode,
                format!("the bucket's notification configuration {why}"),
            )
        };
        let text = std::str::from_utf8(bytes).map_err(|_| refuse("is not UTF-8".into()))?;
        if text.trim().is_empty() {
            return Ok(Self::empty());
        }
        let xml = Xml::parse(text).map_err(|error| refuse(format!("is not XML: {error}")))?;
        let root = xml.root_element();
        let mut entries = root.children().filter(Node::is_element);
        if root.tag_name().name() != "NotificationConfiguration" {
            // Emulators answer with an empty element of another name where nothing is configured.
            if entries.next().is_none() {
                return Ok(Self::empty());
            }
            return Err(refuse(format!("is a <{}>", root.tag_name().name())));
        }
        let head = start_tag(&text[root.range()]);
        let entries = entries
            .map(|node| Entry::read(node, &text[node.range()]))
            .collect();
        Ok(Self { head, entries })
    }

    fn empty() -> Self {
        Self {
            head: EMPTY.into(),
            entries: Vec::new(),
        }
    }

    /// The same with other entries.
    pub(super) fn with(&self, entries: Vec<Entry>) -> Self {
        let head = self.head.clone();
        Self { head, entries }
    }

    pub(super) fn to_xml(&self) -> String {
        let entries: String = self
            .entries
            .iter()
            .map(|entry| entry.xml.as_str())
            .collect();
        format!("{}{entries}</NotificationConfiguration>", self.head)
    }
}

/// The start tag of an element, open even where the element is written as an empty one.
fn start_tag(element: &str) -> String {
    let mut quote = None;
    for (at, letter) in element.char_indices() {
        match (quote, letter) {
            (None, '>') => {
                return format!("{}>", element[..at].trim_end_matches('/'));
            }
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), letter) if open == letter => quote = None,
            _ => {}
        }
    }
    EMPTY.into()
}

#[cfg(test)]
mod tests {
    use lambda_with_aws::Entry as _;

    use super::*;
    use crate::S3;

    const FOREIGN: &str = concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?>"#,
        r#"<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/" xmlns:n="urn:new">"#,
        "<TopicConfiguration><Id>audit &amp; log</Id><Topic>arn:aws:sns:eu-west-1:1:audit</Topic>",
        "<Event>s3:ObjectRemoved:*</Event><n:Retry>3</n:Retry></TopicConfiguration>",
        "<CloudFunctionConfiguration><Id>x</Id><CloudFunction>arn:f</CloudFunction>",
        "<Event>s3:ObjectCreated:Put</Event><Event>s3:ObjectCreated:Copy</Event>",
        "<Filter><S3Key><FilterRule><Name>Prefix</Name><Value>a/</Value></FilterRule></S3Key></Filter>",
        "</CloudFunctionConfiguration><EventBridgeConfiguration/><n:Newer>1</n:Newer>",
        "</NotificationConfiguration>",
    );

    #[test]
    fn what_others_wrote_stays_to_the_letter() {
        let document = Document::parse(FOREIGN.as_bytes()).unwrap();
        let (_, body) = FOREIGN.split_once("?>").unwrap();
        assert_eq!(document.to_xml(), body);
        let [topic, function, switch, newer] = document.entries.as_slice() else {
            panic!("{document:?}");
        };
        assert_eq!(
            (topic.name(), topic.target()),
            ("audit & log", "arn:aws:sns:eu-west-1:1:audit")
        );
        assert_eq!(
            (function.target(), function.prefix.as_deref()),
            ("arn:f", Some("a/"))
        );
        assert!(switch.overlap(function).is_none() && newer.overlap(function).is_none());
    }

    #[test]
    fn ours_reads_back_as_it_was_written() {
        for s3 in [
            S3::new("uploads", "123456789012"),
            S3 {
                prefix: Some("a&b/".into()),
                ..S3::new("uploads", "123456789012")
            },
            S3 {
                suffix: Some("".into()),
                id: Some("<id>".into()),
                ..S3::new("b", "1")
            },
        ] {
            let ours = Entry::of(&s3, "arn:f");
            let mut document = Document::parse(b"").unwrap();
            document.entries.push(ours.clone());
            let again = Document::parse(document.to_xml().as_bytes()).unwrap();
            assert!(again.entries[0].members() == ours.members(), "{again:?}");
        }
    }

    #[test]
    fn empty_configurations_and_others() {
        for text in [
            "",
            "<NotificationConfiguration/>",
            "<NotificationConfiguration a='>' />",
        ] {
            let document = Document::parse(text.as_bytes()).unwrap();
            assert!(document.entries.is_empty());
            assert!(
                Document::parse(document.to_xml().as_bytes()).is_ok(),
                "{text}"
            );
        }
        for text in ["<Error><Code>1</Code></Error>", "<Notification", "\u{0}"] {
            assert_eq!(
                Document::parse(text.as_bytes()).unwrap_err().kind(),
                ErrorKind::Decode
            );
        }
    }

    #[test]
    fn overlaps() {
        let document = Document::parse(FOREIGN.as_bytes()).unwrap();
        let created = |prefix: &str| {
            let s3 = S3 {
                prefix: Some(prefix.into()),
                ..S3::new("uploads", "123456789012")
            };
            let ours = Entry::of(&s3, "arn:g");
            document
                .entries
                .iter()
                .any(|entry| entry.overlap(&ours).is_some())
        };
        assert!(created("a/b/") && created("") && !created("b/"));
    }
}
