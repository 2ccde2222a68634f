//! Methods of the event types: what a handler asks of a request.

use lambda_with::{Base64, Error, ErrorKind, Json, JsonText, Map, Text};
use serde::de::DeserializeOwned;

use crate::{
    AuthorizerContext, HttpApiRequest, HttpAuthorizerRequest, JwtAuthorizerContext,
    RequestAuthorizerRequest, RestApiRequest, TokenAuthorizerRequest, WebSocketAuthorizerRequest,
    WebSocketRequest,
};

macro_rules! bodies {
    ($type:ident, $base64:expr) => {
        impl $type {
            /// The body's real content: decoded where it came as base64, empty where there is none.
            ///
            /// # Errors
            ///
            /// When it is marked as base64 and is not.
            pub fn body_bytes(&self) -> Result<Vec<u8>, Error> {
                bytes(self.body.as_ref(), $base64(self))
            }

            /// The body read as JSON.
            ///
            /// # Errors
            ///
            /// When there is none, or it is not the JSON of a `T`.
            pub fn body_json<T: DeserializeOwned>(&self) -> Result<T, Error> {
                match self.body.as_ref() {
                    Some(body) if !$base64(self) => body.decode(),
                    Some(_) => lambda_with::decode(self.body_bytes()?),
                    None => Err(Error::new(ErrorKind::Decode, "the request has no body")),
                }
            }
        }
    };
}

bodies!(RestApiRequest, |request: &RestApiRequest| request
    .is_base64_encoded
    == Some(true));
bodies!(HttpApiRequest, |request: &HttpApiRequest| request
    .is_base64_encoded);
bodies!(WebSocketRequest, |request: &WebSocketRequest| request
    .is_base64_encoded
    == Some(true));

impl RestApiRequest {
    /// The last value of a header, whatever the case of its name.
    ///
    /// ```
    /// use lambda_with_api_gateway::{RestApiRequest, SERVICE};
    ///
    /// let sample = SERVICE.sample("rest-get").unwrap_or_else(|| unreachable!());
    /// let request: RestApiRequest = lambda_with::decode(sample.json)?;
    /// assert_eq!(request.header("accept"), Some("application/json"));
    /// assert_eq!(request.query("full"), Some("1"));
    /// assert_eq!(request.query_all("tag"), ["small", "brown"]);
    /// assert_eq!(request.path_parameter("id"), Some("7"));
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).or_else(|| {
            self.multi_value_headers
                .get_all(name)
                .last()
                .map(Text::as_str)
        })
    }

    /// All values of a header, whatever the case of its name.
    #[must_use]
    pub fn header_all(&self, name: &str) -> &[Text] {
        self.multi_value_headers.get_all(name)
    }

    /// The last value of a query parameter, decoded.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query_string_parameters.get(name).map(Text::as_str)
    }

    /// All values of a query parameter, decoded.
    #[must_use]
    pub fn query_all(&self, name: &str) -> &[Text] {
        self.multi_value_query_string_parameters
            .get(name)
            .map_or(&[], Vec::as_slice)
    }

    /// What a variable of the path matched. A REST API leaves percent-encoding as it came.
    #[must_use]
    pub fn path_parameter(&self, name: &str) -> Option<&str> {
        self.path_parameters.get(name).map(Text::as_str)
    }
}

/// What authorizers and WebSocket functions look up as those of other requests do.
macro_rules! lookups {
    ($($event:ident)*) => {$(
        impl $event {
            /// A header, whatever the case of its name; of several with one name the last, or all of
            /// them joined by commas, as the API sends them.
            #[must_use]
            pub fn header(&self, name: &str) -> Option<&str> {
                self.headers.get(name)
            }

            /// A query parameter, decoded.
            #[must_use]
            pub fn query(&self, name: &str) -> Option<&str> {
                self.query_string_parameters.get(name).map(Text::as_str)
            }
        }
    )*};
}

lookups!(HttpAuthorizerRequest RequestAuthorizerRequest WebSocketAuthorizerRequest WebSocketRequest);

impl HttpApiRequest {
    /// A header, whatever the case of its name; several values are joined by commas.
    ///
    /// ```
    /// use lambda_with_api_gateway::{HttpApiRequest, SERVICE};
    ///
    /// let sample = SERVICE.sample("http-get").unwrap_or_else(|| unreachable!());
    /// let request: HttpApiRequest = lambda_with::decode(sample.json)?;
    /// assert_eq!(request.header("X-Tag"), Some("a,b"));
    /// assert_eq!(request.query("q"), Some("brown dog"));
    /// assert_eq!(request.path_parameter("id"), Some("7"));
    /// assert_eq!(request.cookie("theme"), Some("dark"));
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// A query parameter, decoded; several values are joined by commas.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query_string_parameters.get(name).map(Text::as_str)
    }

    /// What a variable of the path matched, decoded.
    #[must_use]
    pub fn path_parameter(&self, name: &str) -> Option<&str> {
        self.path_parameters.get(name).map(Text::as_str)
    }

    /// The value of a cookie.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let mut cookies = self.cookies.as_ref().into_iter().flatten();
        cookies.find_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('='))
    }
}

impl AuthorizerContext {
    /// A value of the Lambda authorizer's context, as text.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<String> {
        text(&self.other, key)
    }

    /// A claim of the token, as text.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<String> {
        text(self.claims.as_ref()?, name)
    }
}

impl WebSocketRequest {
    /// The endpoint of the management API for this connection, to be given to the SDK.
    ///
    /// ```
    /// use lambda_with_api_gateway::{SERVICE, WebSocketRequest};
    ///
    /// let sample = SERVICE.sample("websocket-message").unwrap_or_else(|| unreachable!());
    /// let message: WebSocketRequest = lambda_with::decode(sample.json)?;
    /// let endpoint = "https://w9x8y7z6v5.execute-api.eu-west-1.amazonaws.com/prod";
    /// assert_eq!(message.management_endpoint(), endpoint);
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// An API of AWS is reached by `https`. A domain name with a port is an API of
    /// `lambda-with dev`, and reached by `http`. Behind a custom domain name there is no stage to
    /// name: use `https://` and the domain name alone.
    #[must_use]
    pub fn management_endpoint(&self) -> String {
        let (domain, stage) = (
            &self.request_context.domain_name,
            &self.request_context.stage,
        );
        let scheme = if domain.contains(':') {
            "http"
        } else {
            "https"
        };
        format!("{scheme}://{domain}/{stage}")
    }
}

impl JwtAuthorizerContext {
    /// A claim of the token, as text.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<String> {
        text(&self.claims, name)
    }
}

impl TokenAuthorizerRequest {
    /// The token without `Bearer` in front; `None` when there is no such word.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.authorization_token.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim_start())
    }
}

/// A string's content, and any other value's JSON; a null is no value.
fn text(map: &Map<Json>, key: &str) -> Option<String> {
    let value = map.get(key)?;
    match value.as_str() {
        "null" => None,
        json if json.starts_with('"') => value.decode().ok(),
        json => Some(json.to_owned()),
    }
}

fn bytes(body: Option<&JsonText>, base64: bool) -> Result<Vec<u8>, Error> {
    let Some(body) = body else {
        return Ok(Vec::new());
    };
    let text = body.as_text()?;
    match base64 {
        true => Base64::from(text.as_ref()).decode(),
        false => Ok(text.into_owned().into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::SERVICE;

    fn sample<T: DeserializeOwned>(id: &str) -> T {
        lambda_with::decode(SERVICE.sample(id).unwrap().json).unwrap()
    }

    #[test]
    fn bodies() {
        let post: RestApiRequest = sample("rest-post");
        assert_eq!(post.body_json::<Value>().unwrap()["name"], "Rex");
        assert!(post.body_bytes().unwrap().starts_with(b"{\"name\""));
        let binary: RestApiRequest = sample("rest-binary");
        assert!(binary.body_bytes().unwrap().starts_with(b"\x89PNG"));
        let form: HttpApiRequest = sample("http-default-route");
        assert_eq!(form.body_bytes().unwrap(), b"name=Rex&a=");
        let get: HttpApiRequest = sample("http-get");
        assert_eq!(get.body_bytes().unwrap(), b"");
        assert!(
            get.body_json::<Value>()
                .unwrap_err()
                .to_string()
                .contains("no body")
        );
        let message: WebSocketRequest = sample("websocket-message");
        assert_eq!(message.body_json::<Value>().unwrap()["action"], "send");

        let encoded = HttpApiRequest {
            body: JsonText::from("eyJpZCI6N30=").into(),
            is_base64_encoded: true,
            ..get
        };
        assert_eq!(encoded.body_json::<Value>().unwrap()["id"], 7);
        let broken = HttpApiRequest {
            body: JsonText::from("?").into(),
            ..encoded
        };
        assert!(broken.body_bytes().is_err() && broken.body_json::<Value>().is_err());
    }

    #[test]
    fn what_authorizers_look_up() {
        let http: HttpAuthorizerRequest = sample("authorizer-http");
        assert_eq!(http.header("User-Agent"), Some("curl/8.5.0"));
        let socket: WebSocketAuthorizerRequest = sample("authorizer-websocket");
        assert_eq!(socket.header("origin"), Some("https://www.example.com"));
        assert_eq!(socket.query("none"), None);
    }

    #[test]
    fn what_authorizers_said() {
        let lambda: RestApiRequest = sample("rest-lambda-authorizer");
        let context = lambda.request_context.authorizer.into_option().unwrap();
        assert_eq!(context.get("tier").as_deref(), Some("gold"));
        assert_eq!(context.get("none"), None);
        let cognito: RestApiRequest = sample("rest-cognito");
        let context = cognito.request_context.authorizer.into_option().unwrap();
        assert_eq!(context.claim("cognito:username").as_deref(), Some("jane"));
        let jwt: HttpApiRequest = sample("http-jwt");
        let jwt = jwt
            .request_context
            .authorizer
            .into_option()
            .and_then(|a| a.jwt.into_option());
        assert_eq!(
            jwt.unwrap().claim("groups").as_deref(),
            Some("[admins editors]")
        );
    }

    #[test]
    fn endpoints() {
        let mut message: WebSocketRequest = sample("websocket-message");
        message.request_context.domain_name = "127.0.0.1:3000".into();
        assert_eq!(message.management_endpoint(), "http://127.0.0.1:3000/prod");
    }

    #[test]
    fn bearer_tokens() {
        for (header, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc", Some("abc")),
            ("Basic abc", None),
            ("abc", None),
        ] {
            let request = TokenAuthorizerRequest {
                authorization_token: header.into(),
                ..Default::default()
            };
            assert_eq!(request.bearer(), token, "{header}");
        }
    }
}
