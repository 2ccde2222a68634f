//! How many invocations run at once, and how fast that number grows.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html>.

mod account;
mod requests;

use std::time::Duration;

pub use self::account::{Account, Share, Throttle};

/// How the number of batches of one SQS queue that run at once may grow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Scaling {
    /// How many run when the first messages are found, and when traffic is low.
    pub start: usize,
    /// How many more there are a minute later, while messages are left.
    pub per_minute: usize,
    /// The most.
    pub most: usize,
}

/// How many batches of one queue may run at once by now.
///
/// ```
/// use std::time::Duration;
///
/// use lambda_with::rules::scaling::{Pollers, Scaling};
///
/// let seconds = Duration::from_secs;
/// let mut pollers = Pollers::new(Scaling::standard(None));
/// assert_eq!(pollers.allowed(), 5);
/// pollers.backlog(seconds(0)); // messages are left, and all five are busy
/// pollers.backlog(seconds(60));
/// assert_eq!(pollers.allowed(), 305);
/// pollers.failed();
/// assert_eq!(pollers.allowed(), 152);
/// pollers.idle();
/// assert_eq!(pollers.allowed(), 5);
/// ```
///
/// AWS says how fast the number grows, and that it shrinks when invocations fail or are throttled
/// and when traffic is low, but not how fast: here it is halved by a failure, down to one, and five
/// again when nothing is left to do. It grows no more until a batch succeeds, and each that does
/// brings it one nearer to five. A FIFO queue runs no more batches than it has message groups, which
/// follows from their order.
#[derive(Clone, Debug)]
pub struct Pollers {
    scaling: Scaling,
    allowed: usize,
    /// Whether no batch has succeeded since the last that failed.
    failing: bool,
    /// Up to when the growth of this backlog has been counted.
    counted: Option<Duration>,
}

/// The environments of one function, which grow by 1,000 in 10 seconds.
///
/// ```
/// use std::time::Duration;
///
/// use lambda_with::rules::scaling::Environments;
///
/// let mut environments = Environments::default();
/// let now = Duration::from_secs(7);
/// let running = (0..).take_while(|running| environments.admit(*running, now)).count();
/// assert_eq!(running, 1000);
/// assert!(environments.admit(1000, now + Duration::from_millis(10)));
/// ```
///
/// What was not used of the rate is not saved up, and is refilled little by little rather than every
/// 10 seconds. An environment that is there takes the next invocation, so only more invocations at
/// once than ever before need new ones.
#[derive(Clone, Debug, Default)]
pub struct Environments {
    /// How many there are.
    count: usize,
    /// How many of the rate are used up.
    used: usize,
    /// Up to when the rate has been refilled.
    refilled: Duration,
}

impl Scaling {
    /// Event pollers that Lambda manages: five at first, 300 more each minute, up to 1,250 or the
    /// `MaximumConcurrency` of the mapping.
    #[must_use]
    pub fn standard(maximum_concurrency: Option<usize>) -> Self {
        let most = maximum_concurrency.unwrap_or(1250).max(1);
        Self {
            start: most.min(5),
            per_minute: 300,
            most,
        }
    }

    /// Provisioned event pollers, each with ten batches: 1,000 more batches each minute.
    #[must_use]
    pub fn provisioned(minimum: usize, maximum: usize) -> Self {
        Self {
            start: minimum.saturating_mul(10),
            per_minute: 1000,
            most: maximum.max(minimum).saturating_mul(10),
        }
    }

    /// The same where no more than `most` can run.
    #[must_use]
    pub fn at_most(self, most: usize) -> Self {
        let most = most.max(1);
        Self {
            start: self.start.min(most),
            most: self.most.min(most),
            ..self
        }
    }
}

impl Pollers {
    /// Those of a queue in which nothing was found yet.
    #[must_use]
    pub fn new(scaling: Scaling) -> Self {
        Self {
            scaling,
            allowed: scaling.start,
            failing: false,
            counted: None,
        }
    }

    /// How many batches may run.
    #[must_use]
    pub fn allowed(&self) -> usize {
        self.allowed
    }

    /// Takes note that messages are left although as many batches run as may.
    pub fn backlog(&mut self, now: Duration) {
        if self.failing {
            return;
        }
        let Some(counted) = self.counted else {
            self.counted = Some(now);
            return;
        };
        let step = MINUTE / u32::try_from(self.scaling.per_minute.max(1)).unwrap_or(u32::MAX);
        let steps = now.saturating_sub(counted).as_nanos() / step.as_nanos().max(1);
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.counted = Some(counted.saturating_add(step.saturating_mul(steps)));
        let grown = self.allowed.saturating_add(steps as usize);
        self.allowed = grown.min(self.scaling.most);
    }

    /// When one more batch may run, if the backlog stays; none when there is none, and at the most.
    #[must_use]
    pub fn grows_at(&self) -> Option<Duration> {
        let step = MINUTE / u32::try_from(self.scaling.per_minute.max(1)).unwrap_or(u32::MAX);
        let growing = self.allowed < self.scaling.most;
        self.counted
            .filter(|_| growing)
            .map(|counted| counted.saturating_add(step))
    }

    /// Takes note that there are no more messages than batches that may run.
    pub fn caught_up(&mut self) {
        self.counted = None;
    }

    /// Takes note that nothing is left to do.
    pub fn idle(&mut self) {
        self.counted = None;
        self.allowed = self.allowed.min(self.scaling.start);
    }

    /// Takes note of a batch that succeeded.
    pub fn succeeded(&mut self) {
        self.failing = false;
        if self.allowed < self.scaling.start {
            self.allowed += 1;
        }
    }

    /// Takes note of a batch that failed or was throttled.
    pub fn failed(&mut self) {
        self.failing = true;
        self.counted = None;
        self.allowed = (self.allowed / 2).max(1);
    }
}

impl Environments {
    /// Whether one more invocation can begin while `running` are under way; it counts as begun.
    pub fn admit(&mut self, running: usize, now: Duration) -> bool {
        if running < self.count {
            return true;
        }
        let since = now.saturating_sub(self.refilled);
        let refill = since.as_nanos() / REFILL.as_nanos();
        match u32::try_from(refill) {
            Ok(refill) if (refill as usize) < self.used => {
                self.used -= refill as usize;
                self.refilled += REFILL * refill;
            }
            _ => (self.used, self.refilled) = (0, now),
        }
        let admitted = self.used < RATE;
        if admitted {
            self.used += 1;
            self.count = running + 1;
        }
        admitted
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const RATE: usize = 1000;
/// How long one environment of the rate takes to come back.
const REFILL: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// How many may run at these seconds of a backlog that began at 0.
    fn check(scaling: Scaling, expected: &[(u64, usize)]) {
        let mut pollers = Pollers::new(scaling);
        for (at, allowed) in expected {
            pollers.backlog(seconds(*at));
            assert_eq!(pollers.allowed(), *allowed, "{scaling:?} after {at} s");
        }
    }

    #[test]
    fn five_batches_and_300_more_each_minute() {
        let to_the_limit = [
            (0, 5),
            (1, 10),
            (30, 155),
            (60, 305),
            (240, 1205),
            (300, 1250),
            (999, 1250),
        ];
        check(Scaling::standard(None), &to_the_limit);
        check(Scaling::standard(Some(20)), &[(0, 5), (2, 15), (60, 20)]);
        check(Scaling::standard(Some(2)), &[(0, 2), (60, 2)]);
        let provisioned = [(0, 20), (6, 120), (60, 1020), (999, 2000)];
        check(Scaling::provisioned(2, 200), &provisioned);
    }

    #[test]
    fn growth_needs_a_backlog_and_ends_with_it() {
        let mut pollers = Pollers::new(Scaling::standard(None));
        assert_eq!(pollers.grows_at(), None);
        pollers.backlog(seconds(0));
        assert_eq!(pollers.grows_at(), Some(Duration::from_millis(200)));
        pollers.backlog(seconds(10));
        pollers.caught_up();
        assert_eq!((pollers.allowed(), pollers.grows_at()), (55, None));
        // The time in between counts for nothing.
        pollers.backlog(seconds(100));
        pollers.backlog(seconds(101));
        assert_eq!(pollers.allowed(), 60);
        pollers.idle();
        assert_eq!(pollers.allowed(), 5);
    }

    #[test]
    fn failures_take_back_and_successes_lead_up_to_five() {
        let mut pollers = Pollers::new(Scaling::standard(Some(100)));
        pollers.backlog(seconds(0));
        pollers.backlog(seconds(60));
        let mut found = Vec::new();
        for _ in 0..8 {
            pollers.failed();
            found.push(pollers.allowed());
        }
        assert_eq!(found, [50, 25, 12, 6, 3, 1, 1, 1]);
        pollers.backlog(seconds(60));
        pollers.backlog(seconds(120));
        assert_eq!((pollers.allowed(), pollers.grows_at()), (1, None));
        pollers.idle();
        assert_eq!(pollers.allowed(), 1, "what failed is not forgotten");
        for _ in 0..9 {
            pollers.succeeded();
        }
        assert_eq!(pollers.allowed(), 5);
    }

    #[test]
    fn environments_grow_by_a_thousand_in_ten_seconds() {
        let mut environments = Environments::default();
        let mut burst = |running: usize, at: Duration| {
            let more = (running..5000).take_while(|running| environments.admit(*running, at));
            running + more.count()
        };
        // Nothing is saved up in an hour of rest.
        let running = burst(0, seconds(3600));
        assert_eq!(running, 1000);
        assert_eq!(burst(running, seconds(3600)), 1000);
        assert_eq!(burst(running, seconds(3605)), 1500);
        assert_eq!(burst(1500, seconds(3615)), 2500);
        // Environments that are there take what comes.
        assert_eq!(burst(0, seconds(3615)), 2500);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// However often it is asked, and whenever: never more than the limits, and no more growth
        /// within any time than the rate gives.
        #[test]
        fn limits_hold(most in 1usize..2000, steps in prop::collection::vec((0u8..5, 0u64..20_000), 1..60)) {
            let scaling = Scaling::standard(Some(most));
            let mut pollers = Pollers::new(scaling);
            let mut environments = Environments::default();
            let (mut now, mut begun, mut running) = (Duration::ZERO, 5, 0);
            for (step, millis) in steps {
                now += Duration::from_millis(millis);
                let before = pollers.allowed();
                match step {
                    0 | 1 => pollers.backlog(now),
                    2 => pollers.failed(),
                    3 => pollers.succeeded(),
                    _ => pollers.idle(),
                }
                begun += pollers.allowed().saturating_sub(before);
                prop_assert!((1..=most).contains(&pollers.allowed()));
                if step < 2 {
                    while environments.admit(running, now) && running < 10_000 {
                        running += 1;
                    }
                }
                prop_assert!(running as u128 <= 1000 + now.as_millis() / 10);
            }
            prop_assert!(begun as u128 <= 5 + 60 + now.as_millis() / 200);
        }
    }
}
