//! A connection that needs whatever a case wants it to.

use lambda_with::{Finding, Function, Integration, Mode, Permission, Resource, Service};
use serde_json::Value;

/// A connection that needs whatever a case wants it to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Feed {
    pub(crate) name: String,
    pub(crate) permissions: Vec<Permission>,
    pub(crate) mapping: Option<Value>,
    pub(crate) configuration: Option<Value>,
}

impl Feed {
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

impl Integration for Feed {
    type Event = ();
    type Response = ();
    const SERVICE: Service = Service {
        id: "feed",
        name: "Feed",
        mode: Mode::Polling,
        principal: None,
        guide: "",
        samples: &[],
        shapes: &[],
        readme: "",
    };

    fn name(&self) -> String {
        self.name.clone()
    }

    fn permissions(&self, _function: &Function) -> Vec<Permission> {
        self.permissions.clone()
    }

    fn resources(&self, _function: &Function) -> Vec<Resource> {
        let mapping = self.mapping.iter();
        mapping
            .map(|p| Resource::new("M", "AWS::Lambda::EventSourceMapping", p.clone()))
            .collect()
    }

    fn configuration(&self, _function: &Function) -> Option<Value> {
        self.configuration.clone()
    }

    fn check(&self, _function: &Function) -> Vec<Finding> {
        Vec::new()
    }
}
