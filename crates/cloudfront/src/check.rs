//! What can be wrong with a behaviour's use of a function, judged from its definition.

use lambda_with::{Finding, Function};

use crate::CloudFront;

const GUIDE: &str =
    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-at-the-edge.html";
const RESTRICTIONS: &str = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-at-edge-function-restrictions.html";
const QUOTAS: &str =
    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html";
const BODY_PAGE: &str = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-include-body-access.html";
const BEHAVIOUR_PAGE: &str =
    "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CacheBehavior.html";

/// Seconds a function at the edge may take.
pub(crate) const MAX_TIMEOUT: u32 = 30;

/// Memory in MB that a function at a viewer event may have for certain.
const MAX_VIEWER_MEMORY: u32 = 128;

pub(crate) fn check(connection: &CloudFront, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(distribution(connection));
    findings.extend(place(function));
    findings.extend(limits(connection, function));
    findings.extend(body(connection));
    findings.extend(pattern(connection.path_pattern.as_deref()));
    findings.extend(origin(connection.origin.as_deref()));
    findings.extend(runtime(connection.runtime.as_deref()));
    findings
}

/// What is wrong with two definitions together.
pub(crate) fn conflicts(one: &CloudFront, other: &CloudFront) -> Vec<Finding> {
    if one.distribution != other.distribution {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let same_behaviour = one.path_pattern == other.path_pattern;
    if same_behaviour && one.event == other.event {
        let what = format!("two functions are to run at one {}", one.event);
        findings.push(
            Finding::error("LW1212", "event", what)
                .why("a behaviour has one function for each point")
                .fix("give them different paths, or make one function of the two")
                .page(BEHAVIOUR_PAGE),
        );
    } else if same_behaviour && one.path_pattern.is_some() && one.origin.is_some() {
        let what = "two functions share the behaviour of one path";
        findings.push(
            Finding::error("LW1213", "path_pattern", what)
                .why("the export would hold two behaviours for the path, which CloudFront refuses")
                .fix("use the default behaviour, or make the distribution elsewhere and leave out origin")
                .page(BEHAVIOUR_PAGE),
        );
    }
    if one.origin != other.origin && one.origin.is_some() && other.origin.is_some() {
        findings.push(
            Finding::error("LW1214", "origin", "one distribution has two origins")
                .why("the default behaviour asks one origin, and one distribution is made")
                .fix("write the same origin, or other names of the distribution")
                .page(GUIDE),
        );
    }
    findings
}

/// Whether CloudFront asks this host as a bucket.
pub(crate) fn is_bucket(domain: &str) -> bool {
    let amazon = domain.ends_with(".amazonaws.com") || domain.ends_with(".amazonaws.com.cn");
    amazon && domain.contains(".s3.")
}

/// Whether this is the id of a distribution.
pub(crate) fn is_id(id: &str) -> bool {
    (13..=14).contains(&id.len())
        && id.starts_with('E')
        && id
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// What keeps a function from running at the edge, whatever the distribution.
pub(crate) fn place(function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    let error = |code, field, what: String| {
        Finding::error(code, field, what)
            .why("CloudFront refuses the association")
            .page(RESTRICTIONS)
    };
    if function.region() != "us-east-1" {
        let what = format!("the function is in {}", function.region());
        let fix = "put it in us-east-1, from where Lambda copies it to the edge";
        findings.push(error("LW1202", "arn", what).fix(fix));
    }
    let version = function.qualifier();
    if !version.is_some_and(|version| version.bytes().all(|b| b.is_ascii_digit())) {
        let what = match version {
            Some(version) => format!("`{version}` is not the number of a version"),
            None => "the ARN names no version".into(),
        };
        let fix = "publish a version and put its number behind the ARN; an alias is not enough";
        findings.push(error("LW1203", "arn", what).fix(fix));
    }
    if !function.subnets.is_empty() || !function.security_groups.is_empty() {
        let what = "the function is attached to a VPC".into();
        let fix = "take away subnets and security groups";
        findings.push(error("LW1206", "subnets", what).fix(fix));
    }
    findings
}

fn distribution(connection: &CloudFront) -> Option<Finding> {
    let id = &connection.distribution;
    let named = connection.origin.is_some() && id.contains(|c: char| c.is_ascii_alphanumeric());
    (!is_id(id) && !named).then(|| {
        let what = format!("`{id}` is not the id of a distribution");
        Finding::error("LW1201", "distribution", what)
            .why("there is nothing to run the function")
            .fix("write the id, such as E2HARBOREXAMPL, or set origin to have a distribution made")
            .page(GUIDE)
    })
}

fn limits(connection: &CloudFront, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    if function.timeout > MAX_TIMEOUT {
        let what = format!("the function may take {} seconds", function.timeout);
        findings.push(
            Finding::error("LW1204", "timeout", what)
                .why("at the edge 30 seconds are the most")
                .fix("set the timeout to 30 or less; viewers wait for all of it")
                .page(QUOTAS),
        );
    }
    if connection.event.is_viewer() && function.memory > MAX_VIEWER_MEMORY {
        let what = format!("the function has {} MB", function.memory);
        findings.push(
            Finding::warning("LW1205", "memory", what)
                .why("128 MB were the most at viewer events; AWS's quotas no longer say so, other pages still do")
                .fix("set the memory to 128, or run it at the origin, if CloudFront refuses it")
                .page(QUOTAS),
        );
    }
    findings
}

fn body(connection: &CloudFront) -> Option<Finding> {
    (connection.include_body && !connection.event.is_request()).then(|| {
        let what = format!("a {} has no request body", connection.event);
        Finding::error("LW1207", "include_body", what)
            .why("only request events can include the body")
            .fix("leave it out")
            .page(BODY_PAGE)
    })
}

fn pattern(pattern: Option<&str>) -> Option<Finding> {
    let pattern = pattern?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.*?$/~\"'@:+&;=".contains(c);
    let good = (1..=255).contains(&pattern.len()) && pattern.chars().all(allowed);
    let what = match pattern {
        "*" => "`*` is the default behaviour".to_owned(),
        _ if good => return None,
        _ => format!("`{pattern}` is not a path pattern"),
    };
    Some(
        Finding::error("LW1208", "path_pattern", what)
            .why("CloudFront refuses the behaviour")
            .fix("write a path of at most 255 characters such as /images/*, or leave it out for the default behaviour")
            .page(BEHAVIOUR_PAGE),
    )
}

fn origin(origin: Option<&str>) -> Option<Finding> {
    let origin = origin?;
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let good = origin.len() <= 253 && origin.contains('.') && origin.chars().all(letter);
    (!good).then(|| {
        let what = format!("`{origin}` is not a host name");
        Finding::error("LW1209", "origin", what)
            .why("CloudFront refuses the origin")
            .fix("write the host name alone, without https:// and path")
            .page(GUIDE)
    })
}

fn runtime(runtime: Option<&str>) -> Option<Finding> {
    let Some(runtime) = runtime else {
        let what = "the function's runtime is not said";
        return Some(
            Finding::warning("LW1210", "runtime", what)
                .why("only Node.js and Python run at the edge; a function written in Rust does not")
                .fix("set runtime to that of the function, such as nodejs24.x")
                .page(RESTRICTIONS),
        );
    };
    let runs = runtime.starts_with("nodejs") || runtime.starts_with("python");
    (!runs).then(|| {
        let what = format!("`{runtime}` does not run at the edge");
        Finding::error("LW1211", "runtime", what)
            .why("CloudFront takes functions in Node.js and Python only, and no container images")
            .fix("write the function in one of the two")
            .page(RESTRICTIONS)
    })
}
