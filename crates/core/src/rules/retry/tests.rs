use proptest::prelude::*;

use super::*;

/// Runs one event to its end, each attempt taking `run` milliseconds, the n-th with the n-th
/// outcome (the last repeats), and tells when it was tried and how it ended.
fn trace(config: Config, run: u64, reserved: Option<u32>, outcomes: &[Attempt]) -> String {
    let mut state = State::accepted(Duration::ZERO);
    let mut now = Duration::ZERO;
    let mut tried = Vec::new();
    loop {
        let end = match state.before(&config, now, reserved) {
            Decision::Run => {
                let outcome = outcomes[tried.len().min(outcomes.len() - 1)];
                tried.push(now.as_secs_f64());
                if outcome != Attempt::NotRun {
                    now += Duration::from_millis(run);
                }
                state.after(&config, now, outcome)
            }
            end => end,
        };
        match end {
            Decision::RetryAt(at) => {
                assert!(at > now, "no attempt without a pause");
                now = at;
            }
            end => {
                let attempts = state.attempts;
                return format!(
                    "{tried:?} {end:?} count {attempts} at {}",
                    now.as_secs_f64()
                );
            }
        }
    }
}

fn config(retries: u8, age: u64) -> Config {
    Config::new(retries, Duration::from_secs(age)).unwrap()
}

#[test]
fn events_end_as_recorded() {
    use Attempt::{Failed, NotRun, Stopped, Succeeded};
    for (config, run, reserved, outcomes, expected) in [
        (
            Config::default(),
            100,
            None,
            &[Succeeded][..],
            "[0.0] Done count 1 at 0.1",
        ),
        (
            config(0, 21_600),
            100,
            None,
            &[Failed],
            "[0.0] Discard(RetriesExhausted) count 1 at 0.1",
        ),
        (
            Config::default(),
            0,
            None,
            &[Failed],
            "[0.0, 60.0, 180.0] Discard(RetriesExhausted) count 3 at 180",
        ),
        (
            config(2, 60),
            0,
            None,
            &[Failed],
            "[0.0] Discard(EventAgeExceeded) count 1 at 0",
        ),
        (
            config(2, 60),
            100,
            None,
            &[Failed],
            "[0.0] Discard(EventAgeExceeded) count 1 at 0.1",
        ),
        (
            config(2, 90),
            100,
            None,
            &[Failed],
            "[0.0, 60.1] Discard(EventAgeExceeded) count 2 at 60.2",
        ),
        (
            config(0, 60),
            100,
            None,
            &[Failed],
            "[0.0] Discard(RetriesExhausted) count 1 at 0.1",
        ),
        (
            Config::default(),
            100,
            Some(0),
            &[Succeeded],
            "[] Discard(ZeroReservedConcurrency) count 0 at 0",
        ),
        (
            Config::default(),
            100,
            Some(1),
            &[Failed, Succeeded],
            "[0.0, 60.1] Done count 2 at 60.2",
        ),
        (
            Config::default(),
            0,
            None,
            &[NotRun, NotRun, NotRun, Succeeded],
            "[0.0, 1.0, 3.0, 7.0] Done count 1 at 7",
        ),
        (
            Config::default(),
            0,
            None,
            &[NotRun, Failed, NotRun, Failed, Failed],
            "[0.0, 1.0, 61.0, 62.0, 182.0] Discard(RetriesExhausted) count 3 at 182",
        ),
        (
            config(2, 60),
            0,
            None,
            &[NotRun],
            "[0.0, 1.0, 3.0, 7.0, 15.0, 31.0] Discard(EventAgeExceeded) count 0 at 60",
        ),
        (
            Config::default(),
            0,
            None,
            &[Failed, Stopped],
            "[0.0, 60.0] Discard(RetriesExhausted) count 1 at 60",
        ),
    ] {
        assert_eq!(trace(config, run, reserved, outcomes), expected);
    }
}

#[test]
fn backoff_doubles_to_five_minutes() {
    let mut state = State::accepted(Duration::ZERO);
    let delays: Vec<u64> = (0..12)
        .map(
            |_| match state.after(&Config::default(), Duration::ZERO, Attempt::NotRun) {
                Decision::RetryAt(at) => at.as_secs(),
                end => panic!("{end:?}"),
            },
        )
        .collect();
    assert_eq!(delays, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
}

#[test]
fn limits_are_lambdas() {
    for (retries, age, fine) in [
        (0, 60, true),
        (2, 21_600, true),
        (3, 60, false),
        (0, 59, false),
        (0, 21_601, false),
    ] {
        assert_eq!(
            Config::new(retries, Duration::from_secs(age)).is_ok(),
            fine,
            "{retries} {age}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_event_ends_in_time_and_within_its_attempts(
        retries in 0u8..=2,
        age in 60u64..=21_600,
        outcomes in prop::collection::vec(
            prop_oneof![
                4 => Just(Attempt::Failed),
                4 => Just(Attempt::NotRun),
                1 => Just(Attempt::Succeeded),
                1 => Just(Attempt::Stopped),
            ],
            1..40,
        ),
    ) {
        let config = config(retries, age);
        let mut state = State::accepted(Duration::from_secs(7));
        let mut now = state.accepted_at;
        for n in 0.. {
            if state.before(&config, now, None) != Decision::Run {
                prop_assert_eq!(now, state.accepted_at + config.maximum_event_age);
                break;
            }
            let outcome = outcomes[n % outcomes.len()];
            match state.after(&config, now, outcome) {
                Decision::RetryAt(at) => now = at,
                Decision::Done => {
                    prop_assert_eq!(outcome, Attempt::Succeeded);
                    break;
                }
                _ => break,
            }
        }
        prop_assert!(state.attempts <= u32::from(retries) + 1);
        prop_assert!(now <= state.accepted_at + config.maximum_event_age);
    }
}
