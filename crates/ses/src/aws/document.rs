//! A receipt rule as it is on the wire, members of others included.

use lambda_with::{Error, ErrorKind};
use roxmltree::{Document, Node as Element};
use serde_json::Value;

/// A value of a document: XML in answers, a form in requests.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Text(String),
    List(Vec<Node>),
    Members(Vec<(String, Node)>),
}

impl Node {
    /// The rule in the answer to `DescribeReceiptRule`.
    pub(super) fn rule(answer: &[u8]) -> Result<Self, Error> {
        let refuse = |why: &str| {
            let what = format!("the answer to DescribeReceiptRule {why}");
            Error::new(ErrorKind::Decode, what)
        };
        let text = std::str::from_utf8(answer).map_err(|_| refuse("is not UTF-8"))?;
        let xml = Document::parse(text).map_err(|_| refuse("is not XML"))?;
        let rule = xml
            .descendants()
            .find(|element| element.has_tag_name_of("Rule"));
        rule.map(Self::read).ok_or_else(|| refuse("holds no rule"))
    }

    fn read(element: Element<'_, '_>) -> Self {
        let children: Vec<_> = element.children().filter(Element::is_element).collect();
        match children.first() {
            None => Self::Text(element.text().unwrap_or_default().to_owned()),
            Some(first) if first.tag_name().name() == "member" => {
                Self::List(children.into_iter().map(Self::read).collect())
            }
            Some(_) => Self::Members(
                children
                    .into_iter()
                    .map(|child| (child.tag_name().name().to_owned(), Self::read(child)))
                    .collect(),
            ),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Members(members) => members
                .iter()
                .find(|(member, _)| member == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items; none of an element that is empty.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// Sets a member, or with nothing takes it away. The others stay as they are.
    pub(super) fn set(&mut self, name: &str, value: Option<Self>) {
        let Self::Members(members) = self else {
            return;
        };
        let place = members.iter().position(|(member, _)| member == name);
        match (place, value) {
            (Some(at), Some(value)) => members[at].1 = value,
            (Some(at), None) => drop(members.remove(at)),
            (None, Some(value)) => members.push((name.to_owned(), value)),
            (None, None) => {}
        }
    }

    /// As a form: `Rule.Actions.member.1.S3Action.BucketName=…`.
    pub(super) fn to_form(&self, path: &str) -> Vec<(String, String)> {
        match self {
            Self::Text(text) => vec![(path.to_owned(), text.clone())],
            Self::List(items) => {
                let numbered = (1_usize..).zip(items);
                numbered
                    .flat_map(|(n, item)| item.to_form(&format!("{path}.member.{n}")))
                    .collect()
            }
            Self::Members(members) => members
                .iter()
                .flat_map(|(name, value)| value.to_form(&format!("{path}.{name}")))
                .collect(),
        }
    }
}

/// Of the definition: what is not text, is written as text.
impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(members) => Self::Members(
                members
                    .iter()
                    .map(|(name, value)| (name.clone(), Self::from(value)))
                    .collect(),
            ),
            Value::String(text) => Self::Text(text.clone()),
            other => Self::Text(other.to_string()),
        }
    }
}

/// For people to compare.
impl From<&Node> for Value {
    fn from(node: &Node) -> Self {
        match node {
            Node::Text(text) => Self::from(text.as_str()),
            Node::List(items) => items.iter().map(Self::from).collect(),
            Node::Members(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), Self::from(value)))
                .collect(),
        }
    }
}

/// Element names of any namespace.
trait Named {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl Named for Element<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = concat!(
        r#"<DescribeReceiptRuleResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/">"#,
        "<DescribeReceiptRuleResult><Rule><Name>berths</Name><Recipients/>",
        "<Enabled>true</Enabled><Newer><Depth>3</Depth></Newer><Actions>",
        "<member><NewerAction><Name>a &amp; b</Name></NewerAction></member>",
        "<member><StopAction><Scope>RuleSet</Scope></StopAction></member></Actions>",
        "</Rule></DescribeReceiptRuleResult></DescribeReceiptRuleResponse>",
    );

    #[test]
    fn what_others_wrote_stays() {
        let mut rule = Node::rule(ANSWER.as_bytes()).unwrap();
        rule.set("Enabled", Some(Node::Text("false".into())));
        rule.set("Recipients", None);
        rule.set("TlsPolicy", Some(Node::Text("Require".into())));
        let form: Vec<String> = rule
            .to_form("Rule")
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            form,
            [
                "Rule.Name=berths",
                "Rule.Enabled=false",
                "Rule.Newer.Depth=3",
                "Rule.Actions.member.1.NewerAction.Name=a & b",
                "Rule.Actions.member.2.StopAction.Scope=RuleSet",
                "Rule.TlsPolicy=Require",
            ]
        );
    }

    #[test]
    fn answers_that_are_none() {
        for (answer, reason) in [
            (&b"<a"[..], "is not XML"),
            (&b"\xff"[..], "is not UTF-8"),
            (&b"<a/>"[..], "holds no rule"),
        ] {
            let error = Node::rule(answer).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
