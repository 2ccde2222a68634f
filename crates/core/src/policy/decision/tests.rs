use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::FunctionUrlAuthType;

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";

fn s3(bucket: &str, account: &str) -> Caller {
    Caller::Service(Delivery {
        principal: "s3.amazonaws.com".into(),
        source_arn: Some(format!("arn:aws:s3:::{bucket}").parse().unwrap()),
        source_account: Some(account.into()),
        event_source_token: None,
    })
}

fn uploads() -> Statement {
    Statement::service("s3-uploads", "s3.amazonaws.com")
        .source_arn("arn:aws:s3:::uploads".parse().unwrap())
        .source_account("123456789012")
}

fn policy(statements: &[&str]) -> Policy {
    let statements: Vec<String> = statements
        .iter()
        .map(|text| text.replace("FUNCTION", FUNCTION))
        .collect();
    format!(r#"{{"Statement":[{}]}}"#, statements.join(","))
        .parse()
        .unwrap()
}

fn check(policy: &Policy, caller: &Caller, expected: &Expect) {
    let text = match may_invoke(
        policy,
        &FUNCTION.parse().unwrap(),
        caller,
        "lambda:InvokeFunction",
    ) {
        Decision::Allowed { sid, left_out } => format!("allowed by {sid:?}, without {left_out:?}"),
        Decision::Denied(denial) => {
            let fix = denial
                .fix
                .as_ref()
                .map(|fix| serde_json::to_string(fix).unwrap());
            format!(
                "{denial}\n{:?} {}\n{}",
                denial.sid,
                denial.explicit,
                fix.unwrap_or_default()
            )
        }
    };
    expected.assert_eq(&text);
}

#[test]
fn statements_of_ours_let_in_whom_they_name() {
    let function: Arn = FUNCTION.parse().unwrap();
    let policy = Policy::of_function(&function, [&uploads()]);
    check(
        &policy,
        &s3("uploads", "123456789012"),
        &expect![[r#"allowed by Some("s3-uploads"), without []"#]],
    );
    check(
        &policy,
        &s3("other", "123456789012"),
        &expect![[r#"
        s3.amazonaws.com may not invoke function:orders: statement "s3-uploads" allows it only when aws:SourceArn is like arn:aws:s3:::uploads, but it is arn:aws:s3:::other
        Some("s3-uploads") false
        {"sid":"s3-other","principal":{"service":"s3.amazonaws.com"},"action":"lambda:InvokeFunction","source_arn":"arn:aws:s3:::other","source_account":"123456789012"}"#]],
    );
    check(
        &policy,
        &s3("uploads", "999999999999"),
        &expect![[r#"
        s3.amazonaws.com may not invoke function:orders: statement "s3-uploads" allows it only when aws:SourceAccount is 123456789012, but it is 999999999999
        Some("s3-uploads") false
        {"sid":"s3-uploads-2","principal":{"service":"s3.amazonaws.com"},"action":"lambda:InvokeFunction","source_arn":"arn:aws:s3:::uploads","source_account":"999999999999"}"#]],
    );
    check(
        &policy,
        &s3("other", "999999999999"),
        &expect![[r#"
        s3.amazonaws.com may not invoke function:orders: statement "s3-uploads" allows it only when aws:SourceAccount is 123456789012, but it is 999999999999, and only when aws:SourceArn is like arn:aws:s3:::uploads, but it is arn:aws:s3:::other
        Some("s3-uploads") false
        {"sid":"s3-other","principal":{"service":"s3.amazonaws.com"},"action":"lambda:InvokeFunction","source_arn":"arn:aws:s3:::other","source_account":"999999999999"}"#]],
    );
    check(
        &Policy::default(),
        &s3("uploads", "123456789012"),
        &expect![[r#"
            s3.amazonaws.com may not invoke function:orders: no statement names s3.amazonaws.com
            None false
            {"sid":"s3-uploads","principal":{"service":"s3.amazonaws.com"},"action":"lambda:InvokeFunction","source_arn":"arn:aws:s3:::uploads","source_account":"123456789012"}"#]],
    );
    check(
        &Policy::default(),
        &Caller::Owner,
        &expect!["allowed by None, without []"],
    );
    let sns = Delivery {
        principal: "sns.amazonaws.com".into(),
        ..Delivery::default()
    };
    check(
        &policy,
        &Caller::Service(sns),
        &expect![[r#"
        sns.amazonaws.com may not invoke function:orders: no statement names sns.amazonaws.com
        None false
        {"sid":"sns","principal":{"service":"sns.amazonaws.com"},"action":"lambda:InvokeFunction"}"#]],
    );
    let bare = Delivery {
        principal: "s3.amazonaws.com".into(),
        ..Delivery::default()
    };
    check(
        &policy,
        &Caller::Service(bare),
        &expect![[r#"
        s3.amazonaws.com may not invoke function:orders: statement "s3-uploads" allows it only when aws:SourceAccount is 123456789012, but the caller presents none, and only when aws:SourceArn is like arn:aws:s3:::uploads, but the caller presents none
        Some("s3-uploads") false
        {"sid":"s3","principal":{"service":"s3.amazonaws.com"},"action":"lambda:InvokeFunction"}"#]],
    );
}

#[test]
fn every_element_counts() {
    let allow = |rest: &str| policy(&[&format!(r#"{{"Sid":"a","Effect":"Allow",{rest}}}"#)]);
    let invoke = r#""Action":"lambda:InvokeFunction","Resource":"FUNCTION""#;
    let caller = s3("uploads", "123456789012");
    check(
        &allow(&format!(r#""Principal":"*",{invoke}"#)),
        &caller,
        &expect![[r#"allowed by Some("a"), without []"#]],
    );
    check(
        &allow(&format!(r#""Principal":{{"AWS":"*"}},{invoke}"#)),
        &caller,
        &expect![[r#"allowed by Some("a"), without []"#]],
    );
    check(
        &allow(&format!(
            r#""Principal":{{"Service":["a.amazonaws.com","s3.amazonaws.com"]}},{invoke}"#
        )),
        &caller,
        &expect![[r#"allowed by Some("a"), without []"#]],
    );
    check(
        &allow(&format!(r#""Principal":{{"AWS":"123456789012"}},{invoke}"#)),
        &caller,
        &expect![[r#"
            s3.amazonaws.com may not invoke function:orders: no statement names s3.amazonaws.com
            None false
            {"sid":"s3-uploads","principal":{"service":"s3.amazonaws.com"},"action":"lambda:InvokeFunction","source_arn":"arn:aws:s3:::uploads","source_account":"123456789012"}"#]],
    );
    check(
        &allow(&format!(
            r#""NotPrincipal":{{"Service":"s3.amazonaws.com"}},{invoke}"#
        )),
        &caller,
        &expect![[r#"
            s3.amazonaws.com may not invoke function:orders: no statement names s3.amazonaws.com
            None false
            {"sid":"s3-uploads","principal":{"service":"s3.amazonaws.com"},"action":"lambda:InvokeFunction","source_arn":"arn:aws:s3:::uploads","source_account":"123456789012"}"#]],
    );
    check(
        &allow(
            r#""Principal":"*","Action":["lambda:Get*","lambda:invokefunction"],"Resource":"arn:aws:lambda:*:*:function:ord*""#,
        ),
        &caller,
        &expect![[r#"allowed by Some("a"), without []"#]],
    );
    check(
        &allow(r#""Principal":"*","Action":"lambda:Get*","Resource":"*""#),
        &caller,
        &expect![[r#"
            s3.amazonaws.com may not invoke function:orders: statement "a" allows lambda:Get*, not lambda:InvokeFunction
            Some("a") false
            {"sid":"s3-uploads","principal":{"service":"s3.amazonaws.com"},"action":"lambda:InvokeFunction","source_arn":"arn:aws:s3:::uploads","source_account":"123456789012"}"#]],
    );
    check(
        &allow(r#""Principal":"*","NotAction":"lambda:Get*","Resource":"*""#),
        &caller,
        &expect![[r#"allowed by Some("a"), without []"#]],
    );
    check(
        &allow(r#""Principal":"*","Action":"lambda:InvokeFunction","Resource":"FUNCTION:live""#),
        &caller,
        &expect![[r#"
            s3.amazonaws.com may not invoke function:orders: statement "a" is for arn:aws:lambda:eu-west-1:123456789012:function:orders:live, not for arn:aws:lambda:eu-west-1:123456789012:function:orders
            Some("a") false
            {"sid":"s3-uploads","principal":{"service":"s3.amazonaws.com"},"action":"lambda:InvokeFunction","source_arn":"arn:aws:s3:::uploads","source_account":"123456789012"}"#]],
    );
    check(
        &allow(r#""Principal":"*","Action":"lambda:InvokeFunction","NotResource":"FUNCTION:live""#),
        &caller,
        &expect![[r#"allowed by Some("a"), without []"#]],
    );
    check(
        &allow(&format!(
            r#""Principal":"*",{invoke},"Condition":{{"NumericLessThan":{{"aws:MultiFactorAuthAge":"1"}}}}"#
        )),
        &caller,
        &expect![[r#"
            s3.amazonaws.com may not invoke function:orders: statement "a" allows it only when aws:MultiFactorAuthAge satisfies NumericLessThan, an operator not known here
            Some("a") false
            {"sid":"s3-uploads","principal":{"service":"s3.amazonaws.com"},"action":"lambda:InvokeFunction","source_arn":"arn:aws:s3:::uploads","source_account":"123456789012"}"#]],
    );
    check(
        &allow(&format!(
            r#""Principal":"*",{invoke},"Condition":{{"Bool":{{"aws:PrincipalIsAWSService":"true"}},"StringEquals":{{"AWS:SOURCEACCOUNT":"123456789012","aws:ResourceAccount":"123456789012"}}}}"#
        )),
        &caller,
        &expect![[r#"allowed by Some("a"), without []"#]],
    );
}

#[test]
fn an_explicit_denial_wins() {
    let allow = r#"{"Sid":"a","Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;
    let deny = r#"{"Sid":"d","Effect":"Deny","Principal":"*","Action":"lambda:*","Resource":"*","Condition":{"StringNotEquals":{"aws:SourceAccount":"123456789012"}}}"#;
    let unknown = r#"{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}}"#;
    let own = r#"{"Sid":"f","Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}}"#;
    let user = r#"{"Sid":"u","Effect":"Deny","Principal":{"AWS":"arn:aws:iam::123456789012:user/u"},"Action":"*","Resource":"*"}"#;
    let partly = r#"{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"},"StringEquals":{"aws:SourceAccount":"1"}}}"#;
    let owner = r#"{"Sid":"o","Effect":"Deny","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"*","Resource":"*"}"#;
    let ours = s3("uploads", "123456789012");
    check(
        &policy(&[allow, deny]),
        &ours,
        &expect![[r#"allowed by Some("a"), without []"#]],
    );
    check(
        &policy(&[allow, deny]),
        &s3("uploads", "999999999999"),
        &expect![[r#"
            s3.amazonaws.com may not invoke function:orders: statement "d" denies it
            Some("d") true
        "#]],
    );
    check(
        &policy(&[allow, deny]),
        &Caller::Owner,
        &expect![[r#"
        the function's own account may not invoke function:orders: statement "d" denies it
        Some("d") true
    "#]],
    );
    check(
        &policy(&[unknown, allow]),
        &ours,
        &expect![[r#"allowed by Some("a"), without ["statement 1"]"#]],
    );
    check(
        &policy(&[owner, allow]),
        &Caller::Owner,
        &expect![[r#"
        the function's own account may not invoke function:orders: statement "o" denies it
        Some("o") true
    "#]],
    );
    check(
        &policy(&[owner, allow]),
        &ours,
        &expect![[r#"allowed by Some("a"), without []"#]],
    );
    check(
        &policy(&[user]),
        &Caller::Owner,
        &expect!["allowed by None, without []"],
    );
    check(
        &policy(&[own]),
        &Caller::Owner,
        &expect![[r#"
        the function's own account may not invoke function:orders: statement "f" denies it
        Some("f") true
    "#]],
    );
    check(
        &policy(&[partly, allow]),
        &ours,
        &expect![[r#"allowed by Some("a"), without []"#]],
    );
}

#[test]
fn the_nearest_statement_explains() {
    let [sns, get, far, near] = [
        r#"{"Sid":"sns","Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"*","Resource":"*"}"#,
        r#"{"Sid":"get","Effect":"Allow","Principal":"*","Action":"lambda:Get*","Resource":"*"}"#,
        r#"{"Sid":"far","Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:SourceAccount":"1","lambda:EventSourceToken":"t"}}}"#,
        r#"{"Sid":"near","Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:SourceAccount":"1"}}}"#,
    ];
    let nearest = |statements: &[&str]| {
        let caller = s3("uploads", "123456789012");
        let function = FUNCTION.parse().unwrap();
        match may_invoke(
            &policy(statements),
            &function,
            &caller,
            "lambda:InvokeFunction",
        ) {
            Decision::Denied(denial) => denial.sid,
            allowed @ Decision::Allowed { .. } => panic!("{allowed:?}"),
        }
    };
    assert_eq!(nearest(&[sns]), None);
    assert_eq!(nearest(&[sns, get]).unwrap(), "get");
    assert_eq!(nearest(&[get, sns]).unwrap(), "get");
    assert_eq!(nearest(&[get, far, near, sns]).unwrap(), "near");
    assert_eq!(nearest(&[near, far, get]).unwrap(), "near");
}

#[test]
fn an_alexa_skill_is_known_by_its_token() {
    let function: Arn = FUNCTION.parse().unwrap();
    let statement = Statement {
        event_source_token: Some("amzn1.ask.skill.1".into()),
        ..Statement::service("alexa", "alexa-appkit.amazon.com")
    };
    let policy = Policy::of_function(&function, [&statement]);
    let skill = |token: &str| {
        Caller::Service(Delivery {
            principal: "alexa-appkit.amazon.com".into(),
            event_source_token: Some(token.into()),
            ..Delivery::default()
        })
    };
    check(
        &policy,
        &skill("amzn1.ask.skill.1"),
        &expect![[r#"allowed by Some("alexa"), without []"#]],
    );
    check(
        &policy,
        &skill("amzn1.ask.skill.2"),
        &expect![[r#"
        alexa-appkit.amazon.com may not invoke function:orders: statement "alexa" allows it only when lambda:EventSourceToken is amzn1.ask.skill.1, but it is amzn1.ask.skill.2
        Some("alexa") false
        {"sid":"alexa-appkit","principal":{"service":"alexa-appkit.amazon.com"},"action":"lambda:InvokeFunction","event_source_token":"amzn1.ask.skill.2"}"#]],
    );
}

#[test]
fn the_fix_lets_the_caller_in() {
    let function: Arn = FUNCTION.parse().unwrap();
    let mut policy = Policy::of_function(&function, [&uploads()]);
    for caller in [
        s3("uploads", "999999999999"),
        s3("other", "1"),
        s3("üß", "2"),
    ] {
        let Decision::Denied(denial) =
            may_invoke(&policy, &function, &caller, "lambda:InvokeFunction")
        else {
            panic!("{caller:?} is let in too soon");
        };
        policy
            .add(PolicyStatement::of_function(
                &denial.fix.unwrap(),
                &function,
            ))
            .unwrap();
        assert!(may_invoke(&policy, &function, &caller, "lambda:InvokeFunction").is_allowed());
    }
}

#[test]
fn the_error_carries_the_fix() {
    let decision = may_invoke(
        &Policy::default(),
        &FUNCTION.parse().unwrap(),
        &s3("b", "1"),
        "lambda:InvokeFunctionUrl",
    );
    let error = decision.into_result().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    expect![[r#"s3.amazonaws.com may not do lambda:InvokeFunctionUrl to function:orders: no statement names s3.amazonaws.com (fix: {"Sid":"s3-b","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunctionUrl","Resource":"arn:aws:lambda:eu-west-1:123456789012:function:orders","Condition":{"StringEquals":{"AWS:SourceAccount":"1"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"}}})"#]].assert_eq(&error.to_string());
}

#[test]
fn a_url_takes_two_statements() {
    let [url, invoke] = Statement::public_url();
    let iam = Statement {
        function_url_auth_type: Some(FunctionUrlAuthType::AwsIam),
        ..url.clone()
    };
    let function: Arn = FUNCTION.parse().unwrap();
    let actions = ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"];
    for (statements, allowed) in [
        (vec![], [false, false]),
        (vec![url.clone()], [true, false]),
        (vec![invoke.clone()], [false, true]),
        (vec![iam, invoke.clone()], [false, true]),
        (vec![url.clone(), invoke.clone()], [true, true]),
    ] {
        let policy = Policy::of_function(&function, &statements);
        let caller = Caller::FunctionUrl;
        let found =
            actions.map(|action| may_invoke(&policy, &function, &caller, action).is_allowed());
        assert_eq!(found, allowed, "{statements:?}");
        // What lets in the URL's callers lets in nobody else.
        let service = s3("b", "1");
        assert!(!may_invoke(&policy, &function, &service, "lambda:InvokeFunction").is_allowed());
    }
    let policy = Policy::of_function(&function, &[invoke]);
    let denied = may_invoke(&policy, &function, &Caller::FunctionUrl, actions[0]);
    let Decision::Denied(denial) = denied else {
        panic!("no statement allows it")
    };
    assert_eq!(denial.fix, Some(url));
}

proptest! {
    #[test]
    fn a_statement_lets_in_exactly_whom_it_describes(
        wants in (0usize..2, prop::option::of(0usize..3), prop::option::of(0usize..3)),
        has in (0usize..2, prop::option::of(0usize..3), prop::option::of(0usize..3)),
    ) {
        let principal = |n: usize| ["s3.amazonaws.com", "sns.amazonaws.com"][n].to_owned();
        let arn = |n: usize| format!("arn:aws:s3:::bucket-{n}").parse::<Arn>().unwrap();
        let account = |n: usize| n.to_string().repeat(12);
        let statement = Statement {
            source_arn: wants.1.map(arn),
            source_account: wants.2.map(account),
            ..Statement::service("a", principal(wants.0))
        };
        let caller = Caller::Service(Delivery {
            principal: principal(has.0),
            source_arn: has.1.map(arn),
            source_account: has.2.map(account),
            event_source_token: None,
        });
        let fits = wants.0 == has.0
            && (wants.1.is_none() || wants.1 == has.1)
            && (wants.2.is_none() || wants.2 == has.2);
        let function: Arn = FUNCTION.parse().unwrap();
        let policy = Policy::of_function(&function, [&statement]);
        let read: Policy = policy.to_json().parse().unwrap();
        prop_assert_eq!(&read, &policy);
        let decision = may_invoke(&read, &function, &caller, "lambda:InvokeFunction");
        prop_assert_eq!(decision.is_allowed(), fits);
    }
}
