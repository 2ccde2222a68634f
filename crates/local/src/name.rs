//! The ways to name a function.

use std::str::FromStr;

use lambda_with::{Error, ErrorKind, Function};

/// The pattern as AWS prints it when a name does not fit.
pub(crate) const PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";

/// A function's name, with as much of its ARN as was given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Name {
    pub(crate) region: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) name: String,
    pub(crate) qualifier: Option<String>,
}

impl Name {
    /// Whether the parts given are those of this function.
    pub(crate) fn fits(&self, function: &Function) -> bool {
        self.region
            .as_deref()
            .is_none_or(|region| region == function.region())
            && self
                .account
                .as_deref()
                .is_none_or(|account| account == function.account())
    }

    /// The ARN of a function nobody knows, with what is missing taken from one that is known.
    pub(crate) fn arn(&self, like: Option<&Function>) -> String {
        format!(
            "arn:{}:lambda:{}:{}:function:{}:{}",
            like.map_or("aws", Function::partition),
            self.region
                .as_deref()
                .or(like.map(Function::region))
                .unwrap_or("us-east-1"),
            self.account
                .as_deref()
                .or(like.map(Function::account))
                .unwrap_or("000000000000"),
            self.name,
            self.qualifier.as_deref().unwrap_or("$LATEST"),
        )
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = || {
            Error::new(
                ErrorKind::Invalid,
                format!("`{}` is not a function's name", shorten(text)),
            )
            .with("form", "NAME, NAME:QUALIFIER or an ARN")
        };
        if text.len() > 256 {
            return Err(refuse());
        }
        let mut parts: Vec<&str> = text.split(':').collect();
        if parts.len() > 3
            && parts[0] == "arn"
            && parts[1].starts_with("aws")
            && parts[2] == "lambda"
        {
            parts.drain(..3);
        }
        let mut rest = parts.as_slice();
        let mut next_if = |fits: &dyn Fn(&str) -> bool| match rest {
            [first, others @ ..] if !others.is_empty() && fits(first) => {
                rest = others;
                Some((*first).to_owned())
            }
            _ => None,
        };
        let region = next_if(&is_region);
        let account =
            next_if(&|part| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit()));
        next_if(&|part| part == "function");
        let (name, qualifier) = match rest {
            [name] => (*name, None),
            [name, qualifier] => (*name, Some(*qualifier)),
            _ => return Err(refuse()),
        };
        let word = |part: &str, more: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric()
                        || b"-_".contains(&byte)
                        || more.as_bytes().contains(&byte)
                })
        };
        if !word(name, ".") || name.len() > 64 || !qualifier.is_none_or(is_qualifier) {
            return Err(refuse());
        }
        Ok(Self {
            region,
            account,
            name: name.to_owned(),
            qualifier: qualifier.map(str::to_owned),
        })
    }
}

/// Whether this can be a version or an alias.
pub(crate) fn is_qualifier(text: &str) -> bool {
    matches!(text, "$LATEST" | "$LATEST.PUBLISHED")
        || (1..=128).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn is_region(part: &str) -> bool {
    let pieces: Vec<&str> = part.split('-').collect();
    let number = pieces
        .last()
        .is_some_and(|last| last.len() == 1 && last.as_bytes()[0].is_ascii_digit());
    number
        && pieces.len() >= 3
        && pieces[..pieces.len() - 1]
            .iter()
            .all(|piece| !piece.is_empty() && piece.bytes().all(|byte| byte.is_ascii_lowercase()))
}

fn shorten(text: &str) -> &str {
    text.char_indices()
        .nth(80)
        .map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_to_name_a_function() {
        fn check(text: &str, expected: (Option<&str>, Option<&str>, &str, Option<&str>)) {
            let name: Name = text.parse().unwrap();
            let found = (
                name.region.as_deref(),
                name.account.as_deref(),
                name.name.as_str(),
                name.qualifier.as_deref(),
            );
            assert_eq!(found, expected, "{text}");
        }
        let (region, account) = (Some("eu-west-1"), Some("123456789012"));
        check("orders", (None, None, "orders", None));
        check("orders:live", (None, None, "orders", Some("live")));
        check("orders:$LATEST", (None, None, "orders", Some("$LATEST")));
        check("function:orders", (None, None, "orders", None));
        check(
            "123456789012:function:orders",
            (None, account, "orders", None),
        );
        check(
            "123456789012:function:orders:7",
            (None, account, "orders", Some("7")),
        );
        check(
            "eu-west-1:123456789012:function:orders",
            (region, account, "orders", None),
        );
        check(
            "arn:aws:lambda:eu-west-1:123456789012:function:orders",
            (region, account, "orders", None),
        );
        check(
            "arn:aws-cn:lambda:eu-west-1:123456789012:function:orders:live",
            (region, account, "orders", Some("live")),
        );
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        let long = "x".repeat(300);
        for text in [
            "",
            ":",
            "a b",
            "a:b:c:d",
            "orders:",
            "orders:a b",
            "arn:aws:sqs:eu-west-1:123456789012:orders",
            "ünd",
            &long,
        ] {
            assert_eq!(
                text.parse::<Name>().unwrap_err().kind(),
                ErrorKind::Invalid,
                "{text}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_name_or_refused(text in "(arn:aws:lambda:)?[a-z0-9$:ä -]{0,30}") {
            if let Ok(name) = text.parse::<Name>() {
                assert!(text.contains(&name.name) && !name.name.contains(':'));
            }
        }
    }
}
