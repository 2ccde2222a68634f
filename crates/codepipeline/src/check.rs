//! What can be wrong with an action, judged from its definition.

use std::collections::BTreeSet;

use lambda_with::{Arn, Finding, Function};

use crate::CodePipeline;

const ACTION_PAGE: &str =
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html";
const STRUCTURE_PAGE: &str =
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/action-requirements.html";
const LIMITS_PAGE: &str = "https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html";
const ROLE_PAGE: &str =
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html";
const REGION_PAGE: &str =
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-create-cross-region.html";
const ACCOUNT_PAGE: &str =
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-create-cross-account.html";
const VPC_PAGE: &str = "https://docs.aws.amazon.com/codepipeline/latest/userguide/vpc-support.html";
const VARIABLES_PAGE: &str =
    "https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html";

/// The most artifacts of a kind.
const MAX_ARTIFACTS: usize = 5;
/// The most characters of parameters.
const MAX_PARAMETERS: usize = 1000;

pub(crate) fn check(pipeline: &CodePipeline, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(arn(&pipeline.pipeline));
    findings.extend(name("stage", &pipeline.stage));
    findings.extend(name("action", &pipeline.action));
    findings.extend(role("role", &pipeline.role));
    findings.extend(
        pipeline
            .action_role
            .iter()
            .flat_map(|arn| role("action_role", arn)),
    );
    findings.extend(parameters(pipeline));
    findings.extend(artifacts("input_artifacts", &pipeline.input_artifacts));
    findings.extend(artifacts("output_artifacts", &pipeline.output_artifacts));
    findings.extend(run_order(pipeline.run_order));
    findings.extend(namespace(pipeline));
    findings.extend(elsewhere(pipeline, function));
    findings
}

/// What is wrong with two actions in one definition.
pub(crate) fn conflicts(one: &CodePipeline, other: &CodePipeline) -> Vec<Finding> {
    let mut findings = Vec::new();
    if one.pipeline != other.pipeline {
        return findings;
    }
    if (&one.stage, &one.action) == (&other.stage, &other.action) {
        let what = format!("two actions of {} are called `{}`", one.stage, one.action);
        findings.push(
            Finding::error("LW1713", "action", what)
                .why("the name tells actions of a stage apart: one would replace the other")
                .fix("give each a name of its own")
                .page(STRUCTURE_PAGE),
        );
    }
    let shared = |artifact: &&String| other.output_artifacts.contains(artifact);
    if let Some(artifact) = one.output_artifacts.iter().find(shared) {
        let what = format!("two actions make the artifact `{artifact}`");
        findings.push(
            Finding::error("LW1714", "output_artifacts", what)
                .why("CodePipeline refuses the pipeline: an artifact is made once")
                .fix("give each a name of its own")
                .page(STRUCTURE_PAGE),
        );
    }
    let named = one
        .namespace
        .as_ref()
        .filter(|_| one.namespace == other.namespace);
    if let Some(namespace) = named {
        let what = format!("two actions have the namespace `{namespace}`");
        findings.push(
            Finding::error("LW1715", "namespace", what)
                .why("CodePipeline refuses the pipeline: later actions could not tell whose variables they read")
                .fix("give each a namespace of its own")
                .page(VARIABLES_PAGE),
        );
    }
    findings
}

fn is_named(name: &str, besides: &[u8]) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b) || besides.contains(&b);
    (1..=100).contains(&name.len()) && name.bytes().all(letter)
}

fn arn(pipeline: &Arn) -> Option<Finding> {
    let fits = pipeline.service() == "codepipeline"
        && !pipeline.region().is_empty()
        && pipeline.account().len() == 12
        && is_named(pipeline.resource(), b".@");
    (!fits).then(|| {
        Finding::error(
            "LW1701",
            "pipeline",
            format!("`{pipeline}` is not the ARN of a pipeline"),
        )
        .why("the action is put into that pipeline")
        .fix("write arn:aws:codepipeline:REGION:ACCOUNT:NAME")
        .page(STRUCTURE_PAGE)
    })
}

fn name(field: &'static str, name: &str) -> Option<Finding> {
    (!is_named(name, b".@")).then(|| {
        Finding::error("LW1702", field, format!("`{name}` is no name"))
            .why("CodePipeline refuses the pipeline")
            .fix("use 1 to 100 letters, digits, `.`, `@`, `-` and `_`")
            .page(STRUCTURE_PAGE)
    })
}

fn role(field: &'static str, role: &Arn) -> Option<Finding> {
    (!role.is_role()).then(|| {
        Finding::error(
            "LW1703",
            field,
            format!("`{role}` is not the ARN of a role"),
        )
        .why("the role is granted what it needs to invoke the function")
        .fix("write arn:aws:iam::ACCOUNT:role/NAME")
        .page(ROLE_PAGE)
    })
}

fn parameters(pipeline: &CodePipeline) -> Option<Finding> {
    let length = pipeline.parameters()?.chars().count();
    (!(1..=MAX_PARAMETERS).contains(&length)).then(|| {
        let what = format!("the parameters have {length} characters");
        Finding::error("LW1704", "user_parameters", what)
            .why("CodePipeline takes 1 to 1,000 for a value of the configuration")
            .fix("put more into an artifact or a parameter of Systems Manager, or leave them out")
            .page(STRUCTURE_PAGE)
    })
}

fn artifacts(field: &'static str, names: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if names.len() > MAX_ARTIFACTS {
        findings.push(
            Finding::error("LW1705", field, format!("{} artifacts", names.len()))
                .why("an action has five of a kind at most")
                .fix("unite some in one archive")
                .page(ACTION_PAGE),
        );
    }
    let mut seen = BTreeSet::new();
    for name in names {
        let what = match (is_named(name, b""), seen.insert(name)) {
            (true, true) => continue,
            (false, _) => format!("`{name}` is no name for an artifact"),
            (true, false) => format!("`{name}` stands there twice"),
        };
        findings.push(
            Finding::error("LW1706", field, what)
                .why("CodePipeline refuses the pipeline")
                .fix("use 1 to 100 letters, digits, `-` and `_`, each name once")
                .page(STRUCTURE_PAGE),
        );
    }
    findings
}

fn run_order(order: Option<u32>) -> Option<Finding> {
    let order = order.filter(|order| !(1..=999).contains(order))?;
    Some(
        Finding::error("LW1707", "run_order", format!("it is {order}"))
            .why("CodePipeline refuses the pipeline")
            .fix("set it to 1 to 999")
            .page(STRUCTURE_PAGE),
    )
}

fn namespace(pipeline: &CodePipeline) -> Option<Finding> {
    let namespace = pipeline.namespace.as_ref();
    let namespace = namespace.filter(|namespace| !is_named(namespace, b"@"))?;
    Some(
        Finding::error(
            "LW1708",
            "namespace",
            format!("`{namespace}` is no namespace"),
        )
        .why("CodePipeline refuses the pipeline")
        .fix("use 1 to 100 letters, digits, `@`, `-` and `_`")
        .page(VARIABLES_PAGE),
    )
}

fn elsewhere(pipeline: &CodePipeline, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(qualifier) = function.qualifier() {
        let what = format!("the connection is to `{qualifier}` of the function");
        findings.push(
            Finding::warning("LW1709", "function", what)
                .why("an action names a function, and no version or alias of it: the newest code runs")
                .fix("leave the version or alias out of the ARN")
                .page(ACTION_PAGE),
        );
    }
    let account = pipeline
        .action_role
        .as_ref()
        .unwrap_or(&pipeline.role)
        .account();
    if account != function.account() {
        let what = format!(
            "the role that invokes is of {account}, the function of {}",
            function.account()
        );
        findings.push(
            Finding::error("LW1710", "action_role", what)
                .why("an action names its function without account: it is looked for in that of the role")
                .fix("set action_role to a role of the function's account that the pipeline's role may assume")
                .page(ACCOUNT_PAGE),
        );
    }
    if pipeline.pipeline.region() != function.region() {
        let what = format!(
            "the pipeline is in {}, the function in {}",
            pipeline.pipeline.region(),
            function.region()
        );
        findings.push(
            Finding::warning("LW1711", "pipeline", what)
                .why("the pipeline needs an artifact store in the function's Region as well")
                .fix(format!(
                    "see that its artifactStores have one for {}",
                    function.region()
                ))
                .page(REGION_PAGE),
        );
    }
    if !function.subnets.is_empty() {
        findings.push(
            Finding::warning("LW1712", "subnets", "the function is in a VPC")
                .why("its result is a call of CodePipeline's API: without a way there the action hangs for 20 minutes, and fails")
                .fix(format!("see that the subnets have a NAT gateway or an endpoint com.amazonaws.{}.codepipeline", function.region()))
                .page(VPC_PAGE),
        );
    }
    if function.reserved_concurrency == Some(0) {
        findings.push(
            Finding::error(
                "LW1716",
                "reserved_concurrency",
                "the function is never run",
            )
            .why("no job gets a result: the action hangs for 20 minutes, and fails")
            .fix("set reserved_concurrency to 1 or more, or leave it out")
            .page(LIMITS_PAGE),
        );
    }
    findings
}
