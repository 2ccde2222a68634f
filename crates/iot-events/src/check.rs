//! What can be wrong with a connection, judged from its definition.

use lambda_with::{Finding, Resource};
use serde_json::Value;

use crate::{ENDED, IotEvents};

const END_PAGE: &str =
    "https://docs.aws.amazon.com/iotevents/latest/developerguide/iotevents-end-of-support.html";
const MODEL_PAGE: &str = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-iotevents-detectormodel.html";

pub(crate) fn check(connection: &IotEvents) -> Vec<Finding> {
    let mut findings = vec![
        Finding::warning("LW2101", "service", ENDED)
            .why("the service answers no more: templates with its resources fail, and connect refuses")
            .fix("use a rule of AWS IoT Core, with EventBridge or Step Functions for states and timers")
            .page(END_PAGE),
    ];
    let name = &connection.detector_model;
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if !(1..=128).contains(&name.len()) || !name.chars().all(fits) {
        let what = format!("`{name}` cannot be a detector model's name");
        findings.push(
            Finding::error("LW2102", "detector_model", what)
                .why("CloudFormation refuses it")
                .fix("use 1 to 128 letters, digits, `_` and `-`")
                .page(MODEL_PAGE),
        );
    }
    let role = connection.role.as_ref();
    findings.extend(role.filter(|role| role.service() != "iam").map(|role| {
        Finding::error("LW2103", "role", format!("`{role}` is not a role"))
            .why("the detector model invokes with its role")
            .fix("write arn:aws:iam::ACCOUNT:role/NAME, or leave it out")
            .page(MODEL_PAGE)
    }));
    let definition = connection.definition.as_ref();
    findings.extend(definition.filter(|it| !names_function(it)).map(|_| {
        Finding::error(
            "LW2104",
            "definition",
            "nothing in the definition runs the function",
        )
        .why("an action runs it where its FunctionArn is ${Function}")
        .fix("write { Lambda = { FunctionArn = \"${Function}\" } } as an action")
        .page(MODEL_PAGE)
    }));
    findings
}

fn names_function(value: &Value) -> bool {
    match value {
        Value::String(text) => text == Resource::FUNCTION,
        Value::Array(items) => items.iter().any(names_function),
        Value::Object(members) => members.values().any(names_function),
        _ => false,
    }
}
