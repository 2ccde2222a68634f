//! What a rule is evaluated for.

use lambda_with::{Error, ErrorKind, Json, Map, Rfc3339, Text};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    Compliance, ConfigEvent, ConfigurationItem, ConfigurationItemChange, ConfigurationItemStatus,
    ConfigurationItemSummary, Evaluation, OversizedItemChange, ScheduledNotification,
    SnapshotDelivered,
};

/// What `invokingEvent` holds, told apart by its `messageType`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InvokingEvent {
    /// A resource was made, changed or deleted.
    Change(Box<ConfigurationItemChange>),
    /// The same of a resource too large for an event.
    Oversized(Box<OversizedItemChange>),
    /// The time has come.
    Scheduled(Box<ScheduledNotification>),
    /// A snapshot was written.
    Snapshot(Box<SnapshotDelivered>),
    /// Something newer than this crate.
    Other {
        /// What AWS Config calls it.
        message_type: Text,
        /// When AWS Config wrote it, where it says so.
        notification_creation_time: Option<Rfc3339>,
        /// All of it.
        json: Json,
    },
}

impl ConfigEvent {
    /// What the rule is evaluated for.
    ///
    /// ```
    /// use lambda_with_config::{ConfigEvent, InvokingEvent, SERVICE};
    ///
    /// let json = SERVICE.sample("scheduled").ok_or("no such sample")?.json;
    /// let event: ConfigEvent = lambda_with::decode(json)?;
    /// assert!(matches!(event.invoking_event()?, InvokingEvent::Scheduled(_)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the text is not JSON, or lacks what it needs to have.
    pub fn invoking_event(&self) -> Result<InvokingEvent, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Head {
            message_type: Text,
            notification_creation_time: Option<Rfc3339>,
        }
        let text = &self.invoking_event;
        let read = || -> Result<InvokingEvent, Error> {
            let head: Head = text.decode()?;
            Ok(match head.message_type.as_str() {
                "ConfigurationItemChangeNotification" => InvokingEvent::Change(text.decode()?),
                "OversizedConfigurationItemChangeNotification" => {
                    InvokingEvent::Oversized(text.decode()?)
                }
                "ScheduledNotification" => InvokingEvent::Scheduled(text.decode()?),
                "ConfigurationSnapshotDeliveryCompleted" => InvokingEvent::Snapshot(text.decode()?),
                _ => InvokingEvent::Other {
                    message_type: head.message_type,
                    notification_creation_time: head.notification_creation_time,
                    json: text.decode()?,
                },
            })
        };
        read().map_err(|error| error.with("member", "invokingEvent"))
    }

    /// The rule's parameters as a `T`; of none those of an empty object.
    ///
    /// AWS Config writes all values as strings.
    ///
    /// # Errors
    ///
    /// When the text is not JSON that `T` reads.
    pub fn parameters<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let none = || Json::from(Value::Object(serde_json::Map::new())).decode();
        let read = match &self.rule_parameters {
            Some(text) if *text != "" => text.decode(),
            _ => none(),
        };
        read.map_err(|error| error.with("member", "ruleParameters"))
    }

    /// Whether the token stands for a test, whose evaluations are not kept.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.result_token.as_str() == "TESTMODE"
    }

    /// A verdict on what the event is about: the resource, or else the account.
    ///
    /// # Errors
    ///
    /// When the time it is ordered by is missing, or is none.
    pub fn evaluation(
        &self,
        invoking: &InvokingEvent,
        compliance: Compliance,
    ) -> Result<Evaluation, Error> {
        let time = match invoking {
            InvokingEvent::Change(change) => {
                return change.configuration_item.evaluation(compliance);
            }
            InvokingEvent::Oversized(change) => {
                return change.configuration_item_summary.evaluation(compliance);
            }
            InvokingEvent::Scheduled(event) => &event.notification_creation_time,
            InvokingEvent::Snapshot(event) => &event.notification_creation_time,
            InvokingEvent::Other {
                notification_creation_time,
                ..
            } => notification_creation_time,
        };
        let Some(time) = time else {
            let message = "the invoking event has no notificationCreationTime";
            return Err(Error::new(ErrorKind::Decode, message));
        };
        let account = self.account_id.as_str();
        Ok(Evaluation::new(
            "AWS::::Account",
            account,
            compliance,
            time.timestamp()?,
        ))
    }

    /// Whether there is something to judge: the resource is there, and in the rule's scope.
    #[must_use]
    pub fn is_applicable(&self, invoking: &InvokingEvent) -> bool {
        let status = match invoking {
            InvokingEvent::Change(change) => &change.configuration_item.configuration_item_status,
            InvokingEvent::Oversized(change) => {
                &change.configuration_item_summary.configuration_item_status
            }
            _ => return true,
        };
        let there = matches!(
            status,
            ConfigurationItemStatus::Ok | ConfigurationItemStatus::ResourceDiscovered
        );
        there && self.event_left_scope != Some(true)
    }
}

impl ConfigurationItem {
    /// One member of the configuration; nothing where it is missing or the resource is gone.
    ///
    /// # Errors
    ///
    /// When the configuration is no JSON that a tree can hold.
    pub fn setting(&self, name: &str) -> Result<Option<Value>, Error> {
        let Some(configuration) = self.configuration.as_ref() else {
            return Ok(None);
        };
        let mut settings = configuration.value()?;
        Ok(settings.get_mut(name).map(Value::take))
    }

    /// One tag's value.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        let tags: Option<&Map<Text>> = self.tags.as_ref();
        tags?.get(key).map(Text::as_str)
    }

    /// A verdict on this resource.
    ///
    /// # Errors
    ///
    /// When the time it was captured is none.
    pub fn evaluation(&self, compliance: Compliance) -> Result<Evaluation, Error> {
        let time = self.configuration_item_capture_time.timestamp()?;
        let (kind, id) = (self.resource_type.as_str(), self.resource_id.as_str());
        Ok(Evaluation::new(kind, id, compliance, time))
    }
}

impl ConfigurationItemSummary {
    /// A verdict on this resource.
    ///
    /// # Errors
    ///
    /// When the time it was captured is none.
    pub fn evaluation(&self, compliance: Compliance) -> Result<Evaluation, Error> {
        let time = self.configuration_item_capture_time.timestamp()?;
        let (kind, id) = (self.resource_type.as_str(), self.resource_id.as_str());
        Ok(Evaluation::new(kind, id, compliance, time))
    }
}
