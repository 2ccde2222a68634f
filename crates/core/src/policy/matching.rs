//! Wildcards, in plain text and in ARNs.

/// Whether `text` fits `pattern`, where `*` stands for any run of characters and `?` for one.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star stood, and how much of the text it has swallowed so far.
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, swallowed)) => {
                    star = Some((at, swallowed + 1));
                    p = at + 1;
                    t = swallowed + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// Whether `arn` fits `pattern`, each of the six parts for itself.
///
/// A pattern of fewer parts fits when its last character is `*`, which then reaches over colons.
pub(super) fn arn_like(pattern: &str, arn: &str) -> bool {
    let patterns: Vec<&str> = pattern.splitn(6, ':').collect();
    if patterns.len() < 6 && !pattern.ends_with('*') {
        return false;
    }
    let parts: Vec<&str> = arn.splitn(patterns.len(), ':').collect();
    parts.len() == patterns.len() && patterns.iter().zip(parts).all(|(p, part)| like(p, part))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text, fits) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("a*c", "abbc", true),
            ("a*c", "abcb", false),
            ("*a*b*", "xxaxxbxx", true),
            ("a?c", "abc", true),
            ("A", "a", false),
            ("lambda:*", "lambda:InvokeFunction", true),
        ] {
            assert_eq!(like(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn arns_part_by_part() {
        let rule = "arn:aws:events:eu-west-1:123456789012:rule/nightly";
        for (pattern, arn, fits) in [
            (rule, rule, true),
            ("arn:aws:events:*:123456789012:rule/*", rule, true),
            ("arn:aws:events:eu-west-?:*:rule/night??", rule, true),
            ("arn:aws:events:*:rule/nightly", rule, false),
            ("arn:aws:events:*", rule, true),
            ("*", rule, true),
            ("arn:*:nightly", rule, false),
            ("arn:aws:events:eu-west-1:123456789012:rule", rule, false),
            ("arn:aws:events:eu-west-1:*nightly", rule, false),
            ("arn:aws:s3:::uploads", "arn:aws:s3", false),
            ("arn:aws:s3:::uploads", "arn:aws:s3:::uploads", true),
            ("arn:aws:s3:::uploads", "arn:aws:s3:::Uploads", false),
            ("arn:aws:s3:::up*", "arn:aws:s3:::uploads", true),
            (
                "arn:aws:logs:eu-west-1:1:log-group:/a:*",
                "arn:aws:logs:eu-west-1:1:log-group:/a:log-stream:x",
                true,
            ),
            (
                "arn:aws:execute-api:eu-west-1:1:a1/*/GET/pets",
                "arn:aws:execute-api:eu-west-1:1:a1/prod/GET/pets",
                true,
            ),
        ] {
            assert_eq!(arn_like(pattern, arn), fits, "{pattern} {arn}");
        }
    }

    proptest! {
        #[test]
        fn a_star_fits_in_any_place(text in "[ab:]{0,8}", at in 0usize..8, len in 0usize..8) {
            let at = at.min(text.len());
            let end = (at + len).min(text.len());
            let pattern = format!("{}*{}", &text[..at], &text[end..]);
            prop_assert!(like(&pattern, &text));
        }

        #[test]
        fn plain_text_fits_itself_only(a in "[ab]{0,3}", b in "[ab]{0,3}") {
            prop_assert_eq!(like(&a, &b), a == b);
        }
    }
}
