//! The function's URL.

use lambda_with::{Error, Function};
use serde_json::{Map, Value, json};

use super::remote::unqualified;
use crate::change::{Action, Change, Reading, sorted};
use crate::error::{failed, if_there};
use crate::plan::Goal;
use crate::raw::Exchange;
use crate::session::Session;
use crate::shared::Shared;
use crate::wire::Aim;

/// The URL of a function, or of the alias that is meant: there is one at most, so that the definition is
/// master of whatever stands there.
#[derive(Clone, Debug)]
pub(crate) struct Url {
    session: Session,
    function: Function,
    /// Members as Lambda's API has them.
    wanted: Map<String, Value>,
}

impl Url {
    /// The resource a URL is in a definition.
    pub(crate) const KIND: &'static str = "AWS::Lambda::Url";

    pub(crate) fn new(session: &Session, function: &Function, properties: &Value) -> Self {
        let member = |name: &str| {
            let value = properties.get(name).filter(|value| !value.is_null())?;
            Some((name.to_owned(), value.clone()))
        };
        Self {
            session: session.clone(),
            function: function.clone(),
            wanted: ["AuthType", "Cors", "InvokeMode"]
                .into_iter()
                .filter_map(member)
                .collect(),
        }
    }

    fn what(&self) -> String {
        let function = self.function.arn.resource().trim_start_matches("function:");
        format!("URL of {function}")
    }

    fn qualifier(&self) -> Option<String> {
        let alias = self.function.qualifier().filter(|name| *name != "$LATEST");
        alias.map(str::to_owned)
    }

    /// What differs, with the value to write.
    fn differences(&self, found: &Value) -> Map<String, Value> {
        let mut wanted = self.wanted.clone();
        wanted.entry("Cors").or_insert_with(|| json!({}));
        wanted.retain(|member, wanted| match member.as_str() {
            "Cors" => plain(&found["Cors"], wanted) != plain(wanted, wanted),
            _ => found[member.as_str()] != *wanted,
        });
        wanted
    }
}

impl Shared for Url {
    type Document = Option<Value>;

    fn title(&self) -> String {
        format!("the {}", self.what())
    }

    async fn read(&self, _goal: Goal) -> Result<Option<Value>, Error> {
        let exchange = Exchange::new();
        let request = self.session.lambda().get_function_url_config();
        let request = request
            .function_name(unqualified(&self.function))
            .set_qualifier(self.qualifier());
        let sent = request.customize().interceptor(exchange.clone()).send();
        if_there(exchange.document("GetFunctionUrlConfig", self.what(), sent.await))
    }

    fn compare(&self, found: &Option<Value>, aim: Aim) -> (Reading, Option<Value>) {
        let mut reading = Reading::default();
        let address = found.as_ref().and_then(|url| url["FunctionUrl"].as_str());
        let change = |action| {
            let change = Change::new(action, self.what());
            match address {
                Some(address) => change.note(address),
                None => change,
            }
        };
        let mut next = None;
        match (aim.goal, found) {
            (Goal::Connect, None) => {
                let wanted = Value::Object(self.wanted.clone());
                let change = change(Action::Create).members(&Value::Null, &wanted);
                reading.changes.push(change);
                next = Some(wanted);
            }
            (Goal::Connect, Some(found)) => {
                let mut after = found.clone();
                let mut change = change(Action::Update);
                for (member, wanted) in self.differences(found) {
                    change = change.detail(&member, found[&member].clone(), wanted.clone());
                    after[&member] = wanted;
                }
                reading.changes.push(change.or_keep());
                next = Some(after);
            }
            (Goal::Disconnect, None) => {}
            (Goal::Disconnect, Some(_)) => {
                reading.changes.push(change(Action::Remove));
                reading.warnings.push(format!(
                    "the address {} cannot be had again: another URL will have another",
                    address.unwrap_or_default()
                ));
            }
        }
        (reading, next)
    }

    async fn write(&self, found: &Option<Value>, next: &Option<Value>) -> Result<(), Error> {
        let lambda = self.session.lambda();
        let (function, alias) = (unqualified(&self.function), self.qualifier());
        match (found, next) {
            (_, None) => {
                let request = lambda.delete_function_url_config().function_name(function);
                let answer = request.set_qualifier(alias).send().await;
                answer.map_err(|error| failed("DeleteFunctionUrlConfig", self.what(), error))?;
            }
            (None, Some(wanted)) => {
                let body = Exchange::sending(sorted(wanted.clone()).to_string());
                let request = lambda.create_function_url_config().function_name(function);
                let request = request.set_qualifier(alias).customize().interceptor(body);
                let answer = request.send().await;
                answer.map_err(|error| failed("CreateFunctionUrlConfig", self.what(), error))?;
            }
            (Some(found), Some(_)) => {
                let body = sorted(Value::Object(self.differences(found))).to_string();
                let request = lambda.update_function_url_config().function_name(function);
                let request = request.set_qualifier(alias).customize();
                let answer = request.interceptor(Exchange::sending(body)).send().await;
                answer.map_err(|error| failed("UpdateFunctionUrlConfig", self.what(), error))?;
            }
        }
        Ok(())
    }
}

/// The settings for web pages of other origins without what makes no difference: order, members that
/// are empty, and the case of headers, which Lambda writes small.
fn plain(cors: &Value, wanted: &Value) -> Value {
    let members = cors.as_object().into_iter().flatten();
    let member = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::Array(items) => {
                let is_header = name.ends_with("Headers");
                let text = |item: &Value| match item.as_str() {
                    Some(text) if is_header => text.to_ascii_lowercase(),
                    text => text.unwrap_or_default().to_owned(),
                };
                let mut items: Vec<String> = items.iter().map(text).collect();
                items.sort_unstable();
                items.dedup();
                json!(items)
            }
            value => value.clone(),
        };
        let is_unset = value == json!([]) || value == json!(false) || value.is_null();
        let is_unset = is_unset || value == json!(0) && wanted.get(name).is_none();
        (!is_unset).then(|| (name.clone(), value))
    };
    sorted(Value::Object(members.filter_map(member).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_difference_to_browsers() {
        for (found, wanted, same) in [
            (json!(null), json!({}), true),
            (
                json!({ "AllowCredentials": false, "MaxAge": 0 }),
                json!({}),
                true,
            ),
            (
                json!({ "AllowHeaders": ["x-order", "content-type"] }),
                json!({ "AllowHeaders": ["Content-Type", "X-Order"] }),
                true,
            ),
            (
                json!({ "ExposeHeaders": ["date"] }),
                json!({ "ExposeHeaders": ["Date", "date"] }),
                true,
            ),
            (json!({ "AllowOrigins": ["*"] }), json!({}), false),
            (
                json!({ "AllowMethods": ["get"] }),
                json!({ "AllowMethods": ["GET"] }),
                false,
            ),
            (json!({}), json!({ "MaxAge": 0 }), false),
            (json!({ "MaxAge": 300 }), json!({ "MaxAge": 600 }), false),
        ] {
            let equal = plain(&found, &wanted) == plain(&wanted, &wanted);
            assert_eq!(equal, same, "{found} {wanted}");
        }
    }
}
