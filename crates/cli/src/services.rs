//! Every service the command knows. A new one is one line of [`SERVICES`].

use std::any::Any;
use std::fmt::Debug;

#[cfg(feature = "aws")]
use lambda_with::Error;
use lambda_with::{
    Example, Finding, Function, Integration, Patience, Permission, Resource, Service,
};
#[cfg(feature = "aws")]
use lambda_with_aws::{Wire, Wiring};
use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::de::{Error as TomlError, ValueDeserializer};

use crate::suggest;

/// The services, in the order of their ids.
pub(crate) static SERVICES: &[Entry] = &[
    entry!(lambda_with_alb, Alb by wire),
    entry!(lambda_with_alexa, "kind": "custom" => CustomSkill by add, "smart-home" => SmartHomeSkill by add),
    entry!(lambda_with_api_gateway, "api": "rest" => RestApi by wire, "http" => HttpApi by wire, "websocket" => WebSocketApi by wire, "authorizer" => Authorizer by add),
    entry!(lambda_with_cloudformation, CloudFormation),
    entry!(lambda_with_cloudfront, CloudFront by wire),
    entry!(lambda_with_cloudwatch_logs, "kind": "subscription-filter" => SubscriptionFilter by wire, "account-policy" => AccountPolicy by wire),
    entry!(lambda_with_codecommit, CodeCommit by wire),
    entry!(lambda_with_codepipeline, CodePipeline by wire),
    entry!(lambda_with_cognito, "kind": "user-pool" => UserPool by wire, "identity-pool" => IdentityPool by wire),
    entry!(lambda_with_config, Config by wire),
    entry!(lambda_with_connect, Connect by wire),
    entry!(lambda_with_dynamodb, DynamoDb),
    entry!(lambda_with_efs, Efs),
    entry!(lambda_with_eventbridge, "kind": "rule" => Rule by wire, "schedule" => Schedule by wire),
    entry!(lambda_with_firehose, Firehose by wire),
    entry!(lambda_with_iot, "kind": "rule" => Rule by wire, "authorizer" => Authorizer by wire, "provisioning" => Provisioning by wire),
    entry!(lambda_with_iot_events, IotEvents by wire),
    entry!(lambda_with_kafka, Kafka),
    entry!(lambda_with_kinesis, Kinesis),
    entry!(lambda_with_lex, Lex by wire),
    entry!(lambda_with_mq, "engine": "activemq" => ActiveMq by add, "rabbitmq" => RabbitMq by add),
    entry!(lambda_with_msk, Msk),
    entry!(lambda_with_s3, S3 by wire),
    entry!(lambda_with_s3_batch, S3Batch),
    entry!(lambda_with_secrets_manager, SecretsManager by wire),
    entry!(lambda_with_ses, Ses by wire),
    entry!(lambda_with_sns, Sns by wire),
    entry!(lambda_with_sqs, Sqs),
    entry!(lambda_with_x_ray, XRay),
];

/// One service, and how its connections are read from the file.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) service: Service,
    /// The crate's name in Rust.
    pub(crate) module: &'static str,
    /// The member that tells several kinds of connection apart: `api`.
    pub(crate) key: Option<&'static str>,
    pub(crate) kinds: &'static [Kind],
}

/// One kind of connection.
#[derive(Debug)]
pub(crate) struct Kind {
    /// The value of the telling member; empty where there is one kind only.
    pub(crate) word: &'static str,
    pub(crate) read: for<'a> fn(ValueDeserializer<'a>) -> Result<Box<dyn Connection>, TomlError>,
    /// Hands the connection over to be set up on AWS.
    #[cfg(feature = "aws")]
    pub(crate) wire: fn(&dyn Connection, &mut Wiring) -> Result<(), Error>,
}

/// The service with this id.
pub(crate) fn find(id: &str) -> Option<&'static Entry> {
    SERVICES.iter().find(|entry| entry.service.id == id)
}

/// Why there is no service with this id, with the one that was probably meant.
pub(crate) fn unknown(id: &str) -> String {
    let hint = suggest::hint(id, SERVICES.iter().map(|entry| entry.service.id));
    format!("there is no service `{id}`{hint}")
}

/// A connection of any service: [`Integration`] without its types.
pub(crate) trait Connection: Debug {
    fn service(&self) -> Service;
    fn name(&self) -> String;
    fn permissions(&self, function: &Function) -> Vec<Permission>;
    fn resources(&self, function: &Function) -> Vec<Resource>;
    fn configuration(&self, function: &Function) -> Option<Value>;
    fn example(&self, function: &Function) -> Option<Example>;
    fn patience(&self) -> Patience;
    fn check(&self, function: &Function) -> Vec<Finding>;
    /// Nothing unless both are of one type.
    fn conflicts(&self, other: &dyn Connection) -> Vec<Finding>;
    /// What besides is wrong with both at one function.
    fn conflicts_within(&self, other: &dyn Connection) -> Vec<Finding>;
    fn as_any(&self) -> &dyn Any;
}

impl<T: Debug + Integration + 'static> Connection for T {
    fn service(&self) -> Service {
        T::SERVICE
    }

    fn name(&self) -> String {
        Integration::name(self)
    }

    fn permissions(&self, function: &Function) -> Vec<Permission> {
        Integration::permissions(self, function)
    }

    fn resources(&self, function: &Function) -> Vec<Resource> {
        Integration::resources(self, function)
    }

    fn configuration(&self, function: &Function) -> Option<Value> {
        Integration::configuration(self, function)
    }

    fn example(&self, function: &Function) -> Option<Example> {
        Integration::example(self, function)
    }

    fn patience(&self) -> Patience {
        Integration::patience(self)
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        Integration::check(self, function)
    }

    fn conflicts(&self, other: &dyn Connection) -> Vec<Finding> {
        match other.as_any().downcast_ref::<T>() {
            Some(other) => Integration::conflicts(self, other),
            None => Vec::new(),
        }
    }

    fn conflicts_within(&self, other: &dyn Connection) -> Vec<Finding> {
        match other.as_any().downcast_ref::<T>() {
            Some(other) => Integration::conflicts_within(self, other),
            None => Vec::new(),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn read<T>(value: ValueDeserializer<'_>) -> Result<Box<dyn Connection>, TomlError>
where
    T: Debug + DeserializeOwned + Integration + 'static,
{
    T::deserialize(value).map(|connection| Box::new(connection) as _)
}

/// A connection whose wiring follows from its definition alone.
#[cfg(feature = "aws")]
fn add<T: Integration + 'static>(
    connection: &dyn Connection,
    wiring: &mut Wiring,
) -> Result<(), Error> {
    connection
        .as_any()
        .downcast_ref::<T>()
        .map_or(Ok(()), |connection| wiring.add(connection))
}

/// A connection with steps of its own.
#[cfg(feature = "aws")]
fn wire<T: Wire + 'static>(connection: &dyn Connection, wiring: &mut Wiring) -> Result<(), Error> {
    connection
        .as_any()
        .downcast_ref::<T>()
        .map_or(Ok(()), |connection| wiring.wire(connection))
}

/// One service: its crate, and its connections. What takes steps of its own to be set up on AWS is
/// marked `by wire`, all else follows from the definition.
macro_rules! entry {
    ($module:ident, $type:ident) => {
        entry!($module, $type by add)
    };
    ($module:ident, $type:ident by $wire:ident) => {
        entry!($module, None, "" => $type by $wire)
    };
    ($module:ident, $key:literal: $($word:literal => $type:ident by $wire:ident),+) => {
        entry!($module, Some($key), $($word => $type by $wire),+)
    };
    ($module:ident, $key:expr, $($word:literal => $type:ident by $wire:ident),+) => {
        Entry {
            service: $module::SERVICE,
            module: stringify!($module),
            key: $key,
            kinds: &[$(Kind {
                word: $word,
                read: read::<$module::$type>,
                #[cfg(feature = "aws")]
                wire: $wire::<$module::$type>,
            }),+],
        }
    };
}
use entry;
