//! AWS Config's own calls, by the AWS SDK.

use std::collections::HashMap;

use aws_sdk_config::Client;
use aws_sdk_config::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_config::primitives::DateTime;
use aws_sdk_config::types::{ComplianceType, Evaluation as Sent, ResourceType};
use lambda_with::{Error, ErrorKind, Json, Timestamp};
use serde_json::{Value, json};

use crate::{
    Compliance, ConfigurationItem, ConfigurationItemSummary, Evaluation, Evaluations,
    PutEvaluations,
};

impl PutEvaluations for Client {
    async fn put(&self, evaluations: Evaluations<'_>) -> Result<Vec<Evaluation>, Error> {
        let sent: Result<Vec<Sent>, Error> = evaluations.evaluations.iter().map(sent).collect();
        let request = self
            .put_evaluations()
            .result_token(evaluations.result_token.as_str())
            .set_evaluations(Some(sent?))
            .test_mode(evaluations.test_mode);
        let answer = request.send().await;
        let answer = answer.map_err(|error| failed("PutEvaluations", &error))?;
        let refused = answer.failed_evaluations.unwrap_or_default();
        let same = |one: &Evaluation, other: &Sent| {
            one.resource_type == other.compliance_resource_type
                && one.resource_id == other.compliance_resource_id
        };
        let ours = evaluations.evaluations.iter();
        let left = ours.filter(|one| refused.iter().any(|other| same(one, other)));
        Ok(left.cloned().collect())
    }
}

impl ConfigurationItem {
    /// The item that a summary stands for, as an event would hold it.
    ///
    /// AWS Config gives items in another form than events have: members have other names, and the
    /// configuration is text. The form given is that of events.
    ///
    /// # Errors
    ///
    /// `NotFound` when AWS Config has none; otherwise when the call does not go through.
    pub async fn fetch(client: &Client, summary: &ConfigurationItemSummary) -> Result<Self, Error> {
        let time = summary.configuration_item_capture_time.timestamp()?;
        let request = client
            .get_resource_config_history()
            .resource_type(ResourceType::from(summary.resource_type.as_str()))
            .resource_id(summary.resource_id.as_str())
            .later_time(date(time))
            .limit(1);
        let answer = request.send().await;
        let answer = answer.map_err(|error| failed("GetResourceConfigHistory", &error))?;
        let items = answer.configuration_items.unwrap_or_default();
        let Some(item) = items.into_iter().next() else {
            let message = format!("AWS Config has no item of `{}`", summary.resource_id);
            return Err(Error::new(ErrorKind::NotFound, message));
        };
        let relationships = item
            .relationships
            .unwrap_or_default()
            .into_iter()
            .map(|other| {
                let kind = other.resource_type.map(|kind| kind.as_str().to_owned());
                without_nulls(json!({
                    "resourceId": other.resource_id,
                    "resourceName": other.resource_name,
                    "resourceType": kind.unwrap_or_default(),
                    "name": other.relationship_name,
                }))
            });
        let supplementary = item.supplementary_configuration.unwrap_or_default();
        let supplementary: HashMap<String, Value> = supplementary
            .into_iter()
            .map(|(name, text)| (name, parsed(text)))
            .collect();
        let state = item
            .configuration_state_id
            .map(|id| match id.parse::<i64>() {
                Ok(id) => id.into(),
                Err(_) => Value::from(id),
            });
        let mut document = without_nulls(json!({
            "relatedEvents": item.related_events.unwrap_or_default(),
            "relationships": relationships.collect::<Vec<_>>(),
            "supplementaryConfiguration": supplementary,
            "tags": item.tags.unwrap_or_default(),
            "configurationItemVersion": item.version,
            "configurationItemCaptureTime": item.configuration_item_capture_time.map(written).unwrap_or_default(),
            "configurationStateId": state,
            "awsAccountId": item.account_id.unwrap_or_default(),
            "configurationItemStatus": item.configuration_item_status.map(|s| s.as_str().to_owned()).unwrap_or_default(),
            "resourceType": item.resource_type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
            "resourceId": item.resource_id.unwrap_or_default(),
            "ARN": item.arn,
            "awsRegion": item.aws_region,
            "availabilityZone": item.availability_zone,
            "configurationStateMd5Hash": item.configuration_item_md5_hash,
        }));
        document["configuration"] = item.configuration.map(parsed).unwrap_or_default();
        document["resourceName"] = item.resource_name.into();
        document["resourceCreationTime"] = item.resource_creation_time.map(written).into();
        Json::from(document).decode()
    }
}

fn sent(evaluation: &Evaluation) -> Result<Sent, Error> {
    let compliance = match evaluation.compliance {
        Compliance::Compliant => ComplianceType::Compliant,
        Compliance::NonCompliant => ComplianceType::NonCompliant,
        Compliance::NotApplicable => ComplianceType::NotApplicable,
    };
    let sent = Sent::builder()
        .compliance_resource_type(&evaluation.resource_type)
        .compliance_resource_id(&evaluation.resource_id)
        .compliance_type(compliance)
        .set_annotation(evaluation.annotation.clone())
        .ordering_timestamp(date(evaluation.ordering_timestamp));
    sent.build().map_err(|error| {
        Error::new(ErrorKind::Invalid, "the evaluation cannot be sent").caused_by(error)
    })
}

fn date(time: Timestamp) -> DateTime {
    DateTime::from_secs_and_nanos(time.seconds(), time.nanos())
}

/// The SDK reads seconds as a float, so that a millisecond may be a little less than it was.
fn written(time: DateTime) -> String {
    let millis = (time.as_nanos() + 500_000).div_euclid(1_000_000);
    let millis = i64::try_from(millis).unwrap_or_default();
    Timestamp::from_unix_millis(millis).to_rfc3339_millis()
}

/// JSON in a text; the text where it is none.
fn parsed(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

fn without_nulls(mut document: Value) -> Value {
    if let Some(members) = document.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    document
}

fn failed<E, R>(operation: &str, error: &SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let Some(code) = error.code() else {
        // The request, which may stand in the details, holds the token.
        let what = match error {
            SdkError::TimeoutError(_) => "it took too long",
            SdkError::DispatchFailure(_) => "AWS Config could not be reached",
            _ => "the answer could not be read",
        };
        return Error::new(
            ErrorKind::Unavailable,
            format!("{operation} failed: {what}"),
        );
    };
    let has = |word: &str| code.contains(word);
    let kind = if has("Throttl") || has("TooManyRequests") {
        ErrorKind::Throttled
    } else if has("AccessDenied") || has("InvalidClientToken") || has("ExpiredToken") {
        ErrorKind::Denied
    } else if has("NoSuch") || has("NotDiscovered") {
        ErrorKind::NotFound
    } else if has("Internal") || has("ServiceUnavailable") || has("ServiceException") {
        ErrorKind::Unavailable
    } else {
        ErrorKind::Invalid
    };
    let said = error.message().unwrap_or("AWS gave no message");
    Error::new(kind, format!("{operation} failed: {said}")).with("code", code)
}
