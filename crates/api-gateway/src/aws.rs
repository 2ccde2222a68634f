//! Setting up routes of an API that exists already: here those of an HTTP or WebSocket API.

mod calls;
mod compare;
mod rest;

use aws_sdk_apigatewayv2::Client;
use lambda_with::{Error, Function, Integration, Resource};
use lambda_with_aws::{Aim, Goal, Part, Reading, Session, Shared, Wire};
use serde_json::{Value, json};

use self::calls::Found;
use crate::{HttpApi, WebSocketApi};

const INTEGRATION: &str = "AWS::ApiGatewayV2::Integration";
const ROUTE: &str = "AWS::ApiGatewayV2::Route";
const ROUTE_RESPONSE: &str = "AWS::ApiGatewayV2::RouteResponse";

/// One integration with the function, and a route for each key. The API, its stage and its
/// authorizers must be there: a connection without `api_id` is refused.
///
/// The integration is known by its description, which names the function; a route is ours when it
/// leads to that integration. A key that leads elsewhere is left alone, and
/// connecting refuses.
impl Wire for HttpApi {
    const KINDS: &'static [&'static str] = &[INTEGRATION, ROUTE];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        let authorizer = self.authorizer.as_deref();
        let routes = |api: &String| {
            Routes::new(session, function, self, api, &self.stage, authorizer).part()
        };
        Ok(self.api_id.iter().map(routes).collect())
    }
}

/// As for [`HttpApi`].
impl Wire for WebSocketApi {
    const KINDS: &'static [&'static str] = &[INTEGRATION, ROUTE, ROUTE_RESPONSE];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        let authorizer = self.authorizer.as_deref();
        let routes = |api: &String| {
            Routes::new(session, function, self, api, &self.stage, authorizer).part()
        };
        Ok(self.api_id.iter().map(routes).collect())
    }
}

/// The routes of one connection.
#[derive(Debug)]
struct Routes {
    client: Client,
    api: String,
    stage: String,
    function: String,
    /// What the integration's description says, which is how it is known.
    mark: String,
    /// Members of the integration, as the API has them.
    integration: Value,
    /// Whether another connection of the function wants another integration.
    torn: bool,
    routes: Vec<Wanted>,
}

/// A route as it should be.
#[derive(Clone, Debug)]
struct Wanted {
    connection: String,
    key: String,
    /// `NONE`, `AWS_IAM`, or `CUSTOM` with the name of the authorizer.
    kind: String,
    authorizer: Option<String>,
    /// Whether the sender of a message gets what the function answers.
    two_way: bool,
}

impl Routes {
    fn new(
        session: &Session,
        function: &Function,
        connection: &impl Integration,
        api: &str,
        stage: &str,
        authorizer: Option<&str>,
    ) -> Self {
        let resources = connection.resources(function);
        let text = |value: &Value| {
            value
                .as_str()
                .unwrap_or_default()
                .replace(Resource::FUNCTION, function.arn.as_str())
        };
        let made = resources
            .iter()
            .find(|resource| resource.kind == INTEGRATION);
        let made = made
            .map(|resource| resource.properties.clone())
            .unwrap_or_default();
        let authorizer = authorizer.filter(|name| *name != "AWS_IAM");
        let route = |resource: &Resource| {
            let kind = text(&resource.properties["AuthorizationType"]);
            Wanted {
                connection: connection.name(),
                key: text(&resource.properties["RouteKey"]),
                authorizer: authorizer.filter(|_| kind == "CUSTOM").map(str::to_owned),
                two_way: resource.properties["RouteResponseSelectionExpression"] == "$default",
                kind,
            }
        };
        let routes = resources
            .iter()
            .filter(|resource| resource.kind == ROUTE)
            .map(route);
        Self {
            client: Client::new(session.config()),
            api: api.to_owned(),
            stage: stage.to_owned(),
            function: function.name().to_owned(),
            mark: format!("lambda-with for {}", function.arn),
            torn: false,
            integration: json!({
                "IntegrationUri": text(&made["IntegrationUri"]),
                "PayloadFormatVersion": made["PayloadFormatVersion"],
                "TimeoutInMillis": made["TimeoutInMillis"],
            }),
            routes: routes.collect(),
        }
    }

    fn thing(&self) -> String {
        format!("API {}", self.api)
    }

    fn what(&self, key: &str) -> String {
        format!("route {key} of {}", self.thing())
    }

    fn what_integration(&self) -> String {
        format!("integration of {} with {}", self.thing(), self.function)
    }

    fn wants(&self, key: &str) -> Option<&Wanted> {
        self.routes.iter().find(|wanted| wanted.key == key)
    }
}

impl Wanted {
    /// The type of authorization, and the authorizer's id; nothing when there is no such authorizer.
    fn authorization(&self, found: &Found) -> Option<(String, Option<String>)> {
        match &self.authorizer {
            Some(name) => {
                let named = found
                    .authorizers
                    .iter()
                    .find(|authorizer| authorizer.name == *name)?;
                Some((named.kind.clone(), Some(named.id.clone())))
            }
            None => Some((self.kind.clone(), None)),
        }
    }
}

impl Shared for Routes {
    type Document = Found;

    fn title(&self) -> String {
        format!("the routes of {}", self.thing())
    }

    async fn read(&self, _goal: Goal) -> Result<Found, Error> {
        self.found().await
    }

    fn compare(&self, found: &Found, aim: Aim) -> (Reading, Found) {
        match aim.goal {
            Goal::Connect => self.connected(found, aim.options.prune),
            Goal::Disconnect => self.disconnected(found),
        }
    }

    /// The integration before its routes, and after them when it goes.
    async fn write(&self, found: &Found, next: &Found) -> Result<(), Error> {
        let standing = found.integration(&self.mark);
        let wanted = next.integration(&self.mark);
        let id = match (standing, wanted) {
            (None, Some(wanted)) => self.create_integration(wanted).await?,
            (Some(standing), Some(wanted)) if standing != wanted => {
                self.update_integration(wanted).await?;
                wanted.id.clone()
            }
            (standing, _) => standing.map(|it| it.id.clone()).unwrap_or_default(),
        };
        for route in &found.routes {
            if next.route(&route.key).is_none() {
                self.delete_route(route).await?;
            }
        }
        for route in &next.routes {
            match found.route(&route.key) {
                None => self.create_route(route, &id).await?,
                Some(standing) if standing != route => self.update_route(route).await?,
                Some(_) => {}
            }
        }
        match (standing, wanted) {
            (Some(standing), None) => self.delete_integration(standing).await,
            _ => Ok(()),
        }
    }

    /// The connections of one function at one API share an integration.
    fn join(&mut self, other: &Self) -> bool {
        let same = (&self.api, &self.stage) == (&other.api, &other.stage);
        if same {
            self.torn |= self.integration != other.integration;
            self.routes.extend(other.routes.iter().cloned());
        }
        same
    }
}
