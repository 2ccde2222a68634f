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
    let longest = longest(rotation.schedule.as_deref());
    if let Some(hours) = rotation
        .duration
        .filter(|hours| !(1..=longest).contains(hours))
    {
        findings.push(
            Finding::error(
                "LW0707",
                "duration",
                format!("{hours} hours is not 1 to {longest}"),
            )
            .why("a window ends with its day, and before the next one begins")
            .fix(format!(
                "set duration to {longest} or less, or begin earlier in the day"
            ))
            .page(SCHEDULE_PAGE),
        );
    }
    findings
}

/// The words of `rate(…)` or `cron(…)`.
fn words<'a>(schedule: &'a str, kind: &str) -> Vec<&'a str> {
    let inside = schedule
        .strip_prefix(kind)
        .and_then(|rest| rest.strip_prefix('('));
    let inside = inside.and_then(|inside| inside.strip_suffix(')'));
    inside.map_or_else(Vec::new, |inside| inside.split(' ').collect())
}

/// Hours between rotations, or days.
fn rate(schedule: &str) -> Option<(u32, bool)> {
    let [count, unit] = words(schedule, "rate")[..] else {
        return None;
    };
    let count = count.parse().ok().filter(|count| *count > 0)?;
    match unit {
        "hour" | "hours" => Some((count, true)),
        "day" | "days" => Some((count, false)),
        _ => None,
    }
}

/// As many hours a window has at most: those until the day is over or the next window begins.
fn longest(schedule: Option<&str>) -> u32 {
    let schedule = schedule.unwrap_or_default();
    if let Some((hours, true)) = rate(schedule) {
        return hours.clamp(1, 24);
    }
    // `2/10` is 2:00 and every ten hours from then on; the last window of a day may be shorter.
    let hours = words(schedule, "cron").get(1).copied().unwrap_or_default();
    let (begins, every) = hours.split_once('/').unwrap_or((hours, ""));
    let left = 24 - begins.parse().unwrap_or(0).min(23);
    every
        .parse::<u32>()
        .map_or(left, |every| left.min(every.max(1)))
}

/// Whether RotateSecret takes it: windows begin on the hour, four hours apart at least, and rotations
/// are no years apart.
fn is_schedule(schedule: &str) -> bool {
    let by_rate = match rate(schedule) {
        Some((hours, true)) => hours >= 4,
        Some((days, false)) => days <= 999,
        None => false,
    };
    by_rate || matches!(words(schedule, "cron")[..], ["0", _, _, _, _, "*"])
}

fn schedule(rotation: &SecretsManager) -> Option<Finding> {
    let schedule = rotation.schedule.as_ref()?;
    (!is_schedule(schedule) || schedule.len() > 256).then(|| {
        Finding::error(
            "LW0708",
            "schedule",
            format!("`{schedule}` is not a schedule"),
        )
        .why("RotateSecret refuses it")
        .fix("write rate(4 hours) to rate(999 days), or cron(0 HOURS DAY MONTH WEEKDAY *), 256 characters at most")
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
