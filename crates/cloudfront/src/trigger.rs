//! The four points on the way of a request, and what holds at each.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CloudFrontEdge, CloudFrontEventType};

const KB: usize = 1024;
const MB: usize = 1024 * 1024;

/// A point on the way of a request at which a function can run.
///
/// ```
/// use lambda_with_cloudfront::Trigger;
///
/// assert_eq!(Trigger::ViewerRequest.max_body(), 40 * 1024);
/// assert_eq!(Trigger::OriginResponse.to_string(), "origin-response");
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// When the request comes in, before the cache.
    ViewerRequest,
    /// Before CloudFront asks the origin: only for what is not in the cache.
    OriginRequest,
    /// After the origin answered, before the answer is cached.
    OriginResponse,
    /// Before the response goes out. Not for errors, 400 and above, of the origin.
    ViewerResponse,
}

impl Trigger {
    /// All, in the order in which a request comes by.
    pub const ALL: [Self; 4] = [
        Self::ViewerRequest,
        Self::OriginRequest,
        Self::OriginResponse,
        Self::ViewerResponse,
    ];

    /// The word events and associations have for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ViewerRequest => "viewer-request",
            Self::OriginRequest => "origin-request",
            Self::OriginResponse => "origin-response",
            Self::ViewerResponse => "viewer-response",
        }
    }

    /// Whether there is no response yet.
    #[must_use]
    pub fn is_request(self) -> bool {
        matches!(self, Self::ViewerRequest | Self::OriginRequest)
    }

    /// Whether it is between viewer and cache, where the lower limits hold.
    #[must_use]
    pub fn is_viewer(self) -> bool {
        matches!(self, Self::ViewerRequest | Self::ViewerResponse)
    }

    /// Bytes of a request's body that the function sees, of a body put in its place, and of a
    /// response that the function makes, headers included.
    #[must_use]
    pub fn max_body(self) -> usize {
        if self.is_viewer() { 40 * KB } else { MB }
    }

    /// Characters of a body put in a request's place as base64: 53.2 KB or 1.33 MB.
    #[must_use]
    pub fn max_base64(self) -> usize {
        if self.is_viewer() {
            532 * KB / 10
        } else {
            133 * MB / 100
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl CloudFrontEdge {
    /// The point on the way, judged by what there is where the event does not name it.
    #[must_use]
    pub fn trigger(&self) -> Trigger {
        let named = self
            .config
            .event_type
            .as_ref()
            .map(CloudFrontEventType::as_str);
        if let Some(trigger) = Trigger::ALL
            .into_iter()
            .find(|one| Some(one.as_str()) == named)
        {
            return trigger;
        }
        match (self.response.is_some(), self.request.origin.is_some()) {
            (false, false) => Trigger::ViewerRequest,
            (false, true) => Trigger::OriginRequest,
            (true, true) => Trigger::OriginResponse,
            (true, false) => Trigger::ViewerResponse,
        }
    }
}

impl From<Trigger> for CloudFrontEventType {
    fn from(trigger: Trigger) -> Self {
        match trigger {
            Trigger::ViewerRequest => Self::ViewerRequest,
            Trigger::OriginRequest => Self::OriginRequest,
            Trigger::OriginResponse => Self::OriginResponse,
            Trigger::ViewerResponse => Self::ViewerResponse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CloudFrontEvent, SERVICE};

    #[test]
    fn events_are_told_apart_by_what_they_hold() {
        for sample in SERVICE.samples.iter().filter(|s| s.of == "CloudFrontEvent") {
            let event: CloudFrontEvent = serde_json::from_str(sample.json).unwrap();
            let mut edge = event.edge().unwrap().clone();
            let trigger = edge.trigger();
            assert!(sample.id.starts_with(trigger.as_str()), "{}", sample.id);
            assert_eq!(
                CloudFrontEventType::from(trigger).as_str(),
                trigger.as_str()
            );
            edge.config.event_type = None;
            assert_eq!(edge.trigger(), trigger, "{}", sample.id);
        }
        for trigger in Trigger::ALL {
            let json = serde_json::to_value(trigger).unwrap();
            assert_eq!(json, trigger.as_str());
        }
    }
}
