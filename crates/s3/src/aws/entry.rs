//! One entry of a notification configuration.

use std::fmt::Write as _;

use lambda_with::Integration;
use roxmltree::Node;

use crate::S3;

/// The element of a notification that runs a function.
const FUNCTION: &str = "CloudFunctionConfiguration";

/// One child of the root.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// The element exactly as it came.
    pub(super) xml: String,
    kind: String,
    id: String,
    /// The ARN of the function, queue or topic.
    target: String,
    events: Vec<String>,
    pub(super) prefix: Option<String>,
    suffix: Option<String>,
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

    /// Why Amazon S3 would refuse both in one configuration.
    pub(super) fn overlap(&self, other: &Self) -> Option<String> {
        let findings = self.connection().conflicts(&other.connection());
        findings
            .into_iter()
            .find(|finding| finding.code == "LW0113")
            .map(|finding| finding.what)
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

    pub(super) fn read(node: Node<'_, '_>, xml: &str) -> Self {
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

impl lambda_with_aws::Entry for Entry {
    fn name(&self) -> &str {
        &self.id
    }

    fn target(&self) -> &str {
        &self.target
    }

    fn members(&self) -> serde_json::Value {
        let mut events = self.events.clone();
        events.sort_unstable();
        serde_json::json!({
            "LambdaFunctionArn": self.target,
            "Events": events,
            "Prefix": self.prefix,
            "Suffix": self.suffix,
        })
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
