//! The types a value can have.

use super::super::json::Node;
use super::super::model::{Slot, Type};
use super::super::problem::At;
use super::Reader;

/// The keywords that say what type a value has.
const KEYWORDS: &[&str] = &[
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "contentEncoding",
    "contentMediaType",
    "format",
    "items",
    "minimum",
    "type",
    "x-headers",
    "x-secret",
];

impl Reader {
    /// A value's type; besides the keywords for types, `extra` ones may stand there.
    pub(super) fn slot(&mut self, node: &Node, at: &At, extra: &[&str]) -> Option<Slot> {
        if *node == Node::Bool(true) {
            return Some(Slot {
                ty: Type::Json,
                nullable: false,
            });
        }
        let Node::Object(members) = node else {
            self.problems
                .add(at, "must be a schema: an object, or `true` for any value");
            return None;
        };
        let known: Vec<&str> = KEYWORDS.iter().chain(extra).copied().collect();
        self.known(node, at, &known);
        let mut left: Vec<&str> = members
            .iter()
            .map(|(keyword, _)| keyword.as_str())
            .filter(|keyword| KEYWORDS.contains(keyword))
            .collect();
        let secret = take(&mut left, "x-secret");
        if secret && !node.get("x-secret").is_some_and(Node::is_true) {
            self.problems
                .add(&at.down("x-secret"), "must be `true`, or be left out");
        }
        let before = self.problems.len();
        let slot = if take(&mut left, "$ref") {
            self.reference(node, at).map(|ty| Slot {
                ty,
                nullable: false,
            })
        } else if take(&mut left, "anyOf") {
            self.or_null(node, at)
        } else if take(&mut left, "type") {
            self.typed(node, at, &mut left)
        } else {
            Some(Slot {
                ty: Type::Json,
                nullable: false,
            })
        };
        if self.problems.len() == before {
            for keyword in left {
                self.problems
                    .add(&at.down(keyword), "has no meaning for this type");
            }
        }
        slot.map(|slot| match secret {
            true => Slot {
                ty: Type::Secret(Box::new(slot.ty)),
                ..slot
            },
            false => slot,
        })
    }

    fn reference(&mut self, node: &Node, at: &At) -> Option<Type> {
        let at = at.down("$ref");
        let name = node
            .get("$ref")
            .and_then(Node::str)
            .and_then(|r| r.strip_prefix("#/$defs/"));
        let Some(name) = name else {
            self.problems
                .add(&at, "must be `#/$defs/` and the name of a type");
            return None;
        };
        self.references.push((name.to_owned(), at));
        Some(Type::Ref(name.to_owned()))
    }

    fn or_null(&mut self, node: &Node, at: &At) -> Option<Slot> {
        let is_null = |node: &&Node| node.get("type").and_then(Node::str) == Some("null");
        let branches = node.get("anyOf").map(Node::items).unwrap_or_default();
        let position = branches.iter().position(|branch| !is_null(&branch));
        match (branches, position) {
            ([_, _], Some(index)) if branches.iter().any(|branch| is_null(&branch)) => {
                let slot = self.slot(&branches[index], &at.down("anyOf").down(index), &[])?;
                Some(Slot {
                    nullable: !is_any(&slot.ty),
                    ..slot
                })
            }
            _ => {
                let what = "must be one type and `{\"type\": \"null\"}`; for a choice between types \
                            use `oneOf` in a `$defs` entry";
                self.problems.add(&at.down("anyOf"), what);
                None
            }
        }
    }

    fn typed(&mut self, node: &Node, at: &At, left: &mut Vec<&str>) -> Option<Slot> {
        let mut names: Vec<&str> = match node.get("type") {
            Some(Node::String(name)) => vec![name],
            Some(Node::Array(names)) => names.iter().filter_map(Node::str).collect(),
            _ => Vec::new(),
        };
        names.sort_unstable();
        let nullable = take(&mut names, "null");
        let format = take(left, "format").then(|| node.get("format").and_then(Node::str));
        let ty = match (names.as_slice(), format) {
            (_, Some(Some("epoch-millis"))) => match names.as_slice() {
                ["integer"] => Type::EpochMillis {
                    number: true,
                    text: false,
                },
                ["string"] => Type::EpochMillis {
                    number: false,
                    text: true,
                },
                ["integer", "string"] => Type::EpochMillis {
                    number: true,
                    text: true,
                },
                _ => {
                    return self
                        .refuse(&at.down("type"), "epoch-millis is integer, string or both");
                }
            },
            (_, Some(Some("epoch-seconds"))) => match names.as_slice() {
                ["number"] => Type::EpochSeconds { text: false },
                ["number", "string"] => Type::EpochSeconds { text: true },
                _ => {
                    return self.refuse(
                        &at.down("type"),
                        "epoch-seconds is number, or number and string",
                    );
                }
            },
            (["string"], Some(Some("date-time"))) => Type::Rfc3339,
            (_, Some(_)) => {
                let what = "must be `date-time` (string), `epoch-millis` or `epoch-seconds`";
                return self.refuse(&at.down("format"), what);
            }
            (["string"], None) => return self.string(node, at, left, nullable),
            (["integer"], None) if take(left, "minimum") => {
                if node.get("minimum") != Some(&Node::Number(0.into())) {
                    return self.refuse(&at.down("minimum"), "must be 0, or be left out");
                }
                Type::U64
            }
            (["integer"], None) => Type::I64,
            (["number"], None) => Type::F64,
            (["boolean"], None) => Type::Bool,
            (["integer", "string"], None) => Type::Integer,
            (["boolean", "number", "string"], None) => Type::Scalar,
            (["array"], None) => {
                take(left, "items");
                let Some(items) = node.get("items") else {
                    return self.refuse(at, "items is missing");
                };
                Type::Vec(Box::new(self.slot(items, &at.down("items"), &[])?))
            }
            (["object"], None) => self.map(node, at, left)?,
            _ => {
                return self.refuse(
                    &at.down("type"),
                    "this choice of types is not in the dialect",
                );
            }
        };
        Some(Slot { ty, nullable })
    }

    fn string(
        &mut self,
        node: &Node,
        at: &At,
        left: &mut Vec<&str>,
        nullable: bool,
    ) -> Option<Slot> {
        let mut ty = Type::Text;
        if take(left, "contentEncoding") {
            if node.get("contentEncoding").and_then(Node::str) != Some("base64") {
                return self.refuse(&at.down("contentEncoding"), "must be `base64`");
            }
            ty = Type::Base64;
        } else if take(left, "contentMediaType") {
            if node.get("contentMediaType").and_then(Node::str) != Some("application/json") {
                return self.refuse(&at.down("contentMediaType"), "must be `application/json`");
            }
            ty = Type::JsonText;
        } else if take(left, "const") && node.get("const").and_then(Node::str).is_none() {
            return self.refuse(&at.down("const"), "must be a string");
        }
        Some(Slot { ty, nullable })
    }

    fn map(&mut self, node: &Node, at: &At, left: &mut Vec<&str>) -> Option<Type> {
        if node.get("properties").is_some() {
            return self.refuse(
                at,
                "an object with properties needs a `$defs` entry of its own",
            );
        }
        take(left, "additionalProperties");
        let Some(values) = node.get("additionalProperties") else {
            let what = "an object needs `properties` (in a `$defs` entry) or `additionalProperties`; \
                        any value at all is `{}`";
            return self.refuse(at, what);
        };
        let values = self.slot(values, &at.down("additionalProperties"), &[])?;
        if !take(left, "x-headers") {
            return Some(Type::Map(Box::new(values)));
        }
        if !node.get("x-headers").is_some_and(Node::is_true) {
            return self.refuse(&at.down("x-headers"), "must be `true`, or be left out");
        }
        match values {
            Slot {
                ty: Type::Text,
                nullable: false,
            } => Some(Type::Headers),
            Slot {
                ty: Type::Vec(inner),
                nullable: false,
            } if matches!(
                *inner,
                Slot {
                    ty: Type::Text,
                    nullable: false
                }
            ) =>
            {
                Some(Type::MultiHeaders)
            }
            _ => self.refuse(
                &at.down("x-headers"),
                "headers are strings or arrays of strings",
            ),
        }
    }

    pub(super) fn refuse<T>(&mut self, at: &At, what: &str) -> Option<T> {
        self.problems.add(at, what);
        None
    }
}

/// The name of a union's variant where the schema gives none.
pub(super) fn variant_name(ty: &Type) -> String {
    match ty {
        Type::Ref(name) => name.clone(),
        Type::Secret(inner) => variant_name(inner),
        Type::Vec(_) => "List".to_owned(),
        Type::Map(_) => "Map".to_owned(),
        Type::I64 | Type::U64 | Type::F64 => "Number".to_owned(),
        Type::Text => "Text".to_owned(),
        Type::Bool => "Bool".to_owned(),
        Type::Rfc3339 | Type::EpochMillis { .. } | Type::EpochSeconds { .. } => "Time".to_owned(),
        Type::Base64 => "Base64".to_owned(),
        Type::JsonText | Type::Json => "Json".to_owned(),
        Type::Integer | Type::Scalar => "Scalar".to_owned(),
        Type::Headers | Type::MultiHeaders => "Headers".to_owned(),
    }
}

/// Whether any value at all is of the type, null included.
pub(super) fn is_any(ty: &Type) -> bool {
    match ty {
        Type::Secret(inner) => is_any(inner),
        ty => matches!(ty, Type::Json),
    }
}

/// Takes `word` out of the list and says whether it was there.
fn take(words: &mut Vec<&str>, word: &str) -> bool {
    let position = words.iter().position(|known| *known == word);
    if let Some(position) = position {
        words.remove(position);
    }
    position.is_some()
}
