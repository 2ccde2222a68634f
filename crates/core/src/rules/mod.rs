//! The rules by which Lambda invokes, as data and functions of (state, input, now).
//!
//! Nothing here reads a clock, waits, or does any input or output: whoever runs a function tells
//! these modules what happened and when, and does what they decide. The local engine is such a
//! runner; a test with its own idea of time is another. Times are [`Duration`](std::time::Duration)s
//! since an instant of the runner's choice, the Unix epoch where a state outlives the process.
//!
//! | module | decides |
//! |---|---|
//! | [`filter`] | which records of a polled source reach the function |
//! | [`mapping`] | which settings an event source mapping may have |
//! | [`batch`] | which records are invoked together, and when |
//! | [`partial`] | which records of a batch are done, judged by the function's answer |
//! | [`stream`] | what becomes of the records of a shard: lanes, retries, checkpoints, windows |
//! | [`retry`] | what becomes of an asynchronous event after each attempt |
//! | [`destination`] | what is sent to destinations and dead-letter queues |
//! | [`routing`] | which version an alias leads to |
//! | [`scaling`] | how many invocations run at once, and how fast that grows |
//! | [`recursion`] | where a loop of functions and services is stopped |
//! | [`settings`] | which settings of a function Lambda would refuse |
//!
//! [`filter`] and [`mapping`] need the feature `mapping`, all the others the feature `rules`: a function
//! needs none of them.

#[cfg(feature = "rules")]
pub mod batch;
#[cfg(feature = "rules")]
pub mod destination;
#[cfg(feature = "mapping")]
pub mod filter;
#[cfg(feature = "mapping")]
pub mod mapping;
#[cfg(feature = "rules")]
pub mod partial;
#[cfg(feature = "rules")]
pub mod recursion;
#[cfg(feature = "rules")]
pub mod retry;
#[cfg(feature = "rules")]
pub mod routing;
#[cfg(feature = "rules")]
pub mod scaling;
#[cfg(feature = "rules")]
pub mod settings;
#[cfg(feature = "rules")]
pub mod stream;
