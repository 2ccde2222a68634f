//! Messages of a batch that is run by [`lambda_with::batch::Batch`]. Lambda ignores answers: after one
//! failure the whole batch comes again.

use std::borrow::Cow;

use lambda_with::batch::{Answer, BatchRecord, OnFailure, Order};

use crate::generated::{ActiveMqMessage, RabbitMqMessage};

/// In order with its message group, which is the property `JMSXGroupID`.
impl BatchRecord for ActiveMqMessage {
    const ANSWER: Answer = Answer::Nothing;

    fn id(&self) -> Cow<'_, str> {
        self.message_id.as_str().into()
    }

    fn order(&self, _: Order) -> Option<Cow<'_, str>> {
        self.property("JMSXGroupID").map(Cow::Borrowed)
    }

    fn on_failure(&self) -> OnFailure {
        OnFailure::StopAll
    }
}

/// Without an order: RabbitMQ has no message groups.
impl BatchRecord for RabbitMqMessage {
    const ANSWER: Answer = Answer::Nothing;

    fn id(&self) -> Cow<'_, str> {
        let id = self.basic_properties.message_id.as_deref();
        id.unwrap_or("without an id").into()
    }

    fn order(&self, _: Order) -> Option<Cow<'_, str>> {
        None
    }

    fn on_failure(&self) -> OnFailure {
        OnFailure::StopAll
    }
}
