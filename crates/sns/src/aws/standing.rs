//! A subscription as it stands.

use std::collections::HashMap;

use lambda_with_aws::Entry;
use serde_json::{Value, json};

/// One subscription of the function, in whatever version.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Standing {
    /// Its ARN, or `PendingConfirmation`.
    pub(super) arn: String,
    /// The ARN of the function.
    pub(super) endpoint: String,
    /// Those attributes a connection sets; null where they are not there.
    pub(super) attributes: Value,
}

impl Standing {
    /// The attributes of a subscription that has none.
    pub(super) fn nothing() -> Value {
        json!({ "FilterPolicy": null, "FilterPolicyScope": null, "RedrivePolicy": null })
    }

    pub(super) fn new(arn: String, endpoint: String, attributes: &HashMap<String, String>) -> Self {
        let policy = |name: &str| {
            let text = attributes.get(name).filter(|text| !text.is_empty())?;
            let value = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
            (value != json!({})).then_some(value)
        };
        let filter = policy("FilterPolicy");
        let scope = filter.as_ref().map(|_| {
            let scope = attributes.get("FilterPolicyScope");
            scope.map_or("MessageAttributes", String::as_str)
        });
        Self {
            arn,
            endpoint,
            attributes: json!({
                "FilterPolicy": filter,
                "FilterPolicyScope": scope,
                "RedrivePolicy": policy("RedrivePolicy"),
            }),
        }
    }

    pub(super) fn is_pending(&self) -> bool {
        !self.arn.starts_with("arn:")
    }

    /// What to set, in order. A policy that is nested is only taken, and only stands, where the scope
    /// is the message's body: so that scope is set before the policy, and the other one after it.
    pub(super) fn steps(&self, wanted: &Value) -> Vec<(&'static str, Option<String>)> {
        let body = wanted["FilterPolicyScope"] == "MessageBody";
        let names = if body {
            ["FilterPolicyScope", "FilterPolicy", "RedrivePolicy"]
        } else {
            ["FilterPolicy", "FilterPolicyScope", "RedrivePolicy"]
        };
        let differing = names
            .into_iter()
            .filter(|name| self.attributes[*name] != wanted[*name]);
        differing
            .filter_map(|name| match (name, &wanted[name]) {
                // It goes with the policy.
                ("FilterPolicyScope", Value::Null) => None,
                ("FilterPolicyScope", Value::String(scope)) => Some((name, Some(scope.clone()))),
                ("FilterPolicy", Value::Null) => Some((name, Some("{}".into()))),
                (_, Value::Null) => Some((name, None)),
                (_, value) => Some((name, Some(value.to_string()))),
            })
            .collect()
    }
}

/// A topic has one subscription for each version or alias, which is what tells them apart.
impl Entry for Standing {
    fn name(&self) -> &str {
        &self.endpoint
    }

    fn target(&self) -> &str {
        &self.endpoint
    }

    fn members(&self) -> Value {
        self.attributes.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(attributes: &[(&str, &str)]) -> Standing {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let attributes = attributes.iter().map(owned).collect();
        Standing::new(
            "arn:aws:sns:…".into(),
            "arn:aws:lambda:…".into(),
            &attributes,
        )
    }

    #[test]
    fn steps_in_an_order_that_amazon_sns_takes() {
        let flat = standing(&[("FilterPolicy", r#"{"a":["1"]}"#)]);
        let nested = standing(&[
            ("FilterPolicy", r#"{"a":{"b":["1"]}}"#),
            ("FilterPolicyScope", "MessageBody"),
            ("RedrivePolicy", r#"{"deadLetterTargetArn":"q"}"#),
        ]);
        let names = |steps: Vec<(&'static str, Option<String>)>| {
            steps.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        let to_nested = flat.steps(&nested.attributes);
        assert_eq!(
            names(to_nested),
            ["FilterPolicyScope", "FilterPolicy", "RedrivePolicy"]
        );
        let to_flat = nested.steps(&flat.attributes);
        assert_eq!(to_flat[2], ("RedrivePolicy", None));
        assert_eq!(names(to_flat)[..2], ["FilterPolicy", "FilterPolicyScope"]);
        let to_nothing = nested.steps(&Standing::nothing());
        assert_eq!(
            to_nothing,
            [("FilterPolicy", Some("{}".into())), ("RedrivePolicy", None)]
        );
    }

    #[test]
    fn what_is_empty_is_not_there() {
        for attributes in [
            &[][..],
            &[("FilterPolicy", ""), ("RedrivePolicy", "")],
            &[("FilterPolicy", "{}"), ("FilterPolicyScope", "MessageBody")],
        ] {
            assert_eq!(standing(attributes).attributes, Standing::nothing());
        }
        let order = standing(&[("FilterPolicy", "{ \"b\": [2], \"a\": [1] }")]);
        assert_eq!(
            order.attributes["FilterPolicy"],
            json!({ "a": [1], "b": [2] })
        );
    }
}
