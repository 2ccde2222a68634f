//! What is wrong in `lambda-with.toml`, at its place.

use expect_test::{Expect, expect};

use crate::run::{command, defined, run, run_with};

/// One function with one connection, of which the last lines are given.
fn with(lines: &str) -> String {
    format!("[functions.orders]\nbin = \"orders\"\n\n[[functions.orders.with]]\n{lines}")
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "`expect!` is written in place"
)]
fn check(toml: &str, expected: Expect) {
    let ran = defined(toml, ["check"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    expected.assert_eq(&ran.stderr);
}

#[test]
fn the_file_itself() {
    check(
        "[functions.orders\n",
        expect![[r#"
        error: unclosed table, expected `]`
         --> lambda-with.toml:1:18
          |
        1 | [functions.orders
          |                  ^
    "#]],
    );
    check(
        "regoin = \"eu-west-1\"\n",
        expect![[r#"
        error: unknown field `regoin`; did you mean `region`?
         --> lambda-with.toml:1:1
          |
        1 | regoin = "eu-west-1"
          | ^^^^^^
          fix: at the top stand: account, dev, functions, region
    "#]],
    );
    check(
        "functions = 7\n",
        expect![[r#"
        error: expected a table, found integer
         --> lambda-with.toml:1:13
          |
        1 | functions = 7
          |             ^
    "#]],
    );
    check(
        "[dev]\nport = 70000\n",
        expect![[r#"
        error: invalid value: integer `70000`, expected a whole number up to 65535
         --> lambda-with.toml:2:8
          |
        2 | port = 70000
          |        ^^^^^
    "#]],
    );
    check(
        "[dev]\nmax_environments = 0\n",
        expect![[r#"
        error: invalid value: integer `0`, expected a whole number from 1 to 65535
         --> lambda-with.toml:2:20
          |
        2 | max_environments = 0
          |                    ^
    "#]],
    );
}

#[test]
fn functions() {
    check(
        "[functions.orders]\ntimeout = 3\n",
        expect![[r#"
        error: function `orders` has no `bin`, `command` or `arn`
         --> lambda-with.toml:1:12
          |
        1 | [functions.orders]
          |            ^^^^^^
          fix: bin = "NAME" builds and runs a Rust binary, command = ["…"] runs a program, arn = "…" names a function on AWS
    "#]],
    );
    check(
        "[functions.orders]\nbin = \"orders\"\ntimeuot = 3\n",
        expect![[r#"
            error: unknown field `timeuot`; did you mean `timeout`?
             --> lambda-with.toml:3:1
              |
            3 | timeuot = 3
              | ^^^^^^^
              fix: one of: bin, command, arn, role, timeout, memory, reserved_concurrency, recursive_loop, env, on_failure, on_success, maximum_retry_attempts, maximum_event_age, extensions, url, subnets, security_groups, account, region
        "#]],
    );
    check(
        "[functions.orders]\nbin = \"orders\"\ntimeout = \"3 s\"\n",
        expect![[r#"
        error: invalid type: string "3 s", expected a whole number
         --> lambda-with.toml:3:11
          |
        3 | timeout = "3 s"
          |           ^^^^^
    "#]],
    );
    check(
        "[functions.orders]\nbin = \"a\"\ncommand = [\"b\"]\n",
        expect![[r#"
        error: function `orders` has both `bin` and `command`
         --> lambda-with.toml:3:11
          |
        3 | command = ["b"]
          |           ^^^^^
          fix: `bin` is built by cargo and run, `command` is run as it is: keep one
    "#]],
    );
    check(
        "[functions.orders]\narn = \"arn:aws:s3:::orders\"\n",
        expect![[r#"
        error: `arn:aws:s3:::orders` is not a function's ARN: its service is not `lambda` (form: arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER])
         --> lambda-with.toml:2:7
          |
        2 | arn = "arn:aws:s3:::orders"
          |       ^^^^^^^^^^^^^^^^^^^^^
    "#]],
    );
    check(
        "[functions.\"or ders\"]\nbin = \"a\"\n",
        expect![[r#"
        error: `or ders` is not a function's name
         --> lambda-with.toml:1:12
          |
        1 | [functions."or ders"]
          |            ^^^^^^^^^
          fix: 1 to 64 letters, digits, `-` and `_`
    "#]],
    );
    check(
        "account = \"12\"\n[functions.orders]\nbin = \"a\"\n",
        expect![[r#"
        error: `arn:aws:lambda:us-east-1:12:function:orders` is not a function's ARN: its account is not twelve digits (form: arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER])
         --> lambda-with.toml:1:11
          |
        1 | account = "12"
          |           ^^^^
    "#]],
    );
}

#[test]
fn connections() {
    check(
        &with("queue = \"q\"\n"),
        expect![[r#"
            error: the connection names no `service`
             --> lambda-with.toml:4:1
              |
            4 | [[functions.orders.with]]
              | ^^^^^^^^^^^^^^^^^^^^^^^^^
              fix: service = one of: alb, alexa, api-gateway, cloudformation, cloudfront, cloudwatch-logs, codecommit, codepipeline, cognito, config, connect, dynamodb, efs, eventbridge, firehose, iot, iot-events, kafka, kinesis, lex, mq, msk, s3, s3-batch, secrets-manager, ses, sns, sqs, x-ray
        "#]],
    );
    check(
        &with("service = \"sqss\"\n"),
        expect![[r#"
            error: there is no service `sqss`; did you mean `sqs`?
             --> lambda-with.toml:5:11
              |
            5 | service = "sqss"
              |           ^^^^^^
              fix: one of: alb, alexa, api-gateway, cloudformation, cloudfront, cloudwatch-logs, codecommit, codepipeline, cognito, config, connect, dynamodb, efs, eventbridge, firehose, iot, iot-events, kafka, kinesis, lex, mq, msk, s3, s3-batch, secrets-manager, ses, sns, sqs, x-ray
        "#]],
    );
    check(
        &with("service = \"sqs\"\n"),
        expect![[r#"
            error: missing field `queue`
             --> lambda-with.toml:4:1
              |
            4 | [[functions.orders.with]]
              | ^^^^^^^^^^^^^^^^^^^^^^^^^
              fix: `lambda-with show sqs` lists the settings
        "#]],
    );
    check(
        &with("service = \"sqs\"\nqueue = \"orders\"\n"),
        expect![[r#"
        error: `orders` is not an ARN: it does not begin with `arn:` (form: arn:partition:service:region:account:resource)
         --> lambda-with.toml:6:9
          |
        6 | queue = "orders"
          |         ^^^^^^^^
    "#]],
    );
    check(
        &with("service = \"sqs\"\nbatchsize = 5\n"),
        expect![[r#"
        error: unknown field `batchsize`; did you mean `batch_size`?
         --> lambda-with.toml:6:1
          |
        6 | batchsize = 5
          | ^^^^^^^^^
          fix: one of: queue, batch_size, batching_window, report_batch_item_failures, filters, filter_key, maximum_concurrency, provisioned_pollers, enabled, event_count_metrics, tags, queue_key, visibility_timeout, max_receive_count
    "#]],
    );
    check(
        &with("service = \"api-gateway\"\n"),
        expect![[r#"
        error: a connection with api-gateway needs `api`
         --> lambda-with.toml:5:11
          |
        5 | service = "api-gateway"
          |           ^^^^^^^^^^^^^
          fix: api = one of: rest, http, websocket, authorizer
    "#]],
    );
    check(
        &with("service = \"api-gateway\"\napi = \"htpp\"\n"),
        expect![[r#"
        error: there is no api `htpp`; did you mean `http`?
         --> lambda-with.toml:6:7
          |
        6 | api = "htpp"
          |       ^^^^^^
          fix: api = one of: rest, http, websocket, authorizer
    "#]],
    );
    check(
        "[functions.orders]\nbin = \"orders\"\nwith = [{ service = \"s3\", bucket = \"ö\", prefx = \"a\" }]\n",
        expect![[r#"
            error: unknown field `prefx`; did you mean `prefix`?
             --> lambda-with.toml:3:41
              |
            3 | with = [{ service = "s3", bucket = "ö", prefx = "a" }]
              |                                         ^^^^^
              fix: one of: bucket, account, events, prefix, suffix, id, writes_to
        "#]],
    );
    check(
        "[functions.orders]\nbin = \"orders\"\nwith = \"s3\"\n",
        expect![[r#"
        error: `with` is a list of tables
         --> lambda-with.toml:3:8
          |
        3 | with = "s3"
          |        ^^^^
          fix: begin each connection with [[functions.NAME.with]]
    "#]],
    );
}

#[test]
fn files_and_names_that_are_not_there() {
    let ran = run(["check", "--config", "/no/such/file.toml"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("cannot read `/no/such/file.toml`"),
        "{}",
        ran.stderr
    );
    let ran = defined(
        "[functions.orders]\nbin = \"orders\"\n",
        ["permissions", "order"],
    );
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .contains("has no function `order`; did you mean `orders`?"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_file_without_functions_is_told_so() {
    for args in [
        &["invoke"] as &[&str],
        &["invoke", "orders"],
        &["export", "--format", "cloudformation"],
    ] {
        let ran = defined("account = \"123456789012\"\n", args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(
            ran.stderr
                .contains("`lambda-with.toml` defines no function"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn quotes_in_a_command_are_refused() {
    for command in ["\"sh -c 'sleep 1'\"", "'sh -c \"sleep 1\"'"] {
        let toml = format!("[functions.f]\ncommand = {command}\n");
        let ran = defined(&toml, ["permissions"]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains("its quotes would stay"), "{ran:?}");
        assert!(
            ran.stderr.contains(r#"command = ["sh", "-c", "sleep 1"]"#),
            "{ran:?}"
        );
    }
    let toml = "[functions.f]\ncommand = [\"sh\", \"-c\", \"echo 'a'\"]\n";
    defined(toml, ["permissions"]).ok();
}

#[test]
fn a_file_that_is_no_text_and_a_file_for_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lambda-with.toml");
    std::fs::write(&file, b"[functions.\xff]\n").unwrap();
    let ran = run_with(command().current_dir(folder.path()).arg("permissions"), "");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("fix: save the file as UTF-8"),
        "{ran:?}"
    );

    std::fs::write(&file, "acount = \"1\"\n").unwrap();
    let ran = run_with(command().arg("dev").arg(&file), "");
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("did you mean `account`?"), "{ran:?}");
}

#[test]
fn account_and_region_have_their_order() {
    let check = |toml: &str, args: &[&str], environment: &str, expected: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("lambda-with.toml"), toml).unwrap();
        let mut command = command();
        command
            .current_dir(folder.path())
            .arg("permissions")
            .args(args);
        let ran = run_with(command.env("AWS_REGION", environment), "").ok();
        assert_eq!(
            ran.json()[0]["arn"],
            format!("arn:aws{expected}:function:f"),
            "{toml}"
        );
    };
    let home = "account = \"111111111111\"\nregion = \"eu-west-1\"\n";
    let function = "[functions.f]\nbin = \"f\"\n";
    let own = "account = \"222222222222\"\nregion = \"eu-west-2\"\n";
    let both = format!("{home}{function}");
    let all = format!("{home}{function}{own}");
    check(function, &[], "", ":lambda:us-east-1:123456789012");
    check(function, &[], "sa-east-1", ":lambda:sa-east-1:123456789012");
    check(&both, &[], "sa-east-1", ":lambda:eu-west-1:111111111111");
    check(&all, &[], "sa-east-1", ":lambda:eu-west-2:222222222222");
    let flag = ["--region", "cn-north-1"];
    check(
        &all,
        &flag,
        "sa-east-1",
        "-cn:lambda:cn-north-1:222222222222",
    );
}
