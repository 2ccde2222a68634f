//! What follows from a trigger: its permission, its infrastructure, its name.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::policy::Policy;
use lambda_with::{Integration, Permission, Statement};
use lambda_with_codecommit::CodeCommit;
use lambda_with_testing::{definitions, function};

const MAIN: &str = r#"
    repository = "arn:aws:codecommit:eu-west-1:123456789012:ferry-timetable"
    branches = ["main"]
    events = ["updateReference", "createReference"]
    custom_data = "harbor team"
"#;

fn main_branch() -> CodeCommit {
    toml::from_str(MAIN).unwrap()
}

#[test]
fn the_permission_names_the_repository_and_its_account() {
    let only = |permission| match permission {
        Permission::ResourceBased(statement) => statement,
        other => panic!("{other:?}"),
    };
    let function = function("lint");
    let statements = main_branch().permissions(&function).into_iter().map(only);
    let statements: Vec<Statement> = statements.collect();
    let policy = Policy::of_function(&function.arn, &statements);
    expect![[r#"
        {
          "Version": "2012-10-17",
          "Id": "default",
          "Statement": [
            {
              "Sid": "codecommit-ferry-timetable-1de8218e",
              "Effect": "Allow",
              "Principal": {
                "Service": "codecommit.amazonaws.com"
              },
              "Action": "lambda:InvokeFunction",
              "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:lint",
              "Condition": {
                "StringEquals": {
                  "AWS:SourceAccount": "123456789012"
                },
                "ArnLike": {
                  "AWS:SourceArn": "arn:aws:codecommit:eu-west-1:123456789012:ferry-timetable"
                }
              }
            }
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&policy).unwrap());
}

#[test]
fn the_repository_holds_its_triggers() {
    let resources = main_branch().resources(&function("lint"));
    expect![[r#"
        [
          {
            "id": "FerryTimetableRepository",
            "Type": "AWS::CodeCommit::Repository",
            "properties": {
              "RepositoryName": "ferry-timetable",
              "Triggers": [
                {
                  "Branches": [
                    "main"
                  ],
                  "CustomData": "harbor team",
                  "DestinationArn": "${Function}",
                  "Events": [
                    "updateReference",
                    "createReference"
                  ],
                  "Name": "lint-1de8218e"
                }
              ]
            },
            "depends_on": [
              "CodecommitFerryTimetable1de8218ePermission"
            ]
          }
        ]"#]]
    .assert_eq(&serde_json::to_string_pretty(&resources).unwrap());
    let elsewhere = "arn:aws:codecommit:eu-west-1:210987654321:tides";
    let elsewhere = CodeCommit::new(elsewhere.parse().unwrap());
    assert_eq!(elsewhere.resources(&function("lint")), []);
    assert_eq!(elsewhere.permissions(&function("lint")).len(), 1);
}

#[test]
fn a_name_that_would_admit_other_repositories_grants_nothing() {
    for arn in ["*", "tide?", "a/b", "a:b"] {
        let arn = format!("arn:aws:codecommit:eu-west-1:123456789012:{arn}");
        let all = CodeCommit::new(arn.parse().unwrap());
        assert_eq!(all.permissions(&function("lint")), [], "{arn}");
    }
}

#[test]
fn names() {
    let plain = CodeCommit {
        branches: Vec::new(),
        ..main_branch()
    };
    let triggers = [
        main_branch(),
        plain.clone(),
        CodeCommit {
            branches: vec!["updateReference".into()],
            events: vec!["createReference".into()],
            ..plain.clone()
        },
        CodeCommit {
            custom_data: None,
            ..plain.clone()
        },
        CodeCommit {
            trigger_name: Some("on-push".into()),
            ..plain
        },
        CodeCommit::new(
            "arn:aws:codecommit:eu-west-1:123456789012:ferry.timetable"
                .parse()
                .unwrap(),
        ),
    ];
    let names: Vec<String> = triggers.iter().map(Integration::name).collect();
    expect![[r#"
        codecommit-ferry-timetable-1de8218e
        codecommit-ferry-timetable-36c36ed3
        codecommit-ferry-timetable-6ac4fdc3
        codecommit-ferry-timetable-55f10d66
        codecommit-ferry-timetable-cec8dad1
        codecommit-ferry-timetable-30638c9b"#]]
    .assert_eq(&names.join("\n"));
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
    let named = CodeCommit {
        trigger_name: Some("on-push".into()),
        ..main_branch()
    };
    assert_eq!(named.name(), names[4], "a name outlives other changes");
}

#[test]
fn a_definition_is_read_and_written_back() {
    definitions::<CodeCommit>(
        &[MAIN],
        &[
            ("branches = ['main']", "missing field `repository`"),
            ("repository = 'ferry-timetable'", "not an ARN"),
            (
                "repository = 'arn:aws:codecommit:r:a:n'\nbranch = 'main'",
                "unknown field `branch`",
            ),
        ],
    );
}
