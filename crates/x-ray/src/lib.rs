#![doc = include_str!("../README.md")]

mod generated;

mod document;
mod header;
mod id;
mod rules;
mod trace;

mod check;
#[cfg(feature = "emit")]
mod emit;
#[cfg(feature = "layer")]
mod layer;

use lambda_with::{Finding, Function, Integration, Permission, Resource, RoleStatement, Service};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use crate::document::{Document, MAX_DOCUMENT, MAX_LINKS};
#[cfg(feature = "emit")]
pub use crate::emit::{DAEMON_VARIABLE, Emitter, datagram, read_datagram};
pub use crate::generated::*;
pub use crate::header::{Sampled, TRACE_HEADER, TRACE_VARIABLE, TraceHeader};
pub use crate::id::{SegmentId, TraceId};
#[cfg(feature = "layer")]
pub use crate::layer::{XRayLayer, current_header};
pub use crate::trace::{Node, Trace};

/// A function that Lambda traces.
///
/// ```toml
/// [[functions.orders.with]]
/// service = "x-ray"
/// ```
///
/// ```
/// use lambda_with::{Function, Integration};
/// use lambda_with_x_ray::XRay;
///
/// let function = Function::new("arn:aws:lambda:eu-west-1:123456789012:function:orders".parse()?)?;
/// let tracing = XRay::default().configuration(&function).ok_or("nothing to configure")?;
/// assert_eq!(tracing["TracingConfig"]["Mode"], "Active");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A published version keeps the mode it was published with.
/// See <https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html>.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct XRay {
    /// Who decides whether an invocation is traced.
    #[serde(default)]
    pub mode: TracingMode,
    /// Whether code of the function asks X-Ray for sampling rules, as OpenTelemetry's remote sampler
    /// does. The rules change nothing of what Lambda itself samples.
    #[serde(default)]
    pub sampling_rules: bool,
}

/// Who decides whether an invocation is traced.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TracingMode {
    /// The caller; where it has not, Lambda: one request a second, and 5 % of the others. Lambda
    /// sends its own segments for those.
    #[default]
    Active,
    /// The caller alone. Lambda passes its header on, and sends nothing itself; the header of an
    /// invocation that came without one says not to trace.
    PassThrough,
}

impl Integration for XRay {
    type Event = ();
    type Response = ();
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        "x-ray".to_owned()
    }

    fn permissions(&self, _function: &Function) -> Vec<Permission> {
        let mut statements = vec![RoleStatement::new(
            ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            "*",
            "segments are sent to X-Ray, which has no resource-level permission for it",
        )];
        if self.sampling_rules {
            statements.push(RoleStatement::new(
                [
                    "xray:GetSamplingRules",
                    "xray:GetSamplingStatisticSummaries",
                    "xray:GetSamplingTargets",
                ],
                "*",
                "the function asks what to sample, for which X-Ray has no resource-level permission",
            ));
        }
        statements
            .into_iter()
            .map(Permission::ExecutionRole)
            .collect()
    }

    fn resources(&self, _function: &Function) -> Vec<Resource> {
        Vec::new()
    }

    fn configuration(&self, _function: &Function) -> Option<Value> {
        let mode = match self.mode {
            TracingMode::Active => "Active",
            TracingMode::PassThrough => "PassThrough",
        };
        Some(json!({ "TracingConfig": { "Mode": mode } }))
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        check::conflicts_within(self, other)
    }
}
