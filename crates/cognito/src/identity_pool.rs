//! A connection of an identity pool: Cognito Sync.

use lambda_with::{
    Arn, Example, Finding, Function, Integration, Patience, Permission, Resource, Service,
    Statement,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{SERVICE, SyncTriggerEvent, check, name};

/// What names of this kind of pool begin with, and the name of one that has none.
pub(crate) const KIND: &str = "identity-pool";

/// The sync trigger of an identity pool, which runs a function when a dataset changes.
///
/// ```toml
/// [[functions.settings.with]]
/// service = "cognito"
/// kind = "identity-pool"
/// identity_pool_id = "eu-west-1:3e1f7a90-51c2-4b7e-8d0a-6f2b9c4d1e58"
/// ```
///
/// ```
/// use lambda_with_cognito::IdentityPool;
///
/// assert_eq!(IdentityPool::default().name, "identity-pool");
/// ```
///
/// Cognito Sync is kept running for those who have it; AWS advises new apps to use AWS AppSync.
/// See <https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-events.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityPool {
    /// The id of a pool that exists already. Without it the pool is part of what is exported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_pool_id: Option<String>,
    /// The name of the pool to create, `identity-pool` unless set.
    pub name: String,
    /// The account that owns the pool; the function's unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

impl IdentityPool {
    pub(crate) fn logical_id(&self) -> String {
        Resource::logical_id(&["cognito", &name::connection(KIND, &self.name, &[])])
    }

    /// The pool's id, or a reference to the pool of the same template.
    pub(crate) fn reference(&self) -> String {
        self.identity_pool_id
            .clone()
            .unwrap_or_else(|| format!("${{{}}}", self.logical_id()))
    }
}

impl Default for IdentityPool {
    fn default() -> Self {
        Self {
            identity_pool_id: None,
            name: KIND.into(),
            account: None,
        }
    }
}

impl Integration for IdentityPool {
    type Event = SyncTriggerEvent;
    type Response = SyncTriggerEvent;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::connection(
            KIND,
            self.identity_pool_id.as_deref().unwrap_or(&self.name),
            &[],
        )
    }

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
        let resource = format!("identitypool/{pool}");
        let (partition, region) = (function.partition(), function.region());
        let Ok(arn) = Arn::new(partition, "cognito-identity", region, account, &resource) else {
            return Vec::new();
        };
        let statement = Statement::service(self.name(), "cognito-sync.amazonaws.com")
            .source_arn(arn)
            .source_account(account);
        vec![Permission::ResourceBased(statement)]
    }

    /// The pool with its trigger, or nothing where it exists already.
    fn resources(&self, _function: &Function) -> Vec<Resource> {
        if self.identity_pool_id.is_some() {
            return Vec::new();
        }
        let properties = json!({
            "IdentityPoolName": self.name,
            "AllowUnauthenticatedIdentities": false,
            "CognitoEvents": { "SyncTrigger": Resource::FUNCTION },
        });
        vec![Resource::new(
            self.logical_id(),
            "AWS::Cognito::IdentityPool",
            properties,
        )]
    }

    fn example(&self, function: &Function) -> Option<Example> {
        let example = Example::of::<SyncTriggerEvent>(&SERVICE)?.with("/region", function.region());
        Some(match &self.identity_pool_id {
            Some(id) => example.with("/identityPoolId", id.as_str()),
            None => example,
        })
    }

    fn patience(&self) -> Patience {
        Patience::of_seconds(5).otherwise("the client gets LambdaSocketTimeoutException")
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::identity_pool(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::one_sync_trigger(self, other)
    }
}
