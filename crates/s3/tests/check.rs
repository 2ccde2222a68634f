//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with::Integration;
use lambda_with_s3::S3;
use lambda_with_testing::{clashes, connection, lints};

const GOOD: &str = "
    bucket = 'harbor-uploads'
    account = '123456789012'
";

const IMAGES: &str = "
    bucket = 'harbor-uploads'
    account = '123456789012'
    prefix = 'images/'
";

fn writes(output: &str) -> String {
    format!("writes_to = ['{output}']")
}

#[test]
fn every_lint_has_a_definition_it_finds() {
    let bucket = |name: &str| format!("bucket = '{name}'");
    let events = |names: &str| format!("events = [{names}]");
    let prefix = |value: &str| format!("prefix = '{value}'");
    lints::<S3>(
        GOOD,
        &[
            (String::new(), ""),
            (bucket("ab"), "LW0101! bucket"),
            (bucket("Harbor-Uploads"), "LW0101! bucket"),
            (bucket("arn:aws:s3:::harbor"), "LW0101! bucket"),
            (bucket("-harbor"), "LW0101! bucket"),
            (bucket("harbor..uploads"), "LW0101! bucket"),
            (bucket("192.168.5.4"), "LW0101! bucket"),
            (bucket("harbor.uploads-2"), ""),
            (bucket("harbor--euw1-az1--x-s3"), "LW0102! bucket"),
            ("account = '1234'".into(), "LW0103! account"),
            ("account = '210987654321'".into(), "LW0104 account"),
            (events(""), "LW0105! events"),
            (events("'ObjectCreated:*'"), "LW0106! events"),
            (events("'s3:TestEvent'"), "LW0106! events"),
            (
                events("'s3:ObjectCreated:*', 's3:ObjectCreated:Copy'"),
                "LW0107! events",
            ),
            (
                events("'s3:ObjectAcl:Put', 's3:ObjectAcl:Put'"),
                "LW0107! events",
            ),
            (events("'s3:ObjectCreated:Put'"), "LW0108 events"),
            (
                events("'s3:ObjectCreated:Put', 's3:ObjectCreated:CompleteMultipartUpload'"),
                "",
            ),
            (events("'s3:ObjectRemoved:*', 's3:ObjectRetention:Put'"), ""),
            (prefix("images/*"), "LW0109! prefix"),
            (prefix("my images/"), "LW0110 prefix"),
            (prefix("my+images/caf%C3%A9/"), ""),
            (prefix("year=2026/"), "LW0110 prefix"),
            (prefix("/images/"), "LW0111 prefix"),
            ("suffix = '*.jpg'".into(), "LW0109! suffix"),
            (writes("harbor-uploads"), "LW0112! writes_to"),
        ],
    );
    let removals = format!(
        "events = ['s3:ObjectRemoved:*']\n{}",
        writes("harbor-uploads/images/")
    );
    lints::<S3>(
        IMAGES,
        &[
            (writes("harbor-uploads"), "LW0112 writes_to"),
            (writes("harbor-uploads/images/small/"), "LW0112! writes_to"),
            (writes("s3://harbor-uploads/images/"), "LW0112! writes_to"),
            (writes("harbor-uploads/thumbnails/"), ""),
            (writes("harbor-thumbnails/images/"), ""),
            (writes("in/out/"), "LW0101! writes_to"),
            (writes("/images/"), "LW0101! writes_to"),
            (writes("arn:aws:s3:::harbor/out/"), "LW0101! writes_to"),
            (writes("s3://Harbor_Archive"), ""),
            (removals, ""),
        ],
    );
}

#[test]
fn two_connections() {
    let all = "prefix = 'none'";
    let to_small = writes("harbor-uploads/small/");
    let back = format!("prefix = 'small/'\n{}", writes("harbor-uploads/images/"));
    clashes::<S3>(
        IMAGES,
        &[
            ("", "", "LW0113! prefix", ""),
            ("", all, "LW0113! prefix", ""),
            ("", "prefix = 'images/raw/'", "LW0113! prefix", ""),
            (
                "prefix = 'my+images/'",
                "prefix = 'my%20images/'",
                "LW0113! prefix",
                "",
            ),
            ("", "prefix = 'videos/'", "", ""),
            ("suffix = '.jpg'", "suffix = '.png'", "", ""),
            (
                "suffix = '.jpg'",
                "suffix = 'big.jpg'",
                "LW0113! prefix",
                "",
            ),
            (
                "suffix = '.jpg'",
                "prefix = 'none'\nsuffix = '.png'",
                "",
                "",
            ),
            ("", "prefix = 'none'\nsuffix = '.png'", "LW0113! prefix", ""),
            ("", "bucket = 'other'", "", ""),
            ("", "events = ['s3:ObjectRemoved:*']", "", ""),
            (
                "",
                "events = ['s3:ObjectAcl:Put', 's3:ObjectCreated:Copy']",
                "LW0113! prefix",
                "",
            ),
            ("id = 'a'", "id = 'a'\nprefix = 'videos/'", "LW0114! id", ""),
            (&to_small, &back, "LW0115 writes_to", ""),
            (&to_small, "prefix = 'small/'", "", ""),
        ],
    );
}

#[test]
fn the_findings_name_the_fix() {
    let (s3, function) = connection::<S3>(GOOD, "events = ['objectcreated:put']");
    assert_eq!(s3.check(&function)[0].fix, "write s3:ObjectCreated:Put");
}
