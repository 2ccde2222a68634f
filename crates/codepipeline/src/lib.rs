#![doc = include_str!("../README.md")]

#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod ext;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod name;
mod perform;
#[cfg(feature = "reply")]
mod reply;
mod result;

use lambda_with::{
    Arn, CallerRole, Example, Finding, Function, Integration, Permission, Resource, RoleStatement,
    Service,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use crate::generated::*;
pub use crate::perform::{Action, JobResults, Put, perform};
pub use crate::result::{FailureResult, FailureType, JobResult, Outcome, SuccessResult};

/// An action of a pipeline that runs a function.
///
/// ```toml
/// [[functions.smoke-test.with]]
/// service = "codepipeline"
/// pipeline = "arn:aws:codepipeline:eu-west-1:123456789012:harbor"
/// stage = "Staging"
/// action = "SmokeTest"
/// role = "arn:aws:iam::123456789012:role/pipelines"
/// user_parameters = { url = "https://staging.example.com/berths" }
/// input_artifacts = ["Source"]
/// ```
///
/// ```
/// use lambda_with_codepipeline::CodePipeline;
///
/// let pipeline = "arn:aws:codepipeline:eu-west-1:123456789012:harbor".parse()?;
/// let role = "arn:aws:iam::123456789012:role/pipelines".parse()?;
/// let smoke = CodePipeline::new(pipeline, "Staging", "SmokeTest", role);
/// assert!(smoke.input_artifacts.is_empty());
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// The pipeline and its stage are there already: this adds one action to them. Pipeline and function
/// may be in different Regions.
/// See <https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html>.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CodePipeline {
    /// The pipeline's ARN.
    pub pipeline: Arn,
    /// The stage the action is in.
    pub stage: String,
    /// The action's name, unique within the stage.
    pub action: String,
    /// The pipeline's service role, which invokes the function.
    pub role: Arn,
    /// The action's own role, where it has one: it invokes in place of the pipeline's. Needed for a
    /// function of another account, to which it then belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_role: Option<Arn>,
    /// What the function is told: a text as it is, anything else as JSON. 1 to 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_parameters: Option<Value>,
    /// The artifacts the function may read, five at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_artifacts: Vec<String>,
    /// The artifacts the function makes, five at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_artifacts: Vec<String>,
    /// The action's place within the stage, 1 to 999; 1 unless set. Those with the same number run
    /// side by side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_order: Option<u32>,
    /// By what name later actions read the job's output variables: `#{NAMESPACE.VARIABLE}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

impl CodePipeline {
    /// An action without parameters and artifacts.
    pub fn new(
        pipeline: Arn,
        stage: impl Into<String>,
        action: impl Into<String>,
        role: Arn,
    ) -> Self {
        Self {
            pipeline,
            stage: stage.into(),
            action: action.into(),
            role,
            action_role: None,
            user_parameters: None,
            input_artifacts: Vec::new(),
            output_artifacts: Vec::new(),
            run_order: None,
            namespace: None,
        }
    }

    /// The action as it stands in a template, below `Actions` of a stage of
    /// `AWS::CodePipeline::Pipeline`.
    ///
    /// ```
    /// use lambda_with::Function;
    /// use lambda_with_codepipeline::CodePipeline;
    ///
    /// let pipeline = "arn:aws:codepipeline:eu-west-1:123456789012:harbor".parse()?;
    /// let role = "arn:aws:iam::123456789012:role/pipelines".parse()?;
    /// let smoke = CodePipeline::new(pipeline, "Staging", "SmokeTest", role);
    /// let function = "arn:aws:lambda:eu-west-1:123456789012:function:smoke-test".parse()?;
    /// let action = smoke.declaration(&Function::new(function)?);
    /// assert_eq!(action["Configuration"]["FunctionName"], "smoke-test");
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    #[must_use]
    pub fn declaration(&self, function: &Function) -> Value {
        let names = |artifacts: &[String]| -> Value {
            artifacts
                .iter()
                .map(|name| json!({ "Name": name }))
                .collect()
        };
        let mut configuration = json!({ "FunctionName": function.name() });
        if let Some(parameters) = self.parameters() {
            configuration["UserParameters"] = parameters.into();
        }
        let mut action = json!({
            "Name": self.action,
            "ActionTypeId": { "Category": "Invoke", "Owner": "AWS", "Provider": "Lambda", "Version": "1" },
            "Configuration": configuration,
            "InputArtifacts": names(&self.input_artifacts),
            "OutputArtifacts": names(&self.output_artifacts),
            "RunOrder": self.run_order.unwrap_or(1),
        });
        if self.pipeline.region() != function.region() {
            action["Region"] = function.region().into();
        }
        for (name, value) in [
            ("Namespace", self.namespace.clone()),
            ("RoleArn", self.action_role.as_ref().map(Arn::to_string)),
        ] {
            if let Some(value) = value {
                action[name] = value.into();
            }
        }
        action
    }

    /// The parameters as the function gets them.
    fn parameters(&self) -> Option<String> {
        let parameters = self.user_parameters.as_ref()?;
        let text = parameters.as_str().map(str::to_owned);
        Some(text.unwrap_or_else(|| in_order(parameters).to_string()))
    }
}

impl Integration for CodePipeline {
    type Event = CodePipelineEvent;
    type Response = ();
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of(self)
    }

    /// What the role needs that invokes, and the function to put its result. The function's policy
    /// needs no statement.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let results = RoleStatement::new(
            [
                "codepipeline:PutJobFailureResult",
                "codepipeline:PutJobSuccessResult",
            ],
            "*",
            "results name a job, and CodePipeline has no finer permission for them",
        );
        let mut permissions = vec![Permission::ExecutionRole(results)];
        let mut caller = |role: &Arn, allows: Vec<RoleStatement>| {
            if role.is_role() {
                let mut caller = CallerRole::new("codepipeline.amazonaws.com", allows);
                caller.role = Some(role.clone());
                permissions.push(Permission::CallerRole(caller));
            }
        };
        let arn = function.arn.as_str();
        let plain = match function.qualifier() {
            Some(qualifier) => &arn[..arn.len() - qualifier.len() - 1],
            None => arn,
        };
        let invoke = vec![
            RoleStatement::new(["lambda:InvokeFunction"], plain, "the action invokes it"),
            RoleStatement::new(
                ["lambda:ListFunctions"],
                "*",
                "CodePipeline looks the function up, and lists have no finer permission",
            ),
        ];
        match &self.action_role {
            None => caller(&self.role, invoke),
            Some(own) => {
                let reason = "the action has a role of its own";
                let assume = RoleStatement::new(["sts:AssumeRole"], own.as_str(), reason);
                if own.is_role() {
                    caller(&self.role, vec![assume]);
                }
                caller(own, invoke);
            }
        }
        permissions
    }

    /// Nothing: CloudFormation has no resource for an action alone.
    /// [`declaration`](Self::declaration) is what the template's own pipeline gets.
    fn resources(&self, _function: &Function) -> Vec<Resource> {
        Vec::new()
    }

    /// A job of this action.
    fn example(&self, function: &Function) -> Option<Example> {
        let configuration = "/CodePipeline.job/data/actionConfiguration/configuration";
        let parameters = self.parameters();
        let id = if parameters.is_some() {
            "job"
        } else {
            "job-bare"
        };
        let mut members = Map::new();
        members.insert("FunctionName".into(), function.name().into());
        members.extend(parameters.map(|text| ("UserParameters".to_owned(), text.into())));
        let example = Example::named(&SERVICE, id)?
            .with("/CodePipeline.job/accountId", self.pipeline.account())
            .with(configuration, members);
        Some(example)
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::conflicts(self, other)
    }
}

/// The same value with the members of every object in the order of their names. serde_json keeps
/// theirs or not, by a feature any crate may turn on, and the text must not depend on that.
fn in_order(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(in_order).collect(),
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            let members = members.into_iter();
            Value::Object(
                members
                    .map(|(name, value)| (name.clone(), in_order(value)))
                    .collect(),
            )
        }
        plain => plain.clone(),
    }
}
