//! Names for connections: readable, stable, and unique within a function.

use lambda_with::name::{checksum_of, slug, with_checksum};

use crate::Alb;

/// `alb-GROUP`. A group that exists already is known by the digits of its ARN too.
pub(crate) fn of(alb: &Alb) -> String {
    let name = slug(&format!("alb-{}", alb.group_name()));
    match alb.arn() {
        Some(arn) => with_checksum(&name, &checksum_of(&[arn.as_str()])),
        None if name.len() > 71 || name != format!("alb-{}", alb.target_group) => {
            with_checksum(&name, &checksum_of(&[&alb.target_group]))
        }
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn names() {
        let arn =
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/5c2e1f0a9b7d4386";
        let names: Vec<String> = [
            "shop",
            "harbor-shop",
            "harbor--shop",
            "harbor.shop",
            &"x".repeat(90),
            "",
            arn,
        ]
        .into_iter()
        .map(|group| of(&Alb::new(group)))
        .collect();
        expect![[r#"
            alb-shop
            alb-harbor-shop
            alb-harbor-shop-3ff0ebc3
            alb-harbor-shop-80174b89
            alb-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-4f2833b7
            alb-050c5d1f
            alb-shop-cbc2d6c1"#]]
        .assert_eq(&names.join("\n"));
        assert!(names.iter().all(|name| name.len() <= 80));
    }
}
