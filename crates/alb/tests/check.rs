//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with_alb::Alb;
use lambda_with_testing::{clashes, lints};

const GOOD: &str = "target_group = 'orders'";

const LISTENER: &str = "listener = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2'";

#[test]
fn every_lint_has_a_definition_it_finds() {
    let group = |name: &str| format!("target_group = '{name}'");
    let arn = |place: &str, resource: &str| {
        group(&format!("arn:aws:elasticloadbalancing:{place}:{resource}"))
    };
    let listener = |place: &str, resource: &str| {
        format!(
            "listener = 'arn:aws:elasticloadbalancing:{place}:{resource}'\nrules = [{{ priority = 1 }}]"
        )
    };
    let rules = |rules: &str| format!("{LISTENER}\nrules = [{rules}]");
    let rule = |rule: &str| rules(&format!("{{ priority = 1, {rule} }}"));
    let health = |settings: &str| format!("health_check = {{ {settings} }}");
    let here = "eu-west-1:123456789012";
    lints::<Alb>(
        GOOD,
        &[
            (String::new(), ""),
            (rule("paths = ['/orders', '/orders/*', '*.jpg']"), ""),
            (rule("hosts = ['*.example.com', 'shop.example.*']"), ""),
            (rule("methods = ['GET', 'POST', 'X-PURGE_ALL']"), ""),
            (arn(here, "targetgroup/orders/5c2e1f0a9b7d4386"), ""),
            (
                arn(here, "loadbalancer/app/shop/50dc6c495c0c9188"),
                "LW0901! target_group",
            ),
            (arn(here, "targetgroup/orders/*"), "LW0901! target_group"),
            (arn(here, "targetgroup/orders"), "LW0901! target_group"),
            (group("arn:aws:s3:::orders"), "LW0901! target_group"),
            (group("arn:orders"), "LW0901! target_group"),
            (group(""), "LW0902! target_group"),
            (group("-orders"), "LW0902! target_group"),
            (group("orders-"), "LW0902! target_group"),
            (group("internal-orders"), "LW0902! target_group"),
            (group("orders.eu"), "LW0902! target_group"),
            (group("orders*"), "LW0902! target_group"),
            (group(&"o".repeat(33)), "LW0902! target_group"),
            (group(&"o".repeat(32)), ""),
            (
                arn("eu-west-2:123456789012", "targetgroup/orders/5c2e"),
                "LW0903! target_group",
            ),
            (
                arn("eu-west-1:210987654321", "targetgroup/orders/5c2e"),
                "LW0903! target_group",
            ),
            (
                listener("eu-west-2:123456789012", "listener/app/shop/a/b"),
                "LW0903! listener",
            ),
            (listener(here, "listener/net/shop/a/b"), "LW0904! listener"),
            (
                listener(here, "loadbalancer/app/shop/a"),
                "LW0904! listener",
            ),
            (LISTENER.into(), "LW0905 rules"),
            ("rules = [{ priority = 1 }]".into(), "LW0906 rules"),
            (rules("{ priority = 0 }"), "LW0907! rules"),
            (rules("{ priority = 50001 }"), "LW0907! rules"),
            (rules("{ priority = 50000 }"), ""),
            (rule("paths = ['/a', '/b', '/c', '/d']"), "LW0908! rules"),
            (
                rule("paths = ['/a', '/b', '/c'], methods = ['GET', 'PUT'], hosts = ['a.de']"),
                "LW0908! rules",
            ),
            (
                rule("paths = ['/a', '/b', '/c'], methods = ['GET', 'PUT']"),
                "",
            ),
            (rule("paths = ['orders']"), "LW0909! rules"),
            (rule("paths = ['/two words']"), "LW0909! rules"),
            (rule("paths = ['/café']"), "LW0909! rules"),
            (
                rule(&format!("paths = ['/{}']", "a".repeat(128))),
                "LW0909! rules",
            ),
            (rule("hosts = ['localhost']"), "LW0910! rules"),
            (rule("hosts = ['10.0.0.1']"), "LW0910! rules"),
            (rule("hosts = ['shop.example.com:443']"), "LW0910! rules"),
            (rule("methods = ['get']"), "LW0911! rules"),
            (rule("methods = ['*']"), "LW0911! rules"),
            (rule("methods = ['']"), "LW0911! rules"),
            (health(""), ""),
            (health("interval = 4, timeout = 3"), "LW0912! health_check"),
            (health("interval = 301"), "LW0912! health_check"),
            (health("timeout = 35"), "LW0912! health_check"),
            (health("healthy_after = 1"), "LW0912! health_check"),
            (health("unhealthy_after = 11"), "LW0912! health_check"),
            (health("path = 'health'"), "LW0912! health_check"),
            (health("success = '600'"), "LW0912! health_check"),
            (health("success = '299-200'"), "LW0912! health_check"),
            (health("success = '200,204,300-302'"), ""),
            (health("timeout = 2"), "LW0913 health_check"),
            (
                rules("{ priority = 1 }, { priority = 2 }, { priority = 1 }"),
                "LW0915! rules",
            ),
        ],
    );
}

#[test]
fn two_connections() {
    let other = "target_group = 'other'";
    let with = |group: &str, priority: u32| {
        format!("{group}\n{LISTENER}\nrules = [{{ priority = {priority} }}]")
    };
    clashes::<Alb>(
        GOOD,
        &[
            (String::new(), other.to_owned(), "", ""),
            (String::new(), String::new(), "LW0914! target_group", ""),
            (with("", 1), with(other, 2), "", ""),
            (with("", 1), with(other, 1), "LW0915! rules", ""),
            (
                with("", 1),
                with(other, 1).replace("app/shop", "app/admin"),
                "",
                "",
            ),
        ],
    );
}
