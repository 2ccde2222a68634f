//! Rules and schedules beside those of others, against a moto server; and what no emulator does,
//! against an endpoint of our own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod entries;
mod rules;
mod schedules;

use std::time::Duration;

use lambda_with::Function;
use lambda_with_aws::{Action, Plan, Session, Wire, Wiring};

fn wiring<W: Wire>(session: &Session, function: &Function, connections: &[W]) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    wiring.options.settle = Duration::from_millis(100);
    wiring.options.wait = Duration::from_secs(2);
    for connection in connections {
        wiring.wire(connection).unwrap();
    }
    wiring
}

/// What is done, kept things left out.
fn changes(plan: &Plan) -> Vec<(Action, String)> {
    let changes = plan.changes.iter().filter(|change| change.is_change());
    changes
        .map(|change| (change.action, change.what.clone()))
        .collect()
}
