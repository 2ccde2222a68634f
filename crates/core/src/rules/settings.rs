//! What Lambda allows a function's settings to be.

use crate::{Finding, Function};

/// Checks the function's own settings.
///
/// ```
/// use lambda_with::Function;
/// use lambda_with::rules::settings::check_function;
///
/// let mut function = Function::new("arn:aws:lambda:eu-west-1:123456789012:function:orders".parse()?)?;
/// assert!(check_function(&function).is_empty());
/// function.timeout = 901;
/// assert_eq!(check_function(&function)[0].code, "LW0001");
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// | code | finds |
/// |---|---|
/// | `LW0001` | a timeout outside 1 to 900 seconds |
/// | `LW0002` | memory outside 128 to 10,240 MB |
/// | `LW0003` | a name that is not 1 to 64 letters, digits, `-` and `_` |
/// | `LW0004` | a qualifier that is neither `$LATEST` nor 1 to 128 letters, digits, `-` and `_` |
/// | `LW0005` | a reserved concurrency of 0, with which nothing runs |
/// | `LW0006` | subnets without security groups, or the other way round |
/// | `LW0007` | more than 16 subnets or 5 security groups |
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
#[must_use]
pub fn check_function(function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !(1..=900).contains(&function.timeout) {
        findings.push(
            Finding::error(
                "LW0001",
                "timeout",
                format!("the timeout is {} seconds", function.timeout),
            )
            .why("Lambda lets a function run for 1 to 900 seconds")
            .fix("set timeout to a value from 1 to 900")
            .page(LIMITS),
        );
    }
    if !(128..=10_240).contains(&function.memory) {
        findings.push(
            Finding::error(
                "LW0002",
                "memory",
                format!("the memory is {} MB", function.memory),
            )
            .why("Lambda gives a function 128 to 10,240 MB, in steps of 1 MB")
            .fix("set memory to a value from 128 to 10240")
            .page(LIMITS),
        );
    }
    if !is_word(function.name(), 64) {
        findings.push(
            Finding::error(
                "LW0003",
                "arn",
                format!("`{}` is no name for a function", function.name()),
            )
            .why("a name has 1 to 64 letters, digits, `-` and `_`")
            .fix("choose another name")
            .page(CREATE),
        );
    }
    let qualifier = function.qualifier().unwrap_or("$LATEST");
    if qualifier != "$LATEST" && !is_word(qualifier, 128) {
        findings.push(
            Finding::error(
                "LW0004",
                "arn",
                format!("`{qualifier}` is neither a version nor an alias"),
            )
            .why(
                "a version is a number or `$LATEST`, and an alias has letters, digits, `-` and `_`",
            )
            .fix("end the ARN with a version, an alias, or the function's name")
            .page(INVOKE),
        );
    }
    if function.reserved_concurrency == Some(0) {
        findings.push(
            Finding::warning("LW0005", "reserved_concurrency", "the reserved concurrency is 0")
                .why("every synchronous invocation is throttled, and every asynchronous event given up unrun")
                .fix("remove reserved_concurrency, or set it to 1 or more")
                .page(CONCURRENCY),
        );
    }
    let (subnets, groups) = (function.subnets.len(), function.security_groups.len());
    if (subnets == 0) != (groups == 0) {
        let (field, there) = if subnets == 0 {
            ("subnets", "security groups")
        } else {
            ("security_groups", "subnets")
        };
        findings.push(
            Finding::error(
                "LW0006",
                field,
                format!("there are {there}, and no {field}"),
            )
            .why("a function is attached to a VPC by both together")
            .fix(format!("add {field}, or remove the {there}"))
            .page(VPC),
        );
    }
    for (field, count, most) in [("subnets", subnets, 16), ("security_groups", groups, 5)] {
        if count > most {
            findings.push(
                Finding::error("LW0007", field, format!("there are {count} {field}"))
                    .why(format!("a function takes at most {most}"))
                    .fix(format!("keep {most} or fewer"))
                    .page(VPC),
            );
        }
    }
    findings
}

const LIMITS: &str = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html";
const CREATE: &str = "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html";
const INVOKE: &str = "https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html";
const CONCURRENCY: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html";
const VPC: &str = "https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html";

fn is_word(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut Function), expected: &[(&str, &str)]) {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
            .parse()
            .unwrap();
        let mut function = Function::new(arn).unwrap();
        change(&mut function);
        let findings = check_function(&function);
        let found: Vec<_> = findings.iter().map(|f| (f.code, f.field)).collect();
        assert_eq!(found, expected, "{function:?}");
        for finding in findings {
            assert!(!finding.why.is_empty() && !finding.fix.is_empty() && !finding.page.is_empty());
        }
    }

    fn named(name: &str) -> impl FnOnce(&mut Function) {
        let arn = format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}");
        move |function| function.arn = arn.parse().unwrap()
    }

    #[test]
    fn findings() {
        let some = |count: usize| vec!["x".to_owned(); count];
        check(|_| {}, &[]);
        check(|f| (f.timeout, f.memory) = (1, 128), &[]);
        check(|f| (f.timeout, f.memory) = (900, 10_240), &[]);
        check(
            |f| (f.timeout, f.memory) = (0, 127),
            &[("LW0001", "timeout"), ("LW0002", "memory")],
        );
        check(
            |f| (f.timeout, f.memory) = (901, 10_241),
            &[("LW0001", "timeout"), ("LW0002", "memory")],
        );
        check(named("a.b"), &[("LW0003", "arn")]);
        check(named(&"a".repeat(65)), &[("LW0003", "arn")]);
        check(named(&"a".repeat(64)), &[]);
        check(named("orders:$LATEST"), &[]);
        check(named("orders:live_2"), &[]);
        check(named("orders:li?ve"), &[("LW0004", "arn")]);
        check(
            |f| f.reserved_concurrency = Some(0),
            &[("LW0005", "reserved_concurrency")],
        );
        check(|f| f.reserved_concurrency = Some(1), &[]);
        check(|f| f.subnets = some(1), &[("LW0006", "security_groups")]);
        check(|f| f.security_groups = some(1), &[("LW0006", "subnets")]);
        check(
            |f| (f.subnets, f.security_groups) = (some(16), some(5)),
            &[],
        );
        check(
            |f| (f.subnets, f.security_groups) = (some(17), some(6)),
            &[("LW0007", "subnets"), ("LW0007", "security_groups")],
        );
    }
}
