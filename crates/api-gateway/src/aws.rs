//! Setting up routes of an HTTP or WebSocket API that exists already.

mod calls;
mod compare;

use aws_sdk_apigatewayv2::Client;
use lambda_with::{Error, ErrorKind, Function, Integration, Resource};
use lambda_with_aws::{Aim, Change, Part, Reading, Session, Stage, Wire, Work};
use serde_json::{Value, json};

use self::calls::Found;
use crate::{HttpApi, WebSocketApi};

const INTEGRATION: &str = "AWS::ApiGatewayV2::Integration";
const ROUTE: &str = "AWS::ApiGatewayV2::Route";

/// One integration with the function, and a route for each key. The API, its stage and its
/// authorizers must be there: a connection without `api_id` is refused.
///
/// The integration is known by its description, which names the function; a route is ours when it
/// leads to that integration. A key that leads elsewhere is left alone, and
/// connecting refuses.
impl Wire for HttpApi {
    const KINDS: &'static [&'static str] = &[INTEGRATION, ROUTE];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        Ok(self
            .api_id
            .iter()
            .map(|api| {
                let authorizer = self.authorizer.as_deref();
                Routes::new(session, function, self, api, &self.stage, authorizer) as Box<dyn Part>
            })
            .collect())
    }
}

/// As for [`HttpApi`].
impl Wire for WebSocketApi {
    const KINDS: &'static [&'static str] = &[INTEGRATION, ROUTE];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        Ok(self
            .api_id
            .iter()
            .map(|api| {
                let authorizer = self.authorizer.as_deref();
                Routes::new(session, function, self, api, &self.stage, authorizer) as Box<dyn Part>
            })
            .collect())
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
}

impl Routes {
    fn new(
        session: &Session,
        function: &Function,
        connection: &impl Integration,
        api: &str,
        stage: &str,
        authorizer: Option<&str>,
    ) -> Box<Self> {
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
                kind,
            }
        };
        let routes = resources
            .iter()
            .filter(|resource| resource.kind == ROUTE)
            .map(route);
        Box::new(Self {
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
        })
    }

    fn what(&self, key: &str) -> String {
        format!("route {key} of API {}", self.api)
    }

    fn what_integration(&self) -> String {
        format!("integration of API {} with {}", self.api, self.function)
    }

    fn wants(&self, key: &str) -> Option<&Wanted> {
        self.routes.iter().find(|wanted| wanted.key == key)
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let Some(mut found) = self.found(aim).await? else {
            return Ok(());
        };
        let reading = self.compare(&found, aim);
        if let Some(refusal) = reading.refusals.into_iter().next() {
            return Err(Error::new(ErrorKind::Conflict, refusal));
        }
        for change in reading.changes {
            if change.what == self.what_integration() {
                self.write_integration(change.action, &mut found).await?;
            } else if change.is_change() {
                let key = found.key_of(self.routes.iter().map(|wanted| &wanted.key), |key| {
                    self.what(key) == change.what
                });
                self.write_route(change.action, &key, &found).await?;
            }
            done.push(change);
        }
        let Some(found) = self.found(aim).await? else {
            return Ok(());
        };
        match self
            .compare(&found, aim)
            .changes
            .into_iter()
            .find(Change::is_change)
        {
            None => Ok(()),
            Some(left) => {
                let what = format!("AWS took the change, but does not show it: {}", left.what);
                Err(Error::new(ErrorKind::Unavailable, what).with("fix", "run it again"))
            }
        }
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

impl Part for Routes {
    fn title(&self) -> String {
        format!("the routes of API {}", self.api)
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move {
            let found = self.found(aim).await?;
            Ok(found
                .map(|found| self.compare(&found, aim))
                .unwrap_or_default())
        })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }

    /// The connections of one function at one API share an integration.
    fn join(&mut self, other: &dyn Part) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<Self>();
        let Some(other) =
            other.filter(|other| (&other.api, &other.stage) == (&self.api, &self.stage))
        else {
            return false;
        };
        self.torn |= self.integration != other.integration;
        self.routes.extend(other.routes.iter().cloned());
        true
    }
}
