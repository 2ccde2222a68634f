//! Names: the connection's, and what a secret's ARN says of the secret.

use lambda_with::name::{checksum, with_checksum};
use lambda_with::{Arn, is_account};

/// The most characters of a secret's name.
const MAX_NAME: usize = 512;

/// `secrets-manager-SECRET-` and a checksum of the ARN, which tells apart what the letters of a name
/// cannot.
pub(crate) fn of(secret: &Arn) -> String {
    let readable = format!("secrets-manager-{}", secret_name(secret));
    with_checksum(&readable, &checksum(secret.as_str()))
}

/// Whether this is the ARN of one secret: of the name no pattern, of its end six characters or six
/// question marks.
pub(crate) fn is_secret(arn: &Arn) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"/_+=.@-".contains(&b);
    arn.service() == "secretsmanager"
        && !arn.region().is_empty()
        && is_account(arn.account())
        && split(arn).is_some_and(|(name, _)| {
            (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(letter)
        })
}

/// What names the secret in a request: the ARN, or the name where the end of the ARN is not known.
pub(crate) fn secret_id(secret: &Arn) -> &str {
    match split(secret) {
        Some((name, "??????")) => name,
        _ => secret.as_str(),
    }
}

fn secret_name(secret: &Arn) -> &str {
    split(secret).map_or(secret.resource(), |(name, _)| name)
}

/// The secret's name and the end of the ARN.
fn split(secret: &Arn) -> Option<(&str, &str)> {
    let (name, end) = secret
        .resource()
        .strip_prefix("secret:")?
        .rsplit_once('-')?;
    let known = end.len() == 6 && end.bytes().all(|b| b.is_ascii_alphanumeric());
    (known || end == "??????").then_some((name, end))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn arn(secret: &str) -> Arn {
        format!("arn:aws:secretsmanager:eu-west-1:{secret}")
            .parse()
            .unwrap()
    }

    #[test]
    fn names_are_readable_unique_and_short() {
        let long = format!("123456789012:secret:{}-AbC1d2", "s".repeat(512));
        let mut seen = HashSet::new();
        for (secret, start) in [
            (
                "123456789012:secret:prod/db-AbC1d2",
                "secrets-manager-prod-db-",
            ),
            (
                "123456789012:secret:prod/db-??????",
                "secrets-manager-prod-db-",
            ),
            (
                "210987654321:secret:prod/db-AbC1d2",
                "secrets-manager-prod-db-",
            ),
            (
                "123456789012:secret:prod_db-AbC1d2",
                "secrets-manager-prod-db-",
            ),
            (&long, "secrets-manager-sss"),
        ] {
            let name = of(&arn(secret));
            assert!(name.starts_with(start) && name.len() <= 80, "{name}");
            assert!(seen.insert(name));
        }
    }

    #[test]
    fn secrets() {
        for (secret, id) in [
            (
                "123456789012:secret:prod/db-AbC1d2",
                Some("arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbC1d2"),
            ),
            ("123456789012:secret:prod/db-??????", Some("prod/db")),
            ("123456789012:secret:prod/db", None),
            ("123456789012:secret:prod/db-*", None),
            ("123456789012:secret:*-AbC1d2", None),
            ("123456789012:secret:-AbC1d2", None),
            ("123456789012:prod/db-AbC1d2", None),
            ("1234:secret:prod/db-AbC1d2", None),
        ] {
            let arn = arn(secret);
            let found = is_secret(&arn).then(|| secret_id(&arn));
            assert_eq!(found, id, "{secret}");
        }
    }
}
