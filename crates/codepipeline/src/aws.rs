//! Putting an action into a pipeline, beside those of others.

mod compare;

use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::config::Region;
use aws_sdk_codepipeline::types::PipelineDeclaration;
use lambda_with::{Arn, Error, ErrorKind, Function};
use lambda_with_aws::{Aim, Exchange, Goal, Part, Reading, Session, Shared, Wire, failed};
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
        let actions = Actions {
            client: Client::from_conf(config.build()),
            pipeline: self.pipeline.clone(),
            function: function.clone(),
            wanted: vec![self.clone()],
        };
        Ok(vec![actions.part()])
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

impl Actions {
    fn thing(&self) -> String {
        format!("pipeline {}", self.pipeline.resource())
    }
}

impl Shared for Actions {
    /// The pipeline's structure, as it came.
    type Document = Value;

    const UNGUARDED: bool = true;

    fn title(&self) -> String {
        format!("the actions of {}", self.thing())
    }

    async fn read(&self, _goal: Goal) -> Result<Value, Error> {
        let exchange = Exchange::new();
        let request = self.client.get_pipeline().name(self.pipeline.resource());
        let sent = request.customize().interceptor(exchange.clone()).send();
        let mut document = exchange.document("GetPipeline", self.thing(), sent.await)?;
        match document["pipeline"].take() {
            pipeline if pipeline["stages"].is_array() => Ok(pipeline),
            _ => {
                let what = format!("the structure of {} has no stages", self.thing());
                Err(Error::new(ErrorKind::Decode, what))
            }
        }
    }

    fn compare(&self, found: &Value, aim: Aim) -> (Reading, Value) {
        let (mut reading, mut next) = (Reading::default(), found.clone());
        for connection in &self.wanted {
            let change = self.compare_one(connection, &mut next, aim, &mut reading.refusals);
            reading.changes.extend(change);
        }
        if aim.goal == Goal::Connect {
            reading.orphans = self.orphans(found);
        }
        (reading, next)
    }

    async fn write(&self, _found: &Value, next: &Value) -> Result<(), Error> {
        let text = |member: &str| next[member].as_str().unwrap_or_default();
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
        let exchange = Exchange::sending(json!({ "pipeline": next }).to_string());
        let sent = request.customize().interceptor(exchange).send().await;
        sent.map(drop)
            .map_err(|error| failed("UpdatePipeline", self.thing(), error))
    }

    fn join(&mut self, other: &Self) -> bool {
        let same = self.pipeline == other.pipeline;
        self.wanted
            .extend(other.wanted.iter().filter(|_| same).cloned());
        same
    }
}
