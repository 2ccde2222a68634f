//! Command lines a POSIX shell reads as meant.

/// One word, quoted where it must be.
pub(crate) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A whole line.
pub(crate) fn line<I, S>(words: I) -> String
where
    I: IntoIterator<Item = S>,
    S: AsRef<str>,
{
    words
        .into_iter()
        .map(|word| quote(word.as_ref()))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn words() {
        for (word, quoted) in [
            ("arn:aws:s3:::uploads", "arn:aws:s3:::uploads"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            (
                "arn:aws:execute-api:eu-west-1:1:a/*/GET/",
                "'arn:aws:execute-api:eu-west-1:1:a/*/GET/'",
            ),
            ("${Api}", "'${Api}'"),
        ] {
            assert_eq!(quote(word), quoted);
        }
    }

    #[test]
    fn the_shell_agrees() {
        let words = ["a", "", "b c", "it's \"x\"", "$HOME `id` \\ *", "~", "é\n!"];
        let script = format!(
            "for word in {}; do printf '<%s>' \"$word\"; done",
            line(words)
        );
        let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
        let expected: String = words.iter().map(|word| format!("<{word}>")).collect();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    }
}
