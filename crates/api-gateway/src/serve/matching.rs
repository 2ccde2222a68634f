//! Which route a request takes.

use std::cmp::Reverse;

use http::Method;

use super::api::Entry;
use super::incoming::percent_decoded;
use crate::route::{METHODS, Route, Segment};

/// The names and values of a path's variables, percent-encoding as it came.
pub(crate) type Variables<'a> = Vec<(&'a str, &'a str)>;

/// The entry a request takes, of `entries` with the most specific first.
///
/// An HTTP API looks for the best route that has the method: a full match, then one with a greedy
/// variable, then `$default`. A REST API looks for the best resource first, and then whether that has
/// the method.
pub(super) fn matched<'e, 'p, T>(
    entries: &'e [Entry<T>],
    method: &Method,
    path: &'p str,
    rest: bool,
) -> Option<(&'e Entry<T>, Variables<'p>)>
where
    'e: 'p,
{
    let path = match path.trim_end_matches('/') {
        trimmed if rest => trimmed,
        _ => path,
    };
    let takes = |route: &Route| match route.method() {
        Some("ANY") => !rest || METHODS.contains(&method.as_str()),
        Some(other) => other == method.as_str(),
        None => true,
    };
    let mut fitting = entries
        .iter()
        .filter_map(|entry| Some((entry, variables(&entry.route, path)?)));
    if !rest {
        return fitting.find(|(entry, _)| takes(&entry.route));
    }
    let (best, found) = fitting.next()?;
    let mut same = entries
        .iter()
        .filter(|e| e.route.path_rank() == best.route.path_rank());
    let entry = same.find(|entry| takes(&entry.route))?;
    // The variables' names are the entry's own.
    let names = variables(&entry.route, path).unwrap_or(found);
    Some((entry, names))
}

/// How well the route describes what it matches, the best first: compared segment by segment, plain
/// text before a variable before a greedy one; a longer path before a shorter; a method before
/// `ANY`.
pub(super) fn specificity(route: &Route) -> impl Ord + use<> {
    let ranks: Vec<u8> = route
        .path_rank()
        .into_iter()
        .map(|(rank, _)| rank)
        .collect();
    let (greedy, segments) = (ranks.last() == Some(&2), ranks.len());
    (
        route.method().is_none(),
        greedy,
        ranks,
        Reverse(segments),
        route.method() == Some("ANY"),
    )
}

/// The values of the route's variables, if `path` fits.
fn variables<'p>(route: &'p Route, path: &'p str) -> Option<Variables<'p>> {
    if route.method().is_none() {
        return Some(Vec::new());
    }
    let mut rest = Some(path.strip_prefix('/').unwrap_or(path)).filter(|rest| !rest.is_empty());
    let mut variables = Vec::new();
    for segment in route.segments() {
        let left = rest?;
        let (head, tail) = match left.split_once('/') {
            Some((head, tail)) => (head, Some(tail)),
            None => (left, None),
        };
        match segment {
            Segment::Static(text) if percent_decoded(head) == *text => {}
            Segment::Variable(name) if !head.is_empty() => variables.push((name, head)),
            Segment::Greedy(name) if !left.is_empty() => {
                variables.push((name, left));
                return Some(variables);
            }
            _ => return None,
        }
        rest = tail;
    }
    rest.is_none().then_some(variables)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::serve::api::Flavour;

    #[test]
    fn values_of_variables() {
        let check = |key: &str, path: &str, expected: Option<&[(&str, &str)]>| {
            let route = Route::parse(key).unwrap();
            assert_eq!(variables(&route, path).as_deref(), expected, "{key} {path}");
        };
        check("GET /", "/", Some(&[]));
        check("GET /", "/pets", None);
        check("GET /pets", "/pets", Some(&[]));
        check("GET /pets", "/pets/", None);
        check("GET /pets", "/pets/7", None);
        check("GET /p:ts", "/p%3Ats", Some(&[]));
        check("GET /pets/{id}", "/pets/7", Some(&[("id", "7")]));
        check("GET /pets/{id}", "/pets/", None);
        check("GET /pets/{id}", "/pets", None);
        check("GET /pets/{id}", "/pets/a%2Fb", Some(&[("id", "a%2Fb")]));
        check("GET /{proxy+}", "/a/b//c", Some(&[("proxy", "a/b//c")]));
        check("GET /{proxy+}", "/", None);
        check("GET /v/{proxy+}", "/v", None);
        check(
            "GET /{a}/x/{b+}",
            "/1/x/2/3",
            Some(&[("a", "1"), ("b", "2/3")]),
        );
        check("$default", "/anything", Some(&[]));
    }

    #[test]
    fn the_best_route() {
        let check = |keys: &[&str], rest: bool, request: &str, expected: Option<&str>| {
            let mut entries: Vec<Entry<()>> = keys
                .iter()
                .map(|key| Entry {
                    route: Route::parse(key).unwrap(),
                    flavour: Flavour::HttpV2,
                    timeout: Duration::ZERO,
                    authorizer: None,
                    target: (),
                })
                .collect();
            entries.sort_by_cached_key(|entry| specificity(&entry.route));
            let (method, path) = request.split_once(' ').unwrap();
            let found = matched(&entries, &method.parse().unwrap(), path, rest);
            assert_eq!(
                found.map(|(entry, _)| entry.route.key()),
                expected,
                "{keys:?} {request}"
            );
        };
        // The example of the guide, in its order.
        let guide = [
            "GET /pets/dog/1",
            "GET /pets/dog/{id}",
            "GET /pets/{proxy+}",
            "ANY /{proxy+}",
            "$default",
        ];
        check(&guide, false, "GET /pets/dog/1", Some(guide[0]));
        check(&guide, false, "GET /pets/dog/2", Some(guide[1]));
        check(&guide, false, "GET /pets/cat/1", Some(guide[2]));
        check(&guide, false, "POST /test/5", Some(guide[3]));
        check(&guide, false, "POST /pets/dog/1", Some(guide[3]));
        check(&guide, false, "GET /", Some(guide[4]));
        let http = [
            "ANY /pets",
            "GET /pets",
            "GET /{kind}/dog",
            "GET /pets/{id}",
            "GET /{proxy+}",
            "GET /pets/dog/{proxy+}",
        ];
        check(&http, false, "GET /pets", Some("GET /pets"));
        check(&http, false, "PUT /pets", Some("ANY /pets"));
        check(&http, false, "TRACE /pets", Some("ANY /pets"));
        check(&http, false, "GET /pets/dog", Some("GET /pets/{id}"));
        check(&http, false, "GET /cats/dog", Some("GET /{kind}/dog"));
        check(
            &http,
            false,
            "GET /pets/dog/x/y",
            Some("GET /pets/dog/{proxy+}"),
        );
        check(&http, false, "GET /pets/cat/x", Some("GET /{proxy+}"));
        check(&http, false, "GET /pets/", Some("GET /{proxy+}"));
        check(&http, false, "POST /other", None);
        // A REST API finds the resource first.
        let rest = [
            "GET /pets",
            "ANY /{proxy+}",
            "PUT /pets/{id}",
            "ANY /pets/{id}",
        ];
        check(&rest, true, "GET /pets", Some("GET /pets"));
        check(&rest, true, "GET /pets/", Some("GET /pets"));
        check(&rest, true, "POST /pets", None);
        check(&rest, true, "POST /other/x", Some("ANY /{proxy+}"));
        check(&rest, true, "TRACE /other/x", None);
        check(&rest, true, "PUT /pets/7", Some("PUT /pets/{id}"));
        check(&rest, true, "GET /pets/7", Some("ANY /pets/{id}"));
        check(&rest, true, "GET /", None);
    }
}
