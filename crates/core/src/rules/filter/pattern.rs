//! Patterns as trees.

use super::Language;
use super::data::Data;
use super::document::{Members, Node};
use super::element::Element;

/// The conditions on one object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    members: Vec<(String, Member)>,
    /// Of each list one pattern must match.
    either: Vec<Pattern>,
}

#[derive(Clone, Debug, PartialEq)]
enum Member {
    Object(Pattern),
    Leaf(Vec<Element>),
}

impl Pattern {
    pub(super) fn new(object: &Members, language: Language) -> Result<Self, String> {
        if object.is_empty() {
            return Err("an object is empty".into());
        }
        let mut pattern = Self {
            members: Vec::new(),
            either: Vec::new(),
        };
        for (name, node) in object {
            let member = match node {
                Node::List(nodes) if name == "$or" => {
                    pattern.either = alternatives(nodes, language)?;
                    continue;
                }
                Node::Object(inner) => Member::Object(Self::new(inner, language)?),
                Node::List(nodes) if nodes.is_empty() => {
                    return Err(format!("the list of `{name}` is empty"));
                }
                Node::List(nodes) => {
                    let elements = nodes.iter().map(|node| Element::new(node, language));
                    let elements = elements.collect::<Result<_, _>>();
                    Member::Leaf(elements.map_err(|reason| format!("{reason}, in `{name}`"))?)
                }
                _ => return Err(format!("`{name}` is neither an object nor a list")),
            };
            pattern.members.push((name.clone(), member));
        }
        Ok(pattern)
    }

    /// Whether an object matches; `data` says which member of it was decoded from what.
    pub(super) fn matches(&self, object: &Members, data: Option<&Data>) -> bool {
        let member = |(name, member): &(String, Member)| {
            let verdict = match data {
                Some(data) if data.name() == name => {
                    data.judge(matches!(member, Member::Object(_)))
                }
                _ => None,
            };
            verdict.unwrap_or_else(|| member.matches(object.get(name)))
        };
        self.members.iter().all(member)
            && (self.either.is_empty()
                || self
                    .either
                    .iter()
                    .any(|pattern| pattern.matches(object, data)))
    }

    /// How many patterns without `$or` say the same: every choice at one place goes with every
    /// choice at all others.
    pub(super) fn combinations(&self) -> u64 {
        let inner = |(_, member): &(String, Member)| match member {
            Member::Object(pattern) => pattern.combinations(),
            Member::Leaf(_) => 1,
        };
        let own = self.members.iter().map(inner);
        let either = self.either.iter().map(Self::combinations).sum::<u64>();
        own.fold(either.max(1), u64::saturating_mul)
    }

    /// How many elements are wildcards.
    pub(super) fn wildcards(&self) -> usize {
        let inner = |(_, member): &(String, Member)| match member {
            Member::Object(pattern) => pattern.wildcards(),
            Member::Leaf(elements) => elements.iter().map(Element::wildcards).sum(),
        };
        let own: usize = self.members.iter().map(inner).sum();
        own + self.either.iter().map(Self::wildcards).sum::<usize>()
    }

    /// The names of the members it looks at.
    pub(super) fn keys(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        let own = self.members.iter().map(|(name, _)| name.as_str());
        Box::new(own.chain(self.either.iter().flat_map(Self::keys)))
    }

    /// Whether it looks at this member as at plain text.
    pub(super) fn takes_for_text(&self, key: &str) -> bool {
        self.members
            .iter()
            .any(|(name, member)| name == key && matches!(member, Member::Leaf(_)))
            || self
                .either
                .iter()
                .any(|pattern| pattern.takes_for_text(key))
    }
}

impl Member {
    fn matches(&self, node: Option<&Node>) -> bool {
        match (self, node) {
            (Self::Leaf(elements), node) => {
                let leaves = node.map(Node::leaves).unwrap_or_default();
                elements.iter().any(|element| element.matches(&leaves))
            }
            (Self::Object(pattern), Some(Node::Object(object))) => pattern.matches(object, None),
            (Self::Object(_), Some(Node::List(nodes))) if nodes.iter().any(holds_objects) => nodes
                .iter()
                .filter(|node| holds_objects(node))
                .any(|node| self.matches(Some(node))),
            // Nothing is there, which is what `exists: false` asks for.
            (Self::Object(pattern), _) => pattern.matches(&Members::new(), None),
        }
    }
}

fn alternatives(nodes: &[Node], language: Language) -> Result<Vec<Pattern>, String> {
    if nodes.len() < 2 {
        return Err("`$or` needs at least two alternatives".into());
    }
    let pattern = |node: &Node| match node {
        Node::Object(object) => Pattern::new(object, language),
        _ => Err("an alternative of `$or` is no object".into()),
    };
    nodes.iter().map(pattern).collect()
}

fn holds_objects(node: &Node) -> bool {
    match node {
        Node::Object(_) => true,
        Node::List(nodes) => nodes.iter().any(holds_objects),
        _ => false,
    }
}
