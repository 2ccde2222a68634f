//! As much of a rule's SQL as checks need: where messages come from.

/// What a statement says, as far as it is looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Statement<'a> {
    /// The topic filter of the FROM clause.
    pub(super) from: Option<&'a str>,
    /// The words outside of quotes, in capitals, each with what follows it.
    words: Vec<(String, Option<u8>)>,
}

impl Statement<'_> {
    /// Whether it selects a value instead of an object.
    pub(super) fn is_value(&self) -> bool {
        let mut words = self.words.iter().map(|(word, _)| word.as_str());
        words.next() == Some("SELECT") && words.next() == Some("VALUE")
    }

    /// Whether it calls this function.
    pub(super) fn calls(&self, function: &str) -> bool {
        self.words
            .iter()
            .any(|(word, after)| *after == Some(b'(') && word.eq_ignore_ascii_case(function))
    }
}

/// Reads a statement.
///
/// # Errors
///
/// What is wrong with it, in words.
pub(super) fn parse(sql: &str) -> Result<Statement<'_>, &'static str> {
    let bytes = sql.as_bytes();
    let mut statement = Statement {
        from: None,
        words: Vec::new(),
    };
    let (mut at, mut depth, mut clauses) = (0, 0_usize, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\'' | b'"' => at = closing(bytes, at).ok_or("a quote is not closed")?,
            b'(' => depth += 1,
            b')' => {
                let outer = depth.checked_sub(1);
                depth = outer.ok_or("a parenthesis is closed too often")?;
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => {
                let end = word_end(bytes, at);
                let word = sql[at..end].to_ascii_uppercase();
                let rest = sql[end..].trim_start();
                if word == "FROM" && depth == 0 {
                    clauses += 1;
                    let topic = rest
                        .strip_prefix('\'')
                        .and_then(|rest| rest.split_once('\''));
                    let (topic, _) =
                        topic.ok_or("the topic filter after FROM is not in single quotes")?;
                    statement.from = Some(topic);
                }
                statement.words.push((word, rest.bytes().next()));
                at = end - 1;
            }
            _ => {}
        }
        at += 1;
    }
    if statement.words.first().map(|(word, _)| word.as_str()) != Some("SELECT") {
        return Err("it does not begin with SELECT");
    }
    if depth > 0 {
        return Err("a parenthesis is not closed");
    }
    if clauses > 1 {
        return Err("it has more than one FROM clause");
    }
    Ok(statement)
}

/// Where the quote that opens at `at` is closed.
fn closing(bytes: &[u8], at: usize) -> Option<usize> {
    let quote = bytes[at];
    let found = bytes[at + 1..].iter().position(|byte| *byte == quote)?;
    Some(at + 1 + found)
}

fn word_end(bytes: &[u8], at: usize) -> usize {
    let length = bytes[at..]
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    length.map_or(bytes.len(), |length| at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements() {
        for (sql, expected) in [
            ("SELECT * FROM 'harbor/+/load'", Ok(Some("harbor/+/load"))),
            (
                "select a, 'FROM b' AS c\nfrom\t'x' where d = \"it's\"",
                Ok(Some("x")),
            ),
            (
                "SELECT (SELECT VALUE n FROM sensors) AS v FROM 'x'",
                Ok(Some("x")),
            ),
            ("SELECT encode(*, 'base64') AS data", Ok(None)),
            ("SELECT cast(from_ AS Int) FROM ''", Ok(Some(""))),
            ("SELECT é FROM 'ü'", Ok(Some("ü"))),
            (
                "SELECT * FROM harbor",
                Err("the topic filter after FROM is not in single quotes"),
            ),
            (
                "SELECT * FROM \"x\"",
                Err("the topic filter after FROM is not in single quotes"),
            ),
            (
                "SELECT * FROM 'x",
                Err("the topic filter after FROM is not in single quotes"),
            ),
            ("SELECT 'a FROM", Err("a quote is not closed")),
            ("SELECT (a FROM 'x'", Err("a parenthesis is not closed")),
            (
                "SELECT a) FROM 'x'",
                Err("a parenthesis is closed too often"),
            ),
            (
                "SELECT a FROM 'x' FROM 'y'",
                Err("it has more than one FROM clause"),
            ),
            ("UPDATE x", Err("it does not begin with SELECT")),
            ("", Err("it does not begin with SELECT")),
        ] {
            let found = parse(sql).map(|statement| statement.from);
            assert_eq!(found, expected, "{sql}");
        }
    }

    #[test]
    fn values_and_calls() {
        let statement = parse("SELECT VALUE encode (*, 'base64') FROM 'decode(x)'").unwrap();
        assert!(statement.is_value() && statement.calls("encode") && !statement.calls("decode"));
        assert!(!parse("SELECT value FROM 'x'").unwrap().calls("value"));
        assert!(!parse("SELECT a, VALUE FROM 'x'").unwrap().is_value());
    }
}
