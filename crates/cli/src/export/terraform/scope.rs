//! Names and references: what CloudFormation's references are called in Terraform.

use std::collections::{BTreeMap, BTreeSet};

use lambda_with::{EpochSeconds, Json};
use serde_json::{Map, Value, json};

use super::schema::{Field, Shape, snake_case};
use super::table;
use crate::export::marked::Resources;
use crate::export::references::{self, Piece};
use crate::failure::Failure;

/// The resources of the template, under their names in Terraform.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) resources: &'a Resources,
    names: BTreeMap<&'a str, String>,
    /// Parameters of the template.
    parameters: &'a Value,
    /// Parameters something refers to.
    pub(super) variables: BTreeSet<String>,
    /// Data sources something refers to: `aws_region.current`.
    pub(super) data: BTreeSet<&'static str>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(resources: &'a Resources, parameters: &'a Value) -> Self {
        let mut names: BTreeMap<&str, String> = BTreeMap::new();
        for id in resources.keys() {
            let name = identifier(id);
            let free = names.values().all(|there| *there != name);
            names.insert(id, if free { name } else { id.clone() });
        }
        Self {
            resources,
            names,
            parameters,
            variables: BTreeSet::new(),
            data: BTreeSet::new(),
        }
    }

    pub(super) fn name(&self, id: &str) -> &str {
        self.names.get(id).map_or("", String::as_str)
    }

    pub(super) fn kind(&self, id: &str) -> &str {
        self.resources
            .get(id)
            .and_then(|resource| resource["Type"].as_str())
            .unwrap_or_default()
    }

    /// What is said where CloudFormation says `Ref` or `Fn::GetAtt`.
    pub(super) fn reference(
        &mut self,
        id: &str,
        attribute: Option<&str>,
    ) -> Result<String, Failure> {
        let (data, member) = match id {
            "AWS::AccountId" => ("aws_caller_identity", "account_id"),
            "AWS::Partition" => ("aws_partition", "partition"),
            "AWS::Region" => ("aws_region", "region"),
            "AWS::URLSuffix" => ("aws_partition", "dns_suffix"),
            _ => ("", ""),
        };
        if !data.is_empty() {
            self.data.insert(data);
            return Ok(format!("data.{data}.current.{member}"));
        }
        if self.parameters.get(id).is_some() {
            self.variables.insert(id.to_owned());
            return Ok(format!("var.{}", identifier(id)));
        }
        let refuse = || {
            let what = attribute.map_or_else(
                || format!("`Ref` of `{id}`"),
                |name| format!("`{id}.{name}`"),
            );
            Failure::new(format!("{what} has no translation to Terraform"))
        };
        let resource = self.resources.get(id).ok_or_else(refuse)?;
        if self.kind(id) == "AWS::Lambda::Version" {
            let (function, _) =
                references::target(&resource["Properties"]["FunctionName"]).ok_or_else(refuse)?;
            let of = match attribute {
                None => "qualified_arn",
                Some(_) => "version",
            };
            return Ok(format!("aws_lambda_function.{}.{of}", self.name(function)));
        }
        let kind = table::find(self.kind(id)).ok_or_else(refuse)?;
        let argument = match attribute {
            None => kind.reference,
            Some(attribute) => {
                kind.attributes
                    .iter()
                    .find(|(name, _)| *name == attribute)
                    .ok_or_else(refuse)?
                    .1
            }
        };
        Ok(format!("{}.{}.{argument}", kind.terraform, self.name(id)))
    }

    /// A value with Terraform's expressions in place of CloudFormation's functions.
    pub(super) fn value(&mut self, value: &Value) -> Result<Value, Failure> {
        if let Some((id, attribute)) = references::target(value) {
            return Ok(json!(format!("${{{}}}", self.reference(id, attribute)?)));
        }
        Ok(match value {
            Value::String(text) => json!(literal(text)),
            Value::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| self.value(item))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Object(members) => match members.get("Fn::Sub") {
                Some(Value::String(text)) if members.len() == 1 => json!(self.text(text)?),
                _ => {
                    if let Some(function) = members.keys().find(|name| name.starts_with("Fn::")) {
                        return Err(Failure::new(format!(
                            "`{function}` has no translation to Terraform"
                        )));
                    }
                    let mut map = Map::new();
                    for (name, value) in members {
                        map.insert(literal(name), self.value(value)?);
                    }
                    Value::Object(map)
                }
            },
            other => other.clone(),
        })
    }

    fn text(&mut self, text: &str) -> Result<String, Failure> {
        let mut replaced = String::new();
        for piece in references::pieces(text) {
            match piece {
                Piece::Text(text) => replaced.push_str(&literal(text)),
                Piece::Reference(name) => {
                    let (id, attribute) = match name.split_once('.') {
                        Some((id, attribute)) => (id, Some(attribute)),
                        None => (name, None),
                    };
                    replaced.push_str(&format!("${{{}}}", self.reference(id, attribute)?));
                }
            }
        }
        // `$${`, the text, comes in two pieces.
        Ok(replaced)
    }

    /// Properties as arguments. `at` names the type and the way to the properties.
    pub(super) fn arguments(
        &mut self,
        fields: &[Field],
        properties: &Map<String, Value>,
        at: &str,
    ) -> Result<Map<String, Value>, Failure> {
        let mut arguments = Map::new();
        for (property, value) in properties {
            let at = format!("{at}.{property}");
            let Some(field) = fields.iter().find(|field| field.property == *property) else {
                return Err(Failure::new(format!("`{at}` has no translation to Terraform")).fix(
                    "leave the setting out of the definition, or export this function as CloudFormation",
                ));
            };
            let argument = self.argument(&field.shape, value, &at)?;
            arguments.insert(field.argument.clone(), argument);
        }
        Ok(arguments)
    }

    fn argument(&mut self, shape: &Shape, value: &Value, at: &str) -> Result<Value, Failure> {
        let refuse = || Failure::new(format!("`{at}` has no translation to Terraform: {value}"));
        match shape {
            Shape::Plain => {
                let is_plain = |value: &Value| {
                    !value.is_object()
                        || references::target(value).is_some()
                        || value.get("Fn::Sub").is_some()
                };
                let fits = match value {
                    Value::Array(items) => items.iter().all(is_plain),
                    value => is_plain(value),
                };
                if fits {
                    self.value(value)
                } else {
                    Err(refuse())
                }
            }
            Shape::Map if value.is_object() => self.value(value),
            Shape::Json => Ok(json!(self.value(value)?.to_string())),
            Shape::Time => {
                let seconds = Json::from(value.clone()).decode::<EpochSeconds>();
                let time = seconds.and_then(|seconds| seconds.timestamp());
                Ok(json!(time.map_err(|_| refuse())?.to_string()))
            }
            Shape::Tags => {
                let mut tags = Map::new();
                for tag in value.as_array().ok_or_else(refuse)? {
                    let key = tag["Key"].as_str().ok_or_else(refuse)?;
                    tags.insert(literal(key), self.value(&tag["Value"])?);
                }
                Ok(Value::Object(tags))
            }
            Shape::Block(fields) => match value {
                Value::Object(members) => Ok(Value::Object(self.arguments(fields, members, at)?)),
                Value::Array(items) => {
                    let blocks = items.iter().map(|item| self.argument(shape, item, at));
                    Ok(Value::Array(blocks.collect::<Result<_, _>>()?))
                }
                _ => Err(refuse()),
            },
            Shape::Map => Err(refuse()),
        }
    }
}

/// A name as Terraform's identifiers are written.
pub(super) fn identifier(id: &str) -> String {
    let name = snake_case(id);
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}

/// Text that Terraform takes as it is.
pub(super) fn literal(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}
