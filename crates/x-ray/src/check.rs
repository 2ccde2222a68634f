//! What can be wrong with tracing, judged from its definition.

use lambda_with::{Finding, Function};

use crate::{TracingMode, XRay};

const PAGE: &str = "https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html";
const VERSIONS_PAGE: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html";

pub(crate) fn check(tracing: &XRay, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    let version = function
        .qualifier()
        .filter(|qualifier| qualifier.bytes().all(|byte| byte.is_ascii_digit()));
    if let Some(version) = version {
        let what = format!("the function is version {version}, whose settings cannot change");
        findings.push(
            Finding::error("LW2901", "arn", what)
                .why("Lambda sets tracing on $LATEST only; a version keeps what it was published with")
                .fix("name the function without the version, publish another, and point an alias at it")
                .page(VERSIONS_PAGE),
        );
    }
    if tracing.mode == TracingMode::PassThrough {
        findings.push(
            Finding::warning("LW2902", "mode", "Lambda sends no segments of its own")
                .why("what the function sends hangs below a caller's segment then, and an invocation no caller traces is not traced at all")
                .fix("leave the mode out, which traces actively, unless callers alone shall decide")
                .page(PAGE),
        );
    }
    if tracing.sampling_rules && tracing.mode == TracingMode::Active {
        let what = "sampling rules do not change what Lambda samples";
        findings.push(
            Finding::warning("LW2903", "sampling_rules", what)
                .why("Lambda traces one request a second and 5 % of the others, unless the caller has decided")
                .fix("leave it out, unless code of the function asks for the rules for its own calls")
                .page(PAGE),
        );
    }
    findings
}

pub(crate) fn conflicts_within(one: &XRay, other: &XRay) -> Vec<Finding> {
    let what = if one == other {
        "tracing is connected twice"
    } else {
        "two connections set tracing differently"
    };
    vec![
        Finding::error("LW2904", "mode", what)
            .why("a function has one tracing mode")
            .fix("keep one of the two")
            .page(PAGE),
    ]
}

#[cfg(test)]
mod tests {
    use lambda_with::Integration;

    use super::*;

    fn check(tracing: &XRay, arn: &str, expected: &str) {
        let function = Function::new(arn.parse().unwrap()).unwrap();
        let findings = tracing.check(&function);
        let codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes.join(" "), expected, "{tracing:?} {arn}");
        for finding in findings {
            assert!(!finding.why.is_empty() && !finding.fix.is_empty() && !finding.page.is_empty());
        }
    }

    #[test]
    fn findings() {
        let orders = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
        let active = XRay::default();
        let rules = XRay {
            sampling_rules: true,
            ..active.clone()
        };
        let passing = XRay {
            mode: TracingMode::PassThrough,
            ..rules.clone()
        };
        check(&active, orders, "");
        check(&active, &format!("{orders}:live"), "");
        check(&active, &format!("{orders}:7"), "LW2901");
        check(&rules, orders, "LW2903");
        check(&passing, orders, "LW2902");
        for (other, what) in [(&active, "twice"), (&passing, "differently")] {
            let findings = active.conflicts_within(other);
            assert_eq!(findings[0].code, "LW2904");
            assert!(findings[0].what.contains(what));
        }
        assert!(active.conflicts(&active).is_empty());
    }
}
