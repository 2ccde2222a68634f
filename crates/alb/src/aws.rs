//! Setting up a target group that exists, and a listener's rules, beside those of others.

mod rule;
mod target;

use aws_sdk_elasticloadbalancingv2::Client;
use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{Part, Session, Slot, Wire};

use self::rule::OfListener;
use self::target::Target;
use crate::Alb;

/// The function is registered in the target group, after the permission, which the load balancer
/// tries out; then the listener gets the rules, if the definition names one.
///
/// A group that has another target, and a rule of the same priority that leads elsewhere, are left
/// alone. The group's health check stays as it is.
impl Wire for Alb {
    const KINDS: &'static [&'static str] = &[
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
    ];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        let name = Integration::name(self);
        let Some(group) = self.source(function, "").filter(|_| self.arn().is_some()) else {
            let what = format!(
                "`{name}` has no target group's ARN, and target groups are not created from here"
            );
            let fix = "set target_group to the ARN of one, or create one with `lambda-with export`";
            return Err(Error::new(ErrorKind::Invalid, what).with("fix", fix));
        };
        let client = Client::new(session.config());
        let target = Target {
            client: client.clone(),
            connection: name.clone(),
            group: group.clone(),
            function: function.arn.clone(),
            multi_value_headers: self.multi_value_headers,
        };
        let mut parts = vec![target.part()];
        if let Some(listener) = &self.listener {
            parts.extend(self.rules.iter().map(|rule| {
                let rule = OfListener {
                    client: client.clone(),
                    connection: name.clone(),
                    listener: listener.clone(),
                    group: group.clone(),
                    rule: rule.clone(),
                };
                rule.part()
            }));
        }
        Ok(parts)
    }
}
