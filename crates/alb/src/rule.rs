//! The rules of a listener.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Which requests of a listener go to the function.
///
/// ```
/// use lambda_with_alb::Rule;
///
/// let orders = Rule { paths: vec!["/orders".into(), "/orders/*".into()], ..Rule::new(10) };
/// assert!(orders.takes("GET", "shop.example.com", "/orders/7"));
/// assert!(!orders.takes("GET", "shop.example.com", "/Orders/7"));
/// ```
///
/// A request must meet every condition that is there; of the values of a condition one is enough.
/// At most three values for each condition and five for each rule. In `paths` and `hosts` `*` stands
/// for any characters and `?` for one. A rule without a condition takes every request.
/// See <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The place among the listener's rules, 1 to 50,000: the lowest comes first.
    pub priority: u32,
    /// Patterns of paths such as `/orders/*`, compared letter for letter with the path as the client
    /// sent it, without the query.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Patterns of host names such as `*.example.com`; letter case does not matter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Methods in capitals, such as `GET`. `GET` does not take `HEAD` along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
}

impl Rule {
    /// A rule without a condition.
    #[must_use]
    pub fn new(priority: u32) -> Self {
        Self {
            priority,
            paths: Vec::new(),
            hosts: Vec::new(),
            methods: Vec::new(),
        }
    }

    /// Whether the rule takes a request. `host` may have a port.
    #[must_use]
    pub fn takes(&self, method: &str, host: &str, path: &str) -> bool {
        let host = host.rsplit_once(':').map_or(host, |(name, port)| {
            match port.bytes().all(|b| b.is_ascii_digit()) {
                true => name,
                false => host,
            }
        });
        let one_of = |patterns: &[String], fits: &dyn Fn(&str) -> bool| {
            patterns.is_empty() || patterns.iter().any(|pattern| fits(pattern))
        };
        one_of(&self.methods, &|other| other == method)
            && one_of(&self.hosts, &|pattern| {
                fits(&pattern.to_ascii_lowercase(), &host.to_ascii_lowercase())
            })
            && one_of(&self.paths, &|pattern| fits(pattern, path))
    }

    /// All conditions with their values.
    pub(crate) fn conditions(&self) -> [(&'static str, &[String]); 3] {
        [
            ("paths", &self.paths),
            ("hosts", &self.hosts),
            ("methods", &self.methods),
        ]
    }

    /// The conditions in CloudFormation's terms, which wants one at least.
    pub(crate) fn properties(&self) -> Vec<Value> {
        let condition = |field: &str, config: &str, values: &[String]| {
            (!values.is_empty()).then(|| json!({ "Field": field, config: { "Values": values } }))
        };
        let mut all: Vec<Value> = [
            condition("path-pattern", "PathPatternConfig", &self.paths),
            condition("host-header", "HostHeaderConfig", &self.hosts),
            condition(
                "http-request-method",
                "HttpRequestMethodConfig",
                &self.methods,
            ),
        ]
        .into_iter()
        .flatten()
        .collect();
        if all.is_empty() {
            all.extend(condition(
                "path-pattern",
                "PathPatternConfig",
                &["*".to_owned()],
            ));
        }
        all
    }
}

/// Whether `text` is of the form of `pattern`.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // The last star, and how much of the text it has taken: where to go on when the rest fails.
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(other) if other == character || *other == '?' => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((at, taken)) = star else {
                    return false;
                };
                star = Some((at, taken + 1));
                (p, t) = (at + 1, taken + 1);
            }
        }
    }
    pattern
        .get(p..)
        .unwrap_or_default()
        .iter()
        .all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("/orders", "/orders", true),
            ("/orders", "/orders/", false),
            ("/orders", "/Orders", false),
            ("/orders/*", "/orders/", true),
            ("/orders/*", "/orders/7/lines", true),
            ("/orders/*", "/orders", false),
            ("*", "", true),
            ("", "", true),
            ("", "/", false),
            ("/*/lines", "/orders/7/lines", true),
            ("/*/lines", "/lines", false),
            ("*.jpg", "/a.jpg.jpg", true),
            ("*.jpg", "/a.jpg.png", false),
            ("/b?at", "/boat", true),
            ("/b?at", "/bat", false),
            ("/caf?", "/café", true),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn conditions() {
        let check = |toml: &str, request: &str, expected: bool| {
            let rule: Rule = toml::from_str(&format!("priority = 1\n{toml}")).unwrap();
            let [method, host, path] = request.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{request}")
            };
            assert_eq!(rule.takes(method, host, path), expected, "{toml} {request}");
        };
        check("", "GET shop.example.com /", true);
        let hosts = "hosts = ['Shop.example.com', '*.shop.example.com']";
        check(hosts, "GET shop.EXAMPLE.com /", true);
        check(hosts, "GET shop.example.com:8443 /", true);
        check(hosts, "GET a.b.shop.example.com /", true);
        check(hosts, "GET example.com /", false);
        let methods = "methods = ['GET', 'PURGE']";
        check(methods, "PURGE shop.example.com /", true);
        check(methods, "HEAD shop.example.com /", false);
        check(methods, "get shop.example.com /", false);
        let all = format!("{hosts}\n{methods}\npaths = ['/boats', '/boats/*']");
        check(&all, "GET shop.example.com /boats/7", true);
        check(&all, "GET shop.example.com /berths", false);
        check(&all, "POST shop.example.com /boats/7", false);
        check(&all, "GET example.com /boats/7", false);
    }
}
