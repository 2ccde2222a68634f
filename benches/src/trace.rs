//! What one span costs under each layer.

use std::net::UdpSocket;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use lambda_with_x_ray::{Emitter, XRayLayer};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter};
use tracing::{Dispatch, info_span};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

use crate::table::{Table, median};

/// How often every variant has its turn.
const ROUNDS: usize = 31;

/// Invocations in one turn, and the shape of each: calls of three spans.
const INVOCATIONS: usize = 100;
const CALLS: usize = 4;
const SPANS: usize = INVOCATIONS * CALLS * 3;

const HEADER: &str = "Root=1-69a56802-0f1e2d3c4b5a69788796a5b4;Parent=53995c3f42cd8ad8;Sampled=1";
const UNSAMPLED: &str =
    "Root=1-69a56802-0f1e2d3c4b5a69788796a5b4;Parent=53995c3f42cd8ad8;Sampled=0";

/// Prints nanoseconds for one span, all variants measured in turns.
pub(crate) fn run(json: bool) -> Result<()> {
    let daemon = UdpSocket::bind("127.0.0.1:0")?;
    daemon.set_read_timeout(Some(Duration::from_millis(100)))?;
    let address = daemon.local_addr()?;
    let receiver = std::thread::spawn(move || {
        let mut datagram = vec![0; 65_536];
        // Until nobody has sent anything for a while.
        let mut idle = 0;
        while idle < 50 {
            idle = if daemon.recv(&mut datagram).is_ok() {
                0
            } else {
                idle + 1
            };
        }
    });
    let emitter = Arc::new(Emitter::new(address)?);
    let provider = SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(Discard).build())
        .build();
    let telemetry = || tracing_opentelemetry::layer().with_tracer(provider.tracer("benches"));
    let x_ray = || XRayLayer::with(emitter.clone());
    let unsent = || {
        XRayLayer::new(|document| {
            std::hint::black_box(document.len());
        })
    };
    let variants: Vec<(&str, &str, Dispatch)> = vec![
        ("no subscriber", HEADER, Dispatch::none()),
        ("registry alone", HEADER, Dispatch::new(Registry::default())),
        (
            "x-ray",
            HEADER,
            Dispatch::new(Registry::default().with(x_ray())),
        ),
        (
            "x-ray, not sent",
            HEADER,
            Dispatch::new(Registry::default().with(unsent())),
        ),
        (
            "x-ray, Sampled=0",
            UNSAMPLED,
            Dispatch::new(Registry::default().with(x_ray())),
        ),
        (
            "opentelemetry",
            HEADER,
            Dispatch::new(Registry::default().with(telemetry())),
        ),
        (
            "both",
            HEADER,
            Dispatch::new(Registry::default().with(telemetry()).with(x_ray())),
        ),
    ];
    let mut times = vec![Vec::with_capacity(ROUNDS); variants.len()];
    for _ in 0..ROUNDS {
        for ((_, header, dispatch), times) in variants.iter().zip(&mut times) {
            times.push(tracing::dispatcher::with_default(dispatch, || turn(header)));
        }
    }
    let mut table = Table::new(&["ns a span", "÷ registry"]);
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
    for ((name, _, _), nanos) in variants.iter().zip(&medians) {
        table.row(*name, vec![*nanos, nanos / medians[1]]);
    }
    if !json {
        println!(
            "one span, median of {ROUNDS} turns of {SPANS}; three deep, two fields each; {} documents sent, {} dropped\n\
             x-ray: sent to a socket of this machine; opentelemetry: handed to a thread that throws them away",
            emitter.sent(),
            emitter.dropped()
        );
    }
    table.print(json);
    drop(variants);
    // What was not exported is of no interest.
    let _ = provider.shutdown();
    let _ = receiver.join();
    Ok(())
}

/// Nanoseconds for one span.
fn turn(header: &str) -> f64 {
    let begun = Instant::now();
    for number in 0..INVOCATIONS {
        invocation(header, number);
    }
    begun.elapsed().as_nanos() as f64 / SPANS as f64
}

fn invocation(header: &str, number: usize) {
    let root = info_span!(
        "Lambda runtime invoke",
        requestId = "r-1",
        xrayTraceId = header
    );
    root.in_scope(|| {
        for call in 0..CALLS {
            info_span!("order", number, tenant = "blue").in_scope(|| {
                info_span!("price", call, currency = "EUR").in_scope(|| ());
                info_span!("store", call, table = "orders").in_scope(|| ());
            });
        }
    });
}

/// Throws away what it is to export.
#[derive(Debug)]
struct Discard;

impl SpanExporter for Discard {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        std::hint::black_box(batch);
        Ok(())
    }
}
