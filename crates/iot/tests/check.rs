//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with_iot::{Authorizer, Provisioning, Rule};
use lambda_with_testing::{clashes, function, lints};

const RULE: &str = "rule = 'crane_load'\nsql = \"SELECT * FROM 'harbor/+/load'\"";
const HOOK: &str = "template = 'harbor-cranes'";

fn sql(sql: &str) -> String {
    format!("sql = \"\"\"{sql}\"\"\"")
}

fn from(filter: &str) -> String {
    sql(&format!("SELECT * FROM '{filter}'"))
}

#[test]
fn rules() {
    let old = "sql_version = '2015-10-08'\n";
    let action = |action: &str| format!("error_action = {action}");
    let arn = function("orders").arn;
    lints::<Rule>(
        RULE,
        &[
            (String::new(), ""),
            ("rule = 'crane-load'".into(), "LW2001! rule"),
            ("rule = ''".into(), "LW2001! rule"),
            (format!("rule = '{}'", "r".repeat(129)), "LW2001! rule"),
            (format!("rule = '{}'", "r".repeat(128)), ""),
            (sql(""), "LW2002! sql"),
            (sql("SELECT * FROM harbor/load"), "LW2002! sql"),
            (sql("SELECT 'a FROM b"), "LW2002! sql"),
            (from(""), "LW2003! sql"),
            (from("harbor/#/load"), "LW2003! sql"),
            (from("harbor/crane+/load"), "LW2003! sql"),
            (from("harbor/crane#"), "LW2003! sql"),
            (from("harbor/+/#"), ""),
            (from("+/load"), ""),
            (from("a/b/c/d/e/f/g/h"), ""),
            (from("a/b/c/d/e/f/g/h/i"), "LW2004! sql"),
            (from(&"x".repeat(256)), ""),
            (from(&"x".repeat(257)), "LW2004! sql"),
            (from("$aws/rules/crane_load/harbor"), "LW2005! sql"),
            (from("$aws/events/presence/#"), ""),
            (old.into(), "LW2006 sql_version"),
            ("sql_version = 'beta'".into(), "LW2006 sql_version"),
            ("sql_version = '2016-03-24'".into(), "LW2006! sql_version"),
            (
                old.to_owned() + &sql("SELECT VALUE arr FROM 'x'"),
                "LW2007! sql, LW2006 sql_version",
            ),
            (
                old.to_owned() + &sql("SELECT encode(*, 'base64') AS data FROM 'x'"),
                "LW2007! sql, LW2006 sql_version",
            ),
            (sql("SELECT VALUE encode(*, 'base64') FROM 'x'"), ""),
            (from("#"), "LW2008 sql"),
            (from("+/#"), "LW2008 sql"),
            ("account = '1234'".into(), "LW2009! account"),
            ("account = '210987654321'".into(), "LW2010 account"),
            ("account = '123456789012'".into(), ""),
            (action("{ sqs = { queueUrl = 'u' } }"), ""),
            (action("{ sqs = {}, sns = {} }"), "LW2011! error_action"),
            (action("'sqs'"), "LW2011! error_action"),
            (action("{ sqs = 'u' }"), "LW2011! error_action"),
            (
                action("{ Sqs = { QueueUrl = 'u' } }"),
                "LW2011! error_action",
            ),
            (
                format!("on = 'error'\n{}", action("{ sqs = {} }")),
                "LW2011! error_action",
            ),
            (
                action(&format!("{{ lambda = {{ functionArn = '{arn}:live' }} }}")),
                "LW2011 error_action",
            ),
            (
                action(&format!(
                    "{{ lambda = {{ functionArn = '{arn}-failed' }} }}"
                )),
                "",
            ),
            ("sql = 'none'".into(), ""),
            (
                "sql = 'none'\ndescription = 'x'".into(),
                "LW2012! description",
            ),
            ("sql = 'none'\ndisabled = true".into(), "LW2012! disabled"),
            (
                "sql = 'none'\nerror_action = { sqs = {} }".into(),
                "LW2012! error_action",
            ),
            (
                "sql = 'none'\nsql_version = 'beta'".into(),
                "LW2012! sql_version, LW2006 sql_version",
            ),
            (sql("SELECT *"), "LW2024 sql"),
        ],
    );
}

#[test]
fn authorizers_and_hooks() {
    const PEM: &str = "-----BEGIN PUBLIC KEY-----\\nMIIB\\n-----END PUBLIC KEY-----\\n";
    let key = |key: &str| format!("token_signing_public_keys = {{ a = \"{key}\" }}");
    let good = format!("name = 'harbor'\ntoken_key_name = 'token'\n{}", key(PEM));
    lints::<Authorizer>(&good, &[
        (String::new(), ""),
        ("name = 'har bor'".into(), "LW2013! name"),
        ("name = 'a=b,c@d-e_f'".into(), ""),
        (
            "token_key_name = 'none'".into(),
            "LW2014! token_key_name",
        ),
        (
            "token_signing_public_keys = 'none'".into(),
            "LW2014! token_signing_public_keys",
        ),
        ("token_key_name = 'a b'".into(), "LW2014! token_key_name"),
        (
            "signing_disabled = true".into(),
            "LW2015 signing_disabled",
        ),
        (
            "signing_disabled = true\ntoken_key_name = 'none'\ntoken_signing_public_keys = 'none'"
                .into(),
            "LW2015 signing_disabled",
        ),
        (key("MIIB"), "LW2016! token_signing_public_keys"),
        (
            key("-----BEGIN PRIVATE KEY-----"),
            "LW2016! token_signing_public_keys",
        ),
        (
            key(&PEM.replace("MIIB", &"M".repeat(5_200))),
            "LW2016! token_signing_public_keys",
        ),
        (
            format!("token_signing_public_keys = {{ 'a b' = \"{PEM}\" }}"),
            "LW2016! token_signing_public_keys",
        ),
        ("function_timeout = 5".into(), ""),
        ("function_timeout = 6".into(), "LW2017 timeout"),
    ]);
    let role = "role = 'arn:aws:iam::123456789012:role/enrol'\n";
    lints::<Provisioning>(
        HOOK,
        &[
            (String::new(), ""),
            ("template = 'harbor cranes'".into(), "LW2018! template"),
            (
                format!("template = '{}'", "t".repeat(37)),
                "LW2018! template",
            ),
            (
                "payload_version = '2021-01-01'".into(),
                "LW2019 payload_version",
            ),
            ("body = '{}'".into(), "LW2020! body"),
            (role.into(), "LW2020! body"),
            (format!("{role}body = '[]'"), "LW2020! body"),
            (format!("{role}body = '{{'"), "LW2020! body"),
            (
                format!("{role}body = '{{}}{}'", " ".repeat(10_239)),
                "LW2020! body",
            ),
            (format!("{role}body = '{{}}{}'", " ".repeat(10_238)), ""),
            ("function_timeout = 30".into(), "LW2017 timeout"),
        ],
    );
}

#[test]
fn two_connections() {
    let queue = "error_action = { sqs = { queueUrl = 'u' } }";
    clashes::<Rule>(
        RULE,
        &[
            ("", "rule = 'other'", "", ""),
            ("", "account = '210987654321'", "", ""),
            ("", "", "", "LW2023! rule"),
            ("", "sql = 'none'", "", "LW2023! rule"),
            (
                "",
                "sql = \"SELECT a FROM 'x'\"",
                "LW2021! sql",
                "LW2023! rule",
            ),
            (
                "",
                "sql_version = 'beta'",
                "LW2021! sql_version",
                "LW2023! rule",
            ),
            ("", "disabled = true", "", "LW2023! rule"),
            (
                "disabled = false",
                "disabled = true",
                "LW2021! disabled",
                "LW2023! rule",
            ),
            ("", "on = 'error'", "", ""),
            ("", "on = 'error'\nsql = 'none'", "", ""),
            ("on = 'error'", "on = 'error'", "LW2025! on", ""),
            (queue, "on = 'error'", "LW2025! on", ""),
            (queue, queue, "", "LW2023! rule"),
        ],
    );
    clashes::<Authorizer>(
        "name = 'harbor'\nsigning_disabled = true",
        &[("", "name = 'pier'", "", ""), ("", "", "LW2022! name", "")],
    );
    clashes::<Provisioning>(
        HOOK,
        &[
            ("", "template = 'ships'", "", ""),
            ("", "", "LW2022! template", ""),
        ],
    );
}
