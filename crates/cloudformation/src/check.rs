//! What can be wrong with a custom resource, judged from its definition.

use lambda_with::{Finding, Function, is_account};

use crate::CloudFormation;

const RESOURCE_PAGE: &str = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudformation-customresource.html";
const TEMPLATE_PAGE: &str = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html";
const GUIDE_PAGE: &str =
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html";
const LAMBDA_PAGE: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/services-cloudformation.html";
const ROLE_PAGE: &str =
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html";
const CONCURRENCY_PAGE: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html";

/// Seconds CloudFormation waits unless told.
const HOUR: u32 = 3600;

pub(crate) fn check(custom: &CloudFormation, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(resource(&custom.resource));
    findings.extend(service_timeout(custom, function));
    findings.extend(account(custom));
    findings.extend(role(custom));
    findings.extend(properties(custom));
    findings.extend(settings(function));
    findings
}

/// What is wrong with two resources in one definition.
pub(crate) fn conflicts(one: &CloudFormation, other: &CloudFormation) -> Vec<Finding> {
    if one.resource != other.resource || one.account != other.account {
        return Vec::new();
    }
    let what = format!("two resources are called `{}`", one.resource);
    vec![
        Finding::error("LW1411", "resource", what)
            .why("a template has one resource of a name: they would become one")
            .fix("give each a name of its own")
            .page(TEMPLATE_PAGE),
    ]
}

fn resource(id: &str) -> Option<Finding> {
    let fits = (1..=255).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
    (!fits).then(|| {
        Finding::error("LW1401", "resource", format!("`{id}` is no logical id"))
            .why("CloudFormation refuses the template")
            .fix("use 1 to 255 letters and digits")
            .page(TEMPLATE_PAGE)
    })
}

fn service_timeout(custom: &CloudFormation, function: &Function) -> Vec<Finding> {
    let field = "service_timeout";
    let mut findings = Vec::new();
    match custom.service_timeout {
        None => findings.push(
            Finding::warning("LW1402", field, "no time is set after which to give up")
                .why(
                    "an invocation that ends without an answer, for lack of memory say, holds the \
                     stack for an hour, and its rollback for another",
                )
                .fix(format!(
                    "set service_timeout, to {} or more",
                    function.timeout.saturating_mul(3) + 180
                ))
                .page(RESOURCE_PAGE),
        ),
        Some(seconds) if !(1..=HOUR).contains(&seconds) => findings.push(
            Finding::error("LW1403", field, format!("it is {seconds} seconds"))
                .why("CloudFormation refuses the template")
                .fix("set it to 1 to 3600")
                .page(RESOURCE_PAGE),
        ),
        Some(seconds) if seconds < function.timeout => {
            let timeout = function.timeout;
            let what = format!("it is {seconds} seconds, and the function may run {timeout}");
            findings.push(
                Finding::warning("LW1404", field, what)
                    .why("an answer that comes later is not read: the resource has failed by then")
                    .fix("raise service_timeout, or lower the function's timeout")
                    .page(RESOURCE_PAGE),
            );
        }
        Some(_) => {}
    }
    findings
}

fn account(custom: &CloudFormation) -> Option<Finding> {
    let account = custom.account.as_deref();
    let account = account.filter(|account| !is_account(account))?;
    Some(
        Finding::error("LW1405", "account", format!("`{account}` is no account"))
            .why("it is let in by the function's policy")
            .fix("write its twelve digits, or leave it out")
            .page(GUIDE_PAGE),
    )
}

fn role(custom: &CloudFormation) -> Option<Finding> {
    let role = custom.role.as_ref().filter(|role| !role.is_role())?;
    Some(
        Finding::error(
            "LW1406",
            "role",
            format!("`{role}` is not the ARN of a role"),
        )
        .why("the role is granted what it needs to invoke the function")
        .fix("write arn:aws:iam::ACCOUNT:role/NAME, or leave it out")
        .page(ROLE_PAGE),
    )
}

fn properties(custom: &CloudFormation) -> Vec<Finding> {
    let own = |name: &&str| custom.properties.contains_key(*name);
    let names = ["ServiceToken", "ServiceTimeout"].into_iter().filter(own);
    let finding = |name: &str| {
        let what = format!("`{name}` stands among the properties");
        Finding::error("LW1407", "properties", what)
            .why("it is CloudFormation's, and made from the connection")
            .fix("leave it out; the time to wait is service_timeout")
            .page(RESOURCE_PAGE)
    };
    names.map(finding).collect()
}

fn settings(function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    if function.timeout <= 3 {
        let what = format!("the function may run {} seconds", function.timeout);
        findings.push(
            Finding::warning("LW1408", "timeout", what)
                .why(
                    "a start and the answer take a good part of it, and what is not done is failed",
                )
                .fix("give it a minute")
                .page(LAMBDA_PAGE),
        );
    }
    if !function.subnets.is_empty() {
        findings.push(
            Finding::warning("LW1409", "subnets", "the function is in a VPC")
                .why(
                    "the answer goes to a bucket of CloudFormation's: without a way to Amazon S3 \
                     none arrives, and the stack waits until service_timeout",
                )
                .fix(format!(
                    "see that the subnets have a NAT gateway or an endpoint for Amazon S3, whose \
                     policy allows cloudformation-custom-resource-response-{}",
                    function.region().replace('-', "")
                ))
                .page(GUIDE_PAGE),
        );
    }
    if function.reserved_concurrency == Some(0) {
        findings.push(
            Finding::error(
                "LW1410",
                "reserved_concurrency",
                "the function is never run",
            )
            .why("no request is answered, and the stack waits until service_timeout")
            .fix("set reserved_concurrency to 1 or more, or leave it out")
            .page(CONCURRENCY_PAGE),
        );
    }
    findings
}
