//! One sample event of a connection, as its service would send it.

use bytes::Bytes;
use lambda_with::{Arn, Caller, Delivery, InvocationType, Mode, Permission, Principal, Sample};
use lambda_with_s3::S3;
use lambda_with_sqs::Sqs;

use crate::config::Defined;
use crate::json::Node;
use crate::services::Connection;

/// An event on its way to a function.
#[derive(Debug)]
pub(super) struct Parcel {
    /// SERVICE/EVENT.
    pub(super) event: String,
    pub(super) payload: Bytes,
    pub(super) invocation_type: InvocationType,
    pub(super) caller: Caller,
}

/// The sample for this connection; nothing where its service sends none.
pub(super) fn parcel(
    connection: &dyn Connection,
    defined: &Defined,
) -> anyhow::Result<Option<Parcel>> {
    let service = connection.service();
    let Some(sample) = sample(connection) else {
        return Ok(None);
    };
    let mut document = Node::parse(sample.json)?;
    let any = connection.as_any();
    if let Some(s3) = any.downcast_ref::<S3>() {
        of_bucket(s3, connection, defined, &mut document);
    } else if let Some(sqs) = any.downcast_ref::<Sqs>() {
        of_queue(sqs, &mut document);
    }
    let invocation_type = match service.mode {
        Mode::Asynchronous => InvocationType::Event,
        _ => InvocationType::RequestResponse,
    };
    let caller = delivery(connection, defined).map_or(Caller::Owner, Caller::Service);
    Ok(Some(Parcel {
        event: format!("{}/{}", service.id, sample.id),
        payload: serde_json::to_vec(&document)?.into(),
        invocation_type,
        caller,
    }))
}

/// The sample of the connection's own event type that fits it best.
fn sample(connection: &dyn Connection) -> Option<&'static Sample> {
    let samples = connection.service().samples;
    let of = connection
        .event_type()
        .rsplit("::")
        .next()
        .unwrap_or_default();
    let mut typed = samples.iter().filter(|sample| sample.of == of);
    let first = typed.clone().next().or(samples.first());
    let any = connection.as_any();
    let fitting = if let Some(s3) = any.downcast_ref::<S3>() {
        let wanted = s3
            .events
            .first()
            .map(|event| event.trim_start_matches("s3:"))?;
        let start = wanted.trim_end_matches('*');
        typed.find(|sample| {
            let name = member(sample, "/Records/0/eventName");
            name.is_some_and(|name| name.trim_start_matches("s3:").starts_with(start))
        })
    } else if let Some(sqs) = any.downcast_ref::<Sqs>() {
        typed.find(|sample| {
            let queue = member(sample, "/Records/0/eventSourceARN");
            queue.is_some_and(|queue| queue.ends_with(".fifo") == sqs.is_fifo())
        })
    } else {
        None
    };
    fitting.or(first)
}

fn member(sample: &Sample, pointer: &str) -> Option<String> {
    Node::parse(sample.json)
        .ok()?
        .at(pointer)?
        .as_str()
        .map(str::to_owned)
}

fn of_bucket(s3: &S3, connection: &dyn Connection, defined: &Defined, document: &mut Node) {
    let key = document
        .at("/Records/0/s3/object/key")
        .and_then(Node::as_str)
        .unwrap_or_default();
    let name = key.rsplit('/').next().unwrap_or_default().to_owned();
    let (prefix, suffix) = (s3.prefix.as_deref(), s3.suffix.as_deref());
    let stem = match suffix {
        Some(_) => name.split('.').next().unwrap_or_default(),
        None => &name,
    };
    let key = match (prefix, suffix) {
        (None, None) => key.to_owned(),
        _ => format!(
            "{}{stem}{}",
            prefix.unwrap_or_default(),
            suffix.unwrap_or_default()
        ),
    };
    let id = s3.id.clone().unwrap_or_else(|| connection.name());
    put(document, "/Records/0/awsRegion", defined.function.region());
    put(document, "/Records/0/s3/configurationId", &id);
    put(document, "/Records/0/s3/bucket/name", &s3.bucket);
    put(
        document,
        "/Records/0/s3/bucket/arn",
        &format!("arn:{}:s3:::{}", defined.function.partition(), s3.bucket),
    );
    put(document, "/Records/0/s3/object/key", &key);
}

fn of_queue(sqs: &Sqs, document: &mut Node) {
    let records = match document.at("/Records") {
        Some(Node::Array(records)) => records.len(),
        _ => 0,
    };
    for index in 0..records {
        put(
            document,
            &format!("/Records/{index}/eventSourceARN"),
            sqs.queue.as_str(),
        );
        put(
            document,
            &format!("/Records/{index}/awsRegion"),
            sqs.queue.region(),
        );
    }
}

/// Changes a member that is there.
fn put(document: &mut Node, pointer: &str, value: &str) {
    if document.at(pointer).is_some() {
        // A pointer that leads somewhere can be set.
        let _ = document.set(pointer, Node::String(value.to_owned()));
    }
}

/// What the service presents, read off the permission it needs; `*` becomes a plain letter. Nothing
/// where no service principal invokes, but Lambda itself or a role of the function's account.
fn delivery(connection: &dyn Connection, defined: &Defined) -> Option<Delivery> {
    let permissions = connection.permissions(&defined.function);
    let statement = permissions
        .into_iter()
        .find_map(|permission| match permission {
            Permission::ResourceBased(statement) => Some(statement),
            _ => None,
        })?;
    let Principal::Service(principal) = statement.principal else {
        return None;
    };
    let concrete = |arn: Arn| arn.as_str().replace('*', "x").parse::<Arn>().ok();
    let account = defined.function.account();
    Some(Delivery {
        principal,
        source_arn: statement.source_arn.and_then(concrete),
        source_account: statement
            .source_account
            .or_else(|| Some(account.to_owned())),
        event_source_token: statement.event_source_token,
    })
}
