//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

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
    use lambda_with_testing::{opinion, read, second_opinion};

    use super::*;
    use crate::SERVICE;

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "its maps have no difference between missing, null and empty",
            &[
                "AuthorizerResponse adds empty values",
                "HttpApiRequest adds empty values",
                "HttpApiRequest leaves out empty values",
                "HttpApiRequest makes other empty values of null",
                "HttpApiResponse adds empty values",
                "RequestAuthorizerRequest adds empty values",
                "RequestAuthorizerRequest leaves out empty values",
                "RestApiRequest adds empty values",
                "RestApiRequest leaves out empty values",
                "RestApiRequest makes other empty values of null",
                "RestApiResponse adds empty values",
                "WebSocketAuthorizerRequest adds empty values",
                "WebSocketRequest adds empty values",
            ],
        ),
        (
            "it keeps headers in `http::HeaderMap`, which has no letter case",
            &[
                "RequestAuthorizerRequest lower-cases the names of /headers",
                "RequestAuthorizerRequest lower-cases the names of /multiValueHeaders",
                "RestApiRequest lower-cases the names of /headers",
                "RestApiRequest lower-cases the names of /multiValueHeaders",
                "WebSocketAuthorizerRequest lower-cases the names of /headers",
                "WebSocketAuthorizerRequest lower-cases the names of /multiValueHeaders",
                "WebSocketRequest lower-cases the names of /headers",
                "WebSocketRequest lower-cases the names of /multiValueHeaders",
            ],
        ),
        (
            "it keeps single query values in a map of lists",
            &[
                "RequestAuthorizerRequest makes a list of /queryStringParameters/lang",
                "WebSocketAuthorizerRequest makes a list of /queryStringParameters/room",
                "WebSocketRequest makes a list of /queryStringParameters/room",
            ],
        ),
        (
            "its context of a REST API lacks these members",
            &[
                "RestApiRequest loses /requestContext/deploymentId",
                "RestApiRequest loses /requestContext/extendedRequestId",
                "RestApiRequest loses /requestContext/identity/clientCert",
                "RestApiRequest loses /requestContext/identity/principalOrgId",
                "RestApiRequest loses /requestContext/identity/vpcId",
                "RestApiRequest loses /requestContext/identity/vpceId",
                "RestApiRequest loses /version",
            ],
        ),
        (
            "its context of an authorizer's request is that of the guide's old example",
            &[
                "RequestAuthorizerRequest loses /requestContext/deploymentId",
                "RequestAuthorizerRequest loses /requestContext/domainName",
                "RequestAuthorizerRequest loses /requestContext/domainPrefix",
                "RequestAuthorizerRequest loses /requestContext/extendedRequestId",
                "RequestAuthorizerRequest loses /requestContext/identity/userAgent",
                "RequestAuthorizerRequest loses /requestContext/protocol",
                "RequestAuthorizerRequest loses /requestContext/requestTime",
                "RequestAuthorizerRequest loses /requestContext/requestTimeEpoch",
            ],
        ),
        (
            "it has no request of a WebSocket API's authorizer, only that of a REST API's",
            &[
                "WebSocketAuthorizerRequest loses /requestContext/connectedAt",
                "WebSocketAuthorizerRequest loses /requestContext/connectionId",
                "WebSocketAuthorizerRequest loses /requestContext/domainName",
                "WebSocketAuthorizerRequest loses /requestContext/eventType",
                "WebSocketAuthorizerRequest loses /requestContext/extendedRequestId",
                "WebSocketAuthorizerRequest loses /requestContext/identity/userAgent",
                "WebSocketAuthorizerRequest loses /requestContext/messageDirection",
                "WebSocketAuthorizerRequest loses /requestContext/requestTime",
                "WebSocketAuthorizerRequest loses /requestContext/requestTimeEpoch",
                "WebSocketAuthorizerRequest loses /requestContext/routeKey",
            ],
        ),
        (
            "one type reads requests and authorizers' requests of an HTTP API, with a default method",
            &["HttpApiRequest adds /httpMethod"],
        ),
        (
            "its policy statements have no Sid, and lists only",
            &[
                "AuthorizerResponse loses /policyDocument/Statement/*/Sid",
                "AuthorizerResponse makes a list of /policyDocument/Statement/*/Action",
                "AuthorizerResponse makes a list of /policyDocument/Statement/*/Condition/IpAddress/aws:SourceIp",
                "AuthorizerResponse makes a list of /policyDocument/Statement/*/Resource",
            ],
        ),
        (
            "it does not do without cookies",
            &["HttpApiResponse refuses http-response-binary"],
        ),
        (
            "its headers are text, API Gateway takes numbers and booleans too",
            &["RestApiResponse refuses rest-response"],
        ),
        (
            "it has no such types",
            &[
                "MicroserviceRequest is not there",
                "UnauthorizedResponse is not there",
                "WebSocketResponse is not there",
            ],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "AuthorizerResponse" => Some(opinion::<theirs::ApiGatewayCustomAuthorizerResponse>(
                sample.json,
            )),
            "HttpApiRequest" => Some(opinion::<theirs::ApiGatewayV2httpRequest>(sample.json)),
            "HttpApiResponse" => Some(opinion::<theirs::ApiGatewayV2httpResponse>(sample.json)),
            "HttpAuthorizerRequest" => Some(
                opinion::<theirs::ApiGatewayV2CustomAuthorizerV2Request>(sample.json),
            ),
            "HttpSimpleAuthorizerResponse" => {
                Some(opinion::<theirs::ApiGatewayV2CustomAuthorizerSimpleResponse>(sample.json))
            }
            "RequestAuthorizerRequest" if sample.json.contains("\"version\"") => {
                Some(opinion::<theirs::ApiGatewayV2CustomAuthorizerV1Request>(
                    sample.json,
                ))
            }
            "RequestAuthorizerRequest" | "WebSocketAuthorizerRequest" => {
                Some(opinion::<
                    theirs::ApiGatewayCustomAuthorizerRequestTypeRequest,
                >(sample.json))
            }
            "RestApiRequest" => Some(opinion::<theirs::ApiGatewayProxyRequest>(sample.json)),
            "RestApiResponse" => Some(opinion::<theirs::ApiGatewayProxyResponse>(sample.json)),
            "TokenAuthorizerRequest" => Some(opinion::<theirs::ApiGatewayCustomAuthorizerRequest>(
                sample.json,
            )),
            "WebSocketRequest" => Some(opinion::<theirs::ApiGatewayWebsocketProxyRequest>(
                sample.json,
            )),
            _ => None,
        });
    }

    #[test]
    fn there_and_back() {
        let request: HttpApiRequest = read(&SERVICE, "http-get");
        let there = theirs::ApiGatewayV2httpRequest::try_from(request.clone()).unwrap();
        assert_eq!(there.raw_path.as_deref(), Some("/pets/7"));
        let back = HttpApiRequest::try_from(there).unwrap();
        assert_eq!(back.headers, request.headers);
        assert_eq!(back.request_context, request.request_context);

        let request: RestApiRequest = read(&SERVICE, "rest-post");
        let there = theirs::ApiGatewayProxyRequest::try_from(request.clone()).unwrap();
        let back = RestApiRequest::try_from(there).unwrap();
        assert_eq!((&back.path, &back.body), (&request.path, &request.body));
        assert_eq!(back.header("content-type"), request.header("content-type"));

        let message: WebSocketRequest = read(&SERVICE, "websocket-message");
        let there = theirs::ApiGatewayWebsocketProxyRequest::try_from(message.clone()).unwrap();
        let back = WebSocketRequest::try_from(there).unwrap();
        assert_eq!(
            back.request_context.connection_id,
            message.request_context.connection_id
        );

        let token: TokenAuthorizerRequest = read(&SERVICE, "authorizer-token");
        let there = theirs::ApiGatewayCustomAuthorizerRequest::try_from(token.clone()).unwrap();
        assert_eq!(TokenAuthorizerRequest::try_from(there).unwrap(), token);

        let simple: HttpSimpleAuthorizerResponse = read(&SERVICE, "authorizer-simple");
        let there = theirs::ApiGatewayV2CustomAuthorizerSimpleResponse::try_from(simple.clone());
        assert_eq!(
            HttpSimpleAuthorizerResponse::try_from(there.unwrap()).unwrap(),
            simple
        );

        let policy: AuthorizerResponse = read(&SERVICE, "authorizer-deny");
        let there = theirs::ApiGatewayCustomAuthorizerResponse::try_from(policy.clone()).unwrap();
        let back = AuthorizerResponse::try_from(there).unwrap();
        assert_eq!(back.principal_id, policy.principal_id);
    }

    #[test]
    fn answers() {
        let plain = HttpApiResponse::text(200, "hi").unwrap();
        let there = theirs::ApiGatewayV2httpResponse::try_from(plain).unwrap();
        assert_eq!((there.status_code, there.cookies.len()), (200, 0));
        let back = HttpApiResponse::try_from(there).unwrap();
        assert_eq!(back.body.as_deref(), Some("hi"));

        let quoted = RestApiResponse {
            status_code: Integer::text(201),
            ..Default::default()
        };
        let there = theirs::ApiGatewayProxyResponse::try_from(quoted).unwrap();
        assert_eq!(there.status_code, 201);
        assert!(RestApiResponse::try_from(there).is_ok());
    }

    #[test]
    fn what_they_cannot_read_is_named() {
        let mut request: HttpAuthorizerRequest = read(&SERVICE, "authorizer-http");
        request.cookies = Nullable::Null;
        let error = theirs::ApiGatewayV2CustomAuthorizerV2Request::try_from(request).unwrap_err();
        assert!(error.to_string().contains("cookies"), "{error}");
        let empty = theirs::ApiGatewayProxyRequest::default();
        assert!(RestApiRequest::try_from(empty).is_err());
    }
}
