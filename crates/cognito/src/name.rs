//! Names for connections and logical ids: readable, stable and unique.

use lambda_with::name::{checksum_of, slug, with_checksum};

/// `KIND-NAME`, where `kind` is what a pool without a name is called, followed by a checksum of
/// `exact` unless that is empty.
pub(crate) fn connection(kind: &str, name: &str, exact: &[&str]) -> String {
    let readable = match name {
        _ if kind == name => kind.to_owned(),
        _ => format!("{kind}-{name}"),
    };
    if exact.is_empty() && slug(&readable) == readable && readable.len() <= 80 {
        return readable;
    }
    let all: Vec<&str> = [name].into_iter().chain(exact.iter().copied()).collect();
    with_checksum(&readable, &checksum_of(&all))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn names() {
        let names = [
            connection("user-pool", "user-pool", &[]),
            connection("user-pool", "harbor", &[]),
            connection("user-pool", "Harbor users", &[]),
            connection("user-pool", "harbor", &["pre-sign-up"]),
            connection("user-pool", &"x".repeat(128), &[]),
            connection("user-pool", "", &[]),
        ];
        expect![[r#"
            user-pool
            user-pool-harbor
            user-pool-Harbor-users-8ee18495
            user-pool-harbor-551da062
            user-pool-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-56e8eb1f
            user-pool-050c5d1f"#]]
        .assert_eq(&names.join("\n"));
        assert!(names.iter().all(|name| name.len() <= 80));
    }
}
