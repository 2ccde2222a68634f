//! What Alexa demands of a smart home skill's answer.

use std::collections::HashSet;

use lambda_with::{Error, ErrorKind};

use crate::{
    DiscoveredEndpoint, SmartHomeErrorType, SmartHomeProperty, SmartHomeRequest, SmartHomeResponse,
};

/// Devices and scenes of a user.
const MAX_ENDPOINTS: usize = 300;
/// Interfaces of a device.
const MAX_CAPABILITIES: usize = 100;
/// Characters of a device's id.
const MAX_ENDPOINT_ID: usize = 256;

const VERSION: &str = "an answer has payload version 3";
const MESSAGE: &str = "an answer has a message id of its own";
const TOKEN: &str = "an answer brings the correlation token back";
const NAME: &str = "an answer is one of those to its directive";
const ENDPOINT: &str = "an answer is about the device that was asked for";
const STATE: &str = "a state report has the properties of the device";
const PROPERTY: &str = "a property is told once, with its name and time";
const ERROR: &str = "an error has a type of its directive and a message";
const DISCOVERY: &str = "a discovery names at most 300 devices, each once";
const DEVICE: &str = "a device has an id of 1 to 256 characters, names and 1 to 100 capabilities";

pub(super) fn check(answer: &SmartHomeResponse, request: &SmartHomeRequest) -> Result<(), Error> {
    header(answer, request)?;
    name(answer, request)?;
    endpoint(answer, request)?;
    error(answer, request)?;
    let properties = answer
        .context
        .as_ref()
        .and_then(|context| context.properties.as_deref());
    let reports = answer.event.header.name == "StateReport";
    if reports && properties.is_none_or(<[_]>::is_empty) {
        return refuse(STATE, "context.properties", "there are none".into());
    }
    self::properties(properties.unwrap_or_default())?;
    if answer.event.header.name == "Discover.Response" {
        return discovery(answer.event.payload.endpoints.as_deref());
    }
    Ok(())
}

fn header(answer: &SmartHomeResponse, request: &SmartHomeRequest) -> Result<(), Error> {
    let (ours, theirs) = (&answer.event.header, &request.directive.header);
    if ours.payload_version != "3" {
        let what = format!("it is `{}`", ours.payload_version);
        return refuse(VERSION, "event.header.payloadVersion", what);
    }
    if ours.message_id.is_empty() || ours.message_id == theirs.message_id {
        let what = "it is empty, or the directive's".to_owned();
        return refuse(MESSAGE, "event.header.messageId", what);
    }
    if ours.correlation_token.as_ref() != theirs.correlation_token.as_ref() {
        let what = "it is not the directive's".to_owned();
        return refuse(TOKEN, "event.header.correlationToken", what);
    }
    Ok(())
}

fn name(answer: &SmartHomeResponse, request: &SmartHomeRequest) -> Result<(), Error> {
    let (ours, theirs) = (&answer.event.header, &request.directive.header);
    let answered = (ours.namespace.as_str(), ours.name.as_str());
    let fits = match (theirs.namespace.as_str(), theirs.name.as_str()) {
        ("Alexa.Discovery", "Discover") => matches!(
            answered,
            ("Alexa.Discovery", "Discover.Response") | ("Alexa", "ErrorResponse")
        ),
        ("Alexa.Authorization", "AcceptGrant") => matches!(
            answered,
            (
                "Alexa.Authorization",
                "AcceptGrant.Response" | "ErrorResponse"
            )
        ),
        ("Alexa", "ReportState") => matches!(
            answered,
            (
                "Alexa",
                "StateReport" | "DeferredResponse" | "ErrorResponse"
            )
        ),
        // An interface may have answers and errors of its own.
        (namespace, _) => match answered {
            ("Alexa", name) => matches!(name, "Response" | "DeferredResponse" | "ErrorResponse"),
            (own, name) => own == namespace || name == "ErrorResponse",
        },
    };
    if fits {
        return Ok(());
    }
    let what = format!(
        "{}.{} does not answer {}.{}",
        ours.namespace, ours.name, theirs.namespace, theirs.name
    );
    refuse(NAME, "event.header", what)
}

fn endpoint(answer: &SmartHomeResponse, request: &SmartHomeRequest) -> Result<(), Error> {
    let asked = request.directive.endpoint.as_ref();
    let asked = asked.map(|endpoint| endpoint.endpoint_id.as_str());
    let told = answer.event.endpoint.as_ref();
    let told = told.map(|endpoint| endpoint.endpoint_id.as_str());
    // A deferral and an error may leave it out.
    let must = matches!(
        answer.event.header.name.as_str(),
        "Response" | "StateReport"
    );
    match (asked, told) {
        (Some(asked), Some(told)) if asked != told => {
            let what = format!("it is `{told}`, not `{asked}`");
            refuse(ENDPOINT, "event.endpoint.endpointId", what)
        }
        (Some(asked), None) if must => {
            refuse(ENDPOINT, "event.endpoint", format!("`{asked}` is missing"))
        }
        _ => Ok(()),
    }
}

fn error(answer: &SmartHomeResponse, request: &SmartHomeRequest) -> Result<(), Error> {
    const PATH: &str = "event.payload";
    if answer.event.header.name != "ErrorResponse" {
        return Ok(());
    }
    let payload = &answer.event.payload;
    let Some(kind) = &payload.kind else {
        return refuse(ERROR, PATH, "the type is missing".into());
    };
    if payload.message.as_ref().is_none_or(|text| text.is_empty()) {
        return refuse(ERROR, PATH, "the message is missing".into());
    }
    let of_grant = *kind == SmartHomeErrorType::AcceptGrantFailed;
    if of_grant != request.is("Alexa.Authorization", "AcceptGrant") {
        let what = format!("{} does not go with the directive", kind.as_str());
        return refuse(ERROR, PATH, what);
    }
    Ok(())
}

fn properties(all: &[SmartHomeProperty]) -> Result<(), Error> {
    let mut told = HashSet::new();
    for (index, property) in all.iter().enumerate() {
        let at = || format!("context.properties[{index}]");
        let (namespace, name) = (property.namespace.as_str(), property.name.as_str());
        let wrong = if namespace.is_empty() || name.is_empty() {
            Some("it has no name".to_owned())
        } else if !told.insert((namespace, name, property.instance.as_deref())) {
            Some(format!("{namespace}.{name} is told twice"))
        } else {
            let time = property.time_of_sample.timestamp();
            time.err().map(|error| error.message().to_owned())
        };
        if let Some(what) = wrong {
            return refuse(PROPERTY, at(), what);
        }
    }
    Ok(())
}

fn discovery(endpoints: Option<&[DiscoveredEndpoint]>) -> Result<(), Error> {
    const PATH: &str = "event.payload.endpoints";
    let Some(endpoints) = endpoints else {
        return refuse(DISCOVERY, PATH, "the list is missing".into());
    };
    if endpoints.len() > MAX_ENDPOINTS {
        let what = format!("there are {} devices", endpoints.len());
        return Err(Error::new(ErrorKind::Limit, what)
            .with("rule", DISCOVERY)
            .with("path", PATH));
    }
    let mut named = HashSet::new();
    for (index, device) in endpoints.iter().enumerate() {
        let at = format!("{PATH}[{index}]");
        let id = device.endpoint_id.as_str();
        if !named.insert(id) {
            return refuse(DISCOVERY, at, format!("`{id}` is named twice"));
        }
        let nameless = device.friendly_name.is_empty() || device.manufacturer_name.is_empty();
        let capable = (1..=MAX_CAPABILITIES).contains(&device.capabilities.len());
        if !(1..=MAX_ENDPOINT_ID).contains(&id.chars().count()) || nameless || !capable {
            let capabilities = device.capabilities.len();
            let what = format!("`{id}` has {capabilities} capabilities");
            return refuse(DEVICE, at, what);
        }
    }
    Ok(())
}

fn refuse(rule: &'static str, path: impl Into<String>, message: String) -> Result<(), Error> {
    Err(Error::new(ErrorKind::Invalid, message)
        .with("rule", rule)
        .with("path", path))
}
