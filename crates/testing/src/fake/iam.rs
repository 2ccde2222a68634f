//! IAM's side of a wiring.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// Roles of any name, with the inline policies that are put into them.
#[derive(Debug, Default)]
pub struct Iam(Mutex<BTreeMap<String, String>>);

impl Iam {
    /// What IAM answers to a request; nothing where the request is for another service.
    pub fn answer(&self, body: &str) -> Option<(u16, String)> {
        let member = |name: &str| {
            let mut members = body.split('&').filter_map(|pair| pair.split_once('='));
            members
                .find(|(known, _)| *known == name)
                .map_or("", |(_, value)| value)
        };
        let operation = member("Action");
        let (role, policy) = (member("RoleName"), member("PolicyName"));
        let key = format!("{role}/{policy}");
        let mut policies = self.0.lock().unwrap();
        let result = match operation {
            "" => return None,
            "PutRolePolicy" => {
                policies.insert(key, member("PolicyDocument").to_owned());
                Some(String::new())
            }
            "DeleteRolePolicy" => policies.remove(&key).map(|_| String::new()),
            "GetRolePolicy" => policies.get(&key).map(|document| {
                format!("<RoleName>{role}</RoleName><PolicyName>{policy}</PolicyName><PolicyDocument>{document}</PolicyDocument>")
            }),
            "ListRolePolicies" => {
                let of = format!("{role}/");
                let names = policies.keys().filter_map(|key| key.strip_prefix(&of));
                let names: String = names.map(|name| format!("<member>{name}</member>")).collect();
                Some(format!("<PolicyNames>{names}</PolicyNames><IsTruncated>false</IsTruncated>"))
            }
            "ListAttachedRolePolicies" => {
                Some("<AttachedPolicies/><IsTruncated>false</IsTruncated>".to_owned())
            }
            _ => None,
        };
        Some(match result {
            Some(result) => {
                let result = format!("<{operation}Result>{result}</{operation}Result>");
                (
                    200,
                    format!("<{operation}Response>{result}</{operation}Response>"),
                )
            }
            None => {
                let error = "<Error><Code>NoSuchEntity</Code></Error>";
                (404, format!("<ErrorResponse>{error}</ErrorResponse>"))
            }
        })
    }
}
