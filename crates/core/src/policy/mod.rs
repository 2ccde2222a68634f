//! Policy documents: what a [`Permission`](crate::Permission) looks like as JSON, and what a policy
//! lets through.
//!
//! ```
//! use lambda_with::policy::{Policy, may_invoke};
//! use lambda_with::{Arn, Caller, Delivery, Statement};
//!
//! let function: Arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders".parse()?;
//! let uploads = Statement::service("s3-uploads", "s3.amazonaws.com")
//!     .source_arn("arn:aws:s3:::uploads".parse()?)
//!     .source_account("123456789012");
//! let policy = Policy::of_function(&function, [&uploads]);
//!
//! let other = Caller::Service(Delivery {
//!     principal: "s3.amazonaws.com".into(),
//!     source_arn: Some("arn:aws:s3:::other".parse()?),
//!     source_account: Some("123456789012".into()),
//!     event_source_token: None,
//! });
//! let refusal = may_invoke(&policy, &function, &other, "lambda:InvokeFunction").into_result();
//! assert_eq!(
//!     refusal.unwrap_err().message(),
//!     "s3.amazonaws.com may not invoke function:orders: statement \"s3-uploads\" allows it only when \
//!      aws:SourceArn is like arn:aws:s3:::uploads, but it is arn:aws:s3:::other",
//! );
//! # Ok::<(), lambda_with::Error>(())
//! ```
//!
//! A policy read and written back says the same, members this crate does not know included.
//! Conditions are judged as the IAM guide describes them; an operator this crate does not know
//! makes its statement count for nothing, and the decision names it.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html>.

mod condition;
mod decision;
mod document;
mod edit;
mod matching;
mod render;
mod request;
mod role;

pub use self::decision::{Decision, Denial, may_invoke};
pub use self::document::{Effect, Policy, PolicyStatement, Principals, Values};
pub use self::role::{Missing, may_poll};
