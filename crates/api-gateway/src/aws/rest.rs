//! Setting up methods of a REST API that exists already.

mod calls;
mod compare;

use std::collections::BTreeMap;

use aws_sdk_apigateway::Client;
use lambda_with::{Error, Function, Integration, Resource};
use lambda_with_aws::{Aim, Goal, Part, Reading, Session, Shared, Wire};
use serde_json::{Value, json};

use self::calls::Found;
use crate::{RestApi, resources};

/// The resources of its paths, as far as they are missing, a method for each route, and a deployment to
/// the stage. The API, its stage and its authorizers must be there: a connection without `api_id` is
/// refused.
///
/// A method is ours when its integration invokes the function, in whatever version. One that leads
/// elsewhere is left alone, and connecting refuses. Disconnecting takes resources away that are left
/// without a method and without resources below them. A deployment publishes the API as it stands, what
/// others have changed and not deployed included.
impl Wire for RestApi {
    const KINDS: &'static [&'static str] = &[];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        let methods = |api: &String| Methods::new(session, function, self, api).part();
        Ok(self.api_id.iter().map(methods).collect())
    }
}

/// The methods of the connections of one function at one stage.
#[derive(Debug)]
struct Methods {
    client: Client,
    api: String,
    stage: String,
    function: Function,
    wanted: Vec<Wanted>,
}

/// A method as it should be.
#[derive(Clone, Debug)]
struct Wanted {
    connection: String,
    verb: String,
    path: String,
    /// `AWS_IAM`, or the name of an authorizer; nothing where everybody may call.
    authorizer: Option<String>,
    /// Members of the integration, as the API has them.
    integration: Value,
}

/// What a method does, and for whom.
#[derive(Clone, Debug, PartialEq)]
struct Method {
    authorization: String,
    authorizer: Option<String>,
    /// Members of the integration; null while there is none.
    integration: Value,
}

impl Methods {
    fn new(session: &Session, function: &Function, connection: &RestApi, api: &str) -> Self {
        let uri = resources::rest_uri(connection, function);
        let integration = json!({
            "httpMethod": "POST",
            "responseTransferMode": match connection.response_streaming {
                true => "STREAM",
                false => "BUFFERED",
            },
            "timeoutInMillis": connection.timeout_in_millis,
            "type": "AWS_PROXY",
            "uri": uri.replace(Resource::FUNCTION, function.arn.as_str()),
        });
        let routes = connection.parsed().into_iter();
        let wanted = routes.map(|route| Wanted {
            connection: connection.name(),
            verb: route.method().unwrap_or("ANY").to_owned(),
            path: route.path().to_owned(),
            authorizer: connection.authorizer.clone(),
            integration: integration.clone(),
        });
        Self {
            client: Client::new(session.config()),
            api: api.to_owned(),
            stage: connection.stage.clone(),
            function: function.clone(),
            wanted: wanted.collect(),
        }
    }

    fn thing(&self) -> String {
        format!("API {}", self.api)
    }

    fn what(&self, verb: &str, path: &str) -> String {
        format!("method {verb} {path} of {}", self.thing())
    }

    fn what_resource(&self, path: &str) -> String {
        format!("resource {path} of {}", self.thing())
    }

    fn what_deployment(&self) -> String {
        format!("deployment of {} to stage {}", self.thing(), self.stage)
    }
}

impl Shared for Methods {
    type Document = Found;

    fn title(&self) -> String {
        format!("the methods of {}", self.thing())
    }

    async fn read(&self, _goal: Goal) -> Result<Found, Error> {
        self.found().await
    }

    fn compare(&self, found: &Found, aim: Aim) -> (Reading, Found) {
        match aim.goal {
            Goal::Connect => self.connected(found),
            Goal::Disconnect => self.disconnected(found),
        }
    }

    /// Resources before their methods, and after them when they go; what is published comes last.
    async fn write(&self, found: &Found, next: &Found) -> Result<(), Error> {
        let ids = found.resources.iter();
        let mut ids: BTreeMap<String, String> = ids
            .map(|(path, it)| (path.clone(), it.id.clone()))
            .collect();
        // In the order of their paths, so that each comes after the one it is in.
        for (path, resource) in &next.resources {
            let standing = found.resources.get(path);
            if standing.is_none() {
                let id = self.create_resource(path, &ids).await?;
                ids.insert(path.clone(), id);
            }
            let id = ids.get(path).map(String::as_str).unwrap_or_default();
            for (verb, method) in &resource.methods {
                let standing = standing.and_then(|resource| resource.methods.get(verb));
                if standing != Some(method) {
                    self.write_method((id, path, verb), standing, method)
                        .await?;
                }
            }
        }
        for (path, resource) in found.resources.iter().rev() {
            let next = next.resources.get(path);
            for verb in resource.methods.keys() {
                if !next.is_some_and(|next| next.methods.contains_key(verb)) {
                    self.delete_method(&resource.id, path, verb).await?;
                }
            }
            if next.is_none() {
                self.delete_resource(&resource.id, path).await?;
            }
        }
        match found.stage != next.stage {
            true => self.deploy().await,
            false => Ok(()),
        }
    }

    /// The connections of one function at one stage publish together.
    fn join(&mut self, other: &Self) -> bool {
        let same = (&self.api, &self.stage) == (&other.api, &other.stage);
        if same {
            self.wanted.extend(other.wanted.iter().cloned());
        }
        same
    }
}
