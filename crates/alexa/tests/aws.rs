//! A skill let in: the permission is all there is to set up on AWS. Moto forgets its token.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_alexa::{Alexa, CustomSkill, SmartHomeSkill};
use lambda_with_aws::{Action, Plan, Wiring};
use lambda_with_testing::{fake, function};

const SKILL: &str = "amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666";

fn actions(plan: &Plan) -> Vec<Action> {
    plan.changes.iter().map(|change| change.action).collect()
}

#[tokio::test]
async fn connect_status_connect_disconnect() {
    for alexa in [
        Alexa::Custom(CustomSkill::new(SKILL)),
        Alexa::SmartHome(SmartHomeSkill::new(SKILL)),
    ] {
        let function = function("tea");
        let lambda = fake::Lambda::new(function.arn.as_str());
        let (session, _) = fake::session(move |method, path, body| {
            let answered = lambda.answer(method, path, body);
            answered.unwrap_or_else(|| (404, "{}".into()))
        });
        let foreign = session.lambda().add_permission();
        let foreign = foreign
            .function_name(function.name())
            .statement_id("somebody-else")
            .action("lambda:InvokeFunction")
            .principal("sns.amazonaws.com");
        foreign.send().await.unwrap();
        let policy = async || {
            let request = session.lambda().get_policy().function_name(function.name());
            request.send().await.unwrap().policy.unwrap()
        };
        let before = policy().await;

        let mut wiring = Wiring::new(&session, function.clone()).unwrap();
        wiring.add(&alexa).unwrap();
        assert_eq!(actions(&wiring.diff().await.unwrap()), [Action::Create]);
        wiring.connect(|_| ()).await.unwrap();
        assert!(policy().await.contains(SKILL));
        assert!(wiring.status().await.unwrap().is_clean());
        let again = wiring.connect(|_| ()).await.unwrap();
        assert_eq!(actions(&again), [Action::Keep]);
        let plan = wiring.disconnect(|_| ()).await.unwrap();
        assert_eq!(actions(&plan), [Action::Remove]);
        assert_eq!(policy().await, before);
    }
}
