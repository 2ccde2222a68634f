#![doc = include_str!("../README.md")]

#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod name;
mod rotation;

use lambda_with::{
    Arn, Example, Finding, Function, Integration, Patience, Permission, Resource, RoleStatement,
    Service, Statement, switch,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use crate::generated::*;
pub use crate::rotation::{
    Description, PendingValue, Progress, Rotation, SecretStore, SecretValue, rotate,
};

/// A secret that a function rotates.
///
/// ```toml
/// [[functions.rotate-ferries.with]]
/// service = "secrets-manager"
/// secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor/ferries-db-AbC1d2"
/// schedule = "cron(0 3 ? * SUN *)"
/// duration = 2
/// ```
///
/// ```
/// use lambda_with_secrets_manager::SecretsManager;
///
/// let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor/ferries-db-AbC1d2".parse()?;
/// let ferries = SecretsManager { after_days: Some(30), ..SecretsManager::new(secret) };
/// assert!(ferries.rotate_immediately);
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// The secret and the function are in the same Region.
/// See <https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SecretsManager {
    /// The secret's ARN, with the six characters Secrets Manager puts at its end, or six question
    /// marks where they are not known yet: `…:secret:NAME-??????`.
    pub secret: Arn,
    /// Days between two rotations, 1 to 1,000. Either this or `schedule`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_days: Option<u32>,
    /// When the secret is rotated, `rate(…)` or `cron(…)`, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// Hours after the scheduled time in which the rotation may run and be tried again: 1
    /// to 24, and less where the day or the time to the next rotation is shorter.
    /// Secrets Manager chooses unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<u32>,
    /// Whether the secret is rotated as soon as this is set up; true unless set. When false, the
    /// function is tried out with the step `testSecret` alone.
    #[serde(default = "switch::on", skip_serializing_if = "switch::is_on")]
    pub rotate_immediately: bool,
    /// The customer's KMS key that encrypts the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<Arn>,
    /// The secret of a user that may change the password of this one, for users that take turns. The
    /// function may read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superuser: Option<Arn>,
    /// Whether the function has Secrets Manager make passwords; true unless set.
    #[serde(default = "switch::on", skip_serializing_if = "switch::is_on")]
    pub random_password: bool,
}

impl SecretsManager {
    /// A secret without a schedule.
    #[must_use]
    pub fn new(secret: Arn) -> Self {
        Self {
            secret,
            after_days: None,
            schedule: None,
            duration: None,
            rotate_immediately: true,
            kms_key: None,
            superuser: None,
            random_password: true,
        }
    }

    /// What the execution role must allow.
    fn grants(&self) -> Vec<RoleStatement> {
        let mut grants = vec![RoleStatement::new(
            [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            self.secret.as_str(),
            "the function rotates the secret",
        )];
        if let Some(superuser) = &self.superuser {
            grants.push(RoleStatement::new(
                ["secretsmanager:GetSecretValue"],
                superuser.as_str(),
                "the superuser sets the password",
            ));
        }
        if self.random_password {
            grants.push(RoleStatement::new(
                ["secretsmanager:GetRandomPassword"],
                "*",
                "Secrets Manager makes the password",
            ));
        }
        if let Some(key) = &self.kms_key {
            let operator = match self.secret.as_str().contains('?') {
                true => "StringLike",
                false => "StringEquals",
            };
            let decrypt = RoleStatement::new(
                ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
                key.as_str(),
                "the secret is encrypted with the key",
            );
            let context = "kms:EncryptionContext:SecretARN";
            grants.push(decrypt.when(operator, context, self.secret.as_str()));
        }
        grants
    }

    fn rules(&self) -> Value {
        let mut rules = Map::new();
        if let Some(days) = self.after_days {
            rules.insert("AutomaticallyAfterDays".into(), days.into());
        }
        if let Some(schedule) = &self.schedule {
            rules.insert("ScheduleExpression".into(), schedule.as_str().into());
        }
        if let Some(hours) = self.duration {
            rules.insert("Duration".into(), format!("{hours}h").into());
        }
        rules.into()
    }
}

impl Integration for SecretsManager {
    type Event = RotationEvent;
    type Response = ();
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of(&self.secret)
    }

    fn permissions(&self, _function: &Function) -> Vec<Permission> {
        // A pattern wider than the six characters would take in other secrets. `check` finds it,
        // and until it is put right nothing is granted.
        if !name::is_secret(&self.secret) {
            return Vec::new();
        }
        let statement = Statement::service(self.name(), "secretsmanager.amazonaws.com")
            .source_arn(self.secret.clone())
            .source_account(self.secret.account());
        let grants = self.grants().into_iter().map(Permission::ExecutionRole);
        [Permission::ResourceBased(statement)]
            .into_iter()
            .chain(grants)
            .collect()
    }

    /// The rotation's schedule, or nothing where the secret belongs to another account.
    ///
    /// It depends on the permission: setting a rotation up tries it out.
    fn resources(&self, function: &Function) -> Vec<Resource> {
        if self.secret.account() != function.account() {
            return Vec::new();
        }
        let mut properties = json!({
            "RotateImmediatelyOnUpdate": self.rotate_immediately,
            "RotationLambdaARN": Resource::FUNCTION,
            "SecretId": name::secret_id(&self.secret),
        });
        let rules = self.rules();
        if rules != json!({}) {
            properties["RotationRules"] = rules;
        }
        let id = Resource::logical_id(&[&self.name(), "rotation"]);
        let mut rotation = Resource::new(id, "AWS::SecretsManager::RotationSchedule", properties);
        rotation
            .depends_on
            .push(Resource::permission_id(&self.name()));
        vec![rotation]
    }

    /// The first step of a rotation of the secret.
    fn example(&self, _function: &Function) -> Option<Example> {
        let secret = self.secret.as_str();
        let secret = match secret.strip_suffix("-??????") {
            Some(name) => format!("{name}-AbC1d2"),
            None => secret.to_owned(),
        };
        Some(Example::of::<RotationEvent>(&SERVICE)?.with("/SecretId", secret))
    }

    /// As long as the function may run. A step that fails ends the attempt; the whole rotation is
    /// tried again within its window.
    fn patience(&self) -> Patience {
        Patience::default().otherwise("the rotation ends, and is begun anew within its window")
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::conflicts(self, other)
    }
}
