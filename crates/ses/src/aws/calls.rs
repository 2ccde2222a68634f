//! The calls. Bodies are written by hand where the SDK's types would lose members of others.

use aws_sdk_ses::config::http::HttpResponse;
use aws_sdk_ses::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ses::types::ReceiptRule;
use lambda_with::{Error, ErrorKind};
use lambda_with_aws::{Exchange, failed};

use super::Rule;
use super::document::Node;

impl Rule {
    /// The rule; nothing where there is none.
    pub(super) async fn found(&self) -> Result<Option<Node>, Error> {
        let exchange = Exchange::new();
        let request = self
            .client
            .describe_receipt_rule()
            .rule_set_name(&self.ses.rule_set)
            .rule_name(&self.ses.rule);
        let sent = request.customize().interceptor(exchange.clone());
        match exchange.answered(sent.send().await) {
            Ok(answer) => Node::rule(&answer).map(Some),
            Err(error) => {
                let error = self.failed("DescribeReceiptRule", error);
                match error.context("code") {
                    Some("RuleDoesNotExist" | "RuleDoesNotExistException") => Ok(None),
                    _ => Err(error),
                }
            }
        }
    }

    /// Whether the rule set is the active one.
    pub(super) async fn is_active(&self) -> Result<bool, Error> {
        let request = self.client.describe_active_receipt_rule_set();
        match request.send().await {
            Ok(answer) => {
                let active = answer.metadata().and_then(|set| set.name());
                Ok(active == Some(self.ses.rule_set.as_str()))
            }
            Err(error) => Err(self.failed("DescribeActiveReceiptRuleSet", error)),
        }
    }

    pub(super) async fn create(&self, rule: &Node) -> Result<(), Error> {
        let mut extra = Vec::new();
        if let Some(after) = &self.ses.after {
            extra.push(("After".to_owned(), after.clone()));
        }
        let request = self
            .client
            .create_receipt_rule()
            .rule_set_name(&self.ses.rule_set)
            .rule(self.stand_in()?);
        let body = self.form("CreateReceiptRule", rule, &extra);
        let sent = request.customize().interceptor(Exchange::sending(body));
        match sent.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed("CreateReceiptRule", error)),
        }
    }

    pub(super) async fn update(&self, rule: &Node) -> Result<(), Error> {
        let request = self
            .client
            .update_receipt_rule()
            .rule_set_name(&self.ses.rule_set)
            .rule(self.stand_in()?);
        let body = self.form("UpdateReceiptRule", rule, &[]);
        let sent = request.customize().interceptor(Exchange::sending(body));
        match sent.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed("UpdateReceiptRule", error)),
        }
    }

    pub(super) async fn delete(&self) -> Result<(), Error> {
        let request = self
            .client
            .delete_receipt_rule()
            .rule_set_name(&self.ses.rule_set)
            .rule_name(&self.ses.rule);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed("DeleteReceiptRule", error)),
        }
    }

    /// What the SDK wants to see before our own body takes its place.
    fn stand_in(&self) -> Result<ReceiptRule, Error> {
        ReceiptRule::builder()
            .name(&self.ses.rule)
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Invalid, "the rule has no name").caused_by(error)
            })
    }

    fn form(&self, action: &str, rule: &Node, extra: &[(String, String)]) -> String {
        let head = [
            ("Action".to_owned(), action.to_owned()),
            ("Version".to_owned(), "2010-12-01".to_owned()),
            ("RuleSetName".to_owned(), self.ses.rule_set.clone()),
        ];
        let pairs = head.into_iter().chain(extra.iter().cloned());
        let pairs = pairs.chain(rule.to_form("Rule"));
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{}={}", encoded(&name), encoded(&value)))
            .collect();
        pairs.join("&")
    }

    fn failed<E>(&self, operation: &str, error: SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let error = failed(operation, self.thing(), error);
        let code = error.context("code").unwrap_or_default().to_owned();
        match code.trim_end_matches("Exception") {
            "RuleSetDoesNotExist" => {
                let set = &self.ses.rule_set;
                let what = format!("there is no receipt rule set {set}");
                let fix = format!("aws ses create-receipt-rule-set --rule-set-name {set}");
                Error::new(ErrorKind::NotFound, what)
                    .with("code", code)
                    .with("fix", fix)
                    .caused_by(error)
            }
            "InvalidS3Configuration" => error.with(
                "fix",
                "let ses.amazonaws.com call s3:PutObject in the bucket's policy, for this rule and account",
            ),
            "InvalidSnsTopic" => error.with("fix", "correct the topic, or let Amazon SES publish to it"),
            _ => error,
        }
    }
}

/// Percent-encoded, as forms are.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(byte.into());
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
