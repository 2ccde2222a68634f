//! What must be granted so that a connection works.

use serde::{Deserialize, Serialize};

use crate::{Arn, Caller, Delivery};

/// Something that must be granted, as a value.
///
/// Rendering is done elsewhere: [`policy`](crate::policy) turns it into policy documents, the
/// command into AWS CLI calls and infrastructure code, `lambda-with-aws` into API calls.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum Permission {
    /// A statement in the function's resource-based policy: it lets a service invoke the function.
    ResourceBased(Statement),
    /// A statement of the function's execution role: it lets Lambda read a source, and the function
    /// use what the connection gives it.
    ExecutionRole(RoleStatement),
    /// A role of its own, which the service assumes in order to invoke.
    CallerRole(CallerRole),
    /// A service that, beside Lambda, must be able to assume the function's execution role.
    ExecutionTrust {
        /// The service: `edgelambda.amazonaws.com`.
        service: String,
    },
}

/// A role that a service assumes in order to invoke.
///
/// ```
/// use lambda_with::{CallerRole, RoleStatement};
///
/// let orders = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
/// let invoke = RoleStatement::new(["lambda:InvokeFunction"], orders, "the schedule invokes it");
/// let mut role = CallerRole::new("scheduler.amazonaws.com", [invoke]);
/// role.source_account = Some("123456789012".into());
/// assert_eq!(role.trusts, "scheduler.amazonaws.com");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CallerRole {
    /// The service that may assume the role.
    pub trusts: String,
    /// The resource on whose behalf it must act (`aws:SourceArn` of the trust policy).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_arn: Option<Arn>,
    /// The account it must act for (`aws:SourceAccount` of the trust policy).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_account: Option<String>,
    /// What it must present (`sts:ExternalId` of the trust policy).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The role, where there is one already. Its trust policy is its owner's; what the connection
    /// needs is added to what it may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Arn>,
    /// What the role may do.
    pub allows: Vec<RoleStatement>,
}

impl CallerRole {
    /// A role that `service` may assume, on whosever behalf.
    pub fn new(service: impl Into<String>, allows: impl Into<Vec<RoleStatement>>) -> Self {
        Self {
            trusts: service.into(),
            source_arn: None,
            source_account: None,
            external_id: None,
            role: None,
            allows: allows.into(),
        }
    }
}

/// Who is let in.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Principal {
    /// An AWS service: `s3.amazonaws.com`.
    Service(String),
    /// All of an account, a role or a user.
    Aws(String),
    /// Everybody. Only public function URLs need it.
    Anyone,
}

/// A statement of a resource-based policy, member for member what `AddPermission` takes.
///
/// ```
/// use lambda_with::Statement;
///
/// let statement = Statement::service("s3-uploads", "s3.amazonaws.com")
///     .source_arn("arn:aws:s3:::uploads".parse()?)
///     .source_account("123456789012");
/// assert_eq!(statement.action, "lambda:InvokeFunction");
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// See <https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html>.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Statement {
    /// The statement's id: 1 to 100 letters, digits, `-` and `_`, unique within the policy.
    pub sid: String,
    /// Who is let in.
    pub principal: Principal,
    /// What they may do, `lambda:InvokeFunction` unless set.
    pub action: &'static str,
    /// The resource on whose behalf the service must act; `*` matches any run of characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_arn: Option<Arn>,
    /// The account that must own that resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_account: Option<String>,
    /// The organization the principal must belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal_org_id: Option<String>,
    /// The token the caller must present: the skill id of an Alexa skill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_source_token: Option<String>,
    /// The kind of authorization a function URL must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_url_auth_type: Option<FunctionUrlAuthType>,
    /// Whether the call must come through a function URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoked_via_function_url: Option<bool>,
}

/// How a function URL knows its callers.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FunctionUrlAuthType {
    /// Callers sign their requests.
    AwsIam,
    /// Everybody may call.
    None,
}

impl Statement {
    /// Lets `principal` invoke the function.
    pub fn new(sid: impl Into<String>, principal: Principal) -> Self {
        Self {
            sid: sid.into(),
            principal,
            action: "lambda:InvokeFunction",
            source_arn: None,
            source_account: None,
            principal_org_id: None,
            event_source_token: None,
            function_url_auth_type: None,
            invoked_via_function_url: None,
        }
    }

    /// The two statements that let everybody call the function's URL, and invoke it by no other way:
    /// as the console and SAM write them for a URL whose auth type is `NONE`.
    ///
    /// See <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>.
    #[must_use]
    pub fn public_url() -> [Self; 2] {
        [
            Self {
                action: "lambda:InvokeFunctionUrl",
                function_url_auth_type: Some(FunctionUrlAuthType::None),
                ..Self::new("FunctionURLAllowPublicAccess", Principal::Anyone)
            },
            Self {
                invoked_via_function_url: Some(true),
                ..Self::new("FunctionURLInvokeAllowPublicAccess", Principal::Anyone)
            },
        ]
    }

    /// Lets an AWS service invoke the function.
    pub fn service(sid: impl Into<String>, principal: impl Into<String>) -> Self {
        Self::new(sid, Principal::Service(principal.into()))
    }

    /// The caller this lets in, presenting just what is asked for. None for anyone but a service.
    #[must_use]
    pub fn caller(&self) -> Option<Caller> {
        let Principal::Service(principal) = &self.principal else {
            return None;
        };
        Some(Caller::Service(Delivery {
            principal: principal.clone(),
            source_arn: self.source_arn.clone(),
            source_account: self.source_account.clone(),
            event_source_token: self.event_source_token.clone(),
        }))
    }

    /// Only on behalf of this resource.
    #[must_use]
    pub fn source_arn(mut self, arn: Arn) -> Self {
        self.source_arn = Some(arn);
        self
    }

    /// Only for resources of this account.
    #[must_use]
    pub fn source_account(mut self, account: impl Into<String>) -> Self {
        self.source_account = Some(account.into());
        self
    }
}

/// A statement of a role's policy: actions on resources.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RoleStatement {
    /// What is allowed, such as `sqs:ReceiveMessage`.
    pub actions: Vec<&'static str>,
    /// On what. `*` alone only where the service has no resource-level permission.
    pub resources: Vec<String>,
    /// Under which conditions: operator, key and value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<(&'static str, &'static str, String)>,
    /// Why it is needed, in half a sentence.
    pub reason: &'static str,
}

impl RoleStatement {
    /// Allows `actions` on one resource.
    pub fn new(
        actions: impl Into<Vec<&'static str>>,
        resource: impl Into<String>,
        reason: &'static str,
    ) -> Self {
        Self {
            actions: actions.into(),
            resources: vec![resource.into()],
            conditions: Vec::new(),
            reason,
        }
    }

    /// Only when the request's `key` satisfies `operator` with `value`.
    #[must_use]
    pub fn when(
        mut self,
        operator: &'static str,
        key: &'static str,
        value: impl Into<String>,
    ) -> Self {
        self.conditions.push((operator, key, value.into()));
        self
    }
}
