//! The elements of a pattern's lists.

use super::document::{Members, Node};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Element {
    Equals(Node),
    EqualsIgnoreCase(String),
    Prefix(String),
    PrefixIgnoreCase(String),
    Suffix(String),
    SuffixIgnoreCase(String),
    AnythingBut(Vec<Node>),
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
    pub(super) fn new(node: &Node) -> Result<Self, String> {
        match node {
            Node::Object(members) => Self::operator(members),
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

    fn fits(&self, leaf: &Node) -> bool {
        match (self, leaf) {
            (Self::Equals(wanted), leaf) => wanted == leaf,
            (Self::AnythingBut(unwanted), leaf) => !unwanted.contains(leaf),
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

    fn operator(members: &Members) -> Result<Self, String> {
        let mut members = members.iter();
        let (Some((name, operand)), None) = (members.next(), members.next()) else {
            return Err(
                "an object within a list must have exactly one member, the operator".into(),
            );
        };
        match (name.as_str(), operand) {
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
            _ => Err(format!(
                "`{name}` is not an operator of event source mappings"
            )),
        }
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
        Ok(value) if value.abs() <= 5e9 => Ok(if value == 0.0 { 0.0 } else { value }),
        _ => Err(format!(
            "{text} is not between -5,000,000,000 and 5,000,000,000"
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
