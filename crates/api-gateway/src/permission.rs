//! The statements that let API Gateway invoke the function.

use lambda_with::{Arn, Function, Permission, Statement};

use crate::name;

/// The principal under which API Gateway invokes.
pub(crate) const PRINCIPAL: &str = "apigateway.amazonaws.com";

/// More statements than this are folded together: a policy holds 20 KB, about fifty of them.
const MAX_STATEMENTS: usize = 10;

/// Whose requests are let in.
pub(crate) struct Grant<'a> {
    pub(crate) connection: &'a str,
    pub(crate) function: &'a Function,
    /// The account that owns the API; the function's unless it is another.
    pub(crate) account: Option<&'a str>,
    /// The API's id, or a reference to it.
    pub(crate) api: &'a str,
    /// The stage, or `authorizers`.
    pub(crate) stage: &'a str,
}

impl Grant<'_> {
    /// One statement for each pattern that no other covers; patterns follow the stage and read
    /// `METHOD/PATH` or `KEY`.
    ///
    /// Too many are folded to one for each method and then, should that not be enough, to one for
    /// the stage. A name with a wildcard would let in more than is meant: `check` finds it, and
    /// until it is put right nothing is granted.
    pub(crate) fn statements(&self, patterns: impl IntoIterator<Item = String>) -> Vec<Permission> {
        let mut patterns = uncovered(patterns.into_iter().collect());
        for kept in [1, 0] {
            if patterns.len() > MAX_STATEMENTS {
                patterns = uncovered(patterns.iter().map(|text| folded(text, kept)).collect());
            }
        }
        let alone = patterns.len() == 1;
        patterns
            .iter()
            .filter_map(|pattern| {
                let sid = match alone {
                    true => self.connection.to_owned(),
                    false => name::statement(self.connection, pattern),
                };
                self.statement(sid, pattern)
            })
            .collect()
    }

    fn statement(&self, sid: String, pattern: &str) -> Option<Permission> {
        let account = self.account.unwrap_or(self.function.account());
        if [account, self.api, self.stage]
            .iter()
            .any(|name| is_wild(name))
        {
            return None;
        }
        let resource = format!("{}/{}/{pattern}", self.api, self.stage);
        let arn = Arn::new(
            self.function.partition(),
            "execute-api",
            self.function.region(),
            account,
            &resource,
        );
        let statement = Statement::service(sid, PRINCIPAL).source_arn(arn.ok()?);
        Some(Permission::ResourceBased(statement.source_account(account)))
    }
}

/// Whether a policy would read `name` as a pattern, or it is nothing at all.
pub(crate) fn is_wild(name: &str) -> bool {
    name.is_empty() || name.contains(['*', '?'])
}

/// The first `kept` parts of a pattern, and `*` for the rest.
fn folded(pattern: &str, kept: usize) -> String {
    let mut parts: Vec<&str> = pattern.split('/').collect();
    if parts.len() > kept {
        parts.truncate(kept);
        parts.push("*");
    }
    parts.join("/")
}

/// The patterns without those that another one includes.
fn uncovered(mut patterns: Vec<String>) -> Vec<String> {
    patterns.sort();
    patterns.dedup();
    let covered = |text: &String| {
        patterns
            .iter()
            .any(|other| other != text && includes(other, text))
    };
    patterns
        .iter()
        .filter(|text| !covered(text))
        .cloned()
        .collect()
}

/// Whether `pattern` matches all that `text`, itself a pattern, matches.
fn includes(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use lambda_with::policy::Policy;

    use super::*;

    fn function() -> Function {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:pets:live";
        Function::new(arn.parse().unwrap()).unwrap()
    }

    fn statements(patterns: &[&str]) -> Vec<Statement> {
        let function = function();
        let grant = Grant {
            connection: "rest-api-a1",
            function: &function,
            account: None,
            api: "a1",
            stage: "prod",
        };
        grant
            .statements(patterns.iter().map(ToString::to_string))
            .into_iter()
            .map(|permission| match permission {
                Permission::ResourceBased(statement) => statement,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    fn arns(patterns: &[&str]) -> Vec<String> {
        statements(patterns)
            .iter()
            .map(|statement| statement.source_arn.as_ref().unwrap().resource().to_owned())
            .collect()
    }

    #[test]
    fn what_another_pattern_covers_needs_no_statement() {
        for (patterns, expected) in [
            (&["GET/pets"][..], &["a1/prod/GET/pets"][..]),
            (&["GET/pets", "GET/pets"], &["a1/prod/GET/pets"]),
            (&["*/*", "GET/pets", "GET/pets/*"], &["a1/prod/*/*"]),
            (
                &["GET/pets/*", "GET/pets"],
                &["a1/prod/GET/pets", "a1/prod/GET/pets/*"],
            ),
            (
                &["GET/pets/*", "GET/pets/*/photos"],
                &["a1/prod/GET/pets/*"],
            ),
            (&["*/a", "GET/b"], &["a1/prod/*/a", "a1/prod/GET/b"]),
        ] {
            assert_eq!(arns(patterns), expected, "{patterns:?}");
        }
    }

    #[test]
    fn many_routes_make_few_statements() {
        let routes: Vec<String> = (0..200)
            .map(|n| format!("{}/things-{n}/*", ["GET", "PUT", "POST", "DELETE"][n % 4]))
            .collect();
        let routes: Vec<&str> = routes.iter().map(String::as_str).collect();
        let expected = ["DELETE", "GET", "POST", "PUT"].map(|method| format!("a1/prod/{method}/*"));
        assert_eq!(arns(&routes), expected);
        let policy = Policy::of_function(&function().arn, &statements(&routes));
        assert!(policy.bytes() < 2048, "{}", policy.bytes());

        let keys: Vec<String> = (0..200).map(|n| format!("key-{n}")).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        assert_eq!(arns(&keys), ["a1/prod/*"]);
    }

    #[test]
    fn names_with_wildcards_grant_nothing() {
        let function = function();
        for (account, api, stage) in [
            (None, "*", "prod"),
            (None, "a?", "prod"),
            (None, "", "prod"),
            (None, "a1", "*"),
            (Some("*"), "a1", "prod"),
        ] {
            let grant = Grant {
                connection: "c",
                function: &function,
                account,
                api,
                stage,
            };
            assert_eq!(grant.statements(["GET/pets".into()]), []);
        }
    }

    #[test]
    fn statement_ids_are_unique() {
        let mut sids: Vec<String> = statements(&["GET/a-b", "GET/a/b", "GET/a_b"])
            .into_iter()
            .map(|statement| statement.sid)
            .collect();
        sids.sort();
        sids.dedup();
        assert_eq!(sids.len(), 3);
    }
}
