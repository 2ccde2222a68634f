//! Where the records of invocations go: to their destinations, or into a file.

#[cfg(all(feature = "aws", feature = "poll"))]
mod send;

use lambda_with::rules::stream::Destination;
use lambda_with_local::Handle;
use serde::Serialize;

use super::sources::{Access, without_password};
use crate::config::Defined;

#[cfg(all(feature = "aws", feature = "poll"))]
pub(super) use self::send::destinations;

/// What `dev` keeps of records it does not send.
pub(super) const FILE: &str = ".lambda-with/deliveries.jsonl";

/// Nothing is sent by a build that reaches neither AWS nor brokers.
#[cfg(not(all(feature = "aws", feature = "poll")))]
pub(super) fn destinations(_: &Access) -> Option<lambda_with_local::Destinations> {
    None
}

/// The records of one function, or of one of its sources.
#[derive(Debug, Serialize)]
pub(super) struct Records {
    pub(super) function: String,
    /// The service of the source whose failures these are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) of: Option<&'static str>,
    pub(super) on: On,
    pub(super) destination: String,
    /// Where they are sent; nothing where they are kept in the file.
    pub(super) sent_to: Option<String>,
    /// What was to be named for them to be sent.
    #[serde(skip)]
    pub(super) wanted: &'static str,
}

/// What is recorded.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum On {
    Success,
    Failure,
}

impl Records {
    /// What the file says of a function's asynchronous invocations.
    pub(super) fn of(defined: &Defined, access: &Access, handle: &Handle) -> Vec<Self> {
        let both = [
            (On::Success, &defined.on_success),
            (On::Failure, &defined.on_failure),
        ];
        let named = both
            .into_iter()
            .filter_map(|(on, to)| Some((on, to.as_ref()?)));
        named
            .map(|(on, to)| {
                let to = Destination::Arn(to.clone());
                Self::new(&defined.name, None, on, &to, access, handle)
            })
            .collect()
    }

    /// What is said of a source's failures.
    pub(super) fn of_source(
        function: &str,
        service: &'static str,
        to: &Destination,
        access: &Access,
        handle: &Handle,
    ) -> Self {
        Self::new(function, Some(service), On::Failure, to, access, handle)
    }

    fn new(
        function: &str,
        of: Option<&'static str>,
        on: On,
        to: &Destination,
        access: &Access,
        handle: &Handle,
    ) -> Self {
        let here = match to {
            Destination::Arn(to) if to.service() == "lambda" => handle.function(to.as_str()).ok(),
            _ => None,
        };
        let (place, wanted) = match to {
            Destination::Topic(_) => (access.brokers.kafka.clone(), "kafka in [dev.brokers]"),
            Destination::Arn(_) => (
                access.endpoint_url.clone(),
                "--endpoint-url or endpoint_url in [dev]",
            ),
        };
        let can = cfg!(all(feature = "aws", feature = "poll"));
        Self {
            function: function.to_owned(),
            of,
            on,
            destination: to.to_string(),
            sent_to: match here {
                Some(here) => Some(format!("{} of this engine", here.definition().name())),
                None => place.filter(|_| can).as_deref().map(without_password),
            },
            wanted: match can {
                true => wanted,
                false => "--endpoint-url to a build with the features aws and poll",
            },
        }
    }
}
