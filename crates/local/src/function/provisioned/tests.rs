use lambda_with::rules::routing::Routing;
use lambda_with::{FunctionError, Invocation, Invoke};

use super::*;
use crate::Local;
use crate::options::{FunctionOptions, Options, Run};

/// An engine with a function of three versions.
async fn start() -> (Local, Arc<Function>) {
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
    let definition = lambda_with::Function::new(arn.parse().unwrap()).unwrap();
    let run = Run::handler(|_, _| async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        Ok::<_, FunctionError>("null".into())
    });
    let mut options = Options::in_memory();
    options.account_concurrency = Some(300);
    options
        .functions
        .push(FunctionOptions::new(definition, run));
    let local = Local::start(options).await.unwrap();
    let function = local.handle().function("orders").unwrap().function;
    for number in 1..=3 {
        let versions = &function.versions;
        let change = versions.update(|settings| settings.description = number.to_string());
        change.unwrap();
        assert_eq!(versions.publish(None).unwrap(), number);
    }
    (local, function)
}

fn point(function: &Function, version: &str, weights: &[(&str, f64)]) {
    let weights = weights
        .iter()
        .map(|(name, weight)| ((*name).to_owned(), *weight));
    let routing = Routing::new(version, weights).unwrap();
    function.reroute(|_| {
        let alias = Alias::new(String::new(), routing);
        let mut state = function.versions.lock();
        state.aliases.insert("live".to_owned(), alias);
    });
}

/// How much of a burst at a version runs on what was provisioned for it.
async fn on_provisioned(local: &Local, function: &Function, version: u64) -> usize {
    let place = &function.place;
    let begin = |_| {
        place
            .begin(Some(version), false, function.clock.now())
            .unwrap()
    };
    let permits: Vec<_> = (0..50).map(begin).collect();
    let count = permits.iter().filter(|permit| permit.is_provisioned());
    let count = count.count();
    drop(permits);
    let qualified = format!("orders:{version}");
    let invoked = local.handle().function(&qualified).unwrap();
    invoked.invoke(Invocation::new("{}")).await.unwrap();
    assert_eq!(function.invocations(), 0);
    count
}

#[tokio::test(start_paused = true)]
async fn an_alias_gives_by_its_weights() {
    let (local, function) = start().await;
    point(&function, "1", &[]);
    function.provision("live", 10).unwrap();
    let mut found = Vec::new();
    for (version, weights) in [
        ("1", &[][..]),
        ("1", &[("2", 0.25)]),
        ("1", &[("2", 1.0)]),
        ("3", &[("2", 0.04)]),
        ("3", &[]),
    ] {
        point(&function, version, weights);
        let mut counts = Vec::new();
        for version in 1..=3 {
            counts.push(on_provisioned(&local, &function, version).await);
        }
        found.push(counts);
    }
    let expected = [[10, 0, 0], [7, 3, 0], [0, 10, 0], [0, 0, 10], [0, 0, 10]];
    assert_eq!(found, expected);
    function.withdraw("live");
    assert_eq!(on_provisioned(&local, &function, 3).await, 0);
    assert!(function.provisioned().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_deleted_gives_back_what_it_had() {
    let (_local, function) = start().await;
    function.provision("1", 200).unwrap();
    assert!(function.provision("2", 1).is_err());
    function.versions.remove(1).unwrap();
    function.forget("1");
    function.provision("2", 200).unwrap();
    assert_eq!(function.provisioned().len(), 1);
}
