//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with_iot_events::IotEvents;
use lambda_with_testing::lints;

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

#[test]
fn every_lint_has_a_definition_it_finds() {
    let role = "role = 'arn:aws:sqs:eu-west-1:123456789012:cranes'";
    lints::<IotEvents>(
        MODEL,
        &[
            ("", "LW2101 service"),
            (
                "detector_model = ''",
                "LW2101 service, LW2102! detector_model",
            ),
            (
                "detector_model = 'a b'",
                "LW2101 service, LW2102! detector_model",
            ),
            (role, "LW2101 service, LW2103! role"),
        ],
    );
    let other = WHOLE.replace("${Function}", "arn:f");
    lints::<IotEvents>(
        "",
        &[
            (WHOLE, "LW2101 service"),
            (&other, "LW2101 service, LW2104! definition"),
        ],
    );
}
