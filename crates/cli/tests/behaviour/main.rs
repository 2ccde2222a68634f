//! The command, as a shell sees it, over all services.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod check;
mod config;
mod corpus;
mod decode;
mod dev;
mod engine;
mod events;
mod export;
mod functions;
mod permissions;
mod run;
mod services;
