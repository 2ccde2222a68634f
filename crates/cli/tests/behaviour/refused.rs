//! Files that `export --out` leaves alone.

use crate::reexport::{BUCKET, Place, QUEUE};

#[test]
fn names_that_others_have_are_refused() {
    let notification =
        r#"{"resource": {"aws_s3_bucket_notification": {"other": {"bucket": "order-files"}}}}"#;
    for (format, toml, text, named) in [
        (
            "cloudformation",
            QUEUE,
            r#"{"Resources": {"OrdersRole": {"Type": "AWS::IAM::Role"}}}"#,
            "`Resources.OrdersRole`",
        ),
        (
            "sam",
            QUEUE,
            r#"{"Resources": {"OrdersFunction": {"Type": "AWS::Serverless::Function"}}}"#,
            "`Resources.OrdersFunction`",
        ),
        (
            "cloudformation",
            QUEUE,
            r#"{"Parameters": {"OrdersCodeKey": {"Type": "String"}}}"#,
            "`Parameters.OrdersCodeKey`",
        ),
        (
            "terraform",
            QUEUE,
            r#"{"resource": {"aws_iam_role": {"orders_role": {"//": "lambda-without"}}}}"#,
            "`resource.aws_iam_role.orders_role`",
        ),
        (
            "terraform",
            BUCKET,
            notification,
            "`aws_s3_bucket_notification.other`",
        ),
        (
            "terraform",
            QUEUE,
            r#"{"resource": [{"aws_iam_role": {}}]}"#,
            "`resource` is not an object",
        ),
        (
            "sam",
            QUEUE,
            r#"{"Transform": "AWS::LanguageExtensions", "Resources": {}}"#,
            "`Transform` lacks",
        ),
        (
            "cloudformation",
            QUEUE,
            r#"{"Resources": {"A": {}, "A": {}}}"#,
            "`Resources.A` twice",
        ),
        ("sam", QUEUE, r#"{"resource": {}}"#, "a file of Terraform"),
        (
            "terraform",
            QUEUE,
            r#"{"Resources": {}}"#,
            "a template of CloudFormation",
        ),
        (
            "cloudformation",
            QUEUE,
            "Resources:\n  A:\n",
            "not a JSON object",
        ),
    ] {
        let place = Place::new(toml);
        place.put(text);
        for more in [&["--check"][..], &[]] {
            let ran = place.export(format, more);
            assert_eq!(ran.code, 1, "{ran:?}");
            assert!(
                ran.stderr.contains(named) && ran.stderr.contains("out.json"),
                "{}",
                ran.stderr
            );
            assert_eq!(place.text(), text);
        }
    }
}
