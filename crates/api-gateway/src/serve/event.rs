//! Events, as API Gateway sends them.

use lambda_with::{Headers, JsonText, Map, MultiHeaders, Nullable, Text};

use super::api::{Api, Flavour};
use super::incoming::{Incoming, log_time, percent_decoded, short_id};
use super::matching::Variables;
use crate::route::Route;
use crate::{
    AuthorizerContext, HttpApiDescription, HttpApiRequest, HttpApiRequestContext, RequestIdentity,
    RestApiRequest, RestApiRequestContext,
};

/// The event of one request, as JSON text.
pub(super) fn event(
    api: &Api,
    incoming: &Incoming<'_>,
    route: &Route,
    flavour: Flavour,
    variables: &Variables<'_>,
) -> Vec<u8> {
    let json = match flavour {
        Flavour::HttpV2 => serde_json::to_vec(&v2(api, incoming, route, variables)),
        Flavour::Url => serde_json::to_vec(&url(api, incoming, route, variables)),
        Flavour::HttpV1 => serde_json::to_vec(&v1(api, incoming, route, variables)),
        Flavour::Rest => serde_json::to_vec(&rest(api, incoming, route, variables)),
    };
    // Text and maps of text can always be written.
    json.unwrap_or_default()
}

fn v2(
    api: &Api,
    incoming: &Incoming<'_>,
    route: &Route,
    variables: &Variables<'_>,
) -> HttpApiRequest {
    let path = Text::from(percent_decoded(incoming.path()));
    let domain = incoming.domain_name();
    let headers: Headers = incoming
        .headers()
        .into_iter()
        .filter(|(name, _)| name != "cookie")
        .map(|(name, values)| (name, values.join(",")))
        .collect();
    let query = incoming
        .query()
        .into_iter()
        .map(|(name, values)| (name, Text::from(values.join(","))));
    let (body, is_base64_encoded) = incoming.body().unzip();
    let cookies: Vec<Text> = incoming.cookies().into_iter().map(Text::from).collect();
    HttpApiRequest {
        version: "2.0".into(),
        route_key: Some(route.key().into()),
        raw_path: path.clone(),
        raw_query_string: incoming.raw_query().into(),
        cookies: if cookies.is_empty() {
            Nullable::Missing
        } else {
            cookies.into()
        },
        headers,
        query_string_parameters: present(query.collect()),
        request_context: HttpApiRequestContext {
            account_id: api.account.as_str().into(),
            api_id: api.id.as_str().into(),
            domain_prefix: first_label(&domain),
            domain_name: domain.into(),
            http: HttpApiDescription {
                method: incoming.request.method().as_str().into(),
                path,
                protocol: incoming.protocol().into(),
                source_ip: incoming.arrival.peer.to_string().into(),
                user_agent: Text::from(incoming.header("user-agent").unwrap_or_default()).into(),
            },
            request_id: short_id(&incoming.arrival.request_id).into(),
            route_key: Some(route.key().into()),
            stage: Some(api.stage.as_str().into()),
            time: log_time(incoming.arrival.now).into(),
            time_epoch: incoming.arrival.now.unix_millis().into(),
            ..HttpApiRequestContext::default()
        },
        body: body.map(JsonText::from).into(),
        path_parameters: present(
            variables
                .iter()
                .map(|(name, value)| (*name, Text::from(percent_decoded(value))))
                .collect(),
        ),
        is_base64_encoded: is_base64_encoded.unwrap_or_default(),
        stage_variables: present(stage_variables(api)),
    }
}

/// The same, with what a URL has none of as null.
fn url(
    api: &Api,
    incoming: &Incoming<'_>,
    route: &Route,
    variables: &Variables<'_>,
) -> HttpApiRequest {
    let mut request = v2(api, incoming, route, variables);
    request.path_parameters = Nullable::Null;
    request.stage_variables = Nullable::Null;
    let context = &mut request.request_context;
    context.authentication = Nullable::Null;
    context.authorizer = Nullable::Null;
    context.request_id = incoming.arrival.request_id.as_str().into();
    request
}

fn v1(
    api: &Api,
    incoming: &Incoming<'_>,
    route: &Route,
    variables: &Variables<'_>,
) -> RestApiRequest {
    let variables = variables
        .iter()
        .map(|(name, value)| (*name, Text::from(percent_decoded(value))));
    let mut request = one(api, incoming, route, variables.collect());
    request.version = Some("1.0".into());
    request.path = incoming.path().into();
    let context = &mut request.request_context;
    context.request_id = short_id(&incoming.arrival.request_id).into();
    context.resource_id = Text::from(route.key()).into();
    context.path = Text::from(percent_decoded(incoming.path())).into();
    context.authorizer = Nullable::Value(AuthorizerContext {
        claims: Nullable::Null,
        scopes: Nullable::Null,
        ..AuthorizerContext::default()
    });
    if context.identity.user_agent == Nullable::Null {
        context.identity.user_agent = Text::default().into();
    }
    request
}

fn rest(
    api: &Api,
    incoming: &Incoming<'_>,
    route: &Route,
    variables: &Variables<'_>,
) -> RestApiRequest {
    let variables = variables
        .iter()
        .map(|(name, value)| (*name, Text::from(*value)));
    let mut request = one(api, incoming, route, variables.collect());
    let path = incoming.path_in_stage().unwrap_or_default();
    request.path = path.into();
    let context = &mut request.request_context;
    context.request_id = incoming.arrival.request_id.as_str().into();
    context.resource_id = Text::from(identifier(route.path())).into();
    context.deployment_id = Text::from(identifier(&api.stage)).into();
    context.path = Text::from(incoming.path()).into();
    request
}

/// What the two forms with `multiValueHeaders` have in common.
fn one(api: &Api, incoming: &Incoming<'_>, route: &Route, variables: Map<Text>) -> RestApiRequest {
    let method = Text::from(incoming.request.method().as_str());
    let resource = Text::from(if route.method().is_some() {
        route.path()
    } else {
        route.key()
    });
    let domain = incoming.domain_name();
    let headers: Vec<(Text, Vec<Text>)> = incoming
        .headers()
        .into_iter()
        .map(|(name, values)| {
            (
                capitalized(&name),
                values.into_iter().map(Text::from).collect(),
            )
        })
        .collect();
    let query: Vec<(String, Vec<Text>)> = incoming
        .query()
        .into_iter()
        .map(|(name, values)| (name, values.into_iter().map(Text::from).collect()))
        .collect();
    let last = |values: &Vec<Text>| values.last().cloned().unwrap_or_default();
    let (body, base64) = incoming.body().unzip();
    RestApiRequest {
        resource: resource.clone(),
        http_method: method.clone(),
        headers: headers
            .iter()
            .map(|(name, values)| (name.clone(), last(values)))
            .collect::<Headers>()
            .into(),
        multi_value_headers: headers.into_iter().collect::<MultiHeaders>().into(),
        query_string_parameters: or_null(
            query
                .iter()
                .map(|(name, values)| (name.as_str(), last(values)))
                .collect(),
        ),
        multi_value_query_string_parameters: or_null(query.into_iter().collect()),
        path_parameters: or_null(variables),
        stage_variables: or_null(stage_variables(api)),
        request_context: RestApiRequestContext {
            account_id: api.account.as_str().into(),
            api_id: api.id.as_str().into(),
            stage: api.stage.as_str().into(),
            extended_request_id: Text::from(short_id(&incoming.arrival.request_id)).into(),
            resource_path: resource,
            http_method: method,
            protocol: Text::from(incoming.protocol()).into(),
            request_time: Text::from(log_time(incoming.arrival.now)).into(),
            request_time_epoch: Nullable::Value(incoming.arrival.now.unix_millis().into()),
            domain_prefix: first_label(&domain).into(),
            domain_name: Text::from(domain).into(),
            identity: identity(incoming),
            ..RestApiRequestContext::default()
        },
        body: body.map_or(Nullable::Null, |body| JsonText::from(body).into()),
        is_base64_encoded: Some(base64.unwrap_or_default()),
        ..RestApiRequest::default()
    }
}

fn identity(incoming: &Incoming<'_>) -> RequestIdentity {
    RequestIdentity {
        source_ip: incoming.arrival.peer.to_string().into(),
        user_agent: incoming
            .header("user-agent")
            .map_or(Nullable::Null, |a| Text::from(a).into()),
        access_key: Nullable::Null,
        account_id: Nullable::Null,
        caller: Nullable::Null,
        user: Nullable::Null,
        user_arn: Nullable::Null,
        principal_org_id: Nullable::Null,
        cognito_authentication_provider: Nullable::Null,
        cognito_authentication_type: Nullable::Null,
        cognito_identity_id: Nullable::Null,
        cognito_identity_pool_id: Nullable::Null,
        ..RequestIdentity::default()
    }
}

pub(super) fn stage_variables(api: &Api) -> Map<Text> {
    api.stage_variables
        .iter()
        .map(|(name, value)| (name, Text::from(value)))
        .collect()
}

pub(super) fn present<V>(map: Map<V>) -> Nullable<Map<V>> {
    if map.is_empty() {
        Nullable::Missing
    } else {
        Nullable::Value(map)
    }
}

fn or_null<V>(map: Map<V>) -> Nullable<Map<V>> {
    if map.is_empty() {
        Nullable::Null
    } else {
        Nullable::Value(map)
    }
}

/// `X-Api-Key` of `x-api-key`.
pub(super) fn capitalized(name: &str) -> Text {
    let mut start = true;
    let letters = name.chars().map(|c| {
        let letter = if start { c.to_ascii_uppercase() } else { c };
        start = c == '-';
        letter
    });
    letters.collect::<String>().into()
}

fn first_label(domain: &str) -> Text {
    domain.split('.').next().unwrap_or_default().into()
}

/// Six characters, as resources and deployments have them.
fn identifier(of: &str) -> String {
    lambda_with::name::checksum_of(&[of])
        .chars()
        .take(6)
        .collect()
}
