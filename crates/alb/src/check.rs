//! What can be wrong with a target group and its rules, judged from the definition.

use lambda_with::{Arn, Finding, Function};

use crate::{Alb, HealthCheck, Rule};

const GROUP_PAGE: &str = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html";
const LAMBDA_PAGE: &str =
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html";
const RULE_PAGE: &str =
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html";
const CONDITION_PAGE: &str =
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html";

pub(crate) fn check(alb: &Alb, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(group(alb, function));
    findings.extend(listener(alb, function));
    for (index, rule) in alb.rules.iter().enumerate() {
        findings.extend(conditions(rule));
        let later = alb.rules.iter().skip(index + 1);
        if later.clone().any(|other| other.priority == rule.priority) {
            findings.push(same_priority(rule.priority));
        }
    }
    if let Some(check) = &alb.health_check {
        findings.extend(health(check, function));
    }
    findings
}

/// What is wrong with two connections together.
pub(crate) fn conflicts(one: &Alb, other: &Alb) -> Vec<Finding> {
    let mut findings = Vec::new();
    if one.target_group == other.target_group {
        let what = format!(
            "two connections have the target group `{}`",
            one.target_group
        );
        findings.push(
            Finding::error("LW0914", "target_group", what)
                .why("a target group has one function as its only target")
                .fix("give each a target group, or put all rules into one connection")
                .page(LAMBDA_PAGE),
        );
    }
    if one.listener == other.listener {
        let taken = |rule: &&Rule| other.rules.iter().any(|o| o.priority == rule.priority);
        findings.extend(
            one.rules
                .iter()
                .filter(taken)
                .map(|rule| same_priority(rule.priority)),
        );
    }
    findings
}

fn same_priority(priority: u32) -> Finding {
    let what = format!("two rules of one listener have the priority {priority}");
    Finding::error("LW0915", "rules", what)
        .why("a listener refuses a priority it has already")
        .fix("give each rule a priority of its own")
        .page(RULE_PAGE)
}

fn group(alb: &Alb, function: &Function) -> Option<Finding> {
    if alb.target_group.starts_with("arn:") {
        let parts = |arn: &Arn| {
            let parts: Vec<&str> = arn.resource().split('/').collect();
            let named = matches!(parts[..], ["targetgroup", name, id] if !name.is_empty() && !id.is_empty());
            arn.service() == "elasticloadbalancing" && named && !arn.is_pattern()
        };
        let Some(arn) = alb.arn().filter(parts) else {
            let what = format!("`{}` is not the ARN of a target group", alb.target_group);
            return Some(
                Finding::error("LW0901", "target_group", what)
                    .why("the permission names the target group, not the load balancer or listener")
                    .fix("write arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID, or the name of a new one")
                    .page(LAMBDA_PAGE),
            );
        };
        return elsewhere("LW0903", "target_group", &arn, function);
    }
    let name = &alb.target_group;
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let framed = name.starts_with('-') || name.ends_with('-') || name.starts_with("internal-");
    ((!plain) || framed || !(1..=32).contains(&name.len())).then(|| {
        Finding::error("LW0902", "target_group", format!("`{name}` is no name for a target group"))
            .why("CreateTargetGroup refuses it")
            .fix("use 1 to 32 letters, digits and hyphens, with no hyphen at either end and without `internal-` in front")
            .page(GROUP_PAGE)
    })
}

fn elsewhere(
    code: &'static str,
    field: &'static str,
    arn: &Arn,
    function: &Function,
) -> Option<Finding> {
    let place = (arn.region(), arn.account());
    (place != (function.region(), function.account())).then(|| {
        let what = format!("`{arn}` is not in the function's account and Region");
        Finding::error(code, field, what)
            .why("a load balancer forwards to functions of its own account and Region alone")
            .fix(format!(
                "use one of {} in {}",
                function.account(),
                function.region()
            ))
            .page(LAMBDA_PAGE)
    })
}

fn listener(alb: &Alb, function: &Function) -> Option<Finding> {
    let Some(arn) = &alb.listener else {
        return (!alb.rules.is_empty()).then(|| {
            Finding::warning(
                "LW0906",
                "rules",
                "there are rules, and no listener for them",
            )
            .why("they hold for the local front door alone: nothing is set up for them")
            .fix("name the listener by its ARN")
            .page(RULE_PAGE)
        });
    };
    let parts: Vec<&str> = arn.resource().split('/').collect();
    if arn.service() != "elasticloadbalancing" || !matches!(parts[..], ["listener", "app", _, _, _])
    {
        let what = format!("`{arn}` is not the ARN of an Application Load Balancer's listener");
        return Some(
            Finding::error("LW0904", "listener", what)
                .why(
                    "rules belong to a listener, and only Application Load Balancers run functions",
                )
                .fix("write arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener/app/NAME/ID/ID")
                .page(RULE_PAGE),
        );
    }
    if alb.rules.is_empty() {
        return Some(
            Finding::warning("LW0905", "rules", "there is a listener, and no rule for it")
                .why("nothing leads to the target group unless the listener's default action does")
                .fix("add a rule, or leave the listener out")
                .page(RULE_PAGE),
        );
    }
    elsewhere("LW0903", "listener", arn, function)
}

fn conditions(rule: &Rule) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut refuse = |code, what: String, fix: &str| {
        findings.push(
            Finding::error(code, "rules", what)
                .why("CreateRule refuses the rule")
                .fix(fix)
                .page(CONDITION_PAGE),
        );
    };
    if !(1..=50_000).contains(&rule.priority) {
        let what = format!("{} is no priority", rule.priority);
        refuse("LW0907", what, "choose a priority from 1 to 50,000");
    }
    let all = rule.conditions();
    let many = all.iter().find(|(_, values)| values.len() > 3);
    let total: usize = all.iter().map(|(_, values)| values.len()).sum();
    if let Some((name, values)) = many {
        let what = format!(
            "a condition of rule {} has {} {name}",
            rule.priority,
            values.len()
        );
        refuse(
            "LW0908",
            what,
            "keep to three values, and make another rule of the others",
        );
    } else if total > 5 {
        let what = format!(
            "rule {} has {total} values in its conditions",
            rule.priority
        );
        refuse(
            "LW0908",
            what,
            "keep to five values, and make another rule of the others",
        );
    }
    for path in rule.paths.iter().filter(|path| !is_path(path)) {
        let fix =
            "begin with `/` or a wildcard, and use at most 128 letters, digits and _-.$/~\"'@:+&*?";
        refuse("LW0909", format!("`{path}` is no pattern of paths"), fix);
    }
    for host in rule.hosts.iter().filter(|host| !is_host(host)) {
        let fix = "use at most 128 letters, digits and -.*?, one dot at least, and letters alone behind the last";
        refuse(
            "LW0910",
            format!("`{host}` is no pattern of host names"),
            fix,
        );
    }
    for method in rule.methods.iter().filter(|method| !is_method(method)) {
        let fix = "use at most 40 capital letters, hyphens and underscores; there are no wildcards";
        refuse("LW0911", format!("`{method}` is no method"), fix);
    }
    findings
}

fn is_path(path: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-.$/~\"'@:+&*?".contains(&b);
    path.starts_with(['/', '*', '?']) && path.len() <= 128 && path.bytes().all(allowed)
}

fn is_host(host: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-.*?".contains(&b);
    let end = host
        .rsplit_once('.')
        .map(|(_, end)| end)
        .unwrap_or_default();
    let letters = !end.is_empty()
        && end
            .bytes()
            .all(|b| b.is_ascii_alphabetic() || b"*?".contains(&b));
    letters && host.len() <= 128 && host.bytes().all(allowed)
}

fn is_method(method: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_uppercase() || b"-_".contains(&b);
    (1..=40).contains(&method.len()) && method.bytes().all(allowed)
}

fn health(check: &HealthCheck, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut refuse = |what: String, fix: &str| {
        findings.push(
            Finding::error("LW0912", "health_check", what)
                .why("the target group is refused")
                .fix(fix)
                .page(GROUP_PAGE),
        );
    };
    for (what, value, least, most) in [
        ("an interval", check.interval, 5, 300),
        ("a timeout", check.timeout, 2, 120),
        ("a healthy threshold", check.healthy_after, 2, 10),
        ("an unhealthy threshold", check.unhealthy_after, 2, 10),
    ] {
        if !(least..=most).contains(&value) {
            refuse(
                format!("{value} is out of range for {what}"),
                &format!("choose {least} to {most}"),
            );
        }
    }
    if check.timeout >= check.interval {
        let what = format!(
            "a check of {} seconds every {}",
            check.timeout, check.interval
        );
        refuse(what, "make the timeout shorter than the interval");
    }
    if !check.path.starts_with('/') || check.path.len() > 1024 {
        refuse(
            format!("`{}` is no path", check.path),
            "begin with `/`, and use at most 1,024 characters",
        );
    }
    if !is_success(&check.success) {
        let what = format!("`{}` names no statuses", check.success);
        refuse(what, "write `200`, `200,204` or `200-299`, of 200 to 499");
    }
    if function.timeout > check.timeout {
        let what = format!(
            "the function may run {} seconds, and a health check waits {}",
            function.timeout, check.timeout
        );
        findings.push(
            Finding::warning("LW0913", "health_check", what)
                .why("a slow answer counts as a failed check, and the function as ill")
                .fix("answer health checks at once: see `AlbRequest::is_health_check`; or raise the check's timeout")
                .page(LAMBDA_PAGE),
        );
    }
    findings
}

fn is_success(codes: &str) -> bool {
    let code = |text: &str| {
        text.parse::<u16>()
            .ok()
            .filter(|code| (200..=499).contains(code))
    };
    codes.split(',').all(|part| match part.split_once('-') {
        Some((from, to)) => code(from)
            .zip(code(to))
            .is_some_and(|(from, to)| from <= to),
        None => code(part).is_some(),
    })
}
