//! What can be wrong with an instance's use of a function, judged from its definition.

use lambda_with::{Arn, Finding, Function, is_account};

use crate::Connect;

const GUIDE: &str =
    "https://docs.aws.amazon.com/connect/latest/adminguide/connect-lambda-functions.html";
const BLOCK_PAGE: &str =
    "https://docs.aws.amazon.com/connect/latest/adminguide/invoke-lambda-function-block.html";
const ASSOCIATE_PAGE: &str =
    "https://docs.aws.amazon.com/connect/latest/APIReference/API_AssociateLambdaFunction.html";

/// The most characters the ARN of an associated function has.
const MAX_ARN: usize = 140;

pub(crate) fn check(connect: &Connect, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(instance(&connect.instance));
    findings.extend(place(connect, function));
    findings.extend(time_limit(connect));
    findings.extend(timeout(connect, function));
    findings
}

/// What is wrong with two definitions at one function.
pub(crate) fn conflicts_within(one: &Connect, other: &Connect) -> Vec<Finding> {
    if one.instance != other.instance {
        return Vec::new();
    }
    let what = format!("`{}` is named twice", one.instance);
    vec![
        Finding::error("LW0806", "instance", what)
            .why("one permission and one association serve all flows of an instance")
            .fix("keep one; flows may still wait for other times")
            .page(GUIDE),
    ]
}

/// The instance's id, or all of the resource where the ARN is not that of an instance.
pub(crate) fn instance_id(arn: &Arn) -> &str {
    let resource = arn.resource();
    resource.strip_prefix("instance/").unwrap_or(resource)
}

/// Whether this is the ARN of one instance.
pub(crate) fn is_instance(arn: &Arn) -> bool {
    let id = instance_id(arn);
    arn.service() == "connect"
        && arn.resource().starts_with("instance/")
        && !arn.region().is_empty()
        && is_account(arn.account())
        && id.len() == 36
        && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

fn instance(arn: &Arn) -> Option<Finding> {
    (!is_instance(arn)).then(|| {
        Finding::error(
            "LW0801",
            "instance",
            format!("`{arn}` is not the ARN of an instance"),
        )
        .why("the permission would be for no instance, or for others too")
        .fix("write arn:aws:connect:REGION:ACCOUNT:instance/ID, without a flow or queue behind it")
        .page(GUIDE)
    })
}

fn place(connect: &Connect, function: &Function) -> Option<Finding> {
    if !is_instance(&connect.instance) {
        return None;
    }
    if !connect.is_beside(function) {
        let instance = &connect.instance;
        let what = format!(
            "the instance is in {} of {}, the function in {} of {}",
            instance.region(),
            instance.account(),
            function.region(),
            function.account()
        );
        return Some(
            Finding::warning("LW0802", "instance", what)
                .why("the function is then in no list, and exports leave the association out")
                .fix("type the function's ARN into the flow; the permission is what it needs")
                .page(GUIDE),
        );
    }
    let length = function.arn.as_str().len();
    (length > MAX_ARN).then(|| {
        let what = format!("the function's ARN has {length} characters");
        Finding::error("LW0803", "instance", what)
            .why("an association takes at most 140")
            .fix("give the function or its alias a shorter name")
            .page(ASSOCIATE_PAGE)
    })
}

fn time_limit(connect: &Connect) -> Option<Finding> {
    let most = if connect.asynchronous { 60 } else { 8 };
    (!(1..=most).contains(&connect.time_limit)).then(|| {
        let what = format!("{} seconds is not 1 to {most}", connect.time_limit);
        Finding::error("LW0804", "time_limit", what)
            .why("the flow cannot be published")
            .fix("set time_limit to 8 or less, or asynchronous = true for up to 60")
            .page(BLOCK_PAGE)
    })
}

fn timeout(connect: &Connect, function: &Function) -> Option<Finding> {
    (function.timeout > connect.time_limit).then(|| {
        let what = format!(
            "the function may take {} seconds, the flow waits {}",
            function.timeout, connect.time_limit
        );
        Finding::warning("LW0805", "timeout", what)
            .why("the flow has gone on to its error branch while the function still works")
            .fix("set the function's timeout to time_limit or less")
            .page(BLOCK_PAGE)
    })
}
