use super::*;

#[test]
fn documents_come_back_as_they_were() {
    for text in [
        r#"{"Version":"2012-10-17","Id":"default","Statement":[]}"#,
        r#"{"Version":"2008-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}"#,
        r#"{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"s3-uploads","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:eu-west-1:123456789012:function:resize","Condition":{"StringEquals":{"AWS:SourceAccount":"123456789012"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::uploads-example"}}}]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"Service":["a.amazonaws.com","b.amazonaws.com"],"AWS":"123456789012"},"Action":["lambda:InvokeFunction"],"Resource":["arn:aws:lambda:*:*:function:f"],"Condition":{"Bool":{"aws:SecureTransport":true},"NumericLessThan":{"k":[1,2]}}}]}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":"*"},"NotAction":"lambda:Get*","NotResource":"*","Later":{"x":[1]}}],"Later":null}"#,
    ] {
        assert_eq!(text.parse::<Policy>().unwrap().to_json(), text);
    }
}

#[test]
fn a_lone_statement_becomes_a_list() {
    let policy: Policy = r#"{"Version":"2012-10-17","Statement":{"Sid":"a","Effect":"Allow"}}"#
        .parse()
        .unwrap();
    assert!(policy.find("a").is_some());
    assert!(policy.find("b").is_none());
}

#[test]
fn what_is_no_policy_is_refused() {
    for text in [
        "",
        "[]",
        r#"{"Statement":[{"Effect":"Perhaps"}]}"#,
        r#"{"Statement":[{"Sid":"no effect"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Principal":"123456789012"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":{}}]}"#,
    ] {
        assert_eq!(
            text.parse::<Policy>().unwrap_err().kind(),
            ErrorKind::Decode,
            "{text}"
        );
    }
}
