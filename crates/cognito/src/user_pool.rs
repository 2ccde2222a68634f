//! A connection of a user pool.

use lambda_with::{
    Arn, Example, Finding, Function, Integration, Patience, Permission, Resource, RoleStatement,
    Sample, Service, Statement,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{SERVICE, Trigger, UserPoolEvent, check, name};

/// What names of this kind of pool begin with, and the name of one that has none.
pub(crate) const KIND: &str = "user-pool";

/// Triggers of a user pool that run a function.
///
/// ```toml
/// [[functions.sign-up.with]]
/// service = "cognito"
/// kind = "user-pool"
/// user_pool_id = "eu-west-1_Hb7Qk2LmN"
/// triggers = ["pre-sign-up", "post-confirmation"]
/// ```
///
/// ```
/// use lambda_with_cognito::{Trigger, UserPool};
///
/// let users = UserPool { triggers: vec![Trigger::PreSignUp], ..UserPool::default() };
/// assert_eq!(users.name, "user-pool");
/// ```
///
/// Without an id it is a new pool. The event is [`UserPoolEvent`], or that of the one trigger there
/// is; the answer is the same event with its response filled in.
/// See <https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-identity-pools-working-with-aws-lambda-triggers.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserPool {
    /// The id of a pool that exists already. Without it the pool is part of what is exported, and
    /// connections with the same `name` share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_pool_id: Option<String>,
    /// The name of the pool to create, `user-pool` unless set.
    pub name: String,
    /// The account that owns the pool; the function's unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The triggers the function serves.
    pub triggers: Vec<Trigger>,
    /// The symmetric KMS key, by its ARN, under which custom senders get codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<Arn>,
    /// The pool's plan. New pools have `essentials` unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
}

/// What a user pool can do, and costs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Plan {
    /// The least: pre token generation in version 1 alone.
    Lite,
    /// Access tokens can be changed.
    Essentials,
    /// Protection against attacks too.
    Plus,
}

impl Plan {
    fn tier(self) -> &'static str {
        match self {
            Self::Lite => "LITE",
            Self::Essentials => "ESSENTIALS",
            Self::Plus => "PLUS",
        }
    }
}

impl UserPool {
    pub(crate) fn logical_id(&self) -> String {
        Resource::logical_id(&["cognito", &name::connection(KIND, &self.name, &[])])
    }

    /// The pool's id, or a reference to the pool of the same template.
    pub(crate) fn reference(&self) -> String {
        self.user_pool_id
            .clone()
            .unwrap_or_else(|| format!("${{{}}}", self.logical_id()))
    }

    /// The pool's `LambdaConfig`, as far as it is this connection's.
    pub(crate) fn settings(&self) -> Map<String, Value> {
        let mut settings = Map::new();
        for trigger in &self.triggers {
            let (member, version) = trigger.setting();
            let value = match version {
                Some(version) => {
                    json!({ "LambdaArn": Resource::FUNCTION, "LambdaVersion": version })
                }
                None => json!(Resource::FUNCTION),
            };
            settings.insert(member.into(), value);
        }
        if let Some(key) = self.kms_key.as_ref().filter(|_| self.has_sender()) {
            settings.insert("KMSKeyID".into(), json!(key));
        }
        settings
    }

    pub(crate) fn has_sender(&self) -> bool {
        self.triggers.iter().any(|trigger| trigger.is_sender())
    }
}

impl Default for UserPool {
    fn default() -> Self {
        Self {
            user_pool_id: None,
            name: KIND.into(),
            account: None,
            triggers: Vec::new(),
            kms_key: None,
            plan: None,
        }
    }
}

impl Integration for UserPool {
    type Event = UserPoolEvent;
    type Response = UserPoolEvent;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        let id = self.user_pool_id.as_deref();
        let mut exact: Vec<&str> = self
            .triggers
            .iter()
            .map(|trigger| trigger.as_str())
            .collect();
        exact.sort_unstable();
        name::connection(KIND, id.unwrap_or(&self.name), &exact)
    }

    /// The pool may invoke; and with a custom sender the function may decrypt the codes.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let account = self.account.as_deref().unwrap_or(function.account());
        let pool = self.reference();
        // A pattern would admit other pools. `check` finds it, and until it is put right nothing is
        // granted.
        if [account, pool.as_str()]
            .iter()
            .any(|part| part.is_empty() || part.contains(['*', '?']))
        {
            return Vec::new();
        }
        let resource = format!("userpool/{pool}");
        let (partition, region) = (function.partition(), function.region());
        let Ok(arn) = Arn::new(partition, "cognito-idp", region, account, &resource) else {
            return Vec::new();
        };
        let statement = Statement::service(self.name(), "cognito-idp.amazonaws.com")
            .source_arn(arn)
            .source_account(account);
        let mut all = vec![Permission::ResourceBased(statement)];
        if let Some(key) = self.kms_key.as_ref().filter(|_| self.has_sender()) {
            let reason = "custom senders get codes encrypted under the pool's key";
            let decrypt = RoleStatement::new(vec!["kms:Decrypt"], key.as_str(), reason);
            all.push(Permission::ExecutionRole(decrypt));
        }
        all
    }

    /// The pool with its triggers, or nothing where it exists already: CloudFormation has no
    /// resource for triggers apart from their pool.
    fn resources(&self, _function: &Function) -> Vec<Resource> {
        if self.user_pool_id.is_some() {
            return Vec::new();
        }
        let mut properties = Map::new();
        properties.insert("UserPoolName".into(), json!(self.name));
        properties.insert("LambdaConfig".into(), Value::Object(self.settings()));
        if let Some(plan) = self.plan {
            properties.insert("UserPoolTier".into(), json!(plan.tier()));
        }
        vec![Resource::new(
            self.logical_id(),
            "AWS::Cognito::UserPool",
            Value::Object(properties),
        )]
    }

    /// An event of the first trigger.
    fn example(&self, function: &Function) -> Option<Example> {
        let trigger = self.triggers.first()?;
        let text = |sample: &Sample, pointer: &str| {
            let value = sample.at(pointer);
            value.and_then(|value| value.as_str().map(str::to_owned))
        };
        let fits = |sample: &Sample| {
            let source = text(sample, "/triggerSource").unwrap_or_default();
            let version = text(sample, "/version").unwrap_or_default();
            Trigger::of(&source, &version) == Some(*trigger)
        };
        let example = Example::first(&SERVICE, fits)?.with("/region", function.region());
        Some(match &self.user_pool_id {
            Some(id) => example.with("/userPoolId", id.as_str()),
            None => example,
        })
    }

    /// Five seconds for each of three attempts.
    fn patience(&self) -> Patience {
        Patience {
            attempts: 3,
            ..Patience::of_seconds(5)
        }
        .otherwise("the user's request fails with UserLambdaValidationException or UnexpectedLambdaException")
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::user_pool(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::triggers_taken_twice(self, other)
    }
}
