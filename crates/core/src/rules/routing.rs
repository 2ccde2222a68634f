//! Which version an alias leads to.
//!
//! ```
//! use lambda_with::rules::routing::Routing;
//!
//! let canary = Routing::new("1", [("2".to_owned(), 0.03)])?;
//! assert_eq!(canary.choose(0.5), "1");
//! assert_eq!(canary.choose(0.01), "2");
//! # Ok::<(), lambda_with::Error>(())
//! ```
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html>.

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// The version that changes with every deployment.
pub const LATEST: &str = "$LATEST";

/// What a second version and its weight must be, as AWS prints it.
const KEYS: &str = "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]";
const WEIGHTS: &str = "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]";

/// The versions an alias leads to: one, or two of which the second has a weight.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Routing {
    /// The version that gets what the other does not.
    pub version: String,
    /// Another version, and its share of the invocations from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional: Option<(String, f64)>,
}

impl Routing {
    /// An alias of `version`, with the other versions that AWS calls `AdditionalVersionWeights`.
    ///
    /// # Errors
    ///
    /// In AWS's words: `Limit` for a key that is no number and a weight outside 0 to 1, `Invalid` for
    /// more than one other version, for `$LATEST` beside another version, and for one version twice.
    pub fn new(
        version: impl Into<String>,
        weights: impl IntoIterator<Item = (String, f64)>,
    ) -> Result<Self, Error> {
        let version = version.into();
        let weights: Vec<(String, f64)> = weights.into_iter().collect();
        let numbers = |(key, _): &(String, f64)| {
            (1..=1024).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_digit())
        };
        for (fits, constraint) in [
            (weights.iter().all(numbers), KEYS),
            (
                weights
                    .iter()
                    .all(|(_, weight)| (0.0..=1.0).contains(weight)),
                WEIGHTS,
            ),
        ] {
            if !fits {
                let shown: Vec<String> = weights
                    .iter()
                    .map(|(key, weight)| format!("{key}={weight:?}"))
                    .collect();
                let message = format!(
                    "1 validation error detected: Value '{{{}}}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: {constraint}",
                    shown.join(", ")
                );
                return Err(Error::new(ErrorKind::Limit, message));
            }
        }
        let refuse = |message: String| Err(Error::new(ErrorKind::Invalid, message));
        match weights.as_slice() {
            [_, _, ..] => {
                let message =
                    "Number of items in AdditionalVersionWeights cannot be greater than 1";
                return refuse(message.to_owned());
            }
            [_] if version == LATEST => {
                return refuse(format!(
                    "{LATEST} is not supported for an alias pointing to more than 1 version"
                ));
            }
            [(other, _)] if *other == version => {
                return refuse(format!(
                    "Invalid function version {version}. Function version {version} is already included in routing configuration."
                ));
            }
            [] | [_] => {}
        }
        Ok(Self {
            version,
            additional: weights.into_iter().next(),
        })
    }

    /// The version that runs, for a number drawn from 0 to 1 (without 1).
    #[must_use]
    pub fn choose(&self, draw: f64) -> &str {
        match &self.additional {
            Some((other, weight)) if draw < *weight => other,
            _ => &self.version,
        }
    }

    /// Every version the alias may lead to.
    pub fn versions(&self) -> impl Iterator<Item = &str> {
        let other = self.additional.iter().map(|(other, _)| other.as_str());
        std::iter::once(self.version.as_str()).chain(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routing(version: &str, weights: &[(&str, f64)]) -> Result<Routing, Error> {
        let weights = weights
            .iter()
            .map(|(key, weight)| ((*key).to_owned(), *weight));
        Routing::new(version, weights)
    }

    #[test]
    fn a_weight_is_the_share_of_the_other_version() {
        for (weight, others) in [(0.0, 0), (0.03, 30), (0.5, 500), (1.0, 1000)] {
            let routing = routing("1", &[("2", weight)]).unwrap();
            let chosen = (0..1000).filter(|draw| routing.choose(f64::from(*draw) / 1000.0) == "2");
            assert_eq!(chosen.count(), others, "{weight}");
            assert_eq!(routing.versions().collect::<Vec<_>>(), ["1", "2"]);
        }
        let plain = routing("$LATEST", &[]).unwrap();
        assert!(
            [0.0, 0.999]
                .iter()
                .all(|draw| plain.choose(*draw) == "$LATEST")
        );
    }

    #[test]
    fn refusals_are_as_recorded() {
        let refusals = [
            routing("1", &[("1", 0.8), ("2", 0.2)]),
            routing("1", &[("2", 2.0)]),
            routing("1", &[("2", -1.0)]),
            routing("1", &[("2", f64::NAN)]),
            routing("1", &[("1", 0.5)]),
            routing("$LATEST", &[("1", 0.5)]),
            routing("1", &[("$LATEST", 0.5)]),
        ];
        let texts: Vec<String> = refusals
            .into_iter()
            .map(|refused| {
                let error = refused.unwrap_err();
                format!("{:?}: {error}\n", error.kind())
            })
            .collect();
        expect_test::expect![[r#"
            Invalid: Number of items in AdditionalVersionWeights cannot be greater than 1
            Limit: 1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]
            Limit: 1 validation error detected: Value '{2=-1.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]
            Limit: 1 validation error detected: Value '{2=NaN}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]
            Invalid: Invalid function version 1. Function version 1 is already included in routing configuration.
            Invalid: $LATEST is not supported for an alias pointing to more than 1 version
            Limit: 1 validation error detected: Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]
        "#]].assert_eq(&texts.concat());
    }
}
