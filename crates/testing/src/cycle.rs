//! The life of a wiring, which is the same for every service.

use std::fmt::Debug;
use std::time::Duration;

use lambda_with_aws::{Session, Wiring};
use serde_json::Value;

use crate::line::Line;

/// Makes the wiring of one function over a session.
pub type Wired<'a> = &'a dyn Fn(&Session) -> Wiring;

/// Every member of a document by itself: `/stages/*/name = "Build"`.
pub fn leaves(document: &Value) -> Vec<String> {
    fn add(path: &str, value: &Value, all: &mut Vec<String>) {
        match value {
            Value::Object(members) => members
                .iter()
                .for_each(|(name, value)| add(&format!("{path}/{name}"), value, all)),
            Value::Array(items) => items
                .iter()
                .for_each(|item| add(&format!("{path}/*"), item, all)),
            leaf => all.push(format!("{path} = {leaf}")),
        }
    }
    let mut all = Vec::new();
    add("", document, &mut all);
    all
}

/// Takes two wirings that share something through all that a wiring must stand; or one, where nothing
/// can be shared.
///
/// Looking writes nothing; connecting adds to what stands and changes nothing of it; connecting again
/// changes nothing; disconnecting leaves exactly what stood before, the other wiring included; both may
/// connect and disconnect at once; and cut off at any request, each is completed by running it again.
///
/// `standing` gives what stands at the service, each thing by itself, those of others included; see
/// [`leaves`].
///
/// # Panics
///
/// When any of it is not so.
pub async fn cycle<T: Debug + PartialEq>(
    session: &Session,
    wired: &[Wired<'_>],
    standing: impl AsyncFn() -> Vec<T>,
) {
    let quick = wired.iter().map(|wired| {
        move |session: &Session| {
            let mut wiring = wired(session);
            wiring.options.settle = Duration::from_millis(20);
            wiring
        }
    });
    let quick: Vec<_> = quick.collect();
    let wired: Vec<Wired<'_>> = quick.iter().map(|wired| wired as Wired<'_>).collect();
    let wired = wired.as_slice();
    let before = standing().await;
    for wired in wired {
        let wiring = wired(session);
        assert!(
            !wiring.diff().await.unwrap().is_empty(),
            "nothing to connect"
        );
        assert!(wiring.diff_disconnect().await.unwrap().is_empty());
    }
    assert_eq!(standing().await, before, "looking writes nothing");

    for wired in wired {
        wired(session).connect(|_| ()).await.unwrap();
    }
    let after = standing().await;
    let lost = before.iter().find(|thing| !after.contains(thing));
    assert_eq!(lost, None, "what others wrote stays: {after:#?}");
    assert_ne!(after, before);
    for wired in wired {
        let again = wired(session).connect(|_| ()).await.unwrap();
        assert!(again.is_empty(), "connected again: {again}");
    }
    assert_eq!(standing().await, after, "connecting again writes nothing");

    let mut left = wired;
    while let [first, rest @ ..] = left {
        first(session).disconnect(|_| ()).await.unwrap();
        for other in rest {
            let plan = other(session).diff().await.unwrap();
            assert!(
                plan.is_empty(),
                "disconnecting took more than its own: {plan}"
            );
        }
        left = rest;
    }
    assert_eq!(standing().await, before, "disconnecting leaves what stood");
    for wired in wired {
        let again = wired(session).disconnect(|_| ()).await.unwrap();
        assert!(again.is_empty(), "disconnected again: {again}");
    }

    if let [one, other] = wired {
        at_once(session, one, other).await;
        assert_eq!(standing().await, before, "two that disconnect at once");
    }
    if let [first, ..] = wired {
        interrupted(session, first, &standing).await;
    }
}

/// Connects two at once, and disconnects them at once.
async fn at_once(session: &Session, one: Wired<'_>, other: Wired<'_>) {
    let wiring = |wired: Wired<'_>| {
        let mut wiring = wired(&Line::over(session, usize::MAX).0);
        // The other may take its time from its reading to its writing.
        wiring.options.settle = Duration::from_millis(600);
        wiring
    };
    let (a, b) = (wiring(one), wiring(other));
    tokio::try_join!(a.connect(|_| ()), b.connect(|_| ())).unwrap();
    for wired in [one, other] {
        let plan = wired(session).diff().await.unwrap();
        assert!(plan.is_empty(), "two that connect at once: {plan}");
    }
    tokio::try_join!(a.disconnect(|_| ()), b.disconnect(|_| ())).unwrap();
}

/// Cuts the line at each request that comes after all was read, and runs again.
async fn interrupted<T: Debug + PartialEq>(
    session: &Session,
    wired: Wired<'_>,
    standing: &impl AsyncFn() -> Vec<T>,
) {
    let before = standing().await;
    let (counted, line) = Line::over(session, usize::MAX);
    wired(&counted).diff().await.unwrap();
    for nth in line.asked() + 1.. {
        let is_cut = wired(&Line::over(session, nth).0)
            .connect(|_| ())
            .await
            .is_err();
        wired(session).connect(|_| ()).await.unwrap();
        let plan = wired(session).diff().await.unwrap();
        assert!(plan.is_empty(), "cut at request {nth}: {plan}");
        let cut = wired(&Line::over(session, nth).0);
        let _ = cut.disconnect(|_| ()).await;
        wired(session).disconnect(|_| ()).await.unwrap();
        assert_eq!(
            standing().await,
            before,
            "cut at request {nth} and disconnected"
        );
        if !is_cut {
            return;
        }
    }
}
