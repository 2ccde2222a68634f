//! What events say beyond their members.

use lambda_with::{Error, ErrorKind, Json, JsonText, Text};
use serde::de::DeserializeOwned;

use crate::{CloudTrailRecord, EventBridgeEvent};

/// The type of the detail of one kind of event.
///
/// AWS's own are in [`details`](crate::details), behind one feature for each source. For your own
/// events:
///
/// ```
/// use lambda_with_eventbridge::{Detail, EventBridgeEvent};
///
/// #[derive(serde::Deserialize)]
/// struct OrderPlaced {
///     order: String,
/// }
///
/// impl Detail for OrderPlaced {
///     const SOURCE: &'static str = "shop.orders";
///     const DETAIL_TYPE: &'static str = "Order Placed";
/// }
///
/// let sample = lambda_with_eventbridge::SERVICE.sample("custom").ok_or("no such sample")?;
/// let event: EventBridgeEvent = lambda_with::decode(sample.json)?;
/// assert_eq!(event.detail_as::<OrderPlaced>()?.order, "o-1042");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Detail: DeserializeOwned {
    /// The event's `source`; a `*` stands for any characters.
    const SOURCE: &'static str;
    /// The event's `detail-type`; a `*` stands for any characters.
    const DETAIL_TYPE: &'static str;
}

/// `AWS API Call via CloudTrail` and its like, of any service.
impl Detail for CloudTrailRecord {
    const SOURCE: &'static str = "aws.*";
    const DETAIL_TYPE: &'static str = "AWS * via CloudTrail";
}

impl<T> EventBridgeEvent<T> {
    /// Whether source and detail type are those of a `D`.
    #[must_use]
    pub fn is<D: Detail>(&self) -> bool {
        fits(&self.source, D::SOURCE) && fits(&self.detail_type, D::DETAIL_TYPE)
    }

    /// What the event is about, first ARN first; empty where the member is missing too.
    #[must_use]
    pub fn resources(&self) -> &[Text] {
        self.resources.as_deref().unwrap_or_default()
    }

    /// Whether it comes of a schedule, be it a rule's or one of EventBridge Scheduler.
    #[must_use]
    pub fn is_scheduled(&self) -> bool {
        self.detail_type == "Scheduled Event"
            && (self.source == "aws.events" || self.source == "aws.scheduler")
    }

    /// The same event with another detail.
    pub fn with_detail<U>(self, detail: U) -> EventBridgeEvent<U> {
        EventBridgeEvent {
            version: self.version,
            id: self.id,
            detail_type: self.detail_type,
            source: self.source,
            account: self.account,
            time: self.time,
            region: self.region,
            resources: self.resources,
            detail,
            replay_name: self.replay_name,
        }
    }
}

impl EventBridgeEvent {
    /// The detail as a `D`, where the event is one.
    ///
    /// # Errors
    ///
    /// `Invalid` when source or detail type are others; otherwise as for
    /// [`decode_detail`](Self::decode_detail).
    pub fn detail_as<D: Detail>(&self) -> Result<D, Error> {
        if self.is::<D>() {
            return self.decode_detail();
        }
        let what = format!(
            "the event is `{}` of `{}`, not `{}` of `{}`",
            self.detail_type,
            self.source,
            D::DETAIL_TYPE,
            D::SOURCE
        );
        Err(Error::new(ErrorKind::Invalid, what))
    }

    /// The detail as a `D`, whatever the event says it is. JSON in a string, as EventBridge
    /// Scheduler sends it, is looked into.
    ///
    /// # Errors
    ///
    /// When it does not fit `D`.
    pub fn decode_detail<D: DeserializeOwned>(&self) -> Result<D, Error> {
        match self.detail.as_str().starts_with('"') {
            true => self.detail.decode::<JsonText>()?.decode(),
            false => self.detail.decode(),
        }
    }

    /// The same event with its detail as a `D`.
    ///
    /// # Errors
    ///
    /// As for [`detail_as`](Self::detail_as).
    pub fn typed<D: Detail>(self) -> Result<EventBridgeEvent<D>, Error> {
        let detail = self.detail_as()?;
        Ok(self.with_detail(detail))
    }

    /// An event of one's own, for tests and for putting on a bus; id, account, time and Region are
    /// left empty.
    ///
    /// # Errors
    ///
    /// When the detail cannot be written as JSON.
    pub fn of<D: Detail + serde::Serialize>(detail: &D) -> Result<Self, Error> {
        Ok(Self {
            version: Some("0".into()),
            source: D::SOURCE.into(),
            detail_type: D::DETAIL_TYPE.into(),
            resources: Some(Vec::new()),
            detail: Json::encode(detail)?,
            ..Self::default()
        })
    }
}

fn fits(value: &str, wanted: &str) -> bool {
    match wanted.split_once('*') {
        Some((start, end)) => {
            let rest = value.strip_prefix(start);
            rest.is_some_and(|rest| rest.ends_with(end))
        }
        None => value == wanted,
    }
}
