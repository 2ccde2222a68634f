//! Hooks of provisioning templates.

use aws_sdk_iot::Client;
use aws_sdk_iot::types::ProvisioningHook;
use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{Exchange, Occupied, Session, Slot, failed};
use serde_json::{Value, json};

use crate::Provisioning;

/// The hook of one template.
#[derive(Debug)]
pub(super) struct Hook {
    client: Client,
    connection: String,
    function: Function,
    hook: Provisioning,
}

impl Hook {
    pub(super) fn new(session: &Session, function: &Function, hook: &Provisioning) -> Self {
        Self {
            client: Client::new(session.config()),
            connection: hook.name(),
            function: function.clone(),
            hook: hook.clone(),
        }
    }

    fn thing(&self) -> String {
        format!("provisioning template {}", self.hook.template)
    }
}

impl Slot for Hook {
    fn what(&self) -> String {
        format!("hook of {}", self.thing())
    }

    fn connection(&self) -> &str {
        &self.connection
    }

    fn wanted(&self) -> Value {
        json!({
            "payloadVersion": self.hook.payload_version,
            "targetArn": self.function.arn,
        })
    }

    async fn read(&self) -> Result<Option<Occupied>, Error> {
        let exchange = Exchange::new();
        let request = self.client.describe_provisioning_template();
        let request = request.template_name(&self.hook.template).customize();
        let sent = request.interceptor(exchange.clone()).send().await;
        let answer = exchange.document("DescribeProvisioningTemplate", self.thing(), sent);
        let mut answer = answer?;
        let hook = answer["preProvisioningHook"].take();
        let runs = hook["targetArn"].as_str().map(str::to_owned);
        Ok(runs.map(|runs| Occupied::running(hook, &runs, &self.function.arn)))
    }

    async fn fill(&self, _found: Option<&Occupied>) -> Result<(), Error> {
        let hook = ProvisioningHook::builder()
            .payload_version(&self.hook.payload_version)
            .target_arn(self.function.arn.as_str());
        let hook = hook.build().map_err(|error| {
            Error::new(ErrorKind::Invalid, "no hook can be written").caused_by(error)
        })?;
        let request = self.client.update_provisioning_template();
        let request = request.template_name(&self.hook.template);
        let sent = request.pre_provisioning_hook(hook).send().await;
        sent.map(drop)
            .map_err(|error| failed("UpdateProvisioningTemplate", self.thing(), error))
    }

    async fn empty(&self, _found: &Occupied) -> Result<(), Error> {
        let request = self.client.update_provisioning_template();
        let request = request.template_name(&self.hook.template);
        let sent = request.remove_pre_provisioning_hook(true).send().await;
        sent.map(drop)
            .map_err(|error| failed("UpdateProvisioningTemplate", self.thing(), error))
    }
}
