//! Setting up a behaviour of a distribution that exists.

mod document;

use aws_sdk_cloudfront::Client;
use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{Exchange, Occupied, Part, Session, Slot, Wire, failed};
use serde_json::{Value, json};

use self::document::{Association, Document};
use crate::{CloudFront, Trigger, check};

/// The behaviour is told which version to run, after the role, which CloudFront tries out. Everything
/// else of the distribution goes back letter for letter, what is newer than this crate too; the ETag
/// keeps two writers apart. A point at which another function runs is left alone.
///
/// CloudFront takes some minutes to carry a change to the edge; nothing waits for that.
impl Wire for CloudFront {
    const KINDS: &'static [&'static str] = &["AWS::CloudFront::Distribution"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        let invalid = |what: String, fix: &str| {
            let what = format!("`{}`: {what}", Integration::name(self));
            Err(Error::new(ErrorKind::Invalid, what).with("fix", fix))
        };
        if !check::is_id(&self.distribution) {
            let what = format!("`{}` is not the id of a distribution", self.distribution);
            let fix =
                "write the id, such as E2HARBOREXAMPL; to have one made, use `lambda-with export`";
            return invalid(what, fix);
        }
        // What `check` calls an error here is what CloudFront refuses, once the role has changed.
        if let Some(finding) = check::place(function).into_iter().next() {
            return invalid(finding.what, &finding.fix);
        }
        let place = Place {
            client: Client::new(session.config()),
            name: Integration::name(self),
            connection: self.clone(),
            function: function.clone(),
        };
        Ok(vec![place.part()])
    }
}

/// One point of one behaviour.
#[derive(Debug)]
struct Place {
    client: Client,
    name: String,
    connection: CloudFront,
    function: Function,
}

impl Place {
    fn thing(&self) -> String {
        format!("distribution {}", self.connection.distribution)
    }

    fn trigger(&self) -> Trigger {
        self.connection.event
    }

    /// The configuration as it is described, and its ETag.
    async fn found(&self) -> Result<(Document, String), Error> {
        let exchange = Exchange::new();
        let request = self.client.get_distribution_config();
        let request = request.id(&self.connection.distribution);
        let answer = request.customize().interceptor(exchange.clone());
        let made = answer.send().await;
        // The SDK's types may be older than the document; its ETag stands in the header either way.
        let etag = match &made {
            Ok(answer) => answer.e_tag().map(str::to_owned),
            Err(error) => error
                .raw_response()
                .and_then(|response| response.headers().get("etag"))
                .map(str::to_owned),
        };
        let body = exchange.answered(made);
        let body = body.map_err(|error| failed("GetDistributionConfig", self.thing(), error))?;
        let document = Document::parse(&body)?;
        Ok((document, etag.unwrap_or_default()))
    }

    /// Puts an association into this place, or takes it away.
    async fn update(&self, association: Option<&Association>) -> Result<(), Error> {
        let (document, etag) = self.found().await?;
        let pattern = self.connection.path_pattern.as_deref();
        let next = document.with(pattern, self.trigger().as_str(), association);
        let next = next.ok_or_else(|| self.missing())?;
        let request = self.client.update_distribution();
        let request = request.id(&self.connection.distribution).if_match(etag);
        let exchange = Exchange::sending(next);
        let answer = request.customize().interceptor(exchange).send().await;
        answer.map_err(|error| failed("UpdateDistribution", self.thing(), error))?;
        Ok(())
    }

    fn missing(&self) -> Error {
        let pattern = self.connection.path_pattern.as_deref();
        let what = format!(
            "{} has no behaviour for `{}`",
            self.thing(),
            pattern.unwrap_or_default()
        );
        let fix = "write the path pattern as the distribution has it, or make the behaviour first";
        Error::new(ErrorKind::NotFound, what).with("fix", fix)
    }
}

impl Slot for Place {
    fn what(&self) -> String {
        let behaviour = match &self.connection.path_pattern {
            Some(pattern) => format!("behaviour {pattern}"),
            None => "the default behaviour".to_owned(),
        };
        format!("{} of {behaviour} of {}", self.trigger(), self.thing())
    }

    fn connection(&self) -> &str {
        &self.name
    }

    fn wanted(&self) -> Value {
        self.connection.association(&self.function)
    }

    async fn read(&self) -> Result<Option<Occupied>, Error> {
        let (document, _) = self.found().await?;
        let associations = document.associations(self.connection.path_pattern.as_deref());
        let mut here = associations.ok_or_else(|| self.missing())?.into_iter();
        let here = here.find(|association| association.event == self.trigger().as_str());
        Ok(here.map(|association| {
            let mut members = json!({
                "EventType": association.event,
                "LambdaFunctionARN": association.function,
            });
            if self.trigger().is_request() {
                members["IncludeBody"] = json!(association.include_body);
            }
            // Another version of the function is replaced, for each change makes a new one.
            Occupied::running(members, &association.function, &self.function.arn)
        }))
    }

    async fn fill(&self, _found: Option<&Occupied>) -> Result<(), Error> {
        let association = Association {
            event: self.trigger().as_str().to_owned(),
            function: self.function.arn.to_string(),
            include_body: self.connection.include_body,
        };
        self.update(Some(&association)).await
    }

    async fn empty(&self, _found: &Occupied) -> Result<(), Error> {
        self.update(None).await
    }

    /// The role was opened to the edge a moment ago.
    fn is_early(&self, error: &Error) -> bool {
        error.context("code") == Some("InvalidLambdaFunctionAssociation")
            && error.message().contains("edgelambda.amazonaws.com")
    }
}
