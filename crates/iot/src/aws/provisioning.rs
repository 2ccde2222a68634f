//! Hooks of provisioning templates.

use aws_sdk_iot::Client;
use aws_sdk_iot::types::ProvisioningHook;
use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{
    Action, Aim, Change, Exchange, Goal, Part, Reading, Session, Stage, Work, failed,
};
use serde_json::{Value, json};

use super::{parse, plain};
use crate::Provisioning;

/// The hook of one template.
#[derive(Debug)]
pub(super) struct Hook {
    client: Client,
    function: Function,
    hook: Provisioning,
}

impl Hook {
    pub(super) fn new(session: &Session, function: &Function, hook: &Provisioning) -> Self {
        Self {
            client: Client::new(session.config()),
            function: function.clone(),
            hook: hook.clone(),
        }
    }

    fn template(&self) -> String {
        format!("provisioning template {}", self.hook.template)
    }

    fn what(&self) -> String {
        format!("hook of {}", self.template())
    }

    fn wanted(&self) -> Value {
        json!({
            "payloadVersion": self.hook.payload_version,
            "targetArn": self.function.arn,
        })
    }

    /// The hook that stands; null where there is none.
    async fn found(&self, goal: Goal) -> Result<Value, Error> {
        let exchange = Exchange::new();
        let request = self.client.describe_provisioning_template();
        let request = request.template_name(&self.hook.template).customize();
        match request.interceptor(exchange.clone()).send().await {
            Ok(_) => {
                let mut answer = parse("DescribeProvisioningTemplate", &exchange.answer())?;
                Ok(answer["preProvisioningHook"].take())
            }
            Err(error) => {
                let error = failed("DescribeProvisioningTemplate", self.template(), error);
                match (error.kind(), goal) {
                    (ErrorKind::NotFound, Goal::Disconnect) => Ok(Value::Null),
                    (ErrorKind::NotFound, Goal::Connect) => Err(error.with(
                        "fix",
                        "make the template first, or correct its name: connecting only sets the hook",
                    )),
                    _ => Err(error),
                }
            }
        }
    }

    fn compare(&self, found: &Value, aim: Aim) -> Reading {
        let mut reading = Reading::default();
        let runs = found["targetArn"].as_str().unwrap_or_default();
        let is_ours = plain(runs) == plain(self.function.arn.as_str());
        let change = |action| Change::new(action, self.what()).of(self.hook.name());
        let wanted = self.wanted();
        match aim.goal {
            Goal::Connect if !found.is_null() && !is_ours => reading.refusals.push(format!(
                "the {} is somebody else's: it is {runs}; have that removed first",
                self.what()
            )),
            Goal::Connect => {
                let action = match found {
                    Value::Null => Action::Create,
                    found
                        if change(Action::Keep)
                            .members(found, &wanted)
                            .details
                            .is_empty() =>
                    {
                        Action::Keep
                    }
                    _ => Action::Update,
                };
                reading.changes.push(change(action).members(found, &wanted));
            }
            Goal::Disconnect if is_ours => reading.changes.push(change(Action::Remove)),
            Goal::Disconnect => {}
        }
        reading
    }

    async fn write(&self, action: Action) -> Result<(), Error> {
        let request = self.client.update_provisioning_template();
        let request = request.template_name(&self.hook.template);
        let request = match action {
            Action::Keep => return Ok(()),
            Action::Remove => request.remove_pre_provisioning_hook(true),
            Action::Create | Action::Update => {
                let hook = ProvisioningHook::builder()
                    .payload_version(&self.hook.payload_version)
                    .target_arn(self.function.arn.as_str());
                let hook = hook.build().map_err(|error| {
                    Error::new(ErrorKind::Invalid, "no hook can be written").caused_by(error)
                })?;
                request.pre_provisioning_hook(hook)
            }
        };
        let sent = request.send().await;
        sent.map(drop)
            .map_err(|error| failed("UpdateProvisioningTemplate", self.template(), error))
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let reading = self.compare(&self.found(aim.goal).await?, aim);
        if let Some(refusal) = reading.refusals.into_iter().next() {
            return Err(Error::new(ErrorKind::Invalid, refusal));
        }
        for change in reading.changes {
            self.write(change.action).await?;
            let is_change = change.is_change();
            done.push(change);
            if is_change {
                let left = self.compare(&self.found(aim.goal).await?, aim);
                if left.changes.iter().any(Change::is_change) {
                    let what = format!("the {} does not stand as it was written", self.what());
                    let error = Error::new(ErrorKind::Conflict, what);
                    return Err(error.with("fix", "see who else changes it, and run this again"));
                }
            }
        }
        Ok(())
    }
}

impl Part for Hook {
    fn title(&self) -> String {
        self.what()
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move { Ok(self.compare(&self.found(aim.goal).await?, aim)) })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }
}
