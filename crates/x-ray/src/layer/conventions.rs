//! Fields whose names OpenTelemetry gives a meaning, and what X-Ray has for them.
//!
//! Both generations of names are known; instrumentation of Rust records either.
//! See <https://opentelemetry.io/docs/specs/semconv/>.

/// What a field says about its span, where that is more than a value of the user's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// The name, in the place of the span's own.
    Name,
    /// Whose side of a call the span is: `client`, `server` …
    Kind,
    /// How it ended: `ERROR`, or well.
    Status,
    /// What went wrong.
    Message,
    /// The kind of what went wrong.
    Type,
    /// What is called.
    Peer,
    /// The host that is called.
    Address,
    /// The protocol of a remote call; `aws-api` for those of an AWS SDK.
    System,
    /// The service that is called by it.
    Service,
    /// A database's name.
    Database,
    /// A member of `http.request`.
    Request(&'static str),
    /// A member of `http.response`, a number.
    Response(&'static str),
    /// A member of `aws`; of calls of AWS SDKs only.
    Aws(&'static str),
    /// A member of `sql`.
    Sql(&'static str),
}

/// What a field of this name is.
pub(super) fn place(name: &str) -> Option<Place> {
    // All of them have one; most fields of users have none.
    if !name.contains('.') {
        return None;
    }
    Some(match name {
        "otel.name" => Place::Name,
        "otel.kind" => Place::Kind,
        "otel.status_code" => Place::Status,
        "otel.status_message"
        | "otel.status_description"
        | "error.message"
        | "exception.message" => Place::Message,
        "error.type" | "exception.type" => Place::Type,
        "peer.service" => Place::Peer,
        "server.address" | "net.peer.name" => Place::Address,
        "http.request.method" | "http.method" => Place::Request("method"),
        "url.full" | "http.url" => Place::Request("url"),
        "user_agent.original" | "http.user_agent" => Place::Request("user_agent"),
        "client.address" | "http.client_ip" => Place::Request("client_ip"),
        "http.response.status_code" | "http.status_code" => Place::Response("status"),
        "http.response.body.size" | "http.response_content_length" => {
            Place::Response("content_length")
        }
        "rpc.system" | "rpc.system.name" => Place::System,
        "rpc.service" => Place::Service,
        "rpc.method" => Place::Aws("operation"),
        "aws.request_id" | "aws.requestId" => Place::Aws("request_id"),
        "cloud.region" | "aws.region" => Place::Aws("region"),
        "cloud.account.id" | "aws.account_id" => Place::Aws("account_id"),
        "aws.sqs.queue.url" | "aws.queue_url" => Place::Aws("queue_url"),
        "aws.table_name" => Place::Aws("table_name"),
        "db.system" | "db.system.name" => Place::Sql("database_type"),
        "db.statement" | "db.query.text" => Place::Sql("sanitized_query"),
        "db.user" => Place::Sql("user"),
        "db.connection_string" => Place::Sql("connection_string"),
        "db.name" | "db.namespace" => Place::Database,
        _ => return None,
    })
}
