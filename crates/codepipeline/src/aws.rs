//! Putting an action into a pipeline, beside those of others.

mod compare;

use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::config::Region;
use aws_sdk_codepipeline::config::http::HttpResponse;
use aws_sdk_codepipeline::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_codepipeline::types::PipelineDeclaration;
use lambda_with::{Arn, Error, ErrorKind, Function};
use lambda_with_aws::{
    Action, Aim, Change, Exchange, Goal, Part, Patience, Reading, Session, Shared, Stage, Wire,
    Work, failed, rewrite,
};
use serde_json::{Value, json};

use crate::CodePipeline;

/// The pipeline gets one action in a stage it has.
///
/// A pipeline is written as a whole, and nothing guards it against two writers. It is read, changed,
/// written and read again; stages, actions and settings of others go back as they came, those this
/// crate does not know included. An action is ours when it has the connection's stage and name and
/// invokes the connection's function.
///
/// Whoever runs this needs `codepipeline:GetPipeline` and `codepipeline:UpdatePipeline`, and
/// `iam:PassRole` for the pipeline's role.
impl Wire for CodePipeline {
    const KINDS: &'static [&'static str] = &[];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        let region = Region::new(self.pipeline.region().to_owned());
        let config = aws_sdk_codepipeline::config::Builder::from(session.config()).region(region);
        Ok(vec![Box::new(Actions {
            client: Client::from_conf(config.build()),
            pipeline: self.pipeline.clone(),
            function: function.clone(),
            wanted: vec![self.clone()],
        })])
    }
}

/// The actions of one pipeline that invoke one function.
#[derive(Debug)]
struct Actions {
    client: Client,
    pipeline: Arn,
    function: Function,
    wanted: Vec<CodePipeline>,
}

/// What is to be, as [`rewrite`] asks for it.
struct Rewrite<'a> {
    part: &'a Actions,
    aim: Aim,
}

impl Actions {
    fn name(&self) -> &str {
        self.pipeline.resource()
    }

    /// The pipeline's structure, as it came.
    async fn found(&self) -> Result<Value, Error> {
        let exchange = Exchange::new();
        let request = self.client.get_pipeline().name(self.name());
        let answer = request.customize().interceptor(exchange.clone()).send();
        if let Err(error) = answer.await {
            let unread = error
                .raw_response()
                .is_some_and(|response| response.status().is_success());
            if !unread {
                return Err(self.failed("GetPipeline", error));
            }
        }
        let refuse = |why: String| {
            let message = format!("the structure of pipeline {} {why}", self.name());
            Error::new(ErrorKind::Decode, message)
        };
        let document: Value = serde_json::from_slice(&exchange.answer())
            .map_err(|error| refuse(format!("is not JSON: {error}")))?;
        match document.get("pipeline") {
            Some(pipeline) if pipeline["stages"].is_array() => Ok(pipeline.clone()),
            _ => Err(refuse("has no stages".into())),
        }
    }

    async fn put(&self, pipeline: &Value) -> Result<(), Error> {
        let text = |member: &str| pipeline[member].as_str().unwrap_or_default();
        // Only the body matters, which is sent as it was read; the SDK insists on these members.
        let declaration = PipelineDeclaration::builder()
            .name(text("name"))
            .role_arn(text("roleArn"))
            .set_stages(Some(Vec::new()))
            .build();
        let declaration = declaration.map_err(|error| {
            Error::new(ErrorKind::Invalid, "the pipeline lacks a member").caused_by(error)
        })?;
        let request = self.client.update_pipeline().pipeline(declaration);
        let exchange = Exchange::sending(json!({ "pipeline": pipeline }).to_string());
        match request.customize().interceptor(exchange).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed("UpdatePipeline", error)),
        }
    }

    fn failed<E>(&self, operation: &str, error: SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let error = failed(operation, format!("pipeline {}", self.name()), error);
        match error.kind() {
            ErrorKind::NotFound => error.with("fix", "create the pipeline, or correct its name"),
            _ => error,
        }
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let what = format!("pipeline {}", self.name());
        let patience = Patience {
            settle: aim.options.settle,
            ..Patience::default()
        };
        match rewrite(&what, &Rewrite { part: self, aim }, patience).await {
            Ok((found, _)) => {
                done.extend(self.compare(&found, aim).0.changes);
                Ok(())
            }
            Err(error) if gone(&error, aim) => Ok(()),
            Err(error) => {
                let written = error.context("written").is_some();
                let change = Change::new(Action::Update, what).note("written, not confirmed");
                done.extend(written.then_some(change));
                Err(error)
            }
        }
    }
}

impl Shared for Rewrite<'_> {
    type Document = Value;

    async fn read(&self) -> Result<Value, Error> {
        self.part.found().await
    }

    fn change(&self, document: &Value) -> Result<Option<Value>, Error> {
        let (reading, next) = self.part.compare(document, self.aim);
        match reading.refusals.into_iter().next() {
            Some(refusal) => Err(Error::new(ErrorKind::Invalid, refusal)),
            None => Ok((next != *document).then_some(next)),
        }
    }

    async fn write(&self, document: &Value) -> Result<(), Error> {
        self.part.put(document).await
    }
}

impl Part for Actions {
    fn title(&self) -> String {
        format!("the actions of pipeline {}", self.name())
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move {
            match self.found().await {
                Ok(found) => Ok(self.compare(&found, aim).0),
                Err(error) if gone(&error, aim) => Ok(Reading::default()),
                Err(error) => Err(error),
            }
        })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }

    fn join(&mut self, other: &dyn Part) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<Self>();
        let other = other.filter(|other| other.pipeline == self.pipeline);
        let wanted = other.into_iter().flat_map(|other| &other.wanted);
        self.wanted.extend(wanted.cloned());
        other.is_some()
    }
}

/// A pipeline that is gone has nothing to disconnect.
fn gone(error: &Error, aim: Aim) -> bool {
    aim.goal == Goal::Disconnect && error.context("code") == Some("PipelineNotFoundException")
}
