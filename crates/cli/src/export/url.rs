//! The function's URL.

use lambda_with::Resource;
use serde_json::{Map, Value, json};

use super::function::Names;
use crate::config::Defined;

/// The URL of the function, or of the alias that is meant.
///
/// CloudFormation takes the two apart, where permissions take the ARN of an alias.
pub(super) fn resource(defined: &Defined, names: &Names) -> Option<Resource> {
    let mut properties = properties(defined)?;
    properties["TargetFunctionArn"] = match names.owned {
        true => json!({ "Fn::GetAtt": [names.function, "Arn"] }),
        false => json!(defined.function.name()),
    };
    let qualifier = defined.function.qualifier();
    if let Some(alias) = qualifier.filter(|qualifier| *qualifier != "$LATEST") {
        properties["Qualifier"] = json!(alias);
    }
    let mut resource = Resource::new(format!("{}Url", names.stem), "AWS::Lambda::Url", properties);
    let alias = names.alias.iter().map(|_| format!("{}Alias", names.stem));
    resource.depends_on.extend(alias);
    Some(resource)
}

/// What the URL is like, whatever function it belongs to.
pub(crate) fn properties(defined: &Defined) -> Option<Value> {
    let url = defined.url.as_ref()?;
    let mut properties = json!({ "AuthType": url.auth_type, "InvokeMode": url.invoke_mode });
    if let Some(cors) = &url.cors {
        let mut all = Map::new();
        for (name, values) in [
            ("AllowHeaders", &cors.allow_headers),
            ("AllowMethods", &cors.allow_methods),
            ("AllowOrigins", &cors.allow_origins),
            ("ExposeHeaders", &cors.expose_headers),
        ] {
            if !values.is_empty() {
                all.insert(name.to_owned(), json!(values));
            }
        }
        if cors.allow_credentials {
            all.insert("AllowCredentials".to_owned(), json!(true));
        }
        if let Some(seconds) = cors.max_age {
            all.insert("MaxAge".to_owned(), json!(seconds));
        }
        properties["Cors"] = Value::Object(all);
    }
    Some(properties)
}
