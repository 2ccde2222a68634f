//! Putting the function on the list that flows choose from.

use aws_sdk_connect::Client;
use lambda_with::{Error, Function, Integration};
use lambda_with_aws::{Occupied, Part, Session, Slot, Wire, failed};
use serde_json::{Value, json};

use crate::{Connect, check};

/// The instance is told of the function, after the permission. The functions of others stay on its
/// list. An instance of another account or Region has no list for it, and gets the permission alone.
impl Wire for Connect {
    const KINDS: &'static [&'static str] = &["AWS::Connect::IntegrationAssociation"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        if !self.is_beside(function) {
            return Ok(Vec::new());
        }
        let association = Association {
            client: Client::new(session.config()),
            connection: Integration::name(self),
            instance: check::instance_id(&self.instance).to_owned(),
            function: function.arn.to_string(),
        };
        Ok(vec![association.part()])
    }
}

/// A function's place on the list of an instance.
#[derive(Debug)]
struct Association {
    client: Client,
    connection: String,
    instance: String,
    function: String,
}

impl Association {
    fn thing(&self) -> String {
        format!("instance {}", self.instance)
    }

    async fn is_listed(&self) -> Result<bool, Error> {
        let request = self.client.list_lambda_functions();
        let request = request.instance_id(&self.instance).max_results(25);
        let mut token = None;
        loop {
            let answer = request.clone().set_next_token(token).send().await;
            let answer =
                answer.map_err(|error| failed("ListLambdaFunctions", self.thing(), error))?;
            if answer.lambda_functions().contains(&self.function) {
                return Ok(true);
            }
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(false);
            }
        }
    }
}

impl Slot for Association {
    fn what(&self) -> String {
        format!("place on the list of {}", self.thing())
    }

    fn connection(&self) -> &str {
        &self.connection
    }

    fn wanted(&self) -> Value {
        json!({ "FunctionArn": self.function })
    }

    async fn read(&self) -> Result<Option<Occupied>, Error> {
        let is_listed = self.is_listed().await?;
        Ok(is_listed.then(|| Occupied::ours(self.wanted())))
    }

    async fn fill(&self, _found: Option<&Occupied>) -> Result<(), Error> {
        let request = self.client.associate_lambda_function();
        let request = request
            .instance_id(&self.instance)
            .function_arn(&self.function);
        let answer = request.send().await;
        answer.map_err(|error| failed("AssociateLambdaFunction", self.thing(), error))?;
        Ok(())
    }

    async fn empty(&self, _found: &Occupied) -> Result<(), Error> {
        let request = self.client.disassociate_lambda_function();
        let request = request
            .instance_id(&self.instance)
            .function_arn(&self.function);
        let answer = request.send().await;
        answer.map_err(|error| failed("DisassociateLambdaFunction", self.thing(), error))?;
        Ok(())
    }
}
