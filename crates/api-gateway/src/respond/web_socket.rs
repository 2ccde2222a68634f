//! Answers to WebSocket APIs.

use lambda_with::{Error, Integer, Map, Nullable, Scalar, Text};

use super::{header_name, invalid, limit, status};
use crate::WebSocketResponse;

/// As many bytes a message has at most.
const MAX_MESSAGE: usize = 128 * 1024;

impl WebSocketResponse {
    /// Lets the client connect; also the plain answer to a message or a disconnect.
    ///
    /// ```
    /// use lambda_with_api_gateway::WebSocketResponse;
    ///
    /// assert_eq!(serde_json::to_string(&WebSocketResponse::ok())?, r#"{"statusCode":200}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn ok() -> Self {
        Self {
            status_code: Integer::from(200),
            ..Self::default()
        }
    }

    /// Lets the client connect with one of the subprotocols it offered in
    /// `Sec-WebSocket-Protocol`.
    ///
    /// # Errors
    ///
    /// When it is not a subprotocol's name.
    pub fn with_subprotocol(protocol: &str) -> Result<Self, Error> {
        header_name(protocol).map_err(|_| {
            invalid(
                "a subprotocol's name is made like a header's",
                format!("`{}` is not a subprotocol", protocol.escape_debug()),
            )
        })?;
        let headers = Map::from([("Sec-WebSocket-Protocol", Scalar::from(protocol))]);
        Ok(Self {
            headers: Nullable::Value(headers),
            ..Self::ok()
        })
    }

    /// Refuses the connection, for `$connect`: the client sees the status.
    ///
    /// # Errors
    ///
    /// When the status is not 300 to 599: 2xx would let the client in.
    pub fn refuse(code: u16) -> Result<Self, Error> {
        if code < 300 {
            return Err(invalid(
                "a connection is refused with a status of 300 to 599",
                format!("{code} does not refuse a connection"),
            ));
        }
        Ok(Self {
            status_code: Integer::from(status(code)?),
            ..Self::default()
        })
    }

    /// Sends `body` back to the sender of a message. It arrives only when the route has a route
    /// response; use the management API otherwise.
    ///
    /// # Errors
    ///
    /// When it is larger than a message may be: 128 KB.
    pub fn reply(body: impl Into<Text>) -> Result<Self, Error> {
        let body = body.into();
        if body.len() > MAX_MESSAGE {
            return Err(limit(
                "a message has at most 128 KB",
                format!(
                    "the message has {} bytes, more than {MAX_MESSAGE}",
                    body.len()
                ),
            ));
        }
        Ok(Self {
            body: Nullable::Value(body),
            ..Self::ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        for (result, rule) in [
            (WebSocketResponse::refuse(200), "refused with a status"),
            (WebSocketResponse::refuse(600), "200 to 599"),
            (WebSocketResponse::with_subprotocol("a, b"), "subprotocol"),
            (
                WebSocketResponse::with_subprotocol("a\r\nb: c"),
                "subprotocol",
            ),
            (
                WebSocketResponse::reply("x".repeat(MAX_MESSAGE + 1)),
                "128 KB",
            ),
        ] {
            let error = result.unwrap_err();
            assert!(
                error.context("rule").is_some_and(|r| r.contains(rule)),
                "{rule}: {error}"
            );
        }
        assert!(WebSocketResponse::reply("x".repeat(MAX_MESSAGE)).is_ok());
        let json = serde_json::to_string(&WebSocketResponse::with_subprotocol("v1").unwrap());
        let expected = r#"{"statusCode":200,"headers":{"Sec-WebSocket-Protocol":"v1"}}"#;
        assert_eq!(json.unwrap(), expected);
        assert_eq!(
            WebSocketResponse::refuse(403).unwrap().status_code.value(),
            Some(403)
        );
    }
}
