//! Answers: each is the event with its response filled in, and all the rest as it came.

mod challenge;
mod federation;
mod message;
mod migration;
mod rules;
mod sign_up;
mod sync;
mod token;

#[cfg(test)]
mod tests;
