//! Counting allocations.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use crate::payloads;
use crate::table::Table;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Prints allocations and reallocations of one decode, once caches are warm, and per record.
pub(crate) fn run(json: bool) {
    let columns = ["records", "today", "plain", "owned", "decode", "lazy"];
    let mut events = Table::new(&columns);
    let mut records = Table::new(&columns);
    for payload in payloads::ALL {
        let json = payload.json();
        let count = |(_, read): &(&str, fn(&bytes::Bytes))| {
            // The last of a few: chunks that outlive one decode are then in use.
            let mut count = 0;
            for _ in 0..4 {
                let region = Region::new(ALLOCATOR);
                read(&json);
                let change = region.change();
                count = change.allocations + change.reallocations;
            }
            count as f64
        };
        let counts: Vec<f64> = payload.variants.iter().map(count).collect();
        let of = payload.records as f64;
        let row = |divisor: f64| {
            std::iter::once(of)
                .chain(counts.iter().map(move |count| count / divisor))
                .collect()
        };
        events.row(payload.name, row(1.0));
        records.row(payload.name, row(of));
    }
    if !json {
        println!("allocations of one decode");
    }
    events.print(json);
    if !json {
        println!("\nper record");
    }
    records.print(json);
}
