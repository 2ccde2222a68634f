//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with_s3_batch::S3Batch;
use lambda_with_testing::{clashes, lints};

const GOOD: &str = "
    job = 'thumbnails'
    manifest = 'harbor-manifests/thumbnails/'
";

#[test]
fn every_lint_has_a_definition_it_finds() {
    let arguments = |pairs: &[(&str, &str)]| {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(k, v)| format!("'{k}' = '{v}'"))
            .collect();
        format!(
            "schema = '2.0'\nuser_arguments = {{ {} }}",
            pairs.join(", ")
        )
    };
    let ten = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].map(|name| (name, "1"));
    let eleven = [&ten[..], &[("k", "1")]].concat();
    let long = "n".repeat(65);
    lints::<S3Batch>(
        GOOD,
        &[
            (String::new(), ""),
            ("job = ''".into(), "LW0601! job"),
            ("job = 'thumb nails'".into(), "LW0601! job"),
            (format!("job = '{}'", "j".repeat(41)), "LW0601! job"),
            (
                "user_arguments = { width = '640' }".into(),
                "LW0602! user_arguments",
            ),
            (arguments(&ten), ""),
            (arguments(&eleven), "LW0603! user_arguments"),
            (arguments(&[(&long[..64], &"v".repeat(1024))]), ""),
            (arguments(&[(&long, "")]), "LW0604! user_arguments"),
            (arguments(&[("", "")]), "LW0604! user_arguments"),
            (
                arguments(&[("a", &"v".repeat(1025))]),
                "LW0605! user_arguments",
            ),
            ("manifest = 'harbor-manifests'".into(), ""),
            ("manifest = 'harbor-manifests/a.csv'".into(), ""),
            ("manifest = '*'".into(), "LW0606! manifest"),
            (
                "manifest = 's3://harbor-manifests'".into(),
                "LW0606! manifest",
            ),
            ("manifest = 'harbor-manifests/*'".into(), "LW0606! manifest"),
            (
                "report = 'arn:aws:s3:::harbor-reports'".into(),
                "LW0606! report",
            ),
            ("role = 'arn:aws:iam::123456789012:role/batch'".into(), ""),
            (
                "role = 'arn:aws:iam::123456789012:user/me'".into(),
                "LW0607! role",
            ),
        ],
    );
}

#[test]
fn two_connections() {
    clashes::<S3Batch>(
        GOOD,
        &[
            ("", "schema = '2.0'", "", "LW0608! job"),
            ("", "job = 'archive'", "", ""),
        ],
    );
}
