//! Fields that OpenTelemetry has named.

use serde_json::Value;
use tracing::info_span;

use crate::{HEADER, json, spans};

#[test]
fn names_of_opentelemetry_have_their_places() {
    let check = |span: fn() -> tracing::Span, expected: Value| {
        let sent = spans(HEADER, || drop(span()));
        let mut found = json(&sent[0]);
        let members = found.as_object_mut().unwrap();
        for own in [
            "id",
            "type",
            "trace_id",
            "parent_id",
            "start_time",
            "end_time",
        ] {
            members.remove(own).unwrap();
        }
        for exception in members
            .get_mut("cause")
            .and_then(|cause| cause["exceptions"].as_array_mut())
            .into_iter()
            .flatten()
        {
            exception.as_object_mut().unwrap().remove("id").unwrap();
        }
        assert_eq!(found, expected);
    };
    check(
        || {
            let span = info_span!(
                "request",
                "otel.name" = "GET",
                "otel.kind" = "client",
                "http.request.method" = "GET",
                "url.full" = %"https://tides.example.com:8443/today?x=1",
                "http.response.status_code" = tracing::field::Empty,
                tenant = "blue",
            );
            span.record("http.response.status_code", 429_u16);
            span
        },
        json!({
            "name": "tides.example.com:8443", "namespace": "remote", "error": true, "throttle": true,
            "http": { "request": { "method": "GET", "url": "https://tides.example.com:8443/today?x=1" },
                      "response": { "status": 429 } },
            "annotations": { "tenant": "blue" },
        }),
    );
    check(
        || {
            info_span!(
                "request",
                "otel.kind" = "CLIENT",
                "server.address" = "tides.example.com",
                "http.status_code" = "503",
                "http.response_content_length" = 12,
                "http.method" = "POST",
                "otel.status_code" = "ERROR",
                "otel.status_message" = "gone",
                "error.type" = "Gone",
            )
        },
        json!({
            "name": "tides.example.com", "namespace": "remote", "fault": true,
            "http": { "request": { "method": "POST" }, "response": { "status": 503, "content_length": 12 } },
            "cause": { "exceptions": [{ "message": "gone", "type": "Gone" }] },
        }),
    );
    check(
        || {
            info_span!(
                "query",
                "db.system" = "postgresql",
                "db.namespace" = "ledger",
                "db.user" = "reader",
                "server.address" = "db.example.com",
                "db.query.text" = "SELECT total FROM invoices WHERE id = $1",
            )
        },
        json!({
            "name": "ledger@db.example.com", "namespace": "remote",
            "sql": { "database_type": "postgresql", "user": "reader",
                     "sanitized_query": "SELECT total FROM invoices WHERE id = $1" },
        }),
    );
    check(
        || {
            info_span!(
                "DynamoDB.PutItem",
                "rpc.service" = "DynamoDB",
                "rpc.method" = "PutItem",
                "rpc.system" = "aws-api",
                "aws.request_id" = "RQ1",
                "cloud.region" = "eu-west-1",
                "aws.table_name" = "orders",
                sdk_invocation_id = 7,
            )
        },
        json!({
            "name": "DynamoDB", "namespace": "aws", "annotations": { "sdk_invocation_id": 7 },
            "aws": { "operation": "PutItem", "request_id": "RQ1", "region": "eu-west-1", "table_name": "orders" },
        }),
    );
    check(
        || info_span!("quote", "error.type" = "timeout", "db.system" = ""),
        json!({
            "name": "quote", "fault": true,
            "cause": { "exceptions": [{ "type": "timeout" }] },
        }),
    );
    // Of other calls, and of work done here, they are what they are to anybody.
    check(
        || {
            info_span!(
                "quote",
                "otel.name" = "quotes",
                "rpc.system" = "grpc",
                "rpc.service" = "Quotes",
                "server.address" = "127.0.0.1",
                "otel.status_code" = "OK",
            )
        },
        json!({
            "name": "quotes",
            "annotations": { "rpc.system": "grpc", "rpc.service": "Quotes", "server.address": "127.0.0.1" },
        }),
    );
}
