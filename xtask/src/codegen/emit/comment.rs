//! Descriptions as doc comments.

use proc_macro2::TokenStream;
use quote::quote;

const WIDTH: usize = 100;

/// The doc attributes of a description that stands `indent` columns in.
pub(super) fn doc(text: &str, indent: usize) -> TokenStream {
    let lines = wrap(&prose(text), WIDTH - indent - "/// ".len());
    let lines = lines.iter().map(|line| {
        if line.is_empty() {
            String::new()
        } else {
            format!(" {line}")
        }
    });
    quote! { #(#[doc = #lines])* }
}

/// Wraps paragraphs; lists and code keep their lines.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut fenced = false;
    for (index, paragraph) in text.split("\n\n").enumerate() {
        if index > 0 {
            lines.push(String::new());
        }
        let fences = paragraph.matches("```").count();
        let kept = fenced || fences > 0 || paragraph.starts_with(['-', '*', '|', '#', '>']);
        fenced ^= fences % 2 == 1;
        if kept {
            lines.extend(paragraph.lines().map(|line| line.trim_end().to_owned()));
            continue;
        }
        let mut line = String::new();
        for word in words(paragraph) {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line += word;
        }
        lines.push(line);
    }
    lines
}

/// The words of a paragraph; code with blanks in it is one word, so that no line breaks there.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut code = false;
    for (index, letter) in text.char_indices() {
        if letter == '`' {
            code = !code;
        } else if letter.is_whitespace() && !code {
            words.push(&text[start..index]);
            start = index + letter.len_utf8();
        }
    }
    words.push(&text[start..]);
    words.retain(|word| !word.is_empty());
    words
}

/// Plain prose as markdown: what looks like a tag or a link is shown as it stands, and an address
/// becomes a link.
fn prose(text: &str) -> String {
    let mut markdown = String::new();
    for (index, part) in text.split('`').enumerate() {
        if index > 0 {
            markdown.push('`');
        }
        if index % 2 == 1 {
            markdown += part;
            continue;
        }
        for piece in part.split_inclusive(char::is_whitespace) {
            let word = piece.trim_end();
            let bare = word.trim_start_matches('(');
            if bare.starts_with("https://") {
                let end = bare.trim_end_matches(['.', ',', ';', ':', ')']).len();
                markdown += &word[..word.len() - bare.len()];
                markdown += &format!("<{}>{}", &bare[..end], &bare[end..]);
            } else if word.contains("](") || word.starts_with("<https://") {
                markdown += word;
            } else {
                markdown += &word.replace('<', "\\<").replace('[', "\\[");
            }
            markdown += &piece[word.len()..];
        }
    }
    markdown
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: &Expect) {
        expected.assert_eq(&wrap(&prose(text), 40).join("\n"));
    }

    #[test]
    fn paragraphs_wrap_and_lists_do_not() {
        check(
            "A first sentence that is a little too long for the line.\n\nA second one.",
            &expect![[r"
                A first sentence that is a little too
                long for the line.

                A second one."]],
        );
        check(
            "One of:\n\n- the first, which is longer than a line may be\n- the second",
            &expect![[r"
                One of:

                - the first, which is longer than a line may be
                - the second"]],
        );
    }

    #[test]
    fn code_stays_together_and_prose_is_no_markup() {
        check(
            "The name of it, as in `arn:aws:s3:::bucket and more`.",
            &expect![[r"
            The name of it, as in
            `arn:aws:s3:::bucket and more`."]],
        );
        check(
            "`<a>` but <b>, `x[0]` but [0]",
            &expect![[r"`<a>` but \<b>, `x[0]` but \[0]"]],
        );
        check(
            "See https://docs.aws.amazon.com/x.html.",
            &expect![[r"
            See
            <https://docs.aws.amazon.com/x.html>."]],
        );
    }
}
