//! The generator's output as a whole: every rule of the dialect, and users' schemas.

use std::path::Path;

use expect_test::expect_file;

use super::services::{Facts, Mode};
use super::*;

const GOLDEN: &str = "xtask/tests/golden";

#[test]
fn every_rule_of_the_dialect() {
    let root = crate::process::root();
    let folder = format!("{GOLDEN}/widgets");
    let text = fs::read_to_string(root.join(&folder).join("schema.json")).unwrap();
    let at = At::file(format!("{folder}/schema.json"));
    let (mut model, problems) = schema::read(&Node::parse(&text).unwrap(), &at);
    assert_eq!(problems.to_string(), "");
    let problems = samples::read(&mut model, &root, &folder).unwrap();
    assert_eq!(problems.to_string(), "");
    let facts = Facts {
        id: "widgets".to_owned(),
        name: "Amazon Widgets".to_owned(),
        mode: Mode::Synchronous,
        principal: Some("widgets.amazonaws.com".to_owned()),
        guide: "https://docs.aws.amazon.com/lambda/latest/dg/widgets.html".to_owned(),
        features: Vec::new(),
        sources: 0,
    };
    let code = emit::service(&model, &facts, &root).unwrap();
    expect_file![root.join(&folder).join("generated.rs")].assert_eq(&code);
}

#[test]
fn a_service_without_events() {
    let root = crate::process::root();
    let facts = Facts {
        id: "still".to_owned(),
        name: "AWS Still".to_owned(),
        mode: Mode::Special,
        principal: None,
        guide: "https://docs.aws.amazon.com/still.html".to_owned(),
        features: Vec::new(),
        sources: 0,
    };
    let code = emit::service(&Model::default(), &facts, &root).unwrap();
    expect_file![root.join(GOLDEN).join("still.rs")].assert_eq(&code);
}

#[test]
fn schemas_of_users() {
    let root = crate::process::root();
    let check = |schema: &Path, golden: &str, name: Option<&str>| {
        let output = foreign_types(&root.join(schema), Path::new(golden), name, &root).unwrap();
        expect_file![root.join(GOLDEN).join(golden)].assert_eq(&output.text);
    };
    check(
        Path::new("examples/order-placed.schema.json"),
        "order_placed.rs",
        None,
    );
    check(
        &Path::new(GOLDEN).join("parcel.schema.json"),
        "parcel.rs",
        Some("ParcelEvent"),
    );
}
