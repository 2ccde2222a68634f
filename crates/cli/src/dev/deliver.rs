//! One sample event of a connection, as its service would send it.

use bytes::Bytes;
use lambda_with::{Caller, Delivery, InvocationType, Mode, Permission, Principal};
use serde_json::Value;

use super::doors::{api_id, concrete, on_this_machine};
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
    /// The version or alias the connection is to.
    pub(super) qualifier: Option<String>,
}

/// The example of this connection; nothing where its service sends none.
pub(super) fn parcel(
    connection: &dyn Connection,
    defined: &Defined,
) -> anyhow::Result<Option<Parcel>> {
    let service = connection.service();
    let Some(example) = connection.example(&defined.function) else {
        return Ok(None);
    };
    let mut document = Node::parse(example.sample.json)?;
    for (pointer, value) in example.own {
        put(&mut document, &pointer, &value)?;
    }
    let invocation_type = match service.mode {
        Mode::Asynchronous => InvocationType::Event,
        _ => InvocationType::RequestResponse,
    };
    let caller = delivery(connection, defined).map_or(Caller::Owner, Caller::Service);
    Ok(Some(Parcel {
        event: format!("{}/{}", service.id, example.sample.id),
        payload: serde_json::to_vec(&document)?.into(),
        invocation_type,
        caller,
        qualifier: defined.function.qualifier().map(str::to_owned),
    }))
}

/// Changes a member that is there.
fn put(document: &mut Node, pointer: &str, value: &Value) -> anyhow::Result<()> {
    if document.at(pointer).is_some() {
        let value = Node::parse(&value.to_string())?;
        document.set(pointer, value).map_err(anyhow::Error::msg)?;
    }
    Ok(())
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
    let account = defined.function.account();
    let source_arn = statement.source_arn.as_ref().map(concrete);
    let source_arn = match api_id(connection, &defined.function) {
        Some(id) => source_arn.map(|arn| on_this_machine(arn, &id)),
        None => source_arn,
    };
    Some(Delivery {
        principal,
        source_arn,
        source_account: statement
            .source_account
            .or_else(|| Some(account.to_owned())),
        event_source_token: statement.event_source_token,
    })
}
