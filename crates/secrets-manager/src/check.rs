//! What can be wrong with a rotation, judged from its definition.

use lambda_with::{Arn, Finding, Function};

use crate::{SecretsManager, name};

const ROTATE_PAGE: &str =
    "https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html";
const SCHEDULE_PAGE: &str =
    "https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html";
const PERMISSION_PAGE: &str = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html";

pub(crate) fn check(rotation: &SecretsManager, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(secret("LW0701", "secret", &rotation.secret));
    findings.extend(place(&rotation.secret, function));
    findings.extend(when(rotation));
    findings.extend(schedule(rotation));
    findings.extend(key(rotation));
    findings.extend(superuser(rotation));
    findings.extend(concurrency(function));
    findings
}

/// What is wrong with two rotations together.
pub(crate) fn conflicts(one: &SecretsManager, other: &SecretsManager) -> Vec<Finding> {
    if one.secret != other.secret {
        return Vec::new();
    }
    let what = format!("`{}` has two rotations", one.secret);
    vec![
        Finding::error("LW0712", "secret", what)
            .why("a secret has one rotation function: the second would replace the first")
            .fix("keep one, or give each user a secret of its own")
            .page(ROTATE_PAGE),
    ]
}

fn secret(code: &'static str, field: &'static str, arn: &Arn) -> Option<Finding> {
    (!name::is_secret(arn)).then(|| {
        Finding::error(code, field, format!("`{arn}` is not the ARN of one secret"))
            .why("the permission would be for no secret, or for others too")
            .fix("write the whole ARN with its last six characters, or arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-??????")
            .page(PERMISSION_PAGE)
    })
}

fn place(secret: &Arn, function: &Function) -> Option<Finding> {
    if !name::is_secret(secret) {
        return None;
    }
    if (secret.partition(), secret.region()) != (function.partition(), function.region()) {
        let what = format!(
            "the secret is in {}, the function in {}",
            secret.region(),
            function.region()
        );
        return Some(
            Finding::error("LW0702", "secret", what)
                .why("Secrets Manager invokes functions of its own Region only")
                .fix("rotate the primary secret, by a function in its Region; replicas follow")
                .page(ROTATE_PAGE),
        );
    }
    (secret.account() != function.account()).then(|| {
        let what = format!(
            "the secret belongs to {}, the function to {}",
            secret.account(),
            function.account()
        );
        Finding::warning("LW0703", "secret", what)
            .why("the secret's policy must let the function in, and exports leave the schedule out")
            .fix("have the owner set the rotation up; hand the RotationToken on to PutSecretValue")
            .page(PERMISSION_PAGE)
    })
}

fn when(rotation: &SecretsManager) -> Vec<Finding> {
    let mut findings = Vec::new();
    match (&rotation.after_days, &rotation.schedule) {
        (Some(_), Some(_)) => findings.push(
            Finding::error("LW0704", "schedule", "both after_days and schedule are set")
                .why("a rotation has one schedule, and RotateSecret refuses two")
                .fix("keep one of them")
                .page(SCHEDULE_PAGE),
        ),
        (None, None) => findings.push(
            Finding::warning(
                "LW0705",
                "after_days",
                "nothing says when the secret is rotated",
            )
            .why("it is then rotated only when somebody asks for it")
            .fix("set after_days or schedule")
            .page(SCHEDULE_PAGE),
        ),
        _ => {}
    }
    if let Some(days) = rotation
        .after_days
        .filter(|days| !(1..=1000).contains(days))
    {
        findings.push(
            Finding::error(
                "LW0706",
                "after_days",
                format!("{days} days is not 1 to 1,000"),
            )
            .why("RotateSecret refuses it")
            .fix("set after_days to 1 to 1000, or use schedule")
            .page(SCHEDULE_PAGE),
        );
    }
    if let Some(hours) = rotation.duration.filter(|hours| !(1..=99).contains(hours)) {
        findings.push(
            Finding::error(
                "LW0707",
                "duration",
                format!("{hours} hours is not 1 to 99"),
            )
            .why("RotateSecret refuses it")
            .fix("set duration to the hours a rotation may take, at most until the next one")
            .page(SCHEDULE_PAGE),
        );
    }
    findings
}

fn schedule(rotation: &SecretsManager) -> Option<Finding> {
    let schedule = rotation.schedule.as_ref()?;
    let inside = |kind: &str| {
        let inside = schedule.strip_prefix(kind)?.strip_prefix('(')?;
        inside
            .strip_suffix(')')
            .map(|inside| inside.split(' ').count())
    };
    let formed = inside("rate") == Some(2) || inside("cron") == Some(6);
    (!formed || schedule.len() > 256).then(|| {
        Finding::error(
            "LW0708",
            "schedule",
            format!("`{schedule}` is not a schedule"),
        )
        .why("RotateSecret refuses it")
        .fix("write rate(NUMBER UNIT), or cron() with six fields and 256 characters at most")
        .page(SCHEDULE_PAGE)
    })
}

fn key(rotation: &SecretsManager) -> Option<Finding> {
    let key = rotation.kms_key.as_ref()?;
    let is_key = key.service() == "kms" && key.resource().starts_with("key/");
    (!is_key || key.as_str().contains('*')).then(|| {
        Finding::error(
            "LW0709",
            "kms_key",
            format!("`{key}` is not the ARN of a KMS key"),
        )
        .why("the role's policy must name the key itself, aliases do not count there")
        .fix("write arn:aws:kms:REGION:ACCOUNT:key/ID, or leave it out for the AWS managed key")
        .page(PERMISSION_PAGE)
    })
}

fn superuser(rotation: &SecretsManager) -> Option<Finding> {
    let superuser = rotation.superuser.as_ref()?;
    if *superuser == rotation.secret {
        let what = "the superuser's secret is the one that is rotated";
        return Some(
            Finding::error("LW0710", "superuser", what)
                .why("a user that changes its own password needs no superuser")
                .fix("name the secret of another user, or leave it out")
                .page(ROTATE_PAGE),
        );
    }
    secret("LW0710", "superuser", superuser)
}

fn concurrency(function: &Function) -> Option<Finding> {
    let reserved = function
        .reserved_concurrency
        .filter(|reserved| *reserved < 10)?;
    Some(
        Finding::warning(
            "LW0711",
            "reserved_concurrency",
            format!("the function has a reserved concurrency of {reserved}"),
        )
        .why("below 10 a rotation can be throttled, and is then begun anew")
        .fix("reserve 10 or more, or nothing")
        .page(ROTATE_PAGE),
    )
}
