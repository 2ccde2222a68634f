//! Traces of an engine: what it makes of invocations, what functions add, what hangs together.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use common::{answer, eventually, example, invocation, options};
use expect_test::{Expect, expect};
use lambda_with::{
    Error, ErrorKind, Function, FunctionError, Invocation, InvocationType, Invoke, Record,
    rules::batch::Limits,
};
use lambda_with_local::{
    Command, FunctionOptions, Handle, Local, Mapping, Options, Run, ScriptedSource, read_traces,
};
use lambda_with_x_ray::{Document, Emitter, Node, Subsegment, Trace, TraceHeader, TraceId};
use serde_json::{Value, json};

const ROOT: &str = "1-5bef4de7-ad49b0e87f6ef6c87fc2e700";

fn definition(name: &str) -> Function {
    let arn = format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}");
    Function::new(arn.parse().unwrap()).unwrap()
}

fn draw(nodes: &[Node], depth: usize, text: &mut String) {
    for node in nodes {
        let origin = node.origin.as_deref().unwrap_or("-");
        let mut marks = String::new();
        for (is, mark) in [
            (node.linked, " linked"),
            (node.error, " error"),
            (node.throttle, " throttle"),
            (node.fault, " fault"),
        ] {
            marks.push_str(if is { mark } else { "" });
        }
        if let Some(message) = &node.message {
            marks.push_str(&format!(" ({message})"));
        }
        text.push_str(&format!(
            "{}{} {origin}{marks}\n",
            "  ".repeat(depth),
            node.name
        ));
        draw(&node.children, depth + 1, text);
    }
}

fn check(trace: &Trace, expected: &Expect) {
    let mut text = String::new();
    draw(&trace.roots, 0, &mut text);
    expected.assert_eq(&text);
}

fn last(handle: &Handle) -> Trace {
    let documents = handle.documents();
    for document in &documents {
        assert_eq!(document.problems(), Vec::<String>::new());
    }
    handle.trace(Trace::last(&documents).unwrap()).unwrap()
}

/// An engine with one function that notes the headers it is given.
async fn one(
    run: impl Fn(Value) -> Result<Value, FunctionError> + Clone + Send + Sync + 'static,
) -> (Local, Arc<Mutex<Vec<String>>>) {
    let headers = Arc::new(Mutex::new(Vec::new()));
    let seen = headers.clone();
    let run = Run::handler(move |event: Bytes, context| {
        seen.lock().unwrap().push(context.trace_header);
        let result = run(serde_json::from_slice(&event).unwrap());
        async move { result.map(|answer| Bytes::from(answer.to_string())) }
    });
    let mut options = Options::in_memory();
    options.traces = true;
    options
        .functions
        .push(FunctionOptions::new(definition("orders"), run));
    (Local::start(options).await.unwrap(), headers)
}

#[tokio::test]
async fn an_invocation_is_two_segments() {
    let (local, headers) = one(|event| match event["fail"].as_str() {
        None => Ok(event),
        Some(why) => Err(FunctionError {
            error_type: Some("OrderMissing".into()),
            error_message: why.into(),
        }),
    })
    .await;
    let handle = local.handle();
    let orders = handle.function("orders").unwrap();
    orders.invoke(Invocation::new("{}")).await.unwrap();
    check(
        &last(&handle),
        &expect![[r#"
        orders AWS::Lambda
          orders AWS::Lambda::Function
            Invocation -
            Overhead -
    "#]],
    );
    let header = TraceHeader::from(headers.lock().unwrap().remove(0).as_str());
    let trace = last(&handle);
    assert_eq!(trace.ids, [header.root().unwrap().to_string()]);
    assert_eq!(
        trace.roots[0].children[0].id,
        header.parent().unwrap().to_string()
    );
    assert_eq!(trace.roots[0].status, Some(200));

    orders
        .invoke(Invocation::new(r#"{"fail":"no such order"}"#))
        .await
        .unwrap();
    check(
        &last(&handle),
        &expect![[r#"
        orders AWS::Lambda
          orders AWS::Lambda::Function fault (no such order)
            Invocation -
            Overhead -
    "#]],
    );
}

#[tokio::test]
async fn an_invocation_that_is_throttled_is_lambdas_segment_alone() {
    let mut orders = definition("orders");
    orders.reserved_concurrency = Some(0);
    let mut options = Options::in_memory();
    options.traces = true;
    let run = Run::handler(|event, _| async { Ok(event) });
    options.functions.push(FunctionOptions::new(orders, run));
    let local = Local::start(options).await.unwrap();
    let handle = local.handle();
    let orders = handle.function("orders").unwrap();
    let error = orders.invoke(Invocation::new("{}")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    let trace = last(&handle);
    check(&trace, &expect!["orders AWS::Lambda error throttle\n"]);
    assert_eq!(trace.roots[0].status, Some(429));
}

#[tokio::test]
async fn the_callers_header_decides() {
    let (local, headers) = one(Ok).await;
    let handle = local.handle();
    let orders = handle.function("orders").unwrap();
    let call = async |header: &str| {
        let asked = Invocation {
            trace_header: Some(header.into()),
            ..Invocation::new("{}")
        };
        orders.invoke(asked).await.unwrap();
        headers.lock().unwrap().remove(0)
    };
    let untraced = format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a:0");
    // Lambda adds to the lineage alone.
    let given = call(&untraced).await;
    assert!(given.starts_with(&untraced), "{given}");
    assert_eq!(handle.trace(ROOT), None);
    for (header, parent) in [
        (format!("Root={ROOT}"), None),
        (
            format!("Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a:0"),
            Some("53995c3f42cd8ad8"),
        ),
        (format!("Root={ROOT};Sampled=?"), None),
    ] {
        let given = TraceHeader::from(call(&header).await.as_str());
        assert_eq!(given.root().unwrap().to_string(), ROOT);
        assert_eq!(given.get("Sampled"), Some("1"));
        let lineage = given.get("Lineage").unwrap();
        assert_eq!(lineage.starts_with("1:a:0|"), header.contains("Lineage"));
        let documents = handle.documents();
        let Document::Segment(lambda) = &documents[documents.len() - 2] else {
            panic!()
        };
        assert_eq!(lambda.parent_id.as_deref(), parent);
    }
}

#[tokio::test]
async fn nothing_is_traced_unless_asked() {
    let mut options = Options::in_memory();
    options.functions.push(FunctionOptions::new(
        definition("orders"),
        Run::handler(|event, _| async { Ok(event) }),
    ));
    let local = Local::start(options).await.unwrap();
    local
        .handle()
        .function("orders")
        .unwrap()
        .invoke(Invocation::new("{}"))
        .await
        .unwrap();
    assert_eq!(
        (local.handle().documents(), local.handle().daemon_address()),
        (vec![], None)
    );
}

#[tokio::test(start_paused = true)]
async fn all_attempts_at_an_event_are_one_trace() {
    let (local, _) = one(|_| Err(FunctionError::default())).await;
    let handle = local.handle();
    let event = Invocation {
        invocation_type: InvocationType::Event,
        ..Invocation::new("{}")
    };
    handle
        .function("orders")
        .unwrap()
        .invoke(event)
        .await
        .unwrap();
    handle.settled().await;
    let trace = last(&handle);
    assert_eq!((trace.ids.len(), trace.roots.len()), (1, 3));
    let starts: Vec<i64> = trace
        .roots
        .iter()
        .map(|root| root.start.unix_millis())
        .collect();
    assert_eq!(
        [
            starts[1] - starts[0] >= 60_000,
            starts[2] - starts[1] >= 120_000
        ],
        [true; 2]
    );
}

/// A record of a queue, sent with this trace header.
fn message(id: &str, header: Option<String>) -> Record {
    let attributes = header.map_or(json!({}), |header| json!({ "AWSTraceHeader": header }));
    let message = json!({ "messageId": id, "attributes": attributes, "body": "{}" });
    ScriptedSource::record(id, None, message.to_string())
}

#[tokio::test]
async fn a_request_a_queue_and_a_call_are_one_tree() {
    let local: Arc<Mutex<Option<Handle>>> = Arc::default();
    let (sent, engine) = (Arc::new(Mutex::new(Vec::new())), local.clone());
    let out = sent.clone();
    // Takes an order over HTTP and queues it; takes it from the queue, and calls `bill`.
    let orders = Run::handler(move |event: Bytes, context| {
        let (out, engine) = (out.clone(), engine.lock().unwrap().clone().unwrap());
        async move {
            let event: Value = serde_json::from_slice(&event).unwrap();
            let mut header = TraceHeader::from(context.trace_header.as_str());
            let (root, parent) = (header.root().unwrap(), header.parent().unwrap());
            let name = if event["Records"].is_array() {
                "Lambda"
            } else {
                "SQS"
            };
            let mut call = Subsegment::new(name, lambda_with::Timestamp::now());
            call.namespace = Some(lambda_with_x_ray::Namespace::Aws);
            header.set_parent(call.id.parse().unwrap());
            if name == "SQS" {
                out.lock().unwrap().push(header.to_string());
            } else {
                let asked = Invocation {
                    trace_header: Some(header.to_string()),
                    ..Invocation::new("{}")
                };
                engine
                    .function("bill")
                    .unwrap()
                    .invoke(asked)
                    .await
                    .unwrap();
            }
            call.end(lambda_with::Timestamp::now());
            let emitter = Emitter::new(engine.daemon_address().unwrap()).unwrap();
            for document in call
                .independent(root.to_string(), parent)
                .into_documents(Emitter::MAX_DOCUMENT)
                .unwrap()
            {
                assert!(emitter.send(&document));
            }
            Ok(Bytes::from_static(b"{}"))
        }
    });
    let mut options = Options::in_memory();
    options.traces = true;
    options
        .functions
        .push(FunctionOptions::new(definition("orders"), orders));
    options.functions.push(FunctionOptions::new(
        definition("bill"),
        Run::handler(|event, _| async { Ok(event) }),
    ));
    let running = Local::start(options).await.unwrap();
    let handle = running.handle();
    *local.lock().unwrap() = Some(handle.clone());

    // What an API hands over: a root, and nothing decided.
    let root = TraceId::new(lambda_with::Timestamp::now());
    let request = Invocation {
        trace_header: Some(format!("Root={root}")),
        ..Invocation::new("{}")
    };
    handle
        .function("orders")
        .unwrap()
        .invoke(request)
        .await
        .unwrap();
    let header = sent.lock().unwrap().remove(0);
    let source = ScriptedSource::new(Duration::from_secs(30));
    source.put([
        message("1", Some(header.clone())),
        message("2", Some(header)),
        message("3", None),
    ]);
    let mapping = Mapping {
        limits: Limits {
            size: 10,
            window: Duration::from_millis(50),
            ..Mapping::default().limits
        },
        ..Mapping::default()
    };
    let poller = handle.function("orders").unwrap().poll(source, mapping);
    let expected = "Lambda aws";
    eventually("the last document is there", 60, || {
        let trace = handle.trace(&root.to_string()).unwrap();
        let mut text = String::new();
        draw(&trace.roots, 0, &mut text);
        text.contains(expected) && text.contains("bill AWS::Lambda::Function")
    })
    .await;
    poller.stop().await;
    let tree = expect![[r#"
        orders AWS::Lambda
          orders AWS::Lambda::Function
            Invocation -
            SQS aws
              orders AWS::Lambda linked
                orders AWS::Lambda::Function
                  Invocation -
                  Lambda aws
                    bill AWS::Lambda
                      bill AWS::Lambda::Function
                        Invocation -
                        Overhead -
                  Overhead -
            Overhead -
    "#]];
    let trace = handle.trace(&root.to_string()).unwrap();
    check(&trace, &tree);
    // The batch is a trace of its own, from which the same tree is found.
    assert_eq!(trace.ids.len(), 2);
    check(&handle.trace(&trace.ids[1]).unwrap(), &tree);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_finds_the_daemon_and_the_file_keeps_the_trace() {
    let dir = tempfile::tempdir().unwrap();
    let mut traced = FunctionOptions::new(
        definition("traced"),
        Run::Command(Command::new(example("traced"))),
    );
    traced.function.timeout = 30;
    let (mut options, _) = options(dir.path(), traced);
    options.traces = true;
    let local = Local::start(options).await.unwrap();
    let handle = local.handle();
    let traced = handle.function("traced").unwrap();
    let answered = answer(traced.invoke(invocation(&json!({}))).await.unwrap());
    let header = TraceHeader::from(answered["header"].as_str().unwrap());
    let id = header.root().unwrap().to_string();
    let has = |id: &str, text: &str| {
        let mut drawn = String::new();
        draw(&handle.trace(id).unwrap().roots, 0, &mut drawn);
        drawn.contains(text)
    };
    eventually("the span is there", 60, || has(&id, "price")).await;
    let trace = handle.trace(&id).unwrap();
    check(
        &trace,
        &expect![[r#"
        traced AWS::Lambda
          traced AWS::Lambda::Function
            Initialization -
            Invocation -
            price -
            Overhead -
    "#]],
    );
    let function = &trace.roots[0].children[0];
    let price = function
        .children
        .iter()
        .find(|node| node.name == "price")
        .unwrap();
    assert_eq!(price.id, header.parent().unwrap().to_string());
    assert_eq!(price.annotations.get("tenant").unwrap().to_string(), "blue");
    let invocation_took = function.children[1].duration.unwrap();
    assert!(
        price.duration.unwrap() >= Duration::from_millis(5)
            && price.duration.unwrap() <= invocation_took
    );

    traced
        .invoke(invocation(&json!({ "fail": "so it was told" })))
        .await
        .unwrap();
    let second = Trace::last(&handle.documents()).unwrap().clone();
    eventually("the span is there", 60, || has(&second, "price")).await;
    // The environment was there already: no Initialization.
    check(
        &handle.trace(&second).unwrap(),
        &expect![[r#"
        traced AWS::Lambda
          traced AWS::Lambda::Function fault (so it was told)
            Invocation -
            price - fault (no price today)
            Overhead -
    "#]],
    );
    local.shutdown().await;
    let kept = read_traces(dir.path()).unwrap();
    assert_eq!(Trace::of(&kept, &id).unwrap(), trace);
}

#[tokio::test]
async fn what_is_no_document_is_left_alone() -> Result<(), Error> {
    let (local, _) = one(Ok).await;
    let handle = local.handle();
    let daemon = handle.daemon_address().unwrap();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for datagram in [
        &b"nonsense"[..],
        b"{\"format\": \"json\", \"version\": 1}\n{}",
        b"\xff",
        b"",
    ] {
        socket.send_to(datagram, daemon).unwrap();
    }
    let sample = lambda_with_x_ray::SERVICE.sample("aws-call").unwrap().json;
    assert!(Emitter::new(daemon)?.send(sample));
    eventually("the document is there", 60, || {
        handle.documents().len() == 1
    })
    .await;
    Ok(())
}
