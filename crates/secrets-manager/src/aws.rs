//! Setting up a secret's rotation.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::types::RotationRulesType;
use lambda_with::{Error, ErrorKind, Function};
use lambda_with_aws::{Occupied, Part, Session, Slot, Wire, failed};
use serde_json::{Value, json};

use crate::SecretsManager;

/// The secret is told which function rotates it, after the permission, which Secrets Manager tries
/// out. A rotation by another function is left alone.
impl Wire for SecretsManager {
    const KINDS: &'static [&'static str] = &["AWS::SecretsManager::RotationSchedule"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        let rotation = Rotation {
            client: Client::new(session.config()),
            connection: lambda_with::Integration::name(self),
            secret: self.clone(),
            function: function.clone(),
        };
        Ok(vec![rotation.part()])
    }
}

/// The rotation of one secret.
#[derive(Debug)]
struct Rotation {
    client: Client,
    connection: String,
    secret: SecretsManager,
    function: Function,
}

impl Slot for Rotation {
    fn what(&self) -> String {
        format!("rotation of secret {}", self.secret.secret.resource())
    }

    fn connection(&self) -> &str {
        &self.connection
    }

    fn wanted(&self) -> Value {
        let mut wanted = json!({ "RotationLambdaARN": self.function.arn });
        let rules = self.secret.rules();
        if rules != json!({}) {
            wanted["RotationRules"] = rules;
        }
        wanted
    }

    async fn read(&self) -> Result<Option<Occupied>, Error> {
        let request = self.client.describe_secret().secret_id(self.id());
        let answer = request.send().await;
        let answer = answer.map_err(|error| failed("DescribeSecret", self.thing(), error))?;
        if answer.rotation_enabled() != Some(true) {
            return Ok(None);
        }
        let rotates = answer.rotation_lambda_arn().unwrap_or_default();
        let mut rules = json!({});
        if let Some(found) = answer.rotation_rules() {
            if let Some(days) = found.automatically_after_days() {
                rules["AutomaticallyAfterDays"] = days.into();
            }
            if let Some(schedule) = found.schedule_expression() {
                // A schedule says it all; the days beside it are Secrets Manager's reckoning.
                rules = json!({ "ScheduleExpression": schedule });
            }
            if let Some(duration) = found.duration() {
                rules["Duration"] = duration.into();
            }
        }
        let members = json!({ "RotationLambdaARN": rotates, "RotationRules": rules });
        Ok(Some(Occupied::running(
            members,
            rotates,
            &self.function.arn,
        )))
    }

    async fn fill(&self, found: Option<&Occupied>) -> Result<(), Error> {
        let SecretsManager {
            after_days,
            schedule,
            duration,
            rotate_immediately,
            ..
        } = &self.secret;
        let rules = RotationRulesType::builder()
            .set_automatically_after_days(after_days.map(i64::from))
            .set_schedule_expression(schedule.clone())
            .set_duration(duration.map(|hours| format!("{hours}h")));
        let request = self.client.rotate_secret().secret_id(self.id());
        let request = request
            .rotation_lambda_arn(self.function.arn.as_str())
            .rotation_rules(rules.build())
            // Another schedule is no reason to rotate.
            .rotate_immediately(*rotate_immediately && found.is_none());
        let answer = request.send().await;
        answer.map_err(|error| failed("RotateSecret", self.thing(), error))?;
        Ok(())
    }

    async fn empty(&self, _found: &Occupied) -> Result<(), Error> {
        let request = self.client.cancel_rotate_secret().secret_id(self.id());
        let answer = request.send().await;
        answer.map_err(|error| failed("CancelRotateSecret", self.thing(), error))?;
        Ok(())
    }

    fn is_early(&self, error: &Error) -> bool {
        error.kind() == ErrorKind::Denied
            && error
                .message()
                .contains("cannot invoke the specified Lambda function")
    }
}

impl Rotation {
    /// The name where the end of the ARN is not known, which is what tells secrets apart then.
    fn id(&self) -> String {
        crate::name::secret_id(&self.secret.secret).to_owned()
    }

    fn thing(&self) -> String {
        format!("secret {}", self.secret.secret.resource())
    }
}
