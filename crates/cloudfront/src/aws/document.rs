//! A distribution's configuration, of which all but one association is kept to the letter.

use std::fmt::Write as _;
use std::ops::Range;

use lambda_with::{Error, ErrorKind};
use roxmltree::{Document as Xml, Node};

const LIST: &str = "LambdaFunctionAssociations";
const ENTRY: &str = "LambdaFunctionAssociation";

/// The configuration as it came.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Document {
    text: String,
    behaviours: Vec<Behaviour>,
}

/// A function at one point of a behaviour.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Association {
    pub(super) event: String,
    pub(super) function: String,
    pub(super) include_body: bool,
}

/// One behaviour, with where its associations stand in the text.
#[derive(Clone, Debug, PartialEq)]
struct Behaviour {
    /// None for the default behaviour.
    pattern: Option<String>,
    /// The list, or the empty place where it would stand.
    list: Range<usize>,
    entries: Vec<(Range<usize>, Association)>,
}

impl Document {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let refuse = |why: String| {
            let what = format!("the distribution's configuration {why}");
            Error::new(ErrorKind::Decode, what)
        };
        let text = std::str::from_utf8(bytes).map_err(|_| refuse("is not UTF-8".into()))?;
        let xml = Xml::parse(text).map_err(|error| refuse(format!("is not XML: {error}")))?;
        let root = xml.root_element();
        let mut behaviours = Vec::new();
        if let Some(default) = child(root, "DefaultCacheBehavior") {
            behaviours.extend(Behaviour::read(default, text));
        }
        let items = child(root, "CacheBehaviors").and_then(|list| child(list, "Items"));
        let items = items.into_iter().flat_map(|items| items.children());
        behaviours.extend(items.filter_map(|node| Behaviour::read(node, text)));
        if behaviours.is_empty() {
            let name = root.tag_name().name();
            return Err(refuse(format!("is a <{name}> without a behaviour")));
        }
        Ok(Self {
            text: text.to_owned(),
            behaviours,
        })
    }

    /// The functions of a behaviour; nothing where there is no such behaviour.
    pub(super) fn associations(&self, pattern: Option<&str>) -> Option<Vec<Association>> {
        let entries = self.behaviour(pattern)?.entries.iter();
        Some(
            entries
                .map(|(_, association)| association.clone())
                .collect(),
        )
    }

    /// The text with another association at one point of a behaviour, or without any there.
    pub(super) fn with(
        &self,
        pattern: Option<&str>,
        event: &str,
        association: Option<&Association>,
    ) -> Option<String> {
        let behaviour = self.behaviour(pattern)?;
        let mut entries: Vec<String> = Vec::new();
        let mut new = association.map(Association::to_xml);
        for (range, old) in &behaviour.entries {
            if old.event == event {
                entries.extend(new.take());
            } else {
                entries.push(self.text.get(range.clone())?.to_owned());
            }
        }
        entries.extend(new);
        let mut list = format!("<{LIST}><Quantity>{}</Quantity>", entries.len());
        if !entries.is_empty() {
            let _ = write!(list, "<Items>{}</Items>", entries.concat());
        }
        let _ = write!(list, "</{LIST}>");
        let mut text = self.text.clone();
        text.replace_range(behaviour.list.clone(), &list);
        Some(text)
    }

    fn behaviour(&self, pattern: Option<&str>) -> Option<&Behaviour> {
        let mut behaviours = self.behaviours.iter();
        behaviours.find(|behaviour| behaviour.pattern.as_deref() == pattern)
    }
}

impl Behaviour {
    fn read(node: Node<'_, '_>, text: &str) -> Option<Self> {
        if !node.is_element() {
            return None;
        }
        let entries = child(node, LIST).and_then(|list| child(list, "Items"));
        let entries = entries.into_iter().flat_map(|items| items.children());
        let entries = entries.filter(|entry| entry.tag_name().name() == ENTRY);
        let list = match child(node, LIST) {
            Some(list) => list.range(),
            // Before the end tag, which an element with content has.
            None => {
                let end = node.range().start + text.get(node.range())?.rfind("</")?;
                end..end
            }
        };
        Some(Self {
            pattern: content(node, "PathPattern"),
            list,
            entries: entries
                .map(|entry| (entry.range(), Association::read(entry)))
                .collect(),
        })
    }
}

impl Association {
    fn read(node: Node<'_, '_>) -> Self {
        Self {
            event: content(node, "EventType").unwrap_or_default(),
            function: content(node, "LambdaFunctionARN").unwrap_or_default(),
            include_body: content(node, "IncludeBody").as_deref() == Some("true"),
        }
    }

    fn to_xml(&self) -> String {
        // An ARN and an event type have nothing in them that XML would have escaped.
        format!(
            "<{ENTRY}><LambdaFunctionARN>{}</LambdaFunctionARN><EventType>{}</EventType><IncludeBody>{}</IncludeBody></{ENTRY}>",
            self.function, self.event, self.include_body
        )
    }
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children()
        .find(|child| child.tag_name().name() == name)
}

fn content(node: Node<'_, '_>, name: &str) -> Option<String> {
    child(node, name).map(|child| child.text().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?>"#,
        "\n",
        r#"<DistributionConfig xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/" xmlns:n="urn:new">"#,
        "<CallerReference>harbor &amp; ferries</CallerReference><n:Newer a='1'/>",
        "<DefaultCacheBehavior><TargetOriginId>site</TargetOriginId>",
        "<LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations>",
        "<Compress>true</Compress></DefaultCacheBehavior>",
        "<CacheBehaviors><Quantity>2</Quantity><Items>",
        "<CacheBehavior><PathPattern>/a&amp;b/*</PathPattern><LambdaFunctionAssociations><Quantity>2</Quantity>",
        "<Items><LambdaFunctionAssociation><LambdaFunctionARN>arn:one:1</LambdaFunctionARN>",
        "<EventType>origin-request</EventType><IncludeBody>true</IncludeBody><n:Extra>2</n:Extra></LambdaFunctionAssociation>",
        "<LambdaFunctionAssociation><EventType>viewer-request</EventType><LambdaFunctionARN>arn:two:2</LambdaFunctionARN>",
        "</LambdaFunctionAssociation></Items></LambdaFunctionAssociations></CacheBehavior>",
        "<CacheBehavior><PathPattern>/plain/*</PathPattern></CacheBehavior>",
        "</Items></CacheBehaviors></DistributionConfig>\n",
    );

    fn ours(event: &str) -> Association {
        Association {
            event: event.into(),
            function: "arn:ours:7".into(),
            include_body: false,
        }
    }

    const OURS: &str = "<LambdaFunctionAssociation><LambdaFunctionARN>arn:ours:7</LambdaFunctionARN><EventType>viewer-request</EventType><IncludeBody>false</IncludeBody></LambdaFunctionAssociation>";

    /// Puts ours into a behaviour, compares with the text in which `from` became `to`, and takes it
    /// away again.
    #[track_caller]
    fn check(pattern: Option<&str>, from: &str, to: &str, after: &str) {
        let document = Document::parse(TEXT.as_bytes()).unwrap();
        assert_eq!(TEXT.matches(from).count(), 1, "{from}");
        let ours = ours("viewer-request");
        let with = document.with(pattern, "viewer-request", Some(&ours));
        let with = with.unwrap();
        assert_eq!(with, TEXT.replace(from, to));
        let read = Document::parse(with.as_bytes()).unwrap();
        assert!(read.associations(pattern).unwrap().contains(&ours));
        let without = read.with(pattern, "viewer-request", None).unwrap();
        assert_eq!(without, TEXT.replace(from, after));
    }

    #[test]
    fn one_place_changes_and_everything_else_stays_to_the_letter() {
        let list = |quantity: u32, items: &str| {
            let items = match items {
                "" => String::new(),
                items => format!("<Items>{items}</Items>"),
            };
            format!("<{LIST}><Quantity>{quantity}</Quantity>{items}</{LIST}>")
        };
        check(None, &list(0, ""), &list(1, OURS), &list(0, ""));
        let (start, rest) = TEXT.split_once("/a&amp;b/*</PathPattern>").unwrap();
        let (both, _) = rest.split_once("</CacheBehavior>").unwrap();
        assert!(start.ends_with("<PathPattern>"));
        let (one, _) = both
            .split_once("<Items>")
            .unwrap()
            .1
            .split_once("<LambdaFunctionAssociation><EventType>")
            .unwrap();
        check(
            Some("/a&b/*"),
            both,
            &list(2, &format!("{one}{OURS}")),
            &list(1, one),
        );
        let plain = "<PathPattern>/plain/*</PathPattern>";
        check(
            Some("/plain/*"),
            plain,
            &format!("{plain}{}", list(1, OURS)),
            &format!("{plain}{}", list(0, "")),
        );
    }

    #[test]
    fn behaviours_that_are_not_there_and_documents_that_are_none() {
        let document = Document::parse(TEXT.as_bytes()).unwrap();
        assert_eq!(document.associations(Some("/b/*")), None);
        assert_eq!(document.with(Some("/b/*"), "viewer-request", None), None);
        for text in [
            "",
            "<Error><Code>1</Code></Error>",
            "<DistributionConfig",
            "{}",
        ] {
            let error = Document::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{text}");
        }
    }
}
