//! Route keys: their syntax, and which of them a request matches best.

use lambda_with::{Error, ErrorKind};

/// The methods a route may name. `ANY` stands for all of them.
pub(crate) const METHODS: [&str; 8] = [
    "ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT",
];

/// A route of a REST or HTTP API: `GET /pets/{id}`, or `$default`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Route {
    key: String,
    /// Where the method ends; 0 for `$default`.
    split: usize,
}

/// What one segment of a route's path stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Segment<'a> {
    Static(&'a str),
    Variable(&'a str),
    Greedy(&'a str),
}

impl Route {
    /// The route that takes what no other takes.
    pub(crate) fn fallback() -> Self {
        Self {
            key: "$default".into(),
            split: 0,
        }
    }

    /// Reads a route key of a REST or HTTP API.
    pub(crate) fn parse(key: &str) -> Result<Self, Error> {
        let refuse = |why: &str| {
            Err(
                Error::new(ErrorKind::Invalid, format!("`{key}` is not a route: {why}")).with(
                    "form",
                    "METHOD /path, METHOD /path/{name}, METHOD /path/{name+} or $default",
                ),
            )
        };
        if key == "$default" {
            return Ok(Self::fallback());
        }
        let Some((method, path)) = key.split_once(' ') else {
            return refuse("a method and a path, separated by a space, are needed");
        };
        if !METHODS.contains(&method) {
            return refuse(
                "its method is none of ANY, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
            );
        }
        if !path.starts_with('/') {
            return refuse("its path does not begin with a slash");
        }
        let route = Self {
            key: key.into(),
            split: method.len(),
        };
        let mut names = Vec::new();
        let last = route.segments().count().saturating_sub(1);
        for (index, segment) in route.segments().enumerate() {
            let name = match segment {
                Segment::Static(text) if text.contains(['{', '}', '?', '#', ' ', '*']) => {
                    return refuse(
                        "a variable takes a whole segment, and `?`, `#`, `*` and spaces have no place in a path",
                    );
                }
                Segment::Static("") => return refuse("a segment is empty"),
                Segment::Static(_) => continue,
                Segment::Greedy(_) if index != last => {
                    return refuse("only the last segment can be greedy");
                }
                Segment::Variable(name) | Segment::Greedy(name) => name,
            };
            if name.is_empty()
                || !name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._-:".contains(&b))
            {
                return refuse(
                    "a variable's name is made of letters, digits, `.`, `_`, `-` and `:`",
                );
            }
            if names.contains(&name) {
                return refuse("two variables have the same name");
            }
            names.push(name);
        }
        Ok(route)
    }

    /// The key as it was written.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The method, or `None` for `$default`.
    pub(crate) fn method(&self) -> Option<&str> {
        (self.split > 0).then(|| &self.key[..self.split])
    }

    /// The path as configured; empty for `$default`.
    pub(crate) fn path(&self) -> &str {
        self.key
            .get(self.split + 1..)
            .filter(|_| self.split > 0)
            .unwrap_or_default()
    }

    /// The path's segments; none for the root and for `$default`.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        segments(self.path())
    }

    /// The path with `*` in place of every variable, as the patterns of permissions have it.
    pub(crate) fn pattern(&self) -> String {
        if self.method().is_none() {
            return self.key.clone();
        }
        let mut pattern = String::new();
        for segment in self.segments() {
            pattern.push('/');
            pattern.push_str(match segment {
                Segment::Static(text) => text,
                Segment::Variable(_) | Segment::Greedy(_) => "*",
            });
        }
        if pattern.is_empty() {
            "/".into()
        } else {
            pattern
        }
    }

    /// Whether both match exactly the same requests: variables may have other names.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        self.method() == other.method() && self.path_rank() == other.path_rank()
    }

    /// The kind of each segment, and the text of those that are plain.
    pub(crate) fn path_rank(&self) -> Vec<(u8, &str)> {
        self.segments()
            .map(|segment| match segment {
                Segment::Static(text) => (0, text),
                Segment::Variable(_) => (1, ""),
                Segment::Greedy(_) => (2, ""),
            })
            .collect()
    }
}

/// Checks a route key of a WebSocket API.
pub(crate) fn check_route_key(key: &str) -> Result<(), Error> {
    let reserved = ["$connect", "$default", "$disconnect"];
    let why = match key {
        "" => "it is empty",
        _ if key.starts_with('$') && !reserved.contains(&key) => {
            "only $connect, $default and $disconnect begin with a dollar sign"
        }
        _ if key.contains(['*', '?']) => "a policy would read `*` and `?` as a pattern",
        _ if key.len() > 128 => "it is longer than 128 characters",
        _ => return Ok(()),
    };
    Err(Error::new(
        ErrorKind::Invalid,
        format!("`{key}` is not a route key: {why}"),
    ))
}

fn segments(path: &str) -> impl Iterator<Item = Segment<'_>> {
    let path = path.strip_prefix('/').filter(|rest| !rest.is_empty());
    path.into_iter()
        .flat_map(|rest| rest.split('/'))
        .map(|text| {
            match text
                .strip_prefix('{')
                .and_then(|text| text.strip_suffix('}'))
            {
                Some(name) => match name.strip_suffix('+') {
                    Some(name) => Segment::Greedy(name),
                    None => Segment::Variable(name),
                },
                None => Segment::Static(text),
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_no_routes() {
        for (key, reason) in [
            ("", "a method and a path"),
            ("/pets", "a method and a path"),
            ("$connect", "a method and a path"),
            ("get /pets", "its method"),
            ("TRACE /pets", "its method"),
            ("GET pets", "begin with a slash"),
            ("GET /pets/", "a segment is empty"),
            ("GET //pets", "a segment is empty"),
            ("GET /pets/id-{id}", "whole segment"),
            ("GET /pets?x=1", "whole segment"),
            ("GET /*", "whole segment"),
            ("GET /{proxy+}/tail", "only the last segment"),
            ("GET /{}", "a variable's name"),
            ("GET /{a b}", "a variable's name"),
            ("GET /{id}/{id}", "the same name"),
        ] {
            let error = Route::parse(key).unwrap_err().to_string();
            assert!(error.contains(reason), "{key}: {error}");
        }
        for (key, reason) in [
            ("", "empty"),
            ("$other", "dollar sign"),
            ("send*", "a pattern"),
            (&"k".repeat(129), "128"),
        ] {
            let error = check_route_key(key).unwrap_err().to_string();
            assert!(error.contains(reason), "{key}: {error}");
        }
        assert!(check_route_key("send message").is_ok());
    }

    #[test]
    fn patterns_of_permissions() {
        for (key, pattern) in [
            ("GET /", "/"),
            ("GET /pets", "/pets"),
            ("GET /pets/{id}/photos", "/pets/*/photos"),
            ("ANY /{proxy+}", "/*"),
            ("$default", "$default"),
        ] {
            assert_eq!(Route::parse(key).unwrap().pattern(), pattern, "{key}");
        }
    }
}
