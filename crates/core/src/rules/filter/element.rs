//! The elements of a pattern's lists.

use super::Language;
use super::cidr::Cidr;
use super::document::{Members, Node};
use super::wildcard::Wildcard;

/// The largest number that is compared, 2^53: up to there a double holds every whole number.
const LARGEST: f64 = 9_007_199_254_740_992.0;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Element {
    Equals(Node),
    EqualsIgnoreCase(String),
    Prefix(String),
    PrefixIgnoreCase(String),
    Suffix(String),
    SuffixIgnoreCase(String),
    AnythingBut(Vec<Node>),
    /// Anything but what one of these matches.
    Not(Vec<Element>),
    Wildcard(Wildcard),
    Cidr(Cidr),
    Numeric(Vec<(Comparison, f64)>),
    Exists(bool),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Comparison {
    Equal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Element {
    pub(super) fn new(node: &Node, language: Language) -> Result<Self, String> {
        match node {
            Node::Object(members) => Self::operator(members, language),
            Node::List(_) => Err("a list stands within a list".into()),
            leaf => Ok(Self::Equals(leaf.clone())),
        }
    }

    /// Whether it matches one of the values at its place.
    pub(super) fn matches(&self, leaves: &[&Node]) -> bool {
        match self {
            Self::Exists(wanted) => leaves.is_empty() != *wanted,
            element => leaves.iter().any(|leaf| element.fits(leaf)),
        }
    }

    /// How many wildcards it holds.
    pub(super) fn wildcards(&self) -> usize {
        match self {
            Self::Wildcard(_) => 1,
            Self::Not(elements) => elements.iter().map(Self::wildcards).sum(),
            _ => 0,
        }
    }

    fn fits(&self, leaf: &Node) -> bool {
        match (self, leaf) {
            (Self::Equals(wanted), leaf) => wanted == leaf,
            (Self::AnythingBut(unwanted), leaf) => !unwanted.contains(leaf),
            (Self::Not(unwanted), leaf) => !unwanted.iter().any(|element| element.fits(leaf)),
            (Self::Wildcard(wanted), Node::Text(text)) => wanted.matches(text),
            (Self::Cidr(wanted), Node::Text(text)) => wanted.holds(text),
            (Self::Numeric(comparisons), Node::Number(text)) => number(text).is_ok_and(|value| {
                comparisons
                    .iter()
                    .all(|(op, limit)| op.holds(value, *limit))
            }),
            (Self::Prefix(wanted), Node::Text(text)) => text.starts_with(wanted),
            (Self::Suffix(wanted), Node::Text(text)) => text.ends_with(wanted),
            (Self::EqualsIgnoreCase(wanted), Node::Text(text)) => text.to_lowercase() == *wanted,
            (Self::PrefixIgnoreCase(wanted), Node::Text(text)) => {
                text.to_lowercase().starts_with(wanted)
            }
            (Self::SuffixIgnoreCase(wanted), Node::Text(text)) => {
                text.to_lowercase().ends_with(wanted)
            }
            _ => false,
        }
    }

    fn operator(members: &Members, language: Language) -> Result<Self, String> {
        let Some((name, operand)) = only(members) else {
            return Err(
                "an object within a list must have exactly one member, the operator".into(),
            );
        };
        if language == Language::Bus
            && let Some(element) = Self::of_buses(name, operand)
        {
            return element;
        }
        match (name, operand) {
            ("prefix", Node::Text(text)) => Ok(Self::Prefix(text.clone())),
            ("suffix", Node::Text(text)) => Ok(Self::Suffix(text.clone())),
            ("prefix", Node::Object(inner)) => {
                ignoring_case(name, inner).map(Self::PrefixIgnoreCase)
            }
            ("suffix", Node::Object(inner)) => {
                ignoring_case(name, inner).map(Self::SuffixIgnoreCase)
            }
            ("equals-ignore-case", Node::Text(text)) => {
                Ok(Self::EqualsIgnoreCase(text.to_lowercase()))
            }
            ("exists", Node::Bool(wanted)) => Ok(Self::Exists(*wanted)),
            ("numeric", Node::List(nodes)) => comparisons(nodes).map(Self::Numeric),
            ("anything-but", leaf @ (Node::Text(_) | Node::Number(_))) => {
                Ok(Self::AnythingBut(vec![leaf.clone()]))
            }
            ("anything-but", Node::List(nodes)) => {
                let all = |is: fn(&Node) -> bool| !nodes.is_empty() && nodes.iter().all(is);
                if all(|n| matches!(n, Node::Text(_))) || all(|n| matches!(n, Node::Number(_))) {
                    Ok(Self::AnythingBut(nodes.clone()))
                } else {
                    Err("a list after `anything-but` must be all text or all numbers".into())
                }
            }
            (
                "prefix" | "suffix" | "equals-ignore-case" | "exists" | "numeric" | "anything-but",
                _,
            ) => Err(format!("`{name}` cannot have this operand")),
            _ => {
                let whose = match language {
                    Language::Bus => "event patterns",
                    Language::Mapping => "event source mappings",
                };
                Err(format!("`{name}` is not an operator of {whose}"))
            }
        }
    }

    /// An operator that rules of an event bus have and event source mappings have not.
    fn of_buses(name: &str, operand: &Node) -> Option<Result<Self, String>> {
        match (name, operand) {
            ("wildcard", Node::Text(text)) => Some(Wildcard::new(text).map(Self::Wildcard)),
            ("cidr", Node::Text(text)) => Some(Cidr::new(text).map(Self::Cidr)),
            ("wildcard" | "cidr", _) => Some(Err(format!("`{name}` takes a text"))),
            ("anything-but", Node::Object(inner)) => Some(Self::anything_but(inner)),
            _ => None,
        }
    }

    /// `anything-but` with an operator: one text, or a list of them.
    fn anything_but(inner: &Members) -> Result<Self, String> {
        let wrong = || {
            "`anything-but` takes `prefix`, `suffix`, `equals-ignore-case` or `wildcard`, with a \
             text or a list of texts"
                .to_owned()
        };
        let (name, operand) = only(inner).ok_or_else(wrong)?;
        let operands = match operand {
            Node::List(nodes) if !nodes.is_empty() => nodes.as_slice(),
            Node::Text(_) => std::slice::from_ref(operand),
            _ => return Err(wrong()),
        };
        let element = |operand: &Node| match (name, operand) {
            ("prefix", Node::Text(text)) => Ok(Self::Prefix(text.clone())),
            ("suffix", Node::Text(text)) => Ok(Self::Suffix(text.clone())),
            ("equals-ignore-case", Node::Text(text)) => {
                Ok(Self::EqualsIgnoreCase(text.to_lowercase()))
            }
            ("wildcard", Node::Text(text)) => Wildcard::new(text).map(Self::Wildcard),
            _ => Err(wrong()),
        };
        operands
            .iter()
            .map(element)
            .collect::<Result<_, _>>()
            .map(Self::Not)
    }
}

impl Comparison {
    fn new(text: &str) -> Option<Self> {
        Some(match text {
            "=" => Self::Equal,
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::Greater,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    // Equal texts give equal values, which is what AWS compares.
    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Equal => value.total_cmp(&limit).is_eq(),
            Self::Less => value < limit,
            Self::AtMost => value <= limit,
            Self::Greater => value > limit,
            Self::AtLeast => value >= limit,
        }
    }
}

/// The name and value of an object's only member.
fn only(members: &Members) -> Option<(&str, &Node)> {
    let mut members = members.iter();
    match (members.next(), members.next()) {
        (Some((name, node)), None) => Some((name, node)),
        _ => None,
    }
}

fn comparisons(nodes: &[Node]) -> Result<Vec<(Comparison, f64)>, String> {
    let mut pairs = Vec::new();
    for pair in nodes.chunks(2) {
        let [Node::Text(operator), Node::Number(text)] = pair else {
            return Err("`numeric` needs comparisons and numbers in turn".into());
        };
        let Some(operator) = Comparison::new(operator) else {
            return Err(format!("`{operator}` is not one of =, <, <=, >, >="));
        };
        pairs.push((operator, number(text)?));
    }
    match pairs.as_slice() {
        [_] => Ok(pairs),
        [
            (Comparison::Greater | Comparison::AtLeast, low),
            (Comparison::Less | Comparison::AtMost, high),
        ] => {
            if low < high {
                Ok(pairs)
            } else {
                Err("the lower bound of `numeric` is not below the upper one".into())
            }
        }
        [] => Err("`numeric` is empty".into()),
        _ => Err("`numeric` takes one comparison, or a lower bound and then an upper one".into()),
    }
}

fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.abs() <= LARGEST => Ok(if value == 0.0 { 0.0 } else { value }),
        _ => Err(format!(
            "{text} is not between -9,007,199,254,740,992 and 9,007,199,254,740,992"
        )),
    }
}

fn ignoring_case(name: &str, inner: &Members) -> Result<String, String> {
    match (inner.len(), inner.get("equals-ignore-case")) {
        (1, Some(Node::Text(text))) => Ok(text.to_lowercase()),
        _ => Err(format!(
            "`{name}` takes a text or {{\"equals-ignore-case\": text}}"
        )),
    }
}
