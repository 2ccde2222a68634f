//! A client of a WebSocket API, and the events about it.

use bytes::Bytes;
use http::Request;
use http::header::HOST;
use lambda_with::{EpochMillis, Headers, JsonText, Map, MultiHeaders, Nullable, Text, Timestamp};
use serde::Serialize;

use super::super::Arrival;
use super::super::api::Api;
use super::super::event::{capitalized, present, stage_variables};
use super::super::incoming::{Incoming, log_time, short_id};
use crate::{
    AuthorizerContext, RequestIdentity, WebSocketAuthorizerRequest, WebSocketEventType,
    WebSocketRequest, WebSocketRequestContext,
};

/// A client that is connected or wants to be.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) id: String,
    pub(super) connected_at: Timestamp,
    pub(super) handshake: Arrival,
    pub(super) trace_header: String,
    /// Capitalized, with all values, in alphabetical order.
    pub(super) headers: Vec<(Text, Vec<Text>)>,
    query: Vec<(String, Vec<Text>)>,
    source_ip: String,
    user_agent: Option<String>,
    host: String,
    pub(super) authorizer: Option<AuthorizerContext>,
}

/// What happened, for an event.
pub(super) enum Happened<'a> {
    Connect,
    Message(&'a str),
    Disconnect(u16, &'a str),
}

impl Client {
    pub(super) fn new(request: &Request<Bytes>, arrival: &Arrival, api: &Api) -> Self {
        let incoming = Incoming::new(request, arrival, api);
        let texts = |values: Vec<String>| values.into_iter().map(Text::from).collect();
        let headers = incoming.headers().into_iter();
        let query = incoming.query().into_iter();
        Self {
            id: short_id(&format!("connection {}", arrival.request_id)),
            connected_at: arrival.now,
            handshake: arrival.clone(),
            trace_header: incoming.trace_header.clone(),
            headers: headers
                .map(|(name, values)| (spelled(&name), texts(values)))
                .collect(),
            query: query.map(|(name, values)| (name, texts(values))).collect(),
            source_ip: arrival.peer.to_string(),
            user_agent: incoming.header("user-agent"),
            host: incoming
                .header(HOST.as_str())
                .unwrap_or_else(|| incoming.domain_name()),
            authorizer: None,
        }
    }

    /// The connection's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When the client asked to connect.
    #[must_use]
    pub fn connected_at(&self) -> Timestamp {
        self.connected_at
    }

    /// The last value of a header of the handshake.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        let (_, values) = all.find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        values.last().map(Text::as_str)
    }

    /// The last value of a parameter of the handshake.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let (_, values) = self.query.iter().find(|(other, _)| other == name)?;
        values.last().map(Text::as_str)
    }

    /// The event of something that happened to the client.
    pub(super) fn event(
        &self,
        api: &Api,
        key: &str,
        arrival: &Arrival,
        happened: &Happened<'_>,
    ) -> Bytes {
        let (headers, multi_value_headers) = match happened {
            Happened::Connect => self.both_headers(),
            Happened::Message(_) => (Nullable::Missing, Nullable::Missing),
            Happened::Disconnect(..) => {
                let all = [
                    ("Host", &*self.host),
                    ("x-api-key", ""),
                    ("X-Forwarded-For", ""),
                    ("x-restapi", ""),
                ];
                let all = all.map(|(name, value)| (Text::from(name), vec![Text::from(value)]));
                both(&all)
            }
        };
        let connects = matches!(happened, Happened::Connect);
        let (one, many) = self.both_parameters();
        json(&WebSocketRequest {
            headers,
            multi_value_headers,
            query_string_parameters: if connects { one } else { Nullable::Missing },
            multi_value_query_string_parameters: if connects { many } else { Nullable::Missing },
            stage_variables: present(stage_variables(api)),
            request_context: self.context(api, key, arrival, happened),
            body: match happened {
                Happened::Message(text) => JsonText::from(*text).into(),
                _ => Nullable::Missing,
            },
            is_base64_encoded: Some(false),
            ..WebSocketRequest::default()
        })
    }

    /// What an authorizer is asked.
    pub(super) fn question(&self, api: &Api, arn: &str) -> Bytes {
        let connection = [
            ("Connection", "upgrade"),
            ("content-length", "0"),
            ("Upgrade", "websocket"),
        ];
        let connection = connection.map(|(name, value)| (Text::from(name), vec![value.into()]));
        let mut headers = self.headers.clone();
        headers.extend(connection);
        headers.sort_by_cached_key(|(name, _)| name.to_ascii_lowercase());
        let (headers, multi_value_headers) = both(&headers);
        let (one, many) = self.both_parameters();
        json(&WebSocketAuthorizerRequest {
            kind: "REQUEST".into(),
            method_arn: arn.into(),
            headers,
            multi_value_headers,
            query_string_parameters: Nullable::Value(one.into_option().unwrap_or_default()),
            multi_value_query_string_parameters: Nullable::Value(
                many.into_option().unwrap_or_default(),
            ),
            stage_variables: Nullable::Value(stage_variables(api)),
            request_context: self.context(api, "$connect", &self.handshake, &Happened::Connect),
        })
    }

    fn context(
        &self,
        api: &Api,
        key: &str,
        arrival: &Arrival,
        happened: &Happened<'_>,
    ) -> WebSocketRequestContext {
        let id = Text::from(short_id(&arrival.request_id));
        let mut context = WebSocketRequestContext {
            route_key: key.into(),
            event_type: WebSocketEventType::Connect,
            message_direction: "IN".into(),
            connection_id: self.id.as_str().into(),
            connected_at: millis(self.connected_at),
            request_id: id.clone(),
            extended_request_id: id,
            request_time: log_time(arrival.now).into(),
            request_time_epoch: millis(arrival.now),
            stage: api.stage.as_str().into(),
            domain_name: self.host.as_str().into(),
            api_id: api.id.as_str().into(),
            identity: RequestIdentity {
                source_ip: self.source_ip.as_str().into(),
                user_agent: self.user_agent.as_deref().map(Text::from).into(),
                ..RequestIdentity::default()
            },
            authorizer: self.authorizer.clone().into(),
            ..WebSocketRequestContext::default()
        };
        match happened {
            Happened::Connect => {}
            Happened::Message(_) => {
                let id = short_id(&format!("message {}", arrival.request_id));
                context.event_type = WebSocketEventType::Message;
                context.message_id = Text::from(id).into();
            }
            Happened::Disconnect(code, reason) => {
                context.event_type = WebSocketEventType::Disconnect;
                context.disconnect_status_code = i64::from(*code).into();
                context.disconnect_reason = Text::from(*reason).into();
            }
        }
        context
    }

    fn both_headers(&self) -> (Nullable<Headers>, Nullable<MultiHeaders>) {
        both(&self.headers)
    }

    fn both_parameters(&self) -> (Nullable<Map<Text>>, Nullable<Map<Vec<Text>>>) {
        let last = self
            .query
            .iter()
            .filter_map(|(name, values)| Some((name.as_str(), values.last()?.clone())));
        let all = self.query.iter().cloned();
        (present(last.collect()), present(all.collect()))
    }

    /// The client as the management API describes it.
    pub(super) fn described(&self, last_active_at: Timestamp) -> Bytes {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Described {
            connected_at: String,
            identity: Identity,
            last_active_at: String,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Identity {
            source_ip: String,
            user_agent: String,
        }
        json(&Described {
            connected_at: self.connected_at.to_rfc3339_millis(),
            identity: Identity {
                source_ip: self.source_ip.clone(),
                user_agent: self.user_agent.clone().unwrap_or_default(),
            },
            last_active_at: last_active_at.to_rfc3339_millis(),
        })
    }
}

fn both(headers: &[(Text, Vec<Text>)]) -> (Nullable<Headers>, Nullable<MultiHeaders>) {
    let last = headers
        .iter()
        .filter_map(|(name, values)| Some((name.clone(), values.last()?.clone())));
    let all = headers.iter().cloned();
    (
        last.collect::<Headers>().into(),
        all.collect::<MultiHeaders>().into(),
    )
}

/// The name of a header as clients spell it.
fn spelled(name: &str) -> Text {
    match name.strip_prefix("sec-websocket-") {
        Some(rest) => format!("Sec-WebSocket-{}", capitalized(rest)).into(),
        None => capitalized(name),
    }
}

fn millis(time: Timestamp) -> EpochMillis {
    time.unix_millis().into()
}

fn json(value: &impl Serialize) -> Bytes {
    // Text and maps of text can always be written.
    serde_json::to_vec(value).unwrap_or_default().into()
}
