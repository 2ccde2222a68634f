//! Checks that several kinds of connections have in common.

use lambda_with::{Error, Finding, Function, is_account};

use crate::route::Route;

const ARNS: &str =
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html";
const BINARY: &str =
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html";
const STAGES: &str =
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html";

/// As many routes or resources an API has unless the quota is raised.
const MAX_ROUTES: usize = 300;

pub(super) fn api_id(field: &'static str, id: Option<&str>) -> Option<Finding> {
    let id = id?;
    if !id.is_empty()
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    {
        return None;
    }
    let finding = Finding::error(
        "LW0309",
        field,
        format!("`{id}` is not an id of API Gateway"),
    )
    .why("the permission would name what cannot exist; nothing is granted for a wildcard")
    .fix("give the id alone: the API's is the first label of its host name")
    .page(ARNS);
    Some(finding)
}

pub(super) fn account(account: Option<&str>) -> Option<Finding> {
    let account = account?;
    if is_account(account) {
        return None;
    }
    let what = format!("`{account}` is not an account");
    Some(
        Finding::error("LW0310", "account", what)
            .why("the permission names the API by it, and would let in none")
            .fix("give the twelve digits, or leave it out for the function's account")
            .page(ARNS),
    )
}

pub(super) fn routes<T>(
    keys: &[String],
    parse: impl Fn(&str) -> Result<T, Error>,
    page: &'static str,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = keys
        .iter()
        .filter_map(|key| parse(key).err())
        .map(|error| {
            Finding::error("LW0301", "routes", error.message())
                .why("API Gateway refuses it; no permission is made out for it")
                .fix(
                    error
                        .context("form")
                        .unwrap_or("give a route key API Gateway takes"),
                )
                .page(page)
        })
        .collect();
    if keys.is_empty() {
        findings.push(
            Finding::error("LW0302", "routes", "there are no routes")
                .why("no request reaches the function")
                .fix("name at least one, or leave `routes` out")
                .page(page),
        );
    }
    if keys.len() > MAX_ROUTES {
        let what = format!("{} routes are more than an API has by default", keys.len());
        findings.push(
            Finding::warning("LW0304", "routes", what)
                .why(format!(
                    "the quota is {MAX_ROUTES}; it can be raised on request"
                ))
                .fix("catch several with a variable or `{proxy+}`, or have the quota raised")
                .page(page),
        );
    }
    findings
}

pub(super) fn twice(routes: &[Route], page: &'static str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        if routes[..index].iter().any(|other| other.same_as(route)) {
            findings.push(taken_twice(route.key(), page));
        }
    }
    findings
}

pub(super) fn taken_twice(key: &str, page: &'static str) -> Finding {
    Finding::error(
        "LW0303",
        "routes",
        format!("the route `{key}` is there twice"),
    )
    .why("a route of an API leads to one integration; API Gateway refuses the second")
    .fix("keep one of them")
    .page(page)
}

pub(super) fn stage(stage: &str, default: bool) -> Option<Finding> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
    let plain = !stage.is_empty() && stage.len() <= 128 && stage.bytes().all(word);
    if plain || default && stage == "$default" {
        return None;
    }
    let fix = match stage {
        "$default" => "only HTTP APIs have `$default`: name the stage",
        _ => "use 1 to 128 letters, digits, `_` and `-`",
    };
    let what = format!("`{stage}` cannot be the name of this API's stage");
    Some(
        Finding::error("LW0308", "stage", what)
            .why("API Gateway refuses it")
            .fix(fix)
            .page(STAGES),
    )
}

pub(super) fn range(timeout: u32, most: u32, page: &'static str) -> Option<Finding> {
    if (50..=most).contains(&timeout) {
        return None;
    }
    let what = format!("{timeout} ms is not between 50 and {most}");
    let finding = Finding::error("LW0306", "timeout_in_millis", what)
        .why("API Gateway refuses it")
        .fix(format!(
            "set it to {most} or less, and answer long work later"
        ))
        .page(page);
    Some(finding)
}

pub(super) fn outlived(
    integration: u32,
    function: &Function,
    page: &'static str,
) -> Option<Finding> {
    if u64::from(function.timeout) * 1000 <= u64::from(integration) {
        return None;
    }
    let what = format!(
        "the function may run {} s, but API Gateway waits {integration} ms",
        function.timeout
    );
    let finding = Finding::warning("LW0305", "timeout", what)
        .why("the client has been answered with an error while the function still runs, and pays")
        .fix("set the function's timeout below the integration's")
        .page(page);
    Some(finding)
}

pub(super) fn binary(kind: &str) -> Option<Finding> {
    let well_formed = kind.split_once('/').is_some_and(|(kind, subtype)| {
        !kind.is_empty() && !subtype.is_empty() && !subtype.contains(['/', ';', ' '])
    });
    if !well_formed {
        let finding = Finding::error(
            "LW0311",
            "binary_media_types",
            format!("`{kind}` is not a content type"),
        )
        .why("no body has such a type, so none would come as base64")
        .fix("write TYPE/SUBTYPE without parameters, TYPE/* or */*")
        .page(BINARY);
        return Some(finding);
    }
    (kind == "*/*").then(|| {
        Finding::warning(
            "LW0311",
            "binary_media_types",
            "`*/*` makes every body binary",
        )
        .why("JSON and text arrive as base64 too, and answers are decoded for every client")
        .fix("name the types that are bytes, or read bodies with `body_bytes`")
        .page(BINARY)
    })
}
