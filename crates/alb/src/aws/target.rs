//! The one target of a target group.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{TargetDescription, TargetGroupAttribute};
use lambda_with::{Arn, Error, ErrorKind};
use lambda_with_aws::{Occupied, Slot, failed};
use serde_json::{Value, json};

/// The attribute that decides in which form requests come.
const MULTI: &str = "lambda.multi_value_headers.enabled";

/// The place in a target group that a function takes, and the form in which it gets its requests.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) client: Client,
    pub(super) connection: String,
    pub(super) group: Arn,
    pub(super) function: Arn,
    pub(super) multi_value_headers: bool,
}

impl Target {
    fn thing(&self) -> String {
        let name = self.group.resource().split('/').nth(1);
        format!("target group {}", name.unwrap_or_default())
    }

    async fn deregister(&self, target: &Value) -> Result<(), Error> {
        let id = target.as_str().unwrap_or_default();
        let request = self.client.deregister_targets();
        let request = request
            .target_group_arn(self.group.as_str())
            .targets(TargetDescription::builder().id(id).build());
        let answer = request.send().await;
        answer.map_err(|error| failed("DeregisterTargets", self.thing(), error))?;
        Ok(())
    }

    async fn targets(&self) -> Result<Vec<String>, Error> {
        let request = self.client.describe_target_health();
        let answer = request.target_group_arn(self.group.as_str()).send().await;
        let answer = answer.map_err(|error| failed("DescribeTargetHealth", self.thing(), error))?;
        let targets = answer.target_health_descriptions().iter();
        let ids = targets.filter_map(|described| described.target()?.id());
        Ok(ids.map(str::to_owned).collect())
    }

    async fn multi_value_headers(&self) -> Result<Value, Error> {
        let request = self.client.describe_target_group_attributes();
        let answer = request.target_group_arn(self.group.as_str()).send().await;
        let answer =
            answer.map_err(|error| failed("DescribeTargetGroupAttributes", self.thing(), error))?;
        let mut attributes = answer.attributes().iter();
        let found = attributes.find(|attribute| attribute.key() == Some(MULTI));
        Ok(json!(
            found.and_then(|found| found.value()).unwrap_or("false")
        ))
    }
}

impl Slot for Target {
    fn what(&self) -> String {
        format!("target of {}", self.thing())
    }

    fn connection(&self) -> &str {
        &self.connection
    }

    fn wanted(&self) -> Value {
        json!({ "Id": self.function, MULTI: self.multi_value_headers.to_string() })
    }

    async fn read(&self) -> Result<Option<Occupied>, Error> {
        let targets = self.targets().await?;
        let Some(target) = targets.first() else {
            return Ok(None);
        };
        let multi = match target == self.function.as_str() {
            true => self.multi_value_headers().await?,
            false => Value::Null,
        };
        let members = json!({ "Id": target, MULTI: multi });
        Ok(Some(Occupied::running(members, target, &self.function)))
    }

    /// The attribute first: from the registration on requests come in its form.
    async fn fill(&self, found: Option<&Occupied>) -> Result<(), Error> {
        let wanted = json!(self.multi_value_headers.to_string());
        if self.multi_value_headers().await? != wanted {
            let attribute = TargetGroupAttribute::builder()
                .key(MULTI)
                .value(self.multi_value_headers.to_string());
            let request = self.client.modify_target_group_attributes();
            let request = request
                .target_group_arn(self.group.as_str())
                .attributes(attribute.build());
            let answer = request.send().await;
            answer.map_err(|error| failed("ModifyTargetGroupAttributes", self.thing(), error))?;
        }
        let standing = found.map(|found| &found.members["Id"]);
        if standing.is_none_or(|standing| standing != self.function.as_str()) {
            // Another version of the function: a group has room for one.
            if let Some(standing) = standing {
                self.deregister(standing).await?;
            }
            let target = TargetDescription::builder().id(self.function.as_str());
            let request = self.client.register_targets();
            let request = request
                .target_group_arn(self.group.as_str())
                .targets(target.build());
            let answer = request.send().await;
            answer.map_err(|error| failed("RegisterTargets", self.thing(), error))?;
        }
        Ok(())
    }

    async fn empty(&self, found: &Occupied) -> Result<(), Error> {
        self.deregister(&found.members["Id"]).await
    }

    fn is_early(&self, error: &Error) -> bool {
        error.kind() == ErrorKind::Denied && error.message().contains("permission to invoke")
    }
}
