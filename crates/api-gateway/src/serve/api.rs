//! What is common to all routes of an API.

use std::collections::BTreeMap;
use std::time::Duration;

use lambda_with::{Arn, Delivery, Function};

use crate::permission;
use crate::route::Route;

/// What is common to all routes.
#[derive(Clone, Debug)]
pub(super) struct Api {
    pub(super) id: String,
    /// The id, or the reference the permission of an API yet to be created has in its place.
    pub(super) reference: String,
    pub(super) rest: bool,
    /// Whether it is no API but the URL of a function.
    pub(super) url: bool,
    pub(super) partition: String,
    pub(super) region: String,
    pub(super) account: String,
    pub(super) stage: String,
    pub(super) stage_variables: BTreeMap<String, String>,
    pub(super) binary_media_types: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Entry<T> {
    pub(super) route: Route,
    pub(super) flavour: Flavour,
    pub(super) timeout: Duration,
    pub(super) authorizer: Option<String>,
    pub(super) target: T,
}

/// The forms of events and answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flavour {
    Rest,
    HttpV1,
    HttpV2,
    Url,
}

impl Api {
    pub(super) fn new(
        id: Option<&str>,
        reference: String,
        account: Option<&str>,
        function: &Function,
    ) -> Self {
        Self {
            id: match id {
                Some(id) => id.to_owned(),
                None => format!("local{}", lambda_with::name::checksum_of(&[&reference])),
            },
            reference,
            rest: false,
            url: false,
            partition: function.partition().into(),
            region: function.region().into(),
            account: account.unwrap_or(function.account()).into(),
            stage: String::new(),
            stage_variables: BTreeMap::new(),
            binary_media_types: Vec::new(),
        }
    }

    /// The host name AWS gives the API.
    pub(super) fn domain_name(&self) -> String {
        let suffix = if self.partition == "aws-cn" {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        if self.url {
            return format!("{}.lambda-url.{}.on.aws", self.id, self.region);
        }
        format!("{}.execute-api.{}.{suffix}", self.id, self.region)
    }

    pub(super) fn delivery(&self, method: &str, route: &Route) -> Delivery {
        let place = match route.method() {
            Some(_) => format!("{method}{}", route.path()),
            None => route.key().to_owned(),
        };
        self.delivery_at(&format!("{}/{place}", self.stage))
    }

    /// The delivery on behalf of a place of the API: `STAGE/METHOD/PATH`, `STAGE/KEY`,
    /// `authorizers/ID`.
    pub(super) fn delivery_at(&self, place: &str) -> Delivery {
        let resource = format!("{}/{place}", self.reference);
        let arn = Arn::new(
            &self.partition,
            "execute-api",
            &self.region,
            &self.account,
            &resource,
        );
        Delivery {
            principal: permission::PRINCIPAL.into(),
            source_arn: arn.ok(),
            source_account: Some(self.account.clone()),
            event_source_token: None,
        }
    }
}
