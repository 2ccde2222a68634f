//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with_api_gateway::ApiGateway;
use lambda_with_testing::{clashes, lints};

#[test]
fn every_lint_has_a_definition_it_finds() {
    for kind in ["rest", "http", "websocket"] {
        let good = format!("api = '{kind}'");
        lints::<ApiGateway>(
            &good,
            &[
                ("", ""),
                ("routes = []", "LW0302! routes"),
                ("api_id = 'https://a1'", "LW0309! api_id"),
                ("account = '1'", "LW0310! account"),
                ("stage = 'a b'", "LW0308! stage"),
                (
                    "timeout_in_millis = 49",
                    "LW0306! timeout_in_millis, LW0305 timeout",
                ),
            ],
        );
    }
    lints::<ApiGateway>(
        "",
        &[
            (
                "api = 'http'\nroutes = ['GET pets', 'GET /pets']",
                "LW0301! routes",
            ),
            (
                "api = 'http'\nroutes = ['GET /{a}', 'GET /{b}']",
                "LW0303! routes",
            ),
            ("api = 'http'\nroutes = ['GET /{a}', 'ANY /{b}']", ""),
            (
                "api = 'http'\ntimeout_in_millis = 30001",
                "LW0306! timeout_in_millis",
            ),
            ("api = 'http'\nstage = '$other'", "LW0308! stage"),
            ("api = 'rest'\nroutes = ['$default']", "LW0301! routes"),
            ("api = 'rest'\nstage = '$default'", "LW0308! stage"),
            (
                "api = 'rest'\ntimeout_in_millis = 60000",
                "LW0307 timeout_in_millis",
            ),
            (
                "api = 'rest'\ntimeout_in_millis = 60000\nendpoint = 'edge'",
                "LW0306! timeout_in_millis",
            ),
            (
                "api = 'rest'\ntimeout_in_millis = 600000\nresponse_streaming = true",
                "",
            ),
            (
                "api = 'rest'\nbinary_media_types = ['image/*', 'png']",
                "LW0311! binary_media_types",
            ),
            (
                "api = 'rest'\nbinary_media_types = ['*/*']",
                "LW0311 binary_media_types",
            ),
            (
                "api = 'rest'\napi_id = 'a1'\nauthorizer = 'tokens'",
                "LW0313 authorizer",
            ),
            ("api = 'rest'\nendpoint = 'private'", "LW0314 endpoint"),
            ("api = 'rest'\nendpoint = 'private'\napi_id = 'a1'", ""),
            ("api = 'websocket'\nroutes = ['$connect']", "LW0312 routes"),
            (
                "api = 'websocket'\nroutes = ['$connects', '$default']",
                "LW0301! routes",
            ),
            (
                "api = 'websocket'\nroutes = ['$default', '$default']",
                "LW0303! routes",
            ),
            ("api = 'websocket'\ntwo_way = ['$default', '$connect']", ""),
            ("api = 'websocket'\ntwo_way = ['send']", "LW0315! two_way"),
            (
                "api = 'websocket'\ntwo_way = ['$disconnect']",
                "LW0315! two_way",
            ),
            (
                "api = 'websocket'\ntimeout_in_millis = 30000",
                "LW0306! timeout_in_millis",
            ),
        ],
    );
    let many: Vec<String> = (0..301).map(|n| format!("'GET /r{n}'")).collect();
    let many = format!("routes = [{}]", many.join(", "));
    lints::<ApiGateway>("api = 'http'", &[(many, "LW0304 routes")]);
}

#[test]
fn a_function_that_outlives_the_integration() {
    for (api, longest) in [
        ("api = 'rest'", 29),
        ("api = 'http'", 30),
        ("api = 'websocket'", 29),
        ("api = 'http'\ntimeout_in_millis = 5000", 5),
    ] {
        let timeout = |seconds: u32| format!("function_timeout = {seconds}");
        lints::<ApiGateway>(
            api,
            &[
                (timeout(longest), ""),
                (timeout(longest + 1), "LW0305 timeout"),
            ],
        );
    }
}

#[test]
fn every_lint_of_an_authorizer_has_one_it_finds() {
    let of = |kind: &str, settings: &str| format!("kind = '{kind}'\n{settings}");
    let timed = |seconds: u32, settings: &str| format!("function_timeout = {seconds}\n{settings}");
    let header = "identity_sources = ['method.request.header.Authorization']";
    let http = "identity_sources = ['$request.header.Authorization']";
    let cached = "enable_simple_responses = true\nresult_ttl_in_seconds = 60";
    let route = "identity_sources = ['$request.header.a', '$context.routeKey']";
    lints::<ApiGateway>(
        "api = 'authorizer'\nname = 'a'",
        &[
            (of("token", &timed(29, header)), ""),
            (of("token", ""), "LW0322! identity_sources"),
            (
                of("token", "identity_sources = ['context.identity.sourceIp']"),
                "LW0323! identity_sources",
            ),
            (
                of("token", &format!("{header}\nresult_ttl_in_seconds = 3600")),
                "",
            ),
            (
                of("token", &format!("{header}\nresult_ttl_in_seconds = 3601")),
                "LW0320! result_ttl_in_seconds",
            ),
            (
                of(
                    "token",
                    &format!("{header}\nidentity_validation_expression = 'x'"),
                ),
                "",
            ),
            (of("request", ""), "LW0322! identity_sources"),
            (of("request", "result_ttl_in_seconds = 0"), ""),
            (
                of(
                    "request",
                    &format!("{header}\nidentity_validation_expression = 'x'"),
                ),
                "LW0324! identity_validation_expression",
            ),
            (
                of("request", &format!("{header}\npayload_format = '1.0'")),
                "LW0325! payload_format",
            ),
            (
                of(
                    "request",
                    &format!("{header}\nenable_simple_responses = true"),
                ),
                "LW0328 identity_sources, LW0326! enable_simple_responses",
            ),
            (of("request", http), "LW0323! identity_sources"),
            (of("http", &timed(10, http)), ""),
            (of("http", &timed(11, http)), "LW0327 timeout"),
            (of("http", ""), ""),
            (
                of("http", "result_ttl_in_seconds = 60"),
                "LW0322! identity_sources",
            ),
            (
                of("http", "identity_sources = ['$request.header.']"),
                "LW0323! identity_sources",
            ),
            (of("http", "enable_simple_responses = true"), ""),
            (
                of(
                    "http",
                    "enable_simple_responses = true\npayload_format = '1.0'",
                ),
                "LW0326! enable_simple_responses",
            ),
            (
                of("http", &format!("{cached}\n{http}")),
                "LW0328 identity_sources",
            ),
            (of("http", &format!("{cached}\n{route}")), ""),
            (
                of(
                    "websocket",
                    "identity_sources = ['route.request.header.Auth']",
                ),
                "",
            ),
            (
                of("websocket", "result_ttl_in_seconds = 60"),
                "LW0320! result_ttl_in_seconds",
            ),
            (of("websocket", header), "LW0323! identity_sources"),
            (
                of("websocket", "api_id = 'A'\naccount = 'x'"),
                "LW0309! api_id, LW0310! account",
            ),
        ],
    );
}

#[test]
fn two_connections() {
    let a = "api = 'http'\napi_id = 'a1'\nroutes = ['GET /pets/{id}']";
    let tokens = "api = 'authorizer'\nname = 'tokens'\nkind = 'token'";
    clashes::<ApiGateway>(
        "",
        &[
            (
                a,
                "api = 'http'\napi_id = 'a1'\nroutes = ['GET /pets/{pet}']",
                "LW0303! routes",
                "",
            ),
            (
                a,
                "api = 'http'\napi_id = 'b2'\nroutes = ['GET /pets/{id}']",
                "",
                "",
            ),
            (
                a,
                "api = 'http'\napi_id = 'a1'\nroutes = ['PUT /pets/{id}', '$default']",
                "",
                "",
            ),
            (
                a,
                "api = 'rest'\napi_id = 'a1'\nroutes = ['GET /pets/{id}']",
                "",
                "",
            ),
            ("api = 'rest'", "api = 'rest'\nstage = 'dev'", "", ""),
            (
                "api = 'rest'",
                "api = 'rest'",
                "LW0303! routes, LW0303! routes",
                "",
            ),
            ("api = 'rest'", "api = 'rest'\nname = 'other'", "", ""),
            (
                "api = 'websocket'",
                "api = 'websocket'\nroutes = ['$default', 'x']",
                "LW0303! routes",
                "",
            ),
            (tokens, tokens, "LW0329! name", ""),
            (
                tokens,
                "api = 'authorizer'\nname = 'other'\nkind = 'token'",
                "",
                "",
            ),
        ],
    );
}
