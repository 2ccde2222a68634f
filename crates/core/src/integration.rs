//! The one trait every connection implements.

use serde_json::Value;

use crate::{Example, Finding, Function, Patience, Permission, Resource, Service};

/// One connection between an AWS service and a function.
///
/// A value of an implementing type is a plain serde struct with public fields:
/// `S3 { bucket, events, prefix, … }`. From that one value follow the event's type, what must be
/// granted, the infrastructure to set up, and the mistakes to be warned of. A configuration file,
/// the command line and a test all write the same struct.
///
/// `Event` is what the function receives and `Response` what it answers; `()` stands for an answer
/// the service ignores.
pub trait Integration {
    /// What the function receives.
    type Event;
    /// What the function answers.
    type Response;
    /// The service this connects.
    const SERVICE: Service;

    /// A name for this connection, stable over runs and unique within the function: statement ids,
    /// logical ids and messages are derived from it. Letters, digits, `-` and `_`, at most 80.
    fn name(&self) -> String;

    /// All that must be granted so that this connection works, and nothing more.
    fn permissions(&self, function: &Function) -> Vec<Permission>;

    /// The infrastructure of this connection. Empty where it only changes the function's own
    /// configuration.
    fn resources(&self, function: &Function) -> Vec<Resource>;

    /// What the connection sets on the function itself: properties of `AWS::Lambda::Function`, in
    /// CloudFormation's terms. Exporters unite them with the function's other properties.
    fn configuration(&self, function: &Function) -> Option<Value> {
        let _ = function;
        None
    }

    /// An event as this connection would deliver it; none where nothing is invoked.
    ///
    /// The first sample of the event type, unless the connection knows better: which of them it
    /// asks for, and what in it is its own.
    fn example(&self, function: &Function) -> Option<Example> {
        let _ = function;
        Example::of::<Self::Event>(&Self::SERVICE)
    }

    /// How long the service waits for an answer, how often it asks, and what it does without one.
    fn patience(&self) -> Patience {
        Patience::default()
    }

    /// What is wrong with this connection, judged from the definition alone.
    fn check(&self, function: &Function) -> Vec<Finding>;

    /// What is wrong with having both connections, for whatever functions they are.
    ///
    /// Called once for every pair of connections of the same type in one definition.
    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        let _ = other;
        Vec::new()
    }

    /// What is wrong with having both connections at one function.
    ///
    /// Called once for every pair of connections of the same type of one function, besides
    /// [`conflicts`](Self::conflicts).
    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        let _ = other;
        Vec::new()
    }
}
