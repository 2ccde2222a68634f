//! Setting up the transformation of a stream that exists.

use aws_sdk_firehose::Client;
use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{Exchange, Occupied, Part, Session, Slot, Wire, failed, same_function};
use serde_json::{Map, Value, json};

use crate::{Firehose, name, resources};

/// The stream is told which function transforms its records, after its role was allowed to invoke it.
///
/// Only the list of processors is written. It is read first, and other processors, those newer than
/// this crate too, go back as they came; the stream's version keeps two writers apart.
impl Wire for Firehose {
    const KINDS: &'static [&'static str] = &["AWS::KinesisFirehose::DeliveryStream"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        if self.role.is_none() {
            let what = format!(
                "`{}` has no role, and a stream that exists has one that is not known here",
                self.name()
            );
            let fix = "set role to the ARN of the role that the stream delivers with";
            return Err(Error::new(ErrorKind::Invalid, what).with("fix", fix));
        }
        let parameters = resources::parameters(self, function);
        let processor = Processor {
            client: Client::new(session.config()),
            connection: self.name(),
            stream: name::stream_name(&self.stream).to_owned(),
            function: function.arn.to_string(),
            parameters: resources::told(&parameters, function),
        };
        Ok(vec![processor.part()])
    }
}

/// The processor of one stream that invokes a function.
#[derive(Debug)]
struct Processor {
    client: Client,
    connection: String,
    stream: String,
    function: String,
    parameters: Vec<Value>,
}

/// A stream as it is described.
struct Described {
    version: String,
    destination: String,
    /// The kind of destination: `ExtendedS3`.
    kind: String,
    processors: Vec<Value>,
}

impl Processor {
    fn thing(&self) -> String {
        format!("stream {}", self.stream)
    }

    async fn described(&self) -> Result<Described, Error> {
        let exchange = Exchange::new();
        let request = self.client.describe_delivery_stream();
        let request = request.delivery_stream_name(&self.stream);
        let answer = request.customize().interceptor(exchange.clone());
        let sent = answer.send().await;
        let document = exchange.document("DescribeDeliveryStream", self.thing(), sent)?;
        let stream = &document["DeliveryStreamDescription"];
        let destination = &stream["Destinations"][0];
        let kinds = destination.as_object().into_iter().flatten();
        // A bucket is described twice; the plain form has no processors.
        let mut kinds = kinds
            .filter(|(member, value)| *member != "S3DestinationDescription" && value.is_object());
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let mut described = || {
            let (member, settings) = kinds.next()?;
            let processors = &settings["ProcessingConfiguration"]["Processors"];
            Some(Described {
                version: text(&stream["VersionId"])?,
                destination: text(&destination["DestinationId"])?,
                kind: member.strip_suffix("DestinationDescription")?.to_owned(),
                processors: processors.as_array().cloned().unwrap_or_default(),
            })
        };
        described().ok_or_else(|| {
            let what = format!(
                "{} has no destination that a function can precede",
                self.thing()
            );
            Error::new(ErrorKind::Invalid, what)
        })
    }

    /// Writes the processors, ours replaced.
    async fn update(&self, ours: Option<Value>) -> Result<(), Error> {
        let found = self.described().await?;
        let mut processors = found.processors;
        let place = processors.iter().position(|p| self.is_ours(p));
        match (place, ours) {
            (Some(place), Some(ours)) => processors[place] = ours,
            (Some(place), None) => drop(processors.remove(place)),
            (None, ours) => processors.extend(ours),
        }
        let processing = json!({ "Enabled": !processors.is_empty(), "Processors": processors });
        let update = json!({ "ProcessingConfiguration": processing });
        let body = json!({
            "DeliveryStreamName": self.stream,
            "CurrentDeliveryStreamVersionId": found.version,
            "DestinationId": found.destination,
            format!("{}DestinationUpdate", found.kind): update,
        });
        let call = self
            .client
            .update_destination()
            .delivery_stream_name(&self.stream)
            .current_delivery_stream_version_id(&found.version)
            .destination_id(&found.destination);
        let exchange = Exchange::sending(body.to_string());
        let answer = call.customize().interceptor(exchange).send().await;
        answer.map_err(|error| failed("UpdateDestination", self.thing(), error))?;
        Ok(())
    }

    fn is_ours(&self, processor: &Value) -> bool {
        let parameters = parameters(processor);
        let function = parameters.get("LambdaArn").and_then(Value::as_str);
        function.is_some_and(|function| same_function(function, &self.function))
    }
}

impl Slot for Processor {
    fn what(&self) -> String {
        format!("transformation of {}", self.thing())
    }

    fn connection(&self) -> &str {
        &self.connection
    }

    fn wanted(&self) -> Value {
        Value::Object(parameters(&json!({ "Parameters": self.parameters })))
    }

    async fn read(&self) -> Result<Option<Occupied>, Error> {
        let found = self.described().await?;
        let mut invoking = found.processors.iter().filter(|p| p["Type"] == "Lambda");
        let processor = invoking
            .clone()
            .find(|p| self.is_ours(p))
            .or(invoking.next());
        Ok(processor.map(|processor| {
            let members = parameters(processor);
            let function = members.get("LambdaArn").and_then(Value::as_str);
            let function = function.unwrap_or("another function").to_owned();
            match self.is_ours(processor) {
                true => Occupied::ours(Value::Object(members)),
                false => Occupied::theirs(Value::Object(members), function),
            }
        }))
    }

    async fn fill(&self, _found: Option<&Occupied>) -> Result<(), Error> {
        let ours = json!({ "Type": "Lambda", "Parameters": self.parameters });
        self.update(Some(ours)).await
    }

    async fn empty(&self, _found: &Occupied) -> Result<(), Error> {
        self.update(None).await
    }

    /// Firehose tries the role out, which was allowed a moment ago.
    fn is_early(&self, error: &Error) -> bool {
        error.context("code") == Some("InvalidArgumentException")
            && error.message().contains("not authorized")
    }
}

/// A processor's parameters by their names.
fn parameters(processor: &Value) -> Map<String, Value> {
    let parameters = processor["Parameters"].as_array().into_iter().flatten();
    let pair = |parameter: &Value| {
        let name = parameter["ParameterName"].as_str()?;
        Some((name.to_owned(), parameter["ParameterValue"].clone()))
    };
    parameters.filter_map(pair).collect()
}
