//! Spans become subsegments of the invocation, over UDP and in one piece.
#![cfg(feature = "layer")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod beside;
mod conventions;
mod large;

use std::net::UdpSocket;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lambda_with_x_ray::{
    Document, Emitter, IndependentSubsegment, XRayLayer, current_header, read_datagram,
};
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;
use tracing::{Instrument, info_span};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

const HEADER: &str = "Root=1-69a56802-0f1e2d3c4b5a69788796a5b4;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=25:a87bd80c:1";

type Sent = Arc<Mutex<Vec<String>>>;

fn layer() -> (XRayLayer, Sent) {
    let sent = Sent::default();
    let sink = sent.clone();
    (
        XRayLayer::new(move |document| sink.lock().unwrap().push(document.to_owned())),
        sent,
    )
}

/// What spans made by `work` within a traced invocation are sent as.
fn spans(header: &str, work: impl FnOnce()) -> Vec<IndependentSubsegment> {
    let (layer, sent) = layer();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        info_span!(
            "Lambda runtime invoke",
            requestId = "r1",
            xrayTraceId = header
        )
        .in_scope(work);
    });
    read(&sent)
}

fn read(sent: &Sent) -> Vec<IndependentSubsegment> {
    let documents = std::mem::take(&mut *sent.lock().unwrap());
    let read = |json: &String| {
        let document = Document::read(json).unwrap();
        assert_eq!(document.problems(), Vec::<String>::new(), "{json}");
        match document {
            Document::Subsegment(subsegment) => subsegment,
            Document::Segment(_) => panic!("{json}"),
        }
    };
    documents.iter().map(read).collect()
}

fn json(subsegment: &IndependentSubsegment) -> Value {
    serde_json::to_value(subsegment).unwrap()
}

#[test]
fn nested_spans_are_one_document() {
    let sent = spans(HEADER, || {
        info_span!(
            "price",
            tenant = "blue",
            items = 3,
            express = true,
            rate = 1.5
        )
        .in_scope(|| {
            info_span!("discounts", rule = ?["third", "free"]).in_scope(|| ());
            info_span!("taxes", country = %"IE").in_scope(|| ());
        });
    });
    assert_eq!(sent.len(), 1);
    let price = &sent[0];
    assert_eq!(price.trace_id, "1-69a56802-0f1e2d3c4b5a69788796a5b4");
    assert_eq!(price.parent_id, "53995c3f42cd8ad8");
    let price = json(price);
    assert_eq!(
        price["annotations"],
        json!({ "tenant": "blue", "items": 3, "express": true, "rate": 1.5 })
    );
    let parts = price["subsegments"].as_array().unwrap();
    assert_eq!(
        parts.iter().map(|part| &part["name"]).collect::<Vec<_>>(),
        ["discounts", "taxes"]
    );
    assert_eq!(
        parts[0]["metadata"],
        json!({ "tracing": { "rule": "[\"third\", \"free\"]" } })
    );
    assert_eq!(
        parts[1]["metadata"],
        json!({ "tracing": { "country": "IE" } })
    );
}

#[test]
fn nothing_is_sent_outside_of_a_traced_invocation() {
    for header in [
        "",
        "Root=1-69a56802-0f1e2d3c4b5a69788796a5b4;Parent=53995c3f42cd8ad8;Sampled=0",
        "Root=1-69a56802-0f1e2d3c4b5a69788796a5b4;Parent=53995c3f42cd8ad8;Sampled=?",
        "Root=1-69a56802-0f1e2d3c4b5a69788796a5b4;Parent=53995c3f42cd8ad8",
        "Root=1-69a56802-0f1e2d3c4b5a69788796a5b4;Sampled=1",
        "Parent=53995c3f42cd8ad8;Sampled=1",
    ] {
        let sent = spans(header, || {
            info_span!("price").in_scope(|| {
                assert_eq!(current_header().unwrap().to_string(), header);
            });
        });
        assert_eq!(sent, [], "{header}");
    }
    let (layer, sent) = layer();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        info_span!("price").in_scope(|| assert_eq!(current_header(), None));
    });
    assert_eq!(read(&sent), []);
}

#[test]
fn invocations_at_once_are_traced_each_as_its_header_says() {
    let (layer, sent) = layer();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let untraced = HEADER.replace("Sampled=1", "Sampled=0");
        let untraced = info_span!("Lambda runtime invoke", xrayTraceId = untraced);
        let traced = info_span!("Lambda runtime invoke", xrayTraceId = HEADER);
        let spans = [
            info_span!(parent: &untraced, "price"),
            info_span!(parent: &traced, "ship"),
            info_span!(parent: None, "alone"),
        ];
        drop(untraced);
        for span in spans {
            span.in_scope(|| info_span!("part").in_scope(|| ()));
        }
        // Without a span around it, and after the trace has ended.
        drop(traced);
        info_span!("after").in_scope(|| ());
    });
    let names: Vec<String> = read(&sent)
        .iter()
        .map(|sent| sent.name.to_string())
        .collect();
    assert_eq!(names, ["ship"]);
}

#[test]
fn errors_make_a_fault_of_their_span_alone() {
    #[derive(Debug)]
    struct Declined(std::io::Error);
    impl std::fmt::Display for Declined {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the card was declined")
        }
    }
    impl std::error::Error for Declined {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let sent = spans(HEADER, || {
        tracing::error!("of the invocation, which Lambda tells");
        info_span!("checkout").in_scope(|| {
            tracing::warn!("not an error");
            info_span!("charge").in_scope(|| {
                let error = Declined(std::io::Error::other("503"));
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "cannot charge {}",
                    7
                );
            });
        });
    });
    let checkout = json(&sent[0]);
    assert_eq!((sent.len(), &checkout["fault"]), (1, &Value::Null));
    let charge = &checkout["subsegments"][0];
    assert_eq!(charge["fault"], true);
    let exceptions = charge["cause"]["exceptions"].as_array().unwrap();
    let messages: Vec<&str> = exceptions
        .iter()
        .map(|e| e["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        messages,
        ["cannot charge 7", "the card was declined", "503"]
    );
    assert_eq!(exceptions[0]["cause"], exceptions[1]["id"]);
    assert_eq!(exceptions[2].get("cause"), None);
    assert!(
        exceptions[0]["stack"][0]["path"]
            .as_str()
            .unwrap()
            .ends_with("main.rs")
    );
}

#[test]
fn calls_carry_their_subsegment_and_what_the_header_held() {
    let mut inner = String::new();
    let sent = spans(HEADER, || {
        assert_eq!(current_header().unwrap().to_string(), HEADER);
        info_span!(
            "SQS.SendMessage",
            "rpc.service" = "SQS",
            "rpc.method" = "SendMessage",
            "rpc.system" = "aws-api"
        )
        .in_scope(|| inner = current_header().unwrap().to_string());
    });
    let call = json(&sent[0]);
    assert_eq!(
        (&call["name"], &call["namespace"]),
        (&json!("SQS"), &json!("aws"))
    );
    assert_eq!(call["aws"], json!({ "operation": "SendMessage" }));
    assert_eq!(call.get("annotations"), None);
    let id = call["id"].as_str().unwrap();
    assert_eq!(inner, HEADER.replace("53995c3f42cd8ad8", id));
}

#[test]
fn fields_recorded_later_and_names_that_do_not_fit() {
    let sent = spans(HEADER, || {
        let span = info_span!(
            "GET /orders/{id}",
            "order.id" = tracing::field::Empty,
            big = u64::MAX,
            odd = f64::NAN
        );
        span.record("order.id", 403);
        span.record("order.id", 404);
        let before = info_span!("before");
        let after = info_span!("after");
        after.follows_from(&before);
    });
    let named = |name: &str| json(sent.iter().find(|sent| sent.name == name).unwrap());
    let get = named("GET /orders/_id_");
    assert_eq!(
        get["annotations"],
        json!({ "order.id": 404, "big": u64::MAX, "odd": "NaN" })
    );
    assert_eq!(
        named("after")["precursor_ids"],
        json!([named("before")["id"]])
    );
}

#[test]
fn a_header_recorded_later_and_values_that_use_spans() {
    struct Busy;
    impl std::fmt::Debug for Busy {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            info_span!("printing").in_scope(|| tracing::error!("in print"));
            f.write_str("Busy")
        }
    }
    let (layer, sent) = layer();
    // Twice the same layer is once too often, and no reason to panic.
    let (second, _) = self::layer();
    let subscriber = tracing_subscriber::registry().with(layer).with(second);
    tracing::subscriber::with_default(subscriber, || {
        let invocation = info_span!("invocation", xray_trace_id = tracing::field::Empty);
        invocation.record("xray_trace_id", HEADER);
        invocation.in_scope(|| {
            let work = info_span!("work", later = tracing::field::Empty);
            work.in_scope(|| work.record("later", tracing::field::debug(Busy)));
            tracing::error!(busy = ?Busy, "in work");
        });
    });
    let sent = sent.lock().unwrap();
    let work = sent.iter().find(|json| json.contains(r#""name":"work""#));
    assert!(work.unwrap().contains(r#""later":"Busy""#), "{sent:?}");
}

#[test]
fn a_span_that_outlives_its_parent_in_another_thread_is_part_of_it_all_the_same() {
    let (layer, sent) = layer();
    let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    let late = tracing::dispatcher::with_default(&dispatch, || {
        info_span!("Lambda runtime invoke", xrayTraceId = HEADER)
            .in_scope(|| info_span!("work").in_scope(|| info_span!("late")))
    });
    assert_eq!(read(&sent), []);
    let thread = std::thread::spawn(move || {
        tracing::dispatcher::with_default(&dispatch, || {
            late.in_scope(|| std::thread::sleep(Duration::from_millis(2)));
            drop(late);
        });
    });
    thread.join().unwrap();
    let sent = read(&sent);
    let [work] = &sent[..] else {
        panic!("{sent:?}")
    };
    let late = &work.subsegments.as_ref().unwrap()[0];
    assert_eq!((work.name.as_str(), late.name.as_str()), ("work", "late"));
    // Each ended when it was last left.
    let end =
        |time: &Option<lambda_with::EpochSeconds>| time.as_ref().unwrap().timestamp().unwrap();
    assert!(end(&late.end_time) > end(&work.end_time));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_futures_keep_to_their_own() {
    let (layer, sent) = layer();
    let dispatch = tracing::Dispatch::new(
        tracing_subscriber::registry().with(layer.with_filter(LevelFilter::INFO)),
    );
    let _default = tracing::dispatcher::set_default(&dispatch);
    let invocations = (0..8_u32).map(|number| {
        let header = format!("Root=1-69a56802-{number:024x};Parent={number:016x};Sampled=1");
        let work = async move {
            let one = |name: &'static str, millis| async move {
                tracing::debug_span!("unseen").in_scope(|| ());
                tokio::time::sleep(Duration::from_millis(millis)).await;
                name
            };
            let short = one("short", 5).instrument(info_span!("short"));
            let long = one("long", 40).instrument(info_span!("long"));
            tokio::join!(long, short)
        };
        use tracing::instrument::WithSubscriber;
        let invocation = info_span!("Lambda runtime invoke", xrayTraceId = header);
        let work = invocation.in_scope(|| work.instrument(info_span!("work", number)));
        tokio::spawn(
            work.instrument(invocation)
                .with_subscriber(dispatch.clone()),
        )
    });
    for invocation in invocations.collect::<Vec<_>>() {
        invocation.await.unwrap();
    }
    let sent = read(&sent);
    assert_eq!(sent.len(), 8);
    for work in sent {
        let number = work
            .annotations
            .as_ref()
            .unwrap()
            .get("number")
            .unwrap()
            .to_string()
            .parse::<u32>()
            .unwrap();
        assert_eq!(work.trace_id, format!("1-69a56802-{number:024x}"));
        assert_eq!(work.parent_id, format!("{number:016x}"));
        let took = |name: &str| {
            let part = work
                .subsegments
                .iter()
                .flatten()
                .find(|part| part.name == name)
                .unwrap();
            let time = |time: &lambda_with::EpochSeconds| time.timestamp().unwrap().unix_millis();
            time(part.end_time.as_ref().unwrap()) - time(&part.start_time)
        };
        assert!(
            took("short") >= 4 && took("long") >= 39,
            "{} {}",
            took("short"),
            took("long")
        );
        assert_eq!(work.subsegments.as_ref().unwrap().len(), 2);
    }
}

#[test]
fn over_udp_to_a_daemon() {
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    daemon
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let emitter = Arc::new(Emitter::new(daemon.local_addr().unwrap()).unwrap());
    let subscriber = tracing_subscriber::registry().with(XRayLayer::with(emitter.clone()));
    tracing::subscriber::with_default(subscriber, || {
        info_span!("Lambda runtime invoke", xrayTraceId = HEADER).in_scope(|| {
            info_span!("price").in_scope(|| info_span!("discounts").in_scope(|| ()));
            info_span!("ship").in_scope(|| ());
        });
    });
    let mut names = Vec::new();
    for _ in 0..2 {
        let mut datagram = vec![0; 65_536];
        let length = daemon.recv(&mut datagram).unwrap();
        let document = Document::read(read_datagram(&datagram[..length]).unwrap()).unwrap();
        assert_eq!(document.problems(), Vec::<String>::new());
        let Document::Subsegment(subsegment) = document else {
            panic!()
        };
        names.push(subsegment.name.to_string());
    }
    assert_eq!(names, ["price", "ship"]);
    assert_eq!((emitter.sent(), emitter.dropped()), (2, 0));
}
