//! The mapping of a connection: what an engine in a test reads its settings from.

use super::{Mapping, SourceKind};
use crate::{Arn, Error, ErrorKind, Function, Integration};

impl Mapping {
    /// The event source mapping of a connection, and what it polls.
    ///
    /// ```
    /// # use lambda_with::rules::mapping::{Mapping, SourceKind};
    /// # use lambda_with::rules::stream::Settings;
    /// # use lambda_with::{Error, Function, Integration};
    /// /// What a test hands to the local engine, of the connection that is deployed.
    /// fn settings(stream: &impl Integration, function: &Function) -> Result<Settings, Error> {
    ///     let (mapping, kind) = Mapping::of_connection(stream, function)?;
    ///     Settings::of(&mapping, kind)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// `Invalid` when the service is not polled, and for brokers of Amazon MQ, whose mappings do not
    /// name the engine: give [`SourceKind::ActiveMq`] or [`SourceKind::RabbitMq`] yourself.
    pub fn of_connection<I: Integration>(
        connection: &I,
        function: &Function,
    ) -> Result<(Self, SourceKind), Error> {
        let resources = connection.resources(function);
        let found = resources
            .iter()
            .find(|resource| resource.kind == Self::KIND);
        let found = found.ok_or_else(|| {
            let what = format!("{} is not polled, so it has no mapping", I::SERVICE.name);
            Error::new(ErrorKind::Invalid, what)
        })?;
        let mapping = Self::of_properties(&found.properties)?;
        let Some(source) = &mapping.source else {
            return Ok((mapping, SourceKind::Kafka));
        };
        let kind = kind(source).ok_or_else(|| {
            let what = format!("`{source}` does not say what kind of source it is");
            Error::new(ErrorKind::Invalid, what)
        })?;
        Ok((mapping, kind))
    }
}

fn kind(source: &Arn) -> Option<SourceKind> {
    match source.service() {
        "sqs" if source.resource().ends_with(".fifo") => Some(SourceKind::SqsFifo),
        "sqs" => Some(SourceKind::SqsStandard),
        service => {
            let kinds = [
                SourceKind::DocumentDb,
                SourceKind::DynamoDb,
                SourceKind::Kinesis,
                SourceKind::Msk,
            ];
            kinds
                .into_iter()
                .find(|kind| kind.service() == Some(service))
        }
    }
}
