//! From the names AWS uses to the names Rust uses, and serde's way back.

/// Words Rust keeps for itself that are still fine as raw identifiers.
const RAW: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// The words of a name: runs of capitals are one word, digits belong to the word before them.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (index, &letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = index.checked_sub(1).map(|index| letters[index]);
        let after = letters.get(index + 1);
        let begins = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
            });
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(letter);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `eventSourceARN` → `event_source_arn`.
pub fn snake(name: &str) -> String {
    let words: Vec<String> = words(name)
        .iter()
        .map(|word| word.to_ascii_lowercase())
        .collect();
    let name = words.join("_");
    if matches!(name.as_str(), "" | "self" | "super" | "crate")
        || name.starts_with(|c: char| c.is_ascii_digit())
    {
        return format!("_{name}");
    }
    name
}

/// `ObjectCreated:Put` → `ObjectCreatedPut`, `AWS_IAM` → `AwsIam`, `2.0` → `V2_0`.
pub fn pascal(name: &str) -> String {
    let mut pascal = String::new();
    for word in words(name) {
        let digits = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        if digits(word.chars().next()) {
            pascal.push(if pascal.is_empty() { 'V' } else { '_' });
        }
        let mut letters = word.chars();
        pascal.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        pascal.extend(letters.map(|letter| letter.to_ascii_lowercase()));
    }
    pascal
}

/// Whether `name` can name a type as it is.
pub fn is_type_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
        && name != "Self"
}

/// Whether `name` can name a field as it is, raw identifiers aside.
pub fn is_field_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !matches!(name, "_" | "self" | "super" | "crate")
}

/// Whether a field of this name is written `r#name`.
pub fn is_raw(name: &str) -> bool {
    RAW.contains(&name)
}

/// The rules serde's `rename_all` knows, as far as JSON uses them.
pub const RULES: [&str; 5] = [
    "camelCase",
    "PascalCase",
    "kebab-case",
    "SCREAMING_SNAKE_CASE",
    "SCREAMING-KEBAB-CASE",
];

/// What serde makes of a field's name under a `rename_all` rule.
pub fn renamed(rule: &str, field: &str) -> String {
    match rule {
        "camelCase" => {
            let pascal = renamed("PascalCase", field);
            pascal[..1].to_ascii_lowercase() + &pascal[1..]
        }
        "PascalCase" => field
            .split('_')
            .map(|word| match word.chars().next() {
                Some(first) => first.to_ascii_uppercase().to_string() + &word[first.len_utf8()..],
                None => String::new(),
            })
            .collect(),
        "kebab-case" => field.replace('_', "-"),
        "SCREAMING_SNAKE_CASE" => field.to_ascii_uppercase(),
        "SCREAMING-KEBAB-CASE" => field.to_ascii_uppercase().replace('_', "-"),
        _ => field.to_owned(),
    }
}

/// The rule that leaves the fewest of these (field, JSON name) pairs to be renamed one by one.
pub fn best_rule(pairs: &[(&str, &str)]) -> Option<&'static str> {
    let fitting = |rule: &str| {
        pairs
            .iter()
            .filter(|(field, json)| renamed(rule, field) == **json)
            .count()
    };
    let best = RULES.into_iter().rev().max_by_key(|rule| fitting(rule))?;
    (fitting(best) > fitting("")).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        for (json, rust) in [
            ("eventSourceARN", "event_source_arn"),
            ("ID", "id"),
            ("md5OfBody", "md5_of_body"),
            ("MD5OfMessageAttributes", "md5_of_message_attributes"),
            ("sourceIPAddress", "source_ip_address"),
            ("isBase64Encoded", "is_base64_encoded"),
            ("x-amz-id-2", "x_amz_id_2"),
            ("AWSTraceHeader", "aws_trace_header"),
            ("s3SchemaVersion", "s3_schema_version"),
            ("detail-type", "detail_type"),
            ("type", "type"),
            ("self", "_self"),
            ("2fa", "_2fa"),
            (
                "aws:cloudformation:stack-name",
                "aws_cloudformation_stack_name",
            ),
        ] {
            assert_eq!(snake(json), rust, "{json}");
        }
    }

    #[test]
    fn variants() {
        for (value, rust) in [
            ("ObjectCreated:Put", "ObjectCreatedPut"),
            ("AWS_IAM", "AwsIam"),
            ("GET", "Get"),
            ("2.0", "V2_0"),
            ("RoundRobin", "RoundRobin"),
            ("kebab-case value", "KebabCaseValue"),
            ("*", ""),
        ] {
            assert_eq!(pascal(value), rust, "{value}");
        }
    }

    #[test]
    fn rules() {
        let check = |names: &[&str], rule: Option<&str>| {
            let fields: Vec<String> = names.iter().map(|name| snake(name)).collect();
            let pairs: Vec<(&str, &str)> = fields
                .iter()
                .map(String::as_str)
                .zip(names.iter().copied())
                .collect();
            let best = best_rule(&pairs);
            assert_eq!(best, rule, "{names:?}");
        };
        check(
            &["eventName", "eventSourceARN", "awsRegion"],
            Some("camelCase"),
        );
        check(&["MessageId", "Type"], Some("PascalCase"));
        check(&["id", "detail-type"], Some("kebab-case"));
        check(&["id", "source"], None);
        check(&["Records"], Some("PascalCase"));
        check(&[], None);
    }
}
