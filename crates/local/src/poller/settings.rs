//! The settings of a poller, from those of an event source mapping.

use std::time::Duration;

use lambda_with::rules::batch::{Envelope, Limits};
use lambda_with::rules::filter::{DataKey, FilterCriteria};
use lambda_with::rules::mapping::{self, AccessType, SourceKind};
use lambda_with::rules::scaling::Scaling;
use lambda_with::{Arn, Error, ErrorKind};

/// How a source is connected to a function: the settings of an event source mapping.
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html>.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// How large batches grow, and how long their first record waits.
    pub limits: Limits,
    /// Which records are delivered; the others are acknowledged without being delivered.
    pub filters: FilterCriteria,
    /// Where a record keeps its data, for the filters.
    pub data_key: DataKey,
    /// Whether the function's answer says which records failed.
    pub report_batch_item_failures: bool,
    /// How many batches run at once, and how fast that grows while messages are left; never more than
    /// the function's [`max_environments`](crate::FunctionOptions::max_environments).
    pub scaling: Scaling,
    /// What stands around the records of an event.
    pub envelope: Envelope,
    /// Whether a record too large for any event is taken from the source, as Lambda does with a
    /// broker's, and not left there.
    pub drop_too_large: bool,
}

impl Default for Mapping {
    /// What Lambda does with an SQS queue unless told otherwise.
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            filters: FilterCriteria::default(),
            data_key: DataKey::SQS,
            report_batch_item_failures: false,
            scaling: Scaling::standard(None),
            envelope: Envelope::default(),
            drop_too_large: false,
        }
    }
}

impl Mapping {
    /// The settings of an event source mapping to a queue of this kind: of SQS or of a broker.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use lambda_with::rules::mapping::{self, SourceKind};
    /// use lambda_with_local::Mapping;
    ///
    /// let broker = mapping::Mapping {
    ///     source: Some("arn:aws:mq:eu-west-1:123456789012:broker:harbor:b-5e1d1a5c".parse()?),
    ///     queue: Some("cranes".into()),
    ///     ..mapping::Mapping::default()
    /// };
    /// let limits = Mapping::of(&broker, SourceKind::ActiveMq)?.limits;
    /// assert_eq!((limits.size, limits.window), (100, Duration::from_millis(500)));
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Invalid` when the source is no queue, a broker's ARN or queue is missing, or a filter cannot
    /// be read.
    pub fn of(mapping: &mapping::Mapping, kind: SourceKind) -> Result<Self, Error> {
        let usual = Self::default();
        let data_key = kind.data_key().filter(|_| kind.is_sqs() || kind.is_mq());
        let Some(data_key) = data_key else {
            let what = format!("{} is not read as a queue", kind.name());
            return Err(Error::new(ErrorKind::Invalid, what));
        };
        let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let window = mapping.batching_window;
        let most = mapping.maximum_concurrency.map(number);
        let provisioned = mapping.provisioned_pollers.as_ref();
        let provisioned = provisioned.filter(|_| kind.is_sqs()).map(|pollers| {
            let [least, most] = [(pollers.minimum, 2), (pollers.maximum, 200)]
                .map(|(asked, usual)| asked.map_or(usual, number));
            Scaling::provisioned(least, most)
        });
        Ok(Self {
            limits: Limits {
                size: number(mapping.batch_size.unwrap_or(kind.default_batch_size())),
                window: window.map_or(kind.default_batching_window(), |seconds| {
                    Duration::from_secs(seconds.into())
                }),
                ..usual.limits
            },
            filters: FilterCriteria::parse(&mapping.filters)?,
            data_key: *data_key,
            report_batch_item_failures: mapping.report_batch_item_failures == Some(true),
            scaling: provisioned.unwrap_or_else(|| Scaling::standard(kind.most_at_once().or(most))),
            envelope: envelope(mapping, kind)?,
            drop_too_large: kind.is_mq(),
        })
    }
}

fn envelope(mapping: &mapping::Mapping, kind: SourceKind) -> Result<Envelope, Error> {
    let missing = |what: &str| {
        let what = format!("the mapping to {} has no {what}", kind.name());
        Error::new(ErrorKind::Invalid, what)
    };
    let broker = || -> Result<&Arn, Error> {
        let broker = mapping.source.as_ref();
        broker.ok_or_else(|| missing("ARN"))
    };
    match kind {
        SourceKind::ActiveMq => Ok(Envelope::active_mq(broker()?)),
        SourceKind::RabbitMq => {
            let queue = mapping.queue.as_deref().ok_or_else(|| missing("queue"))?;
            let is_host = |kind| kind == AccessType::VirtualHost;
            let mut hosts = mapping.access.iter().filter(|entry| is_host(entry.kind));
            let host = hosts.next().and_then(|entry| entry.uri.as_deref());
            Ok(Envelope::rabbit_mq(broker()?, queue, host.unwrap_or("/")))
        }
        _ => Ok(Envelope::default()),
    }
}
