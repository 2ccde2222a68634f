//! What can be wrong with an API's connection, judged from its definition.

mod authorizer;
mod parts;

use lambda_with::{Finding, Function};

use crate::route::{Route, check_route_key};
use crate::{Endpoint, HttpApi, RestApi, WebSocketApi};

pub(crate) use self::authorizer::{authorizer, names_taken_twice};
use self::parts::{account, api_id, binary, outlived, range, routes, stage, taken_twice, twice};

pub(crate) const HTTP_QUOTAS: &str =
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html";
pub(crate) const REST_QUOTAS: &str = "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html";
pub(crate) const WEB_SOCKET_QUOTAS: &str = "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html";
const HTTP_ROUTES: &str =
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html";
const REST_METHODS: &str =
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-method-settings.html";
const ATTACHING: &str = "https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html";
const PRIVATE: &str =
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html";
const ROUTE_RESPONSES: &str = "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html";
const WEB_SOCKET_ROUTES: &str = "https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html";

pub(crate) fn http(api: &HttpApi, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(routes(&api.routes, Route::parse, HTTP_ROUTES));
    findings.extend(twice(&api.parsed(), HTTP_ROUTES));
    findings.extend(stage(&api.stage, true));
    findings.extend(api_id("api_id", api.api_id.as_deref()));
    findings.extend(account(api.account.as_deref()));
    findings.extend(range(api.timeout_in_millis, 30_000, HTTP_QUOTAS));
    findings.extend(outlived(api.timeout_in_millis, function, HTTP_QUOTAS));
    findings
}

pub(crate) fn rest(api: &RestApi, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(routes(&api.routes, Route::parse, REST_METHODS));
    if api.routes.iter().any(|key| key == "$default") {
        findings.push(
            Finding::error("LW0301", "routes", "a REST API has no route `$default`")
                .why("API Gateway refuses it; no permission is made out for it")
                .fix("use `ANY /` and `ANY /{proxy+}`")
                .page(REST_METHODS),
        );
    }
    findings.extend(twice(&api.parsed(), REST_METHODS));
    findings.extend(stage(&api.stage, false));
    findings.extend(api_id("api_id", api.api_id.as_deref()));
    findings.extend(account(api.account.as_deref()));
    findings.extend(rest_timeout(api));
    findings.extend(outlived(api.timeout_in_millis, function, REST_QUOTAS));
    findings.extend(
        api.binary_media_types
            .iter()
            .filter_map(|kind| binary(kind)),
    );
    if api.endpoint == Endpoint::Private && api.api_id.is_none() {
        findings.push(
            Finding::warning(
                "LW0314",
                "endpoint",
                "a private API lets nobody in without a policy",
            )
            .why("its resource policy, which names VPC endpoints, is not part of the export")
            .fix("add `Policy` to the exported API, or create it elsewhere and give `api_id`")
            .page(PRIVATE),
        );
    }
    if let (Some(id), Some(name)) = (&api.api_id, &api.authorizer) {
        let what = format!("an export does not attach `{name}`: the API `{id}` is kept elsewhere");
        findings.push(
            Finding::warning("LW0313", "authorizer", what)
                .why("the methods of an existing REST API are not part of what is exported")
                .fix("set the methods up with `lambda-with connect`, or attach it where the API is kept")
                .page(ATTACHING),
        );
    }
    findings
}

pub(crate) fn web_socket(api: &WebSocketApi, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(routes(&api.routes, check_route_key, WEB_SOCKET_ROUTES));
    let keys: Vec<&str> = api.routes.iter().map(String::as_str).collect();
    for (index, key) in keys.iter().enumerate() {
        if keys[..index].contains(key) {
            findings.push(taken_twice(key, WEB_SOCKET_ROUTES));
        }
    }
    if !keys.is_empty() && !keys.contains(&"$default") {
        findings.push(
            Finding::warning("LW0312", "routes", "there is no route `$default`")
                .why("a message that fits no other route is answered with an error")
                .fix("add `$default`, unless another function has it")
                .page(WEB_SOCKET_ROUTES),
        );
    }
    for key in &api.two_way {
        if keys.contains(&key.as_str()) && key != "$disconnect" {
            continue;
        }
        let why = match key.as_str() {
            "$disconnect" => "there is nobody left to answer",
            _ => "it is none of this connection's routes, and no response is made for it",
        };
        let what = format!("the route `{key}` cannot be two-way");
        findings.push(
            Finding::error("LW0315", "two_way", what)
                .why(why)
                .fix("name only keys that stand in `routes`")
                .page(ROUTE_RESPONSES),
        );
    }
    findings.extend(stage(&api.stage, false));
    findings.extend(api_id("api_id", api.api_id.as_deref()));
    findings.extend(account(api.account.as_deref()));
    findings.extend(range(api.timeout_in_millis, 29_000, WEB_SOCKET_QUOTAS));
    findings.extend(outlived(api.timeout_in_millis, function, WEB_SOCKET_QUOTAS));
    findings
}

/// Routes that two connections of one API have.
pub(crate) fn routes_taken_twice(same: bool, one: &[Route], other: &[Route]) -> Vec<Finding> {
    let taken = one
        .iter()
        .filter(|route| same && other.iter().any(|o| o.same_as(route)));
    taken
        .map(|route| taken_twice(route.key(), HTTP_ROUTES))
        .collect()
}

/// Route keys that two connections of one API have.
pub(crate) fn keys_taken_twice(same: bool, one: &[String], other: &[String]) -> Vec<Finding> {
    let taken = one.iter().filter(|key| same && other.contains(key));
    taken
        .map(|key| taken_twice(key, WEB_SOCKET_ROUTES))
        .collect()
}

fn rest_timeout(api: &RestApi) -> Option<Finding> {
    let timeout = api.timeout_in_millis;
    if api.response_streaming {
        return range(timeout, 900_000, REST_QUOTAS);
    }
    if timeout <= 29_000 || api.endpoint == Endpoint::Edge || timeout > 300_000 {
        return range(timeout, 29_000, REST_QUOTAS);
    }
    let finding = Finding::warning(
        "LW0307",
        "timeout_in_millis",
        format!("{timeout} ms is allowed only with a raised quota"),
    )
    .why("the quota is 29,000 ms; raising it may lower the Region's request rate")
    .fix("have the quota raised before connecting, or stay within 29,000")
    .page(REST_QUOTAS);
    Some(finding)
}
