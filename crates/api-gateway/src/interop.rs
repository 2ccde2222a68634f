//! To and from the events and answers of the crate `aws_lambda_events`.

use aws_lambda_events::event::apigw as theirs;
use lambda_with::{Error, Integer, Json, Nullable};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{
    AuthorizerResponse, HttpApiRequest, HttpApiResponse, HttpAuthorizerRequest,
    HttpSimpleAuthorizerResponse, RequestAuthorizerRequest, RestApiRequest, RestApiResponse,
    TokenAuthorizerRequest, WebSocketAuthorizerRequest, WebSocketRequest,
};

macro_rules! from_theirs {
    ($($theirs:ident => $ours:ident),+ $(,)?) => { $(
        /// Takes over what `aws_lambda_events` read.
        ///
        /// What that crate has no member for was lost when it read the document, header names are
        /// in lower case, and a null stands for what was missing.
        ///
        /// # Errors
        ///
        /// When a member API Gateway always sends is missing.
        impl TryFrom<theirs::$theirs> for $ours {
            type Error = Error;

            fn try_from(value: theirs::$theirs) -> Result<Self, Error> {
                through(&value)
            }
        }
    )+ };
}

macro_rules! to_theirs {
    ($($ours:ident => $theirs:ident),+ $(,)?) => { $(
        /// Hands a value to code written for `aws_lambda_events`.
        ///
        /// What that crate has no member for is lost.
        ///
        /// # Errors
        ///
        /// When that crate cannot read the value: a header value that is no HTTP, a claim that is no
        /// text, a null it does not expect.
        impl TryFrom<$ours> for theirs::$theirs {
            type Error = Error;

            fn try_from(value: $ours) -> Result<Self, Error> {
                through(&value)
            }
        }
    )+ };
}

from_theirs!(
    ApiGatewayCustomAuthorizerRequest => TokenAuthorizerRequest,
    ApiGatewayCustomAuthorizerRequestTypeRequest => RequestAuthorizerRequest,
    ApiGatewayCustomAuthorizerResponse => AuthorizerResponse,
    ApiGatewayProxyRequest => RestApiRequest,
    ApiGatewayProxyResponse => RestApiResponse,
    ApiGatewayV2CustomAuthorizerSimpleResponse => HttpSimpleAuthorizerResponse,
    ApiGatewayV2CustomAuthorizerV1Request => RequestAuthorizerRequest,
    ApiGatewayV2CustomAuthorizerV2Request => HttpAuthorizerRequest,
    ApiGatewayV2httpRequest => HttpApiRequest,
    ApiGatewayV2httpResponse => HttpApiResponse,
    ApiGatewayWebsocketProxyRequest => WebSocketRequest,
);

to_theirs!(
    AuthorizerResponse => ApiGatewayCustomAuthorizerResponse,
    HttpApiRequest => ApiGatewayV2httpRequest,
    HttpAuthorizerRequest => ApiGatewayV2CustomAuthorizerV2Request,
    HttpSimpleAuthorizerResponse => ApiGatewayV2CustomAuthorizerSimpleResponse,
    RequestAuthorizerRequest => ApiGatewayCustomAuthorizerRequestTypeRequest,
    RequestAuthorizerRequest => ApiGatewayV2CustomAuthorizerV1Request,
    RestApiRequest => ApiGatewayProxyRequest,
    TokenAuthorizerRequest => ApiGatewayCustomAuthorizerRequest,
    WebSocketAuthorizerRequest => ApiGatewayCustomAuthorizerRequestTypeRequest,
    WebSocketRequest => ApiGatewayWebsocketProxyRequest,
);

/// Hands an answer to code written for `aws_lambda_events`.
///
/// # Errors
///
/// When the status is no number, or a header value is not text.
impl TryFrom<RestApiResponse> for theirs::ApiGatewayProxyResponse {
    type Error = Error;

    fn try_from(mut answer: RestApiResponse) -> Result<Self, Error> {
        answer.status_code = number(&answer.status_code);
        through(&answer)
    }
}

/// Hands an answer to code written for `aws_lambda_events`.
///
/// # Errors
///
/// When the status is no number, or a header value is not text.
impl TryFrom<HttpApiResponse> for theirs::ApiGatewayV2httpResponse {
    type Error = Error;

    fn try_from(mut answer: HttpApiResponse) -> Result<Self, Error> {
        answer.status_code = number(&answer.status_code);
        // Theirs does not do without.
        answer.cookies = Nullable::Value(answer.cookies.into_option().unwrap_or_default());
        through(&answer)
    }
}

fn number(code: &Integer) -> Integer {
    code.value().map_or_else(|| code.clone(), Integer::from)
}

fn through<A: Serialize, B: DeserializeOwned>(value: &A) -> Result<B, Error> {
    Json::encode(value)?.decode()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;
    use crate::SERVICE;

    const DIFFERENCES: &[(&str, &str)] = &[];

    /// What they write for a sample, if they read it.
    fn opinion(of: &str, json: &str) -> Option<Result<Value, serde_json::Error>> {
        fn rewritten<T: DeserializeOwned + Serialize>(json: &str) -> Result<Value, serde_json::Error> {
            serde_json::to_value(serde_json::from_str::<T>(json)?)
        }
        Some(match of {
            "AuthorizerResponse" => rewritten::<theirs::ApiGatewayCustomAuthorizerResponse>(json),
            "HttpApiRequest" => rewritten::<theirs::ApiGatewayV2httpRequest>(json),
            "HttpApiResponse" => rewritten::<theirs::ApiGatewayV2httpResponse>(json),
            "HttpAuthorizerRequest" => {
                rewritten::<theirs::ApiGatewayV2CustomAuthorizerV2Request>(json)
            }
            "HttpSimpleAuthorizerResponse" => {
                rewritten::<theirs::ApiGatewayV2CustomAuthorizerSimpleResponse>(json)
            }
            "RequestAuthorizerRequest" if json.contains("\"version\"") => {
                rewritten::<theirs::ApiGatewayV2CustomAuthorizerV1Request>(json)
            }
            "RequestAuthorizerRequest" | "WebSocketAuthorizerRequest" => {
                rewritten::<theirs::ApiGatewayCustomAuthorizerRequestTypeRequest>(json)
            }
            "RestApiRequest" => rewritten::<theirs::ApiGatewayProxyRequest>(json),
            "RestApiResponse" => rewritten::<theirs::ApiGatewayProxyResponse>(json),
            "TokenAuthorizerRequest" => rewritten::<theirs::ApiGatewayCustomAuthorizerRequest>(json),
            "WebSocketRequest" => rewritten::<theirs::ApiGatewayWebsocketProxyRequest>(json),
            // They have no types for these.
            "MicroserviceRequest" | "UnauthorizedResponse" | "WebSocketResponse" => return None,
            other => panic!("no opinion on {other}"),
        })
    }

    fn compare(path: &str, ours: &Value, theirs: &Value, note: &mut impl FnMut(String)) {
        match (ours, theirs) {
            (Value::Object(a), Value::Object(b)) => {
                for (name, value) in a {
                    match b.get(name) {
                        Some(other) => compare(&format!("{path}/{name}"), value, other, note),
                        None if b.contains_key(&name.to_ascii_lowercase()) => {
                            note(format!("renamed {path}/*"));
                        }
                        None => note(format!("lost {path}/{name}")),
                    }
                }
                for (name, value) in b {
                    let known = a.keys().any(|other| other.eq_ignore_ascii_case(name));
                    if !known {
                        note(format!("added {path}/{name}: {value}"));
                    }
                }
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                for (value, other) in a.iter().zip(b) {
                    compare(&format!("{path}/0"), value, other, note);
                }
            }
            _ if ours == theirs => {}
            _ => note(format!("changed {path}")),
        }
    }

    #[test]
    fn a_second_opinion_on_every_sample() {
        let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for sample in SERVICE.samples {
            let document: Value = serde_json::from_str(sample.json).unwrap();
            let mut note = |what: String| {
                let samples = found.entry(format!("{}: {what}", sample.of)).or_default();
                if !samples.contains(&sample.id) {
                    samples.push(sample.id);
                }
            };
            match opinion(sample.of, sample.json) {
                Some(Ok(written)) => compare("", &document, &written, &mut note),
                Some(Err(error)) => note(format!("refused: {error}")),
                None => {}
            }
        }
        for (k, v) in &found { println!("{k} {v:?}"); }
        let found: Vec<&str> = found.keys().map(String::as_str).collect();
        let known: Vec<&str> = DIFFERENCES.iter().map(|(what, _)| *what).collect();
        assert_eq!(found, known);
    }
}
