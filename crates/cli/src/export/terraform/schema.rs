//! How properties of CloudFormation's types are called by Terraform's AWS provider.
//!
//! A line of the table reads `Name` (Terraform says `name`), `Name=other`, `Name:map` (an object
//! whose keys are the user's), `Name:tags` (a list of keys and values, which Terraform has as a
//! map), `Name:json` (a document, which Terraform has as text), `Name:time` (seconds
//! since the epoch, which Terraform has as RFC 3339), or `Name{…}` (a nested block).

/// One property and its translation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Field {
    pub(super) property: String,
    pub(super) argument: String,
    pub(super) shape: Shape,
}

/// What a property holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Shape {
    /// A value or a list of values.
    Plain,
    /// An object whose keys are the user's.
    Map,
    /// `[{"Key": …, "Value": …}]`.
    Tags,
    /// A document that Terraform has as text.
    Json,
    /// Seconds since the epoch that Terraform has as a date.
    Time,
    /// An object, or a list of them, with properties of its own.
    Block(Vec<Field>),
}

/// Reads a line of the table.
pub(super) fn fields(text: &str) -> Vec<Field> {
    let mut words = words(text).into_iter().peekable();
    block(&mut words)
}

fn block(words: &mut std::iter::Peekable<impl Iterator<Item = String>>) -> Vec<Field> {
    let mut fields = Vec::new();
    while let Some(word) = words.next() {
        if word == "}" {
            break;
        }
        let (name, kind) = word.split_once(':').unwrap_or((&word, ""));
        let (property, argument) = match name.split_once('=') {
            Some((property, argument)) => (property.to_owned(), argument.to_owned()),
            None => (name.to_owned(), snake_case(name)),
        };
        let shape = match kind {
            "map" => Shape::Map,
            "tags" => Shape::Tags,
            "json" => Shape::Json,
            "time" => Shape::Time,
            _ if words.next_if(|word| word == "{").is_some() => Shape::Block(block(words)),
            _ => Shape::Plain,
        };
        fields.push(Field {
            property,
            argument,
            shape,
        });
    }
    fields
}

fn words(text: &str) -> Vec<String> {
    let spaced = text.replace('{', " { ").replace('}', " } ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// `KmsKeyArn` as `kms_key_arn`; a run of capitals is one word.
pub(super) fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut text = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(index + 1);
        let begins = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                !before.is_ascii_uppercase() || after.is_some_and(char::is_ascii_lowercase)
            });
        if begins {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_name() {
        for (name, expected) in [
            ("FunctionName", "function_name"),
            ("KmsKeyArn", "kms_key_arn"),
            ("PrincipalOrgID", "principal_org_id"),
            (
                "DocumentDBEventSourceConfig",
                "document_db_event_source_config",
            ),
            ("OrdersCodeBucket", "orders_code_bucket"),
            ("SqsOrders59026b21Mapping", "sqs_orders59026b21_mapping"),
        ] {
            assert_eq!(snake_case(name), expected);
        }
    }

    #[test]
    fn lines() {
        let plain = |property: &str, argument: &str| Field {
            property: property.to_owned(),
            argument: argument.to_owned(),
            shape: Shape::Plain,
        };
        let inner = Shape::Block(vec![plain("D", "d"), plain("E", "x")]);
        let expected = [
            plain("A", "a"),
            Field {
                shape: Shape::Tags,
                ..plain("B", "b")
            },
            Field {
                shape: inner,
                ..plain("C", "z")
            },
            Field {
                shape: Shape::Json,
                ..plain("F", "y")
            },
        ];
        assert_eq!(fields("A B:tags C=z{D E=x} F=y:json"), expected);
    }
}
