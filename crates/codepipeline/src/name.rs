//! A connection's name: readable, stable, and unique within a function.

use lambda_with::name::{checksum_of, with_checksum};

use crate::CodePipeline;

/// `codepipeline-PIPELINE-ACTION-CHECKSUM`, the checksum being of pipeline, stage and action.
pub(crate) fn of(connection: &CodePipeline) -> String {
    let CodePipeline {
        pipeline,
        stage,
        action,
        ..
    } = connection;
    let readable = format!("codepipeline-{}-{action}", pipeline.resource());
    let sum = checksum_of(&[pipeline.as_str(), stage, action]);
    with_checksum(&readable, &sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let of = |pipeline: &str, stage: &str, action: &str| {
            let arn = format!("arn:aws:codepipeline:eu-west-1:123456789012:{pipeline}");
            let role = "arn:aws:iam::123456789012:role/pipelines".parse().unwrap();
            of(&CodePipeline::new(
                arn.parse().unwrap(),
                stage,
                action,
                role,
            ))
        };
        assert_eq!(
            of("harbor", "Test", "smoke.test"),
            "codepipeline-harbor-smoke-test-dbfc463d"
        );
        assert_ne!(
            of("harbor", "Test", "smoke"),
            of("harbor", "Deploy", "smoke")
        );
        assert_eq!(of(&"p".repeat(100), "Test", &"a".repeat(100)).len(), 80);
    }
}
