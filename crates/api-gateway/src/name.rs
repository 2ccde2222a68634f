//! Names for connections and logical ids: readable, stable and unique.

use lambda_with::Resource;
use lambda_with::name::{checksum_of, slug};

/// An API's name in a definition: its kind, and its own name unless that is the kind's.
pub(crate) fn api(kind: &str, name: &str) -> String {
    if kind == name {
        kind.to_owned()
    } else {
        format!("{kind}-{name}")
    }
}

/// The name of an authorizer or an API, followed by a checksum of `exact` unless that is empty.
pub(crate) fn connection(base: &str, exact: &[&str]) -> String {
    let mut name = slug(base);
    name.truncate(70);
    let name = name.trim_end_matches('-');
    match exact {
        [] => name.to_owned(),
        _ => format!("{name}-{}", checksum_of(exact)),
    }
}

/// A statement id: the connection's name and what sets this statement apart.
pub(crate) fn statement(connection: &str, pattern: &str) -> String {
    let mut readable = slug(pattern);
    readable.truncate(90_usize.saturating_sub(connection.len()));
    let readable = readable.trim_end_matches('-');
    let dash = if readable.is_empty() { "" } else { "-" };
    format!("{connection}-{readable}{dash}{}", checksum_of(&[pattern]))
}

/// A logical id made of `words` and of a route key or path, which may hold any characters.
pub(crate) fn logical_id(words: &[&str], key: &str) -> String {
    let plain = |segment: &str| {
        segment.starts_with(|c: char| c.is_ascii_lowercase())
            && segment
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let (method, path) = key.split_once(' ').unwrap_or(("", key));
    let sum = match path.strip_prefix('/') {
        Some("") => "root".into(),
        Some(path) if path.split('/').all(plain) => String::new(),
        None if ["$connect", "$default", "$disconnect"].contains(&path) => String::new(),
        _ => checksum_of(&[path]),
    };
    let method = method.to_ascii_lowercase();
    let words: Vec<&str> = words
        .iter()
        .copied()
        .chain([method.as_str(), path, &sum])
        .collect();
    Resource::logical_id(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(api("http-api", "http-api"), "http-api");
        assert_eq!(
            connection(&api("http-api", "a1b2c3"), &[]),
            "http-api-a1b2c3"
        );
        let long = connection(&api("rest-api", &"n".repeat(200)), &["GET /pets"]);
        assert_eq!(long.len(), 79);
        let sid = statement(
            &long,
            "prod/GET/a/very/long/path/that/says/nothing/that/anybody/needs/to/know",
        );
        assert!(sid.len() <= 100, "{sid}");
        assert_ne!(
            statement("n", "prod/GET/a-b"),
            statement("n", "prod/GET/a/b")
        );
    }

    #[test]
    fn logical_ids() {
        for (key, id) in [
            ("GET /", "RouteGetRoot"),
            ("GET /pets", "RouteGetPets"),
            ("ANY /pets/dogs", "RouteAnyPetsDogs"),
            ("$default", "RouteDefault"),
            ("GET /pets/{id}", "RouteGetPetsId7b7c043a"),
        ] {
            assert_eq!(logical_id(&["route"], key), id, "{key}");
        }
        let ids = [
            "GET /a-b",
            "GET /a/b",
            "GET /A/b",
            "GET /a/{b}",
            "GET /a/{b+}",
        ];
        let mut ids: Vec<String> = ids.iter().map(|key| logical_id(&[], key)).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 5);
    }
}
