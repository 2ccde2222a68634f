//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with_cognito::Cognito;
use lambda_with_testing::{clashes, lints};

const GOOD: &str = "
    kind = 'user-pool'
    triggers = ['pre-sign-up']
";

fn sync(settings: &str) -> String {
    format!("kind = 'identity-pool'\ntriggers = 'none'\n{settings}")
}

const KEY: &str = "kms_key = 'arn:aws:kms:eu-west-1:123456789012:key/5e0c'";

#[test]
fn every_lint_has_a_definition_it_finds() {
    let pool = |id: &str| format!("user_pool_id = '{id}'");
    let name = |name: &str| format!("name = '{name}'");
    let triggers = |names: &str| format!("triggers = [{names}]");
    let sender = |key: &str| format!("triggers = ['custom-sms-sender']\n{key}");
    let uuid = "3e1f7a90-51c2-4b7e-8d0a-6f2b9c4d1e58";
    lints::<Cognito>(
        GOOD,
        &[
            (String::new(), ""),
            (pool("eu-west-1_Hb7Qk2LmN"), ""),
            (pool("Hb7Qk2LmN"), "LW1001! user_pool_id"),
            (pool("eu-west-1_*"), "LW1001! user_pool_id"),
            (pool("eu-west-1_"), "LW1001! user_pool_id"),
            (
                pool("arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Hb"),
                "LW1001! user_pool_id",
            ),
            (pool("us-east-1_Hb7Qk2LmN"), "LW1002! user_pool_id"),
            (
                sync(&format!("identity_pool_id = 'us-east-1:{uuid}'")),
                "LW1002! identity_pool_id",
            ),
            (name(""), "LW1003! name"),
            (name("harbor/users"), "LW1003! name"),
            (name("Harbor users"), ""),
            ("account = '1234'".into(), "LW1004! account"),
            ("account = '210987654321'".into(), "LW1005 account"),
            ("account = '123456789012'".into(), ""),
            (triggers(""), "LW1006! triggers"),
            (triggers("'pre-sign-up', 'pre-sign-up'"), "LW1007! triggers"),
            (
                triggers("'pre-token-generation', 'pre-token-generation-v3'"),
                "LW1007! triggers",
            ),
            (triggers("'pre-sign-up', 'post-confirmation'"), ""),
            (sender(""), "LW1008! kms_key"),
            (sender(KEY), ""),
            (KEY.into(), "LW1009 kms_key"),
            (
                sender("kms_key = 'arn:aws:kms:eu-west-1:123456789012:alias/users'"),
                "LW1010! kms_key",
            ),
            (
                sender("kms_key = 'arn:aws:kms:us-east-1:123456789012:key/5e0c'"),
                "LW1010! kms_key",
            ),
            (
                sender("kms_key = 'arn:aws:kms:eu-west-1:123456789012:key/*'"),
                "LW1010! kms_key",
            ),
            (
                "plan = 'lite'\ntriggers = ['pre-token-generation-v2']".into(),
                "LW1011! plan",
            ),
            (
                "plan = 'lite'\ntriggers = ['pre-token-generation']".into(),
                "",
            ),
            (
                "plan = 'plus'\ntriggers = ['pre-token-generation-v3']".into(),
                "",
            ),
            ("function_timeout = 6".into(), "LW1014 timeout"),
            ("function_timeout = 5".into(), ""),
            (sender(&format!("{KEY}\nfunction_timeout = 60")), ""),
            (sync("function_timeout = 6"), "LW1014 timeout"),
            ("function_name = 'users:7'".into(), "LW1015 triggers"),
            ("function_name = 'users:live'".into(), ""),
            (sync(""), ""),
            (sync(&format!("identity_pool_id = 'eu-west-1:{uuid}'")), ""),
            (
                sync(&format!("identity_pool_id = '{uuid}'")),
                "LW1020! identity_pool_id",
            ),
            (
                sync("identity_pool_id = 'eu-west-1:*'"),
                "LW1020! identity_pool_id",
            ),
            (sync("name = 'harbor/users'"), "LW1021! name"),
        ],
    );
}

#[test]
fn two_connections() {
    let sender = |key: &str| {
        format!(
            "triggers = ['custom-sms-sender']\nkms_key = 'arn:aws:kms:eu-west-1:123456789012:key/{key}'"
        )
    };
    let mailer = |key: &str| sender(key).replace("sms", "email");
    clashes::<Cognito>(
        GOOD,
        &[
            (String::new(), "name = 'other'".into(), "", ""),
            (
                String::new(),
                "triggers = ['post-confirmation']".into(),
                "",
                "",
            ),
            (String::new(), String::new(), "LW1012! triggers", ""),
            (
                "triggers = ['pre-token-generation-v2']".into(),
                "triggers = ['pre-token-generation']".into(),
                "LW1012! triggers",
                "",
            ),
            (sender("a"), mailer("a"), "", ""),
            (sender("a"), mailer("b"), "LW1013! kms_key", ""),
            (
                "plan = 'plus'".into(),
                "plan = 'lite'\ntriggers = ['custom-message']".into(),
                "LW1013! kms_key",
                "",
            ),
            (sync(""), sync(""), "LW1022! identity_pool_id", ""),
            (sync(""), sync("name = 'other'"), "", ""),
            (sync(""), String::new(), "", ""),
        ],
    );
}
