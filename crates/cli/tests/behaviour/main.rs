//! The command, as a shell sees it, over all services.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod arguments;
mod book;
mod browser;
mod check;
mod clients;
mod config;
mod corpus;
mod curl;
mod decode;
mod delivered;
mod dev;
mod engine;
mod events;
mod export;
mod formats;
mod functions;
mod granted;
mod mappings;
mod permissions;
mod records;
mod reexport;
mod refused;
mod run;
mod services;
mod shared;
mod terraform;
mod trace;
mod url;
mod web_socket;
mod wiring;
