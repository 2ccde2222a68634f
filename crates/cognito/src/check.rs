//! What can be wrong with a connection, judged from its definition.

use lambda_with::{Arn, Finding, Function, is_account};

use crate::user_pool::Plan;
use crate::{IdentityPool, Trigger, UserPool};

const TRIGGER_PAGE: &str = "https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-identity-pools-working-with-aws-lambda-triggers.html";
const POOL_PAGE: &str = "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPool.html";
const SENDER_PAGE: &str = "https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-sender-triggers.html";
const TOKEN_PAGE: &str = "https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html";
const SYNC_PAGE: &str =
    "https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-events.html";

/// As many seconds Amazon Cognito waits for an answer.
const WAITS: u32 = 5;

pub(crate) fn user_pool(pool: &UserPool, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(match &pool.user_pool_id {
        Some(id) => user_pool_id(id, function),
        None => user_pool_name(&pool.name),
    });
    findings.extend(account(pool.account.as_deref(), function));
    findings.extend(triggers(pool));
    findings.extend(key(pool, function));
    if pool.triggers.iter().any(|trigger| !trigger.is_sender()) {
        findings.extend(timeout(function, TRIGGER_PAGE));
    }
    findings.extend(version(function));
    findings
}

pub(crate) fn identity_pool(pool: &IdentityPool, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(match &pool.identity_pool_id {
        Some(id) => identity_pool_id(id, function),
        None => identity_pool_name(&pool.name),
    });
    findings.extend(account(pool.account.as_deref(), function));
    findings.extend(timeout(function, SYNC_PAGE));
    findings
}

/// What is wrong with two connections of user pools together.
pub(crate) fn triggers_taken_twice(one: &UserPool, other: &UserPool) -> Vec<Finding> {
    if (one.reference(), &one.account) != (other.reference(), &other.account) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let place = |trigger: &Trigger| trigger.setting().0;
    let taken = |trigger: &&Trigger| other.triggers.iter().any(|o| place(o) == place(trigger));
    if let Some(trigger) = one.triggers.iter().find(taken) {
        let what = format!(
            "two connections have the trigger `{trigger}` of `{}`",
            one.reference()
        );
        findings.push(
            Finding::error("LW1012", "triggers", what)
                .why("a pool runs one function for each trigger: one would replace the other")
                .fix("leave the trigger to one function")
                .page(TRIGGER_PAGE),
        );
    }
    let different = |a: &Option<Arn>, b: &Option<Arn>| a.is_some() && b.is_some() && a != b;
    if different(&one.kms_key, &other.kms_key)
        || (one.plan.is_some() && other.plan.is_some() && one.plan != other.plan)
    {
        let what = format!(
            "two connections set key or plan of `{}` differently",
            one.reference()
        );
        findings.push(
            Finding::error("LW1013", "kms_key", what)
                .why("a pool has one key for custom senders and one plan")
                .fix("write the same in both, or in one alone")
                .page(POOL_PAGE),
        );
    }
    findings
}

/// What is wrong with two connections of identity pools together.
pub(crate) fn one_sync_trigger(one: &IdentityPool, other: &IdentityPool) -> Vec<Finding> {
    if (one.reference(), &one.account) != (other.reference(), &other.account) {
        return Vec::new();
    }
    let what = format!(
        "two connections have the sync trigger of `{}`",
        one.reference()
    );
    vec![
        Finding::error("LW1022", "identity_pool_id", what)
            .why("an identity pool has one sync trigger: one would replace the other")
            .fix("leave it to one function")
            .page(SYNC_PAGE),
    ]
}

fn user_pool_id(id: &str, function: &Function) -> Option<Finding> {
    let parts = id.split_once('_').filter(|(region, digits)| {
        let plain = digits.bytes().all(|b| b.is_ascii_alphanumeric());
        region.contains('-') && !digits.is_empty() && plain && id.len() <= 55
    });
    let Some((region, _)) = parts else {
        return Some(
            Finding::error(
                "LW1001",
                "user_pool_id",
                format!("`{id}` is not the id of a user pool"),
            )
            .why("the permission would name a pool that cannot be")
            .fix("write REGION_ID, such as eu-west-1_Hb7Qk2LmN")
            .page(POOL_PAGE),
        );
    };
    elsewhere("user_pool_id", region, function)
}

fn identity_pool_id(id: &str, function: &Function) -> Option<Finding> {
    let parts = id.split_once(':').filter(|(region, uuid)| {
        let hex = uuid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        region.contains('-') && uuid.len() == 36 && hex
    });
    let Some((region, _)) = parts else {
        let what = format!("`{id}` is not the id of an identity pool");
        return Some(
            Finding::error("LW1020", "identity_pool_id", what)
                .why("the permission would name a pool that cannot be")
                .fix("write REGION:UUID")
                .page(SYNC_PAGE),
        );
    };
    elsewhere("identity_pool_id", region, function)
}

fn elsewhere(field: &'static str, region: &str, function: &Function) -> Option<Finding> {
    (region != function.region()).then(|| {
        let what = format!(
            "the pool is in {region}, the function in {}",
            function.region()
        );
        Finding::error("LW1002", field, what)
            .why("a pool runs functions of its own Region")
            .fix(format!(
                "use a pool or a function in the other's Region: {region}"
            ))
            .page(TRIGGER_PAGE)
    })
}

fn user_pool_name(name: &str) -> Option<Finding> {
    let plain = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_+=,.@-".contains(c);
    let good = (1..=128).contains(&name.chars().count()) && name.chars().all(plain);
    (!good).then(|| {
        Finding::error(
            "LW1003",
            "name",
            format!("`{name}` is no name for a user pool"),
        )
        .why("CreateUserPool refuses it")
        .fix("use 1 to 128 letters, digits, spaces and _+=,.@-")
        .page(POOL_PAGE)
    })
}

fn identity_pool_name(name: &str) -> Option<Finding> {
    let plain = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_+=,.@-".contains(c);
    let good = (1..=128).contains(&name.chars().count()) && name.chars().all(plain);
    (!good).then(|| {
        Finding::error(
            "LW1021",
            "name",
            format!("`{name}` is no name for an identity pool"),
        )
        .why("CreateIdentityPool refuses it")
        .fix("use 1 to 128 letters, digits, spaces and _+=,.@-")
        .page(SYNC_PAGE)
    })
}

fn account(account: Option<&str>, function: &Function) -> Option<Finding> {
    let account = account?;
    if !is_account(account) {
        return Some(
            Finding::error(
                "LW1004",
                "account",
                format!("`{account}` is not an account"),
            )
            .why("the permission compares it with the pool's account")
            .fix("write the twelve digits of the account that owns the pool")
            .page(TRIGGER_PAGE),
        );
    }
    (account != function.account()).then(|| {
        let what = format!("the pool belongs to {account}, the function to {}", function.account());
        Finding::warning("LW1005", "account", what)
            .why("the console offers functions of the pool's account alone, and a template of one account cannot set up both")
            .fix("grant the permission here, and have the pool's owner set the trigger with the CLI")
            .page(TRIGGER_PAGE)
    })
}

fn triggers(pool: &UserPool) -> Vec<Finding> {
    let mut findings = Vec::new();
    if pool.triggers.is_empty() {
        findings.push(
            Finding::error("LW1006", "triggers", "no trigger is named")
                .why("nothing would ever run the function")
                .fix("name at least one, such as pre-sign-up")
                .page(TRIGGER_PAGE),
        );
    }
    for (index, trigger) in pool.triggers.iter().enumerate() {
        let place = trigger.setting().0;
        let mut later = pool.triggers.iter().skip(index + 1);
        if let Some(other) = later.find(|other| other.setting().0 == place) {
            let what = format!("`{trigger}` and `{other}` are one trigger");
            findings.push(
                Finding::error("LW1007", "triggers", what)
                    .why("a pool takes one function and one version for each trigger")
                    .fix("keep one of them")
                    .page(TRIGGER_PAGE),
            );
        }
        if trigger.is_beyond_lite() && pool.plan == Some(Plan::Lite) {
            findings.push(
                Finding::error(
                    "LW1011",
                    "plan",
                    format!("the plan `lite` is without `{trigger}`"),
                )
                .why("access tokens can be changed in the plans essentials and plus")
                .fix("choose one of those, or pre-token-generation")
                .page(TOKEN_PAGE),
            );
        }
    }
    findings
}

fn key(pool: &UserPool, function: &Function) -> Option<Finding> {
    let Some(key) = &pool.kms_key else {
        return pool.has_sender().then(|| {
            Finding::error("LW1008", "kms_key", "a custom sender has no key")
                .why("Amazon Cognito hands over codes encrypted, and refuses a sender without a key")
                .fix("name a symmetric KMS key by its ARN; who sets up the pool needs kms:CreateGrant for it")
                .page(SENDER_PAGE)
        });
    };
    if !pool.has_sender() {
        return Some(
            Finding::warning("LW1009", "kms_key", "there is a key, and no custom sender")
                .why("only custom senders use it")
                .fix("add custom-email-sender or custom-sms-sender, or take the key out")
                .page(SENDER_PAGE),
        );
    }
    let named = key
        .resource()
        .strip_prefix("key/")
        .is_some_and(|id| !id.is_empty() && !id.contains(['*', '?']));
    (key.service() != "kms" || !named || key.region() != function.region()).then(|| {
        let what = format!("`{key}` is not the ARN of a key in {}", function.region());
        Finding::error("LW1010", "kms_key", what)
            .why("the pool takes a key of its Region by its ARN, no alias")
            .fix("write arn:aws:kms:REGION:ACCOUNT:key/ID")
            .page(SENDER_PAGE)
    })
}

fn timeout(function: &Function, page: &'static str) -> Option<Finding> {
    (function.timeout > WAITS).then(|| {
        let what = format!("the function may run {} seconds, and Amazon Cognito waits {WAITS}", function.timeout);
        Finding::warning("LW1014", "timeout", what)
            .why("it then tries again, up to three times in all, while the first runs on, and the user gets an error")
            .fix("set the timeout to 5 seconds or less, and leave what takes longer to a queue")
            .page(page)
    })
}

fn version(function: &Function) -> Option<Finding> {
    let version = function.qualifier()?;
    version.bytes().all(|b| b.is_ascii_digit()).then(|| {
        Finding::warning(
            "LW1015",
            "triggers",
            format!("the pool would run version {version}"),
        )
        .why("Amazon Cognito's guide allows aliases, and versions not for every trigger")
        .fix("point an alias at the version, and connect that")
        .page(TRIGGER_PAGE)
    })
}
