//! A bucket's notification configuration, with what others wrote kept to the letter.

use std::fmt::Write as _;

use lambda_with::{Error, ErrorKind, Integration};
use roxmltree::{Document as Xml, Node};

use crate::S3;

/// The element of a notification that runs a function.
const FUNCTION: &str = "CloudFunctionConfiguration";
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

/// One child of the root.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// The element exactly as it came.
    xml: String,
    kind: String,
    pub(super) id: String,
    /// The ARN of the function, queue or topic.
    pub(super) target: String,
    events: Vec<String>,
    prefix: Option<String>,
    suffix: Option<String>,
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

    pub(super) fn to_xml(&self) -> String {
        let entries: String = self
            .entries
            .iter()
            .map(|entry| entry.xml.as_str())
            .collect();
        format!("{}{entries}</NotificationConfiguration>", self.head)
    }
}

impl Entry {
    /// The entry of a connection.
    pub(super) fn of(s3: &S3, function: &str) -> Self {
        let id = s3.id.clone().unwrap_or_else(|| s3.name());
        let mut xml = format!("<{FUNCTION}><Id>{}</Id>", escaped(&id));
        let _ = write!(xml, "<CloudFunction>{}</CloudFunction>", escaped(function));
        for event in &s3.events {
            let _ = write!(xml, "<Event>{}</Event>", escaped(event));
        }
        let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let (prefix, suffix) = (given(&s3.prefix), given(&s3.suffix));
        if prefix.is_some() || suffix.is_some() {
            xml.push_str("<Filter><S3Key>");
            for (name, value) in [("prefix", &prefix), ("suffix", &suffix)] {
                if let Some(value) = value {
                    let value = escaped(value);
                    let _ = write!(
                        xml,
                        "<FilterRule><Name>{name}</Name><Value>{value}</Value></FilterRule>"
                    );
                }
            }
            xml.push_str("</S3Key></Filter>");
        }
        let _ = write!(xml, "</{FUNCTION}>");
        let (target, events) = (function.to_owned(), s3.events.clone());
        Self {
            xml,
            kind: FUNCTION.into(),
            id,
            target,
            events,
            prefix,
            suffix,
        }
    }

    /// Whether it runs a function.
    pub(super) fn is_function(&self) -> bool {
        self.kind == FUNCTION
    }

    /// Whether both do the same, whatever order their events stand in.
    pub(super) fn same(&self, other: &Self) -> bool {
        let sorted = |entry: &Self| {
            let mut events = entry.events.clone();
            events.sort_unstable();
            events
        };
        (&self.kind, &self.id, &self.target) == (&other.kind, &other.id, &other.target)
            && (&self.prefix, &self.suffix) == (&other.prefix, &other.suffix)
            && sorted(self) == sorted(other)
    }

    /// Why Amazon S3 would refuse both in one configuration.
    pub(super) fn overlap(&self, other: &Self) -> Option<String> {
        let findings = self.connection().conflicts(&other.connection());
        findings
            .into_iter()
            .find(|finding| finding.code == "LW0113")
            .map(|finding| finding.what)
    }

    /// What it says, for the eye.
    pub(super) fn shown(&self) -> serde_json::Value {
        serde_json::json!({
            "LambdaFunctionArn": self.target,
            "Events": self.events,
            "Prefix": self.prefix,
            "Suffix": self.suffix,
        })
    }

    /// What it does, as a connection of a bucket that has no name here.
    fn connection(&self) -> S3 {
        S3 {
            events: self.events.clone(),
            prefix: self.prefix.clone(),
            suffix: self.suffix.clone(),
            ..S3::new("the bucket", "")
        }
    }

    fn read(node: Node<'_, '_>, xml: &str) -> Self {
        let texts = |name: &str| {
            let named = node
                .children()
                .filter(move |child| child.tag_name().name() == name);
            named
                .filter_map(|child| child.text())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let first = |name: &str| texts(name).into_iter().next();
        let target = ["CloudFunction", "Queue", "Topic"]
            .into_iter()
            .find_map(first);
        let rule = |wanted: &str| {
            let rules = node
                .descendants()
                .filter(|node| node.tag_name().name() == "FilterRule");
            let mut values = rules.filter_map(|rule| {
                let text = |name: &str| {
                    let mut named = rule.children().filter(|c| c.tag_name().name() == name);
                    named
                        .next()
                        .and_then(|child| child.text())
                        .unwrap_or_default()
                };
                text("Name")
                    .eq_ignore_ascii_case(wanted)
                    .then(|| text("Value").to_owned())
            });
            values.next_back().filter(|value| !value.is_empty())
        };
        Self {
            xml: xml.to_owned(),
            kind: node.tag_name().name().to_owned(),
            id: first("Id").unwrap_or_default(),
            target: target.unwrap_or_default(),
            events: texts("Event"),
            prefix: rule("prefix"),
            suffix: rule("suffix"),
        }
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

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (topic.id.as_str(), topic.is_function()),
            ("audit & log", false)
        );
        assert_eq!(
            (function.target.as_str(), function.prefix.as_deref()),
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
            assert!(again.entries[0].same(&ours), "{again:?}");
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
