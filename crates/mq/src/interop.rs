//! Conversions from and to the types of `aws_lambda_events`, through the wire form both share.

use aws_lambda_events::event::{activemq, rabbitmq};

use crate::generated::{ActiveMqEvent, ActiveMqMessage, RabbitMqEvent, RabbitMqMessage};

lambda_with::interop! {
    ActiveMqEvent = activemq::ActiveMqEvent;
    ActiveMqMessage = activemq::ActiveMqMessage;
    RabbitMqEvent = rabbitmq::RabbitMqEvent;
    RabbitMqMessage = rabbitmq::RabbitMqMessage;
}

#[cfg(test)]
mod tests {
    use lambda_with_testing::{opinion, read, second_opinion};

    use super::*;
    use crate::SERVICE;

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "it reads correlationID alone, and the guide has correlationId",
            &[
                "ActiveMqEvent leaves out empty values",
                "ActiveMqEvent loses /messages/*/correlationId",
            ],
        ),
        (
            "it makes an empty map of null properties",
            &["ActiveMqEvent makes other empty values of null"],
        ),
        (
            "it reads an expiration as a number alone, and the guide has text",
            &["ActiveMqEvent refuses activemq-bytes"],
        ),
        (
            "it wants a priority",
            &[
                "RabbitMqEvent refuses rabbitmq-bytes",
                "RabbitMqEvent refuses rabbitmq-standard",
            ],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "ActiveMqEvent" => Some(opinion::<activemq::ActiveMqEvent>(sample.json)),
            _ => Some(opinion::<rabbitmq::RabbitMqEvent>(sample.json)),
        });
    }

    #[test]
    fn events_convert_both_ways() {
        let event: ActiveMqEvent = read(&SERVICE, "activemq-text");
        let there = activemq::ActiveMqEvent::try_from(event.clone()).unwrap();
        let back = ActiveMqEvent::try_from(there).unwrap();
        for (message, other) in event.messages.iter().zip(&back.messages) {
            assert_eq!(message.message_id, other.message_id);
            assert_eq!(
                (&message.data, &message.properties),
                (&other.data, &other.properties)
            );
        }
        assert_eq!(event.messages.len(), back.messages.len());
        let event: RabbitMqEvent = read(&SERVICE, "rabbitmq-headers");
        let there = rabbitmq::RabbitMqEvent::try_from(event.clone()).unwrap();
        assert_eq!(RabbitMqEvent::try_from(there).unwrap(), event);
    }
}
