//! Names for connections: readable, stable and unique.

use lambda_with::name::{checksum_of, slug, with_checksum};

/// `iot-KIND-NAME`, followed by a checksum of the exact values where letters were dropped or
/// something else sets the connection apart.
pub(crate) fn connection(kind: &str, name: &str, exact: &[&str]) -> String {
    let readable = format!("iot-{kind}-{name}");
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
            connection("rule", "loads", &[]),
            connection("rule", "crane_load", &[]),
            connection("rule", "crane__load", &[]),
            connection("rule", "loads", &["210987654321"]),
            connection("authorizer", "harbor", &[]),
            connection("rule", &"r".repeat(128), &[]),
        ];
        assert!(names.iter().all(|name| name.len() <= 80));
        expect![[r#"
            iot-rule-loads
            iot-rule-crane-load-7289b841
            iot-rule-crane-load-f8191810
            iot-rule-loads-54e4d800
            iot-authorizer-harbor
            iot-rule-rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr-22f6451f"#]]
        .assert_eq(&names.join("\n"));
    }
}
