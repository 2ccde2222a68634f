use proptest::prelude::*;

use super::*;

const NOW: Duration = Duration::from_secs(7);

const CONCURRENT: Throttle = Throttle::ConcurrentInvocationLimitExceeded;
const RATE: Throttle = Throttle::FunctionInvocationRateLimitExceeded;
const RESERVED: Throttle = Throttle::ReservedFunctionConcurrentInvocationLimitExceeded;
const RESERVED_RATE: Throttle = Throttle::ReservedFunctionInvocationRateLimitExceeded;

/// Begins until it is refused: how many ran on provisioned concurrency, how many on demand, and why
/// there are no more.
fn fill(
    account: &mut Account,
    function: usize,
    version: Option<u64>,
    now: Duration,
) -> (usize, usize, Throttle) {
    let (mut provisioned, mut on_demand) = (0, 0);
    loop {
        match account.begin(function, version, false, now) {
            Ok(share) if share.is_provisioned() => provisioned += 1,
            Ok(_) => on_demand += 1,
            Err(why) => return (provisioned, on_demand, why),
        }
    }
}

#[test]
fn functions_share_what_is_not_reserved() {
    let mut account = Account::new(1000);
    let (blue, orange) = (account.add(Some(400)), account.add(Some(400)));
    let (one, other) = (account.add(None), account.add(None));
    assert_eq!(fill(&mut account, one, None, NOW), (0, 200, CONCURRENT));
    assert_eq!(account.begin(other, None, true, NOW), Err(CONCURRENT));
    assert_eq!(fill(&mut account, blue, None, NOW), (0, 400, RESERVED));
    assert_eq!(account.running(orange), 0);
    // What runs of it is no longer part of what is shared.
    account.reserve(orange, None).unwrap();
    assert_eq!(fill(&mut account, orange, None, NOW), (0, 400, CONCURRENT));
    account.reserve(orange, Some(450)).unwrap();
    assert_eq!(fill(&mut account, orange, None, NOW), (0, 50, RESERVED));
    assert_eq!(account.begin(one, None, true, NOW), Err(CONCURRENT));
}

#[test]
fn a_hundred_stay_unreserved() {
    let text = |result: Result<(), Error>| result.unwrap_err().message().to_owned();
    let mut account = Account::new(1000);
    let (orders, bill) = (account.add(None), account.add(Some(300)));
    let refused = "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].";
    assert_eq!(text(account.reserve(orders, Some(601))), refused);
    account.reserve(orders, Some(600)).unwrap();
    assert_eq!(account.unreserved(), 100);
    account.reserve(orders, None).unwrap();
    account.provision(orders, 1, 500);
    assert_eq!(text(account.reserve(bill, Some(401))), refused);
    assert_eq!(
        text(account.reserve(orders, Some(499))),
        " ReservedConcurrentExecutions  499 should not be lower than function's total provisioned concurrency [500]."
    );
    assert_eq!(
        text(account.check_provisioned(orders, 0, 201)),
        "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [200]."
    );
    assert_eq!(
        text(account.check_provisioned(orders, 0, 101)),
        "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100]."
    );
    account.check_provisioned(orders, 0, 100).unwrap();
    account.check_provisioned(orders, 500, 600).unwrap();
    account.reserve(orders, Some(510)).unwrap();
    account.check_provisioned(orders, 0, 10).unwrap();
    assert_eq!(
        text(account.check_provisioned(orders, 0, 11)),
        "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
    );
    // More than there is may have been reserved by a definition.
    let mut account = Account::new(1000);
    account.add(Some(3000));
    let other = account.add(None);
    assert_eq!(fill(&mut account, other, None, NOW), (0, 100, CONCURRENT));
}

#[test]
fn provisioned_concurrency_is_used_first_and_only_when_it_is_there() {
    let mut account = Account::new(1000);
    let (orange, other) = (account.add(None), account.add(None));
    account.provision(orange, 1, 400);
    let share = account.begin(orange, Some(1), true, NOW).unwrap();
    assert!(!share.is_provisioned());
    account.end(share);
    account.ready(orange, 1, true);
    let filled = fill(&mut account, orange, Some(1), NOW);
    assert_eq!(filled, (400, 600, CONCURRENT));
    assert_eq!(account.begin(other, None, true, NOW), Err(CONCURRENT));
    // What is withdrawn is free when it has run to its end.
    account.provision(orange, 1, 0);
    assert_eq!(account.begin(other, None, true, NOW), Err(CONCURRENT));
    for _ in 0..400 {
        account.end(Share {
            function: orange,
            provisioned: Some(1),
        });
    }
    assert_eq!(fill(&mut account, other, None, NOW), (0, 400, CONCURRENT));
}

#[test]
fn what_is_reserved_may_all_be_provisioned() {
    let mut account = Account::new(1000);
    let orange = account.add(Some(400));
    account.provision(orange, 1, 150);
    account.provision(orange, 2, 50);
    account.ready(orange, 1, true);
    account.ready(orange, 2, true);
    assert_eq!(
        fill(&mut account, orange, Some(1), NOW),
        (150, 200, RESERVED)
    );
    assert_eq!(fill(&mut account, orange, Some(2), NOW), (50, 0, RESERVED));

    let full = account.add(Some(2));
    account.provision(full, 1, 2);
    assert!(
        account.begin(full, None, true, NOW).is_ok(),
        "not there yet"
    );
    account.ready(full, 1, true);
    assert_eq!(account.begin(full, None, true, NOW), Err(RESERVED));
    assert_eq!(fill(&mut account, full, Some(1), NOW), (2, 0, RESERVED));
    // Where it cannot be had, it is as if there were none.
    account.ready(full, 1, false);
    assert_eq!(account.unreserved(), 598);
}

#[test]
fn ten_requests_a_second_for_each_unit() {
    let mut account = Account::new(1000);
    let (orders, small, warm) = (account.add(None), account.add(Some(5)), account.add(None));
    account.provision(warm, 1, 3);
    account.ready(warm, 1, true);
    let burst = |account: &mut Account, function: usize, now: Duration| {
        let (mut on_provisioned, mut count) = (0, 0);
        loop {
            match account.begin(function, Some(1), true, now) {
                Ok(share) => {
                    on_provisioned += usize::from(share.is_provisioned());
                    account.end(share);
                    count += 1;
                }
                Err(why) => return (on_provisioned, count, why),
            }
        }
    };
    assert_eq!(burst(&mut account, small, NOW), (0, 50, RESERVED_RATE));
    assert_eq!(burst(&mut account, warm, NOW), (30, 9950, RATE));
    assert_eq!(burst(&mut account, orders, NOW), (0, 0, RATE));
    // Events are not counted.
    assert!(account.begin(orders, None, false, NOW).is_ok());
    let later = NOW + Duration::from_millis(100);
    assert_eq!(burst(&mut account, small, later), (0, 5, RESERVED_RATE));
    assert_eq!(burst(&mut account, orders, later), (0, 995, RATE));
    let rested = NOW + Duration::from_secs(3600);
    assert_eq!(burst(&mut account, orders, rested), (0, 10_000, RATE));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Whatever is begun, ended, reserved and provisioned: no more runs than the account has, or the
    /// function, and in the end all of it is there again.
    #[test]
    fn limits_hold(steps in prop::collection::vec((0u8..8, 0usize..3, 0u64..3, 0usize..40), 1..200)) {
        let mut account = Account::new(150);
        for _ in 0..3 {
            account.add(None);
        }
        let (mut shares, mut now) = (Vec::new(), NOW);
        for (step, function, version, number) in steps {
            now += Duration::from_millis(10);
            match step {
                0..=2 => for _ in 0..number {
                    let version = Some(version).filter(|version| *version > 0);
                    shares.extend(account.begin(function, version, step == 0, now));
                },
                3 => for _ in 0..number.min(shares.len()) {
                    account.end(shares.swap_remove(number % shares.len()));
                },
                4 => drop(account.reserve(function, Some(number))),
                5 => drop(account.reserve(function, None)),
                6 => {
                    let of = account.functions[function].provisioned.iter();
                    let before = of.filter(|of| of.version == version).map(|of| of.requested).sum();
                    if account.check_provisioned(function, before, number).is_ok() {
                        account.provision(function, version, number);
                    }
                }
                _ => account.ready(function, version, number > 5),
            }
            let of = account.functions.iter().filter(|of| of.reserved.is_none());
            prop_assert_eq!(account.used, of.map(|of| of.running).sum::<usize>());
            let all: usize = (0..3).map(|function| account.running(function)).sum();
            prop_assert_eq!(all, shares.len());
            prop_assert!(account.unreserved() <= account.limit());
            prop_assert!(account.unreserved() >= 10, "{}", account.unreserved());
        }
        for share in shares {
            account.end(share);
        }
        prop_assert_eq!(account.used, 0);
        prop_assert!((0..3).all(|function| account.running(function) == 0));
    }
}
