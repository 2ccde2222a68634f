//! What follows from a connection, and what is wrong with it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::Integration;
use lambda_with_iot_events::IotEvents;
use lambda_with_testing::{definitions, function};

const MODEL: &str = "detector_model = 'crane-load'";
const WHOLE: &str = r#"
detector_model = 'crane-load'
[definition]
InitialStateName = 'on'
[[definition.States]]
StateName = 'on'
[[definition.States.OnInput.Events]]
EventName = 'overloaded'
Condition = '$input.loads.tonnes > 20'
Actions = [{ Lambda = { FunctionArn = '${Function}' } }]
"#;

fn read(toml: &str) -> IotEvents {
    toml::from_str(toml).unwrap()
}

#[test]
fn permissions() {
    let granted = read(MODEL).permissions(&function("cranes"));
    expect![[r#"
        [
          {
            "kind": "caller-role",
            "trusts": "iotevents.amazonaws.com",
            "source_account": "123456789012",
            "allows": [
              {
                "actions": [
                  "lambda:InvokeFunction"
                ],
                "resources": [
                  "arn:aws:lambda:eu-west-1:123456789012:function:cranes"
                ],
                "reason": "the detector model invokes the function with its role"
              }
            ]
          },
          {
            "kind": "resource-based",
            "sid": "iot-events-crane-load",
            "principal": {
              "service": "iotevents.amazonaws.com"
            },
            "action": "lambda:InvokeFunction",
            "source_account": "123456789012"
          }
        ]"#]]
    .assert_eq(&serde_json::to_string_pretty(&granted).unwrap());
}

#[test]
fn names() {
    let long = format!("detector_model = '{}'", "m".repeat(128));
    let all = [MODEL, "detector_model = 'crane_load'", &long].map(|toml| read(toml).name());
    assert!(all.iter().all(|name| name.len() <= 80));
    expect![[r#"
        iot-events-crane-load
        iot-events-crane-load-aaefd35b
        iot-events-mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm-61cc6845"#]]
    .assert_eq(&all.join("\n"));
}

#[test]
fn resources() {
    assert!(read(MODEL).resources(&function("cranes")).is_empty());
    let model = read(WHOLE).resources(&function("cranes"));
    expect![[r#"
        [
          {
            "id": "IotEventsCraneLoad",
            "Type": "AWS::IoTEvents::DetectorModel",
            "properties": {
              "DetectorModelDefinition": {
                "InitialStateName": "on",
                "States": [
                  {
                    "OnInput": {
                      "Events": [
                        {
                          "Actions": [
                            {
                              "Lambda": {
                                "FunctionArn": "${Function}"
                              }
                            }
                          ],
                          "Condition": "$input.loads.tonnes > 20",
                          "EventName": "overloaded"
                        }
                      ]
                    },
                    "StateName": "on"
                  }
                ]
              },
              "DetectorModelName": "crane-load",
              "RoleArn": "${IotEventsCraneLoadRole.Arn}"
            },
            "depends_on": []
          }
        ]"#]]
    .assert_eq(&serde_json::to_string_pretty(&model).unwrap());
    let role = "arn:aws:iam::123456789012:role/cranes";
    let with_role = read(&format!("role = '{role}'\n{WHOLE}"));
    assert_eq!(
        with_role.resources(&function("cranes"))[0].properties["RoleArn"],
        role
    );
}

#[test]
fn a_definition_is_read_and_written_back() {
    definitions::<IotEvents>(&[MODEL, WHOLE], &[("model = 'x'", "unknown field `model`")]);
}
