//! A connection's name: readable, stable, and unique within a function.

use lambda_with::name::checksum;

/// `lex-BOT-ALIAS`. Where that would be too long, a hash takes the place of its end.
pub(crate) fn of(bot: &str, alias: &str) -> String {
    let letter = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => c,
        _ => '-',
    };
    let name: String = format!("lex-{bot}-{alias}").chars().map(letter).collect();
    if name.len() <= 80 {
        return name;
    }
    format!("{}-{}", &name[..71], checksum(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (alias, name) in [
            ("TSTALIASID", "lex-FERRYBOT01-TSTALIASID"),
            ("live_2", "lex-FERRYBOT01-live_2"),
            ("é.", "lex-FERRYBOT01---"),
        ] {
            assert_eq!(of("FERRYBOT01", alias), name);
        }
        let long = |end: &str| of("FERRYBOT01", &format!("{}{end}", "a".repeat(90)));
        assert_eq!(long("1").len(), 80);
        assert_ne!(long("1"), long("2"));
    }
}
