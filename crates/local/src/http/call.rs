//! What a request of Lambda's HTTP API asks for.

use http::request::Parts;
use lambda_with::Error;

use crate::handle::FunctionHandle;
use crate::local::Handle;
use crate::name::{Name, PATTERN, is_qualifier};
use crate::refusal::Refusal;

/// What a request asks for: the segments of its path behind the version, and its qualifier.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Call {
    pub(crate) segments: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
}

impl Call {
    pub(crate) fn of(parts: &Parts) -> Result<Self, Refusal> {
        let broken = || Refusal::parameter("the request's path is not percent-encoded UTF-8");
        let path = parts.uri.path().trim_start_matches('/');
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        let segments = segments.map(|segment| decode(segment).ok_or_else(broken));
        let query = parts.uri.query().unwrap_or_default();
        let pairs = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((decode(name)?, decode(&value.replace('+', " "))?))
            });
        Ok(Self {
            segments: segments.collect::<Result<_, _>>()?,
            query: pairs.collect::<Option<_>>().ok_or_else(broken)?,
        })
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The function a request is about.
    pub(crate) fn function(&self, handle: &Handle, name: &str) -> Result<FunctionHandle, Refusal> {
        let parsed: Name = name.parse().map_err(|_: Error| {
            let constraint = format!("regular expression pattern: {PATTERN}");
            Refusal::validation("functionName", name, &constraint)
        })?;
        if let (Some(region), Some(known)) = (&parsed.region, handle.functions().next())
            && region != known.definition().region()
        {
            let own = known.definition().region();
            return Err(Refusal::not_found(format!(
                "Functions from '{region}' are not reachable in this region ('{own}')"
            )));
        }
        let mut function = handle
            .function(name)
            .map_err(|error| Refusal::from(&error))?;
        if let Some(qualifier) = self.parameter("Qualifier") {
            if !is_qualifier(qualifier) && !qualifier.contains('$') {
                let constraint =
                    r"regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";
                return Err(Refusal::validation("qualifier", qualifier, constraint));
            }
            if function
                .qualifier
                .as_deref()
                .is_some_and(|own| own != qualifier)
            {
                return Err(Refusal::parameter(
                    "The derived qualifier from the function name does not match the specified qualifier.",
                ));
            }
            function.qualifier = Some(qualifier.to_owned());
        }
        Ok(function)
    }
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        if *first == b'%' {
            let digits = std::str::from_utf8(others.get(..2)?).ok()?;
            if digits.starts_with('+') {
                return None;
            }
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &others[2..];
        } else {
            bytes.push(*first);
            rest = others;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn percent_encoding() {
        for (text, decoded) in [
            ("orders", Some("orders")),
            ("arn%3Aaws%3alambda", Some("arn:aws:lambda")),
            ("%24LATEST", Some("$LATEST")),
            ("%c3%a4", Some("ä")),
            ("%", None),
            ("%2", None),
            ("%+1", None),
            ("%ff", None),
            ("%zz", None),
        ] {
            assert_eq!(decode(text).as_deref(), decoded, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_path_and_query_is_read_or_refused(uri in "/[ -~]{0,40}") {
            if let Ok(request) = Request::builder().uri(uri.replace(' ', "%")).body(()) {
                let _ = Call::of(&request.into_parts().0);
            }
        }
    }
}
