//! The management API: sends to connections, describes and closes them.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use lambda_with::{Base64, Timestamp};
use serde_json::json;

use super::super::incoming::percent_decoded;
use super::{Client, Door, MAX_MESSAGE};

/// What a request to the management API wants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Command {
    /// The connection it is about.
    pub connection_id: String,
    /// What to do.
    pub action: Action,
    /// The access key it is signed with.
    pub access_key: Option<String>,
}

/// What to do with a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// Send a message to the client, which gets it as text.
    Post(String),
    /// Describe it.
    Get,
    /// Close it.
    Delete,
}

impl<T> Door<T> {
    /// Reads a request to `/STAGE/@connections/ID`; nothing where it is not one.
    ///
    /// Whoever sends it is not asked for a signature, and a wrong one is not found out.
    ///
    /// # Errors
    ///
    /// The response: 403 for another stage or method, 400 for what is no connection's id, 413 for a
    /// message over 128 KB.
    pub fn command(&self, request: &Request<Bytes>) -> Option<Result<Command, Response<Bytes>>> {
        let path = percent_decoded(request.uri().path());
        let (stage, id) = path.split_once("/@connections/")?;
        Some(self.read(request, stage, id))
    }

    /// The response when the caller's role does not let it manage connections.
    #[must_use]
    pub fn denied(&self, command: &Command) -> Response<Bytes> {
        let api = &self.api;
        let (partition, region, account) = (&api.partition, &api.region, &api.account);
        let (api, stage, method) = (&api.id, &api.stage, command.method());
        let place = format!(
            "{api}/{stage}/{method}/@connections/{}",
            command.connection_id
        );
        let resource = format!("arn:{partition}:execute-api:{region}:{account}:{place}");
        let message = format!(
            "User is not authorized to perform: execute-api:ManageConnections on resource: {resource}"
        );
        refused(403, "AccessDeniedException", &message)
    }

    #[expect(
        clippy::result_large_err,
        reason = "a response is what the caller sends on"
    )]
    fn read(
        &self,
        request: &Request<Bytes>,
        stage: &str,
        id: &str,
    ) -> Result<Command, Response<Bytes>> {
        if stage.trim_start_matches('/') != self.stage() {
            return Err(refused(403, "ForbiddenException", "Forbidden"));
        }
        if id.is_empty() || Base64::from(id).decode().is_err() {
            let message = format!("Invalid connectionId: {id}");
            return Err(refused(400, "BadRequestException", &message));
        }
        let action = match *request.method() {
            Method::POST if request.body().len() > MAX_MESSAGE => {
                let message = "Message too long";
                return Err(refused(413, "PayloadTooLargeException", message));
            }
            Method::POST => Action::Post(String::from_utf8_lossy(request.body()).into_owned()),
            Method::GET => Action::Get,
            Method::DELETE => Action::Delete,
            _ => {
                let (kind, message) = (
                    "MissingAuthenticationTokenException",
                    "Missing Authentication Token",
                );
                return Err(refused(403, kind, message));
            }
        };
        let signed = request.headers().get(AUTHORIZATION);
        let signed = signed.and_then(|value| value.to_str().ok());
        let key = signed.and_then(|text| text.split_once("Credential="));
        Ok(Command {
            connection_id: id.to_owned(),
            action,
            access_key: key
                .and_then(|(_, scope)| scope.split('/').next())
                .map(str::to_owned),
        })
    }
}

impl Command {
    /// The response when it was done: a description needs the client and when something was last
    /// sent or received.
    #[must_use]
    pub fn done(&self, client: &Client, last_active_at: Timestamp) -> Response<Bytes> {
        let (code, body) = match self.action {
            Action::Post(_) => (StatusCode::OK, Bytes::new()),
            Action::Get => (StatusCode::OK, client.described(last_active_at)),
            Action::Delete => (StatusCode::NO_CONTENT, Bytes::new()),
        };
        let mut response = Response::new(body);
        *response.status_mut() = code;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }

    /// The response when there is no such connection, or none any more.
    #[must_use]
    pub fn gone() -> Response<Bytes> {
        refused(410, "GoneException", "")
    }

    fn method(&self) -> &'static str {
        match self.action {
            Action::Post(_) => "POST",
            Action::Get => "GET",
            Action::Delete => "DELETE",
        }
    }
}

fn refused(code: u16, kind: &'static str, message: &str) -> Response<Bytes> {
    let body = match message {
        "" => String::new(),
        _ => json!({ "message": message }).to_string(),
    };
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-amzn-errortype", HeaderValue::from_static(kind));
    response
}
