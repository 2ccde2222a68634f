//! The settings of a stream, from those of a mapping.

use std::time::Duration;

use super::{Origin, Settings};
use crate::rules::filter::FilterCriteria;
use crate::rules::mapping::{Mapping, SourceKind, StartingPosition};
use crate::{Arn, Error, ErrorKind, Position};

impl Settings {
    /// The settings of an event source mapping to a source of this kind.
    ///
    /// ```
    /// use lambda_with::rules::mapping::{Mapping, SourceKind};
    /// use lambda_with::rules::stream::Settings;
    ///
    /// let mapping = Mapping {
    ///     source: Some("arn:aws:kinesis:eu-west-1:123456789012:stream/telemetry".parse()?),
    ///     batch_size: Some(25),
    ///     maximum_retry_attempts: Some(-1),
    ///     ..Mapping::default()
    /// };
    /// let settings = Settings::of(&mapping, SourceKind::Kinesis)?;
    /// assert_eq!((settings.limits.size, settings.maximum_retry_attempts), (25, None));
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// The brokers of Amazon MSK are not in a mapping; they are empty unless
    /// `mapping.bootstrap_servers` has them.
    ///
    /// # Errors
    ///
    /// `Invalid` when the source is no stream and no Kafka, has no ARN where one is needed, or when
    /// a filter or the destination cannot be read.
    pub fn of(mapping: &Mapping, kind: SourceKind) -> Result<Self, Error> {
        let servers = mapping.bootstrap_servers.join(",");
        let mut settings = Self::new(match kind {
            SourceKind::Kinesis => Origin::Kinesis {
                stream: source(mapping, kind)?,
            },
            SourceKind::DynamoDb => Origin::DynamoDb {
                stream: source(mapping, kind)?,
            },
            SourceKind::Msk => Origin::Msk {
                cluster: source(mapping, kind)?,
                bootstrap_servers: servers,
            },
            SourceKind::Kafka => Origin::Kafka {
                bootstrap_servers: servers,
            },
            _ => {
                let what = format!("{} is not read as a stream", kind.name());
                return Err(Error::new(ErrorKind::Invalid, what));
            }
        });
        let number = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
        let seconds = |value: u32| Duration::from_secs(value.into());
        if let Some(size) = mapping.batch_size {
            settings.limits.size = number(size).max(1);
        }
        if let Some(window) = mapping.batching_window {
            settings.limits.window = seconds(window);
        }
        settings.filters = FilterCriteria::parse(&mapping.filters)?;
        settings.starting_position = match mapping.starting_position {
            Some(StartingPosition::Latest) => Position::Latest,
            Some(StartingPosition::AtTimestamp) => Position::At(
                mapping
                    .starting_position_timestamp
                    .as_ref()
                    .ok_or_else(|| {
                        Error::new(ErrorKind::Invalid, "the time to begin at is missing")
                    })?
                    .timestamp()?,
            ),
            Some(StartingPosition::TrimHorizon) | None => Position::TrimHorizon,
        };
        settings.report_batch_item_failures = mapping.report_batch_item_failures == Some(true);
        settings.bisect_batch_on_function_error =
            mapping.bisect_batch_on_function_error == Some(true);
        // -1 is for ever.
        settings.maximum_retry_attempts = mapping
            .maximum_retry_attempts
            .and_then(|attempts| u32::try_from(attempts).ok());
        settings.maximum_record_age = mapping
            .maximum_record_age
            .and_then(|age| u64::try_from(age).ok())
            .map(Duration::from_secs);
        settings.parallelization_factor = mapping.parallelization_factor.map_or(1, number).max(1);
        settings.tumbling_window = mapping
            .tumbling_window
            .filter(|window| *window > 0)
            .map(seconds);
        settings.on_failure = match mapping.on_failure.as_deref() {
            None | Some("") => None,
            Some(destination) => Some(destination.parse()?),
        };
        Ok(settings)
    }
}

fn source(mapping: &Mapping, kind: SourceKind) -> Result<Arn, Error> {
    mapping.source.clone().ok_or_else(|| {
        Error::new(
            ErrorKind::Invalid,
            format!("the mapping to {} has no ARN", kind.name()),
        )
    })
}
