//! What can be wrong with jobs, judged from their definition.

use lambda_with::{Finding, Integration};

use crate::{S3Batch, SchemaVersion};

const INVOKE_PAGE: &str =
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html";
const OPERATION_PAGE: &str =
    "https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_LambdaInvokeOperation.html";
const ROLE_PAGE: &str =
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-iam-role-policies.html";

/// The most user arguments a job has.
const MAX_ARGUMENTS: usize = 10;

pub(crate) fn check(batch: &S3Batch) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(job(&batch.job));
    findings.extend(arguments(batch));
    findings.extend(place("manifest", &batch.manifest));
    findings.extend(
        batch
            .report
            .iter()
            .filter_map(|report| place("report", report)),
    );
    findings.extend(role(batch));
    findings
}

/// What is wrong with two definitions at one function.
pub(crate) fn conflicts_within(one: &S3Batch, other: &S3Batch) -> Vec<Finding> {
    if one.name() != other.name() {
        return Vec::new();
    }
    let what = format!("two definitions have the name `{}`", one.job);
    vec![
        Finding::error("LW0608", "job", what)
            .why("their roles would have one name, and one would replace the other")
            .fix("give each a name of its own")
            .page(INVOKE_PAGE),
    ]
}

/// Whether this is a bucket, or a bucket and what keys begin with, and no pattern.
pub(crate) fn is_place(place: &str) -> bool {
    let bucket = place.split('/').next().unwrap_or_default();
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    (3..=255).contains(&bucket.len())
        && bucket.bytes().all(letter)
        && !place.contains(['*', '?', '$'])
}

fn job(job: &str) -> Option<Finding> {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
    (!(1..=40).contains(&job.len()) || !job.bytes().all(letter)).then(|| {
        Finding::error("LW0601", "job", format!("`{job}` is not a name"))
            .why("the role is named after it")
            .fix("use 1 to 40 letters, digits, `-` and `_`")
            .page(INVOKE_PAGE)
    })
}

fn arguments(batch: &S3Batch) -> Vec<Finding> {
    let arguments = &batch.user_arguments;
    let mut findings = Vec::new();
    let mut find = |code, what: String, why: &str, fix: &str| {
        let finding = Finding::error(code, "user_arguments", what);
        findings.push(finding.why(why).fix(fix).page(OPERATION_PAGE));
    };
    if !arguments.is_empty() && batch.schema == SchemaVersion::V1 {
        find(
            "LW0602",
            "user arguments need schema 2.0".into(),
            "CreateJob refuses them with schema 1.0",
            "set schema = \"2.0\", and read the bucket with `S3BatchTask::bucket`",
        );
    }
    if arguments.len() > MAX_ARGUMENTS {
        find(
            "LW0603",
            format!(
                "{} user arguments, and a job has {MAX_ARGUMENTS}",
                arguments.len()
            ),
            "CreateJob refuses more",
            "put several values into one argument, as JSON",
        );
    }
    for (name, value) in arguments {
        if !(1..=64).contains(&name.chars().count()) {
            find(
                "LW0604",
                format!("the argument `{name}` has a name of other than 1 to 64 characters"),
                "CreateJob refuses it",
                "give it a shorter name",
            );
        }
        let length = value.chars().count();
        if length > 1024 {
            find(
                "LW0605",
                format!("the argument `{name}` has {length} characters, and may have 1,024"),
                "CreateJob refuses it",
                "put the value into an object, and its key into the argument",
            );
        }
    }
    findings
}

fn place(field: &'static str, place: &str) -> Option<Finding> {
    (!is_place(place)).then(|| {
        let what = format!("`{place}` is not a bucket, or a bucket and a key");
        Finding::error("LW0606", field, what)
            .why("the role would be let into other objects, or none")
            .fix(
                "write BUCKET, BUCKET/KEY or BUCKET/PREFIX/, without `arn:`, `s3://` and wildcards",
            )
            .page(ROLE_PAGE)
    })
}

fn role(batch: &S3Batch) -> Option<Finding> {
    let role = batch.role.as_ref().filter(|role| !role.is_role())?;
    Some(
        Finding::error(
            "LW0607",
            "role",
            format!("`{role}` is not the ARN of a role"),
        )
        .why("a job runs as a role, and a function of another account lets in that role alone")
        .fix("write arn:aws:iam::ACCOUNT:role/NAME, or leave it out")
        .page(ROLE_PAGE),
    )
}
