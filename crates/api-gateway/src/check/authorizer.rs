//! What can be wrong with a Lambda authorizer.

use lambda_with::{Finding, Function};

use super::parts::{account, api_id};
use crate::{Authorizer, AuthorizerKind, PayloadFormat};

const HTTP: &str =
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html";
const REST: &str = "https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html";
const WEB_SOCKET: &str = "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html";

/// Seconds an HTTP API waits for its authorizer.
const HTTP_SECONDS: u32 = 10;

pub(crate) fn authorizer(authorizer: &Authorizer, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(api_id("api_id", authorizer.api_id.as_deref()));
    findings.extend(api_id("authorizer_id", authorizer.authorizer_id.as_deref()));
    findings.extend(account(authorizer.account.as_deref()));
    findings.extend(ttl(authorizer));
    findings.extend(sources(authorizer));
    findings.extend(
        authorizer
            .identity_sources
            .iter()
            .filter_map(|s| source(authorizer, s)),
    );
    findings.extend(settings_of_other_kinds(authorizer));
    if authorizer.kind == AuthorizerKind::Http && function.timeout > HTTP_SECONDS {
        let what = format!(
            "the function may run {} s, but an HTTP API waits 10 s",
            function.timeout
        );
        findings.push(
            Finding::warning("LW0327", "timeout", what)
                .why("clients have been answered with an error while the authorizer still runs")
                .fix("set the function's timeout to 10 or less")
                .page(super::HTTP_QUOTAS),
        );
    }
    findings
}

/// Two authorizers of one API with the same name.
pub(crate) fn names_taken_twice(one: &Authorizer, other: &Authorizer) -> Vec<Finding> {
    if one.name != other.name || one.reference() != other.reference() {
        return Vec::new();
    }
    let what = format!("two authorizers of one API have the name `{}`", one.name);
    let finding = Finding::error("LW0329", "name", what)
        .why("routes refer to an authorizer by its name")
        .fix("give each a name of its own")
        .page(page(one.kind));
    vec![finding]
}

fn page(kind: AuthorizerKind) -> &'static str {
    match kind {
        AuthorizerKind::Token | AuthorizerKind::Request => REST,
        AuthorizerKind::Http => HTTP,
        AuthorizerKind::WebSocket => WEB_SOCKET,
    }
}

fn ttl(authorizer: &Authorizer) -> Option<Finding> {
    let seconds = authorizer.result_ttl_in_seconds?;
    let finding = |what: String| Finding::error("LW0320", "result_ttl_in_seconds", what);
    if authorizer.kind == AuthorizerKind::WebSocket {
        let finding = finding("the authorizer of a WebSocket API has no cache".into())
            .why("it is asked once, when a connection is opened")
            .fix("leave it out");
        return Some(finding.page(WEB_SOCKET));
    }
    (seconds > 3600).then(|| {
        finding(format!("{seconds} s is more than an answer can be cached"))
            .why("API Gateway refuses it")
            .fix("set it to 3600 or less; 0 turns the cache off")
            .page(page(authorizer.kind))
    })
}

fn sources(authorizer: &Authorizer) -> Vec<Finding> {
    let count = authorizer.identity_sources.len();
    let mut findings = Vec::new();
    if authorizer.kind == AuthorizerKind::Token {
        if count != 1 {
            findings.push(
                Finding::error(
                    "LW0322",
                    "identity_sources",
                    "a token is read from one header",
                )
                .why("API Gateway refuses an authorizer of this kind with none or several")
                .fix("give one source, such as `method.request.header.Authorization`")
                .page(REST),
            );
        }
    } else if authorizer.ttl() > 0 && count == 0 {
        findings.push(
            Finding::error(
                "LW0322",
                "identity_sources",
                "answers are cached, but under no key",
            )
            .why("API Gateway refuses it: one answer would serve every caller")
            .fix("name what identifies the caller, or set `result_ttl_in_seconds` to 0")
            .page(page(authorizer.kind)),
        );
    }
    let knows_route = authorizer
        .identity_sources
        .iter()
        .any(|s| s == "$context.routeKey");
    if authorizer.enable_simple_responses && authorizer.ttl() > 0 && !knows_route {
        findings.push(
            Finding::warning(
                "LW0328",
                "identity_sources",
                "a cached answer holds for every route",
            )
            .why("a simple response names no route: who was let in to one is let in to all")
            .fix("add `$context.routeKey`, or answer with a policy")
            .page(HTTP),
        );
    }
    findings
}

fn source(authorizer: &Authorizer, source: &str) -> Option<Finding> {
    let prefixes: &[&str] = match authorizer.kind {
        AuthorizerKind::Token => &["method.request.header."],
        AuthorizerKind::Request => &[
            "method.request.header.",
            "method.request.querystring.",
            "context.",
            "stageVariables.",
        ],
        AuthorizerKind::Http => &[
            "$request.header.",
            "$request.querystring.",
            "$context.",
            "$stageVariables.",
        ],
        AuthorizerKind::WebSocket => &[
            "route.request.header.",
            "route.request.querystring.",
            "context.",
            "stageVariables.",
        ],
    };
    if prefixes
        .iter()
        .any(|prefix| source.strip_prefix(prefix).is_some_and(|n| !n.is_empty()))
    {
        return None;
    }
    let finding = Finding::error(
        "LW0323",
        "identity_sources",
        format!("`{source}` is not a source of this kind of API"),
    )
    .why("API Gateway refuses it")
    .fix(format!("begin it with one of {}", prefixes.join(", ")))
    .page(page(authorizer.kind));
    Some(finding)
}

fn settings_of_other_kinds(authorizer: &Authorizer) -> Vec<Finding> {
    let (kind, format) = (authorizer.kind, authorizer.payload_format);
    let mut findings = Vec::new();
    if authorizer.identity_validation_expression.is_some() && kind != AuthorizerKind::Token {
        findings.push(
            Finding::error(
                "LW0324",
                "identity_validation_expression",
                "only tokens are checked against an expression",
            )
            .why("nothing is compared with it: requests reach the authorizer whatever they hold")
            .fix("leave it out, or use the kind `token`")
            .page(page(kind)),
        );
    }
    if format == PayloadFormat::V1 && kind != AuthorizerKind::Http {
        findings.push(
            Finding::error(
                "LW0325",
                "payload_format",
                "only HTTP APIs have payload formats",
            )
            .why("the function gets requests in the form of its kind of API, whatever this says")
            .fix("leave it out")
            .page(page(kind)),
        );
    }
    if authorizer.enable_simple_responses
        && (kind != AuthorizerKind::Http || format == PayloadFormat::V1)
    {
        findings.push(
            Finding::error(
                "LW0326",
                "enable_simple_responses",
                "only authorizers of HTTP APIs with format 2.0 may answer yes or no",
            )
            .why("an answer that is no policy is an error there, and nobody is let in")
            .fix("leave it out and answer with a policy")
            .page(HTTP),
        );
    }
    findings
}
