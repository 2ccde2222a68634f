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
const PRIVATE: &str =
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html";
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
        let what = format!("`{name}` is not attached: the API `{id}` is kept elsewhere");
        findings.push(
            Finding::warning("LW0313", "authorizer", what)
                .why("the methods of an existing REST API are not part of what is exported")
                .fix("attach the authorizer where the API is kept, and leave it out here"),
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

#[cfg(test)]
mod tests {
    use lambda_with::Integration;

    use super::*;
    use crate::ApiGateway;

    fn function(timeout: u32) -> Function {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:pets";
        let mut function = Function::new(arn.parse().unwrap()).unwrap();
        function.timeout = timeout;
        function
    }

    fn api(toml: &str) -> ApiGateway {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn lints() {
        let check = |toml: &str, expected: &[(&str, &str)]| {
            let findings = api(toml).check(&function(3));
            let found: Vec<_> = findings.iter().map(|f| (f.code, f.field)).collect();
            assert_eq!(found, expected, "{toml}\n{findings:#?}");
        };
        for kind in ["rest", "http", "websocket"] {
            check(&format!("api = '{kind}'"), &[]);
            check(
                &format!("api = '{kind}'\nroutes = []"),
                &[("LW0302", "routes")],
            );
            check(
                &format!("api = '{kind}'\napi_id = 'https://a1'"),
                &[("LW0309", "api_id")],
            );
            check(
                &format!("api = '{kind}'\naccount = '1'"),
                &[("LW0310", "account")],
            );
            check(
                &format!("api = '{kind}'\nstage = 'a b'"),
                &[("LW0308", "stage")],
            );
            check(
                &format!("api = '{kind}'\ntimeout_in_millis = 49"),
                &[("LW0306", "timeout_in_millis"), ("LW0305", "timeout")],
            );
        }
        check(
            "api = 'http'\nroutes = ['GET pets', 'GET /pets']",
            &[("LW0301", "routes")],
        );
        check(
            "api = 'http'\nroutes = ['GET /{a}', 'GET /{b}']",
            &[("LW0303", "routes")],
        );
        check("api = 'http'\nroutes = ['GET /{a}', 'ANY /{b}']", &[]);
        check(
            "api = 'http'\ntimeout_in_millis = 30001",
            &[("LW0306", "timeout_in_millis")],
        );
        check("api = 'http'\nstage = '$other'", &[("LW0308", "stage")]);
        check(
            "api = 'rest'\nroutes = ['$default']",
            &[("LW0301", "routes")],
        );
        check("api = 'rest'\nstage = '$default'", &[("LW0308", "stage")]);
        check(
            "api = 'rest'\ntimeout_in_millis = 60000",
            &[("LW0307", "timeout_in_millis")],
        );
        check(
            "api = 'rest'\ntimeout_in_millis = 60000\nendpoint = 'edge'",
            &[("LW0306", "timeout_in_millis")],
        );
        check(
            "api = 'rest'\ntimeout_in_millis = 600000\nresponse_streaming = true",
            &[],
        );
        check(
            "api = 'rest'\nbinary_media_types = ['image/*', 'png']",
            &[("LW0311", "binary_media_types")],
        );
        check(
            "api = 'rest'\nbinary_media_types = ['*/*']",
            &[("LW0311", "binary_media_types")],
        );
        check(
            "api = 'rest'\napi_id = 'a1'\nauthorizer = 'tokens'",
            &[("LW0313", "authorizer")],
        );
        check(
            "api = 'rest'\nendpoint = 'private'",
            &[("LW0314", "endpoint")],
        );
        check("api = 'rest'\nendpoint = 'private'\napi_id = 'a1'", &[]);
        check(
            "api = 'websocket'\nroutes = ['$connect']",
            &[("LW0312", "routes")],
        );
        check(
            "api = 'websocket'\nroutes = ['$connects', '$default']",
            &[("LW0301", "routes")],
        );
        check(
            "api = 'websocket'\nroutes = ['$default', '$default']",
            &[("LW0303", "routes")],
        );
        check(
            "api = 'websocket'\ntimeout_in_millis = 30000",
            &[("LW0306", "timeout_in_millis")],
        );
    }

    #[test]
    fn a_function_that_outlives_the_integration() {
        for (toml, longest) in [
            ("api = 'rest'", 29),
            ("api = 'http'", 30),
            ("api = 'websocket'", 29),
            ("api = 'http'\ntimeout_in_millis = 5000", 5),
        ] {
            assert_eq!(api(toml).check(&function(longest)), [], "{toml}");
            let findings = api(toml).check(&function(longest + 1));
            assert!(
                matches!(findings.as_slice(), [f] if f.code == "LW0305"),
                "{findings:?}"
            );
        }
    }

    #[test]
    fn many_routes() {
        let routes = (0..301).map(|n| format!("GET /r{n}")).collect();
        let api = HttpApi {
            routes,
            ..HttpApi::default()
        };
        let findings = api.check(&function(3));
        assert!(
            matches!(findings.as_slice(), [f] if f.code == "LW0304"),
            "{findings:?}"
        );
    }

    #[test]
    fn routes_of_two_connections() {
        let check = |one: &str, other: &str, expected: &[&str]| {
            let findings = api(one).conflicts(&api(other));
            let found: Vec<_> = findings.iter().map(|finding| finding.code).collect();
            assert_eq!(found, expected, "{one}\n{other}");
        };
        let a = "api = 'http'\napi_id = 'a1'\nroutes = ['GET /pets/{id}']";
        check(
            a,
            "api = 'http'\napi_id = 'a1'\nroutes = ['GET /pets/{pet}']",
            &["LW0303"],
        );
        check(
            a,
            "api = 'http'\napi_id = 'b2'\nroutes = ['GET /pets/{id}']",
            &[],
        );
        check(
            a,
            "api = 'http'\napi_id = 'a1'\nroutes = ['PUT /pets/{id}', '$default']",
            &[],
        );
        check(
            a,
            "api = 'rest'\napi_id = 'a1'\nroutes = ['GET /pets/{id}']",
            &[],
        );
        check("api = 'rest'", "api = 'rest'\nstage = 'dev'", &[]);
        check("api = 'rest'", "api = 'rest'", &["LW0303", "LW0303"]);
        check("api = 'rest'", "api = 'rest'\nname = 'other'", &[]);
        check(
            "api = 'websocket'",
            "api = 'websocket'\nroutes = ['$default', 'x']",
            &["LW0303"],
        );
        let tokens = "api = 'authorizer'\nname = 'tokens'\nkind = 'token'";
        check(tokens, tokens, &["LW0329"]);
        check(
            tokens,
            "api = 'authorizer'\nname = 'other'\nkind = 'token'",
            &[],
        );
    }
}
