//! What can be wrong with tracing, judged from its definition.

use lambda_with::{Finding, Function};

use crate::{TracingMode, XRay};

const PAGE: &str = "https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html";
const VERSIONS_PAGE: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html";

pub(crate) fn check(tracing: &XRay, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    let version = function
        .qualifier()
        .filter(|qualifier| qualifier.bytes().all(|byte| byte.is_ascii_digit()));
    if let Some(version) = version {
        let what = format!("the function is version {version}, whose settings cannot change");
        findings.push(
            Finding::error("LW2901", "arn", what)
                .why("Lambda sets tracing on $LATEST only; a version keeps what it was published with")
                .fix("name the function without the version, publish another, and point an alias at it")
                .page(VERSIONS_PAGE),
        );
    }
    if tracing.mode == TracingMode::PassThrough {
        findings.push(
            Finding::warning("LW2902", "mode", "Lambda sends no segments of its own")
                .why("what the function sends hangs below a caller's segment then, and an invocation no caller traces is not traced at all")
                .fix("leave the mode out, which traces actively, unless callers alone shall decide")
                .page(PAGE),
        );
    }
    if tracing.sampling_rules && tracing.mode == TracingMode::Active {
        let what = "sampling rules do not change what Lambda samples";
        findings.push(
            Finding::warning("LW2903", "sampling_rules", what)
                .why("Lambda traces one request a second and 5 % of the others, unless the caller has decided")
                .fix("leave it out, unless code of the function asks for the rules for its own calls")
                .page(PAGE),
        );
    }
    findings
}

pub(crate) fn conflicts_within(one: &XRay, other: &XRay) -> Vec<Finding> {
    let what = if one == other {
        "tracing is connected twice"
    } else {
        "two connections set tracing differently"
    };
    vec![
        Finding::error("LW2904", "mode", what)
            .why("a function has one tracing mode")
            .fix("keep one of the two")
            .page(PAGE),
    ]
}
