//! What can be wrong with a connection, judged from its definition.

mod rule;
mod sql;

use lambda_with::{Finding, Function};

pub(crate) use self::rule::{rule, rule_twice, rules_differ};
use crate::{Authorizer, Provisioning};

pub(crate) const AUTHORIZER_PAGE: &str =
    "https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-create-authorizer.html";
pub(crate) const HOOK_PAGE: &str =
    "https://docs.aws.amazon.com/iot/latest/developerguide/pre-provisioning-hook.html";
const SLOW_PAGE: &str =
    "https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-troubleshooting.html";
const TEMPLATE_PAGE: &str =
    "https://docs.aws.amazon.com/iot/latest/apireference/API_CreateProvisioningTemplate.html";
/// Seconds AWS IoT waits for an answer.
const PATIENCE: u32 = 5;

pub(crate) fn authorizer(authorizer: &Authorizer, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !is_word(&authorizer.name, 128, "_=,@-") {
        let what = format!("`{}` cannot be an authorizer's name", authorizer.name);
        findings.push(
            Finding::error("LW2013", "name", what)
                .why("CreateAuthorizer refuses it; and in an ARN it could stand for others")
                .fix("use 1 to 128 letters, digits, `_`, `=`, `,`, `@` and `-`")
                .page(AUTHORIZER_PAGE),
        );
    }
    let lacks_key = authorizer.token_key_name.is_none();
    let lacks = |field: &'static str, what: &str| {
        Finding::error("LW2014", field, what)
            .why("the authorizer checks signatures, and needs to know where the token is and who signs it")
            .fix("set token_key_name and token_signing_public_keys, or signing_disabled = true")
            .page(AUTHORIZER_PAGE)
    };
    if authorizer.signing_disabled {
        findings.push(
            Finding::warning("LW2015", "signing_disabled", "everybody's attempt to connect runs the function")
                .why("nobody needs a signed token, so that strangers can run the function, at your cost, as often as they like")
                .fix("have tokens signed, and limit the function's concurrency where that cannot be")
                .page(AUTHORIZER_PAGE),
        );
    } else {
        if lacks_key {
            findings.push(lacks(
                "token_key_name",
                "it is not said which header has the token",
            ));
        }
        if authorizer.token_signing_public_keys.is_empty() {
            findings.push(lacks(
                "token_signing_public_keys",
                "there is no key to check tokens with",
            ));
        }
    }
    let bad_name = authorizer.token_key_name.iter();
    let bad_name = bad_name.filter(|name| !is_word(name, 128, "_-"));
    findings.extend(bad_name.map(|name| {
        Finding::error(
            "LW2014",
            "token_key_name",
            format!("`{name}` cannot be a token's name"),
        )
        .why("CreateAuthorizer refuses it")
        .fix("use 1 to 128 letters, digits, `_` and `-`")
        .page(AUTHORIZER_PAGE)
    }));
    findings.extend(
        authorizer
            .token_signing_public_keys
            .iter()
            .filter_map(|(name, key)| public_key(name, key)),
    );
    findings.extend(slow(function));
    findings
}

pub(crate) fn provisioning(hook: &Provisioning, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !is_word(&hook.template, 36, "_-") {
        let what = format!("`{}` cannot be a template's name", hook.template);
        findings.push(
            Finding::error("LW2018", "template", what)
                .why("CreateProvisioningTemplate refuses it; and in an ARN it could stand for others")
                .fix("use 1 to 36 letters, digits, `_` and `-`")
                .page(TEMPLATE_PAGE),
        );
    }
    if hook.payload_version != "2020-04-01" {
        let what = format!(
            "`{}` is not a known form of the event",
            hook.payload_version
        );
        findings.push(
            Finding::warning("LW2019", "payload_version", what)
                .why("AWS documents one form, and the event type is of that form")
                .fix("leave payload_version out, which is 2020-04-01")
                .page(HOOK_PAGE),
        );
    }
    let body = |what: String, fix: &str| {
        Finding::error("LW2020", "body", what)
            .why("CloudFormation and CreateProvisioningTemplate refuse it")
            .fix(fix)
            .page(TEMPLATE_PAGE)
    };
    match (&hook.body, &hook.role) {
        (Some(_), None) | (None, Some(_)) => findings.push(body(
            "a template needs both `body` and `role`".into(),
            "set both, or none where the template exists already",
        )),
        (Some(text), Some(_)) if text.chars().count() > 10_240 => findings.push(body(
            format!("the template has {} characters", text.chars().count()),
            "shorten it to 10,240 characters",
        )),
        (Some(text), Some(_)) if !is_object(text) => findings.push(body(
            "the template is not a JSON object".into(),
            "write the template as JSON: Parameters, Resources and DeviceConfiguration",
        )),
        _ => {}
    }
    findings.extend(slow(function));
    findings
}

/// What is wrong with two connections of something that has one function.
pub(crate) fn one_function(
    what: &str,
    (one, other): (&str, &str),
    page: &'static str,
) -> Vec<Finding> {
    if one != other {
        return Vec::new();
    }
    let field = if page == HOOK_PAGE {
        "template"
    } else {
        "name"
    };
    let finding = Finding::error(
        "LW2022",
        field,
        format!("the {what} `{one}` is connected twice"),
    )
    .why("it has one function: the second connection would take it away from the first")
    .fix("remove one of the connections, or give it another name")
    .page(page);
    vec![finding]
}

fn public_key(name: &str, key: &str) -> Option<Finding> {
    let key = key.trim();
    let (what, fix) = if !is_word(name, 128, ":_-") {
        let what = format!("`{name}` cannot be a key's name");
        (what, "use 1 to 128 letters, digits, `:`, `_` and `-`")
    } else if key.contains("PRIVATE KEY") {
        let what = format!("`{name}` is a private key");
        (
            what,
            "give the public key, and make a new pair: this one has been seen",
        )
    } else if !key.starts_with("-----BEGIN PUBLIC KEY-----")
        || !key.ends_with("-----END PUBLIC KEY-----")
    {
        let what = format!("`{name}` is not a public key in PEM");
        (what, "give what `openssl rsa -in KEY -pubout` prints")
    } else if key.len() > 5_120 {
        (
            format!("`{name}` has {} characters", key.len()),
            "give a key of at most 5,120 characters",
        )
    } else {
        return None;
    };
    let finding = Finding::error("LW2016", "token_signing_public_keys", what)
        .why("CreateAuthorizer refuses it, or no token's signature is right")
        .fix(fix)
        .page(AUTHORIZER_PAGE);
    Some(finding)
}

fn slow(function: &Function) -> Option<Finding> {
    (function.timeout > PATIENCE).then(|| {
        let what = format!("the function may run {} seconds", function.timeout);
        Finding::warning("LW2017", "timeout", what)
            .why("AWS IoT waits 5 seconds for an answer, then it turns the device away")
            .fix("set the function's timeout to 5 seconds or less")
            .page(SLOW_PAGE)
    })
}

/// Whether it is 1 to `most` letters, digits and these others.
fn is_word(text: &str, most: usize, others: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
    (1..=most).contains(&text.len()) && text.chars().all(fits)
}

fn is_object(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| value.is_object())
}
