//! The concurrency of an account: which of its functions may use how much.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::rules::scaling::Environments;
use crate::rules::scaling::requests::Requests;
use crate::{Error, ErrorKind};

/// The concurrency of one account in one Region, and who uses it.
///
/// ```
/// use std::time::Duration;
///
/// use lambda_with::rules::scaling::{Account, Throttle};
///
/// let now = Duration::ZERO;
/// let mut account = Account::new(1000);
/// let (orders, bill) = (account.add(Some(1)), account.add(None));
/// assert_eq!(account.unreserved(), 999);
///
/// let running = account.begin(orders, None, true, now)?;
/// let refused = account.begin(orders, None, true, now);
/// assert_eq!(refused, Err(Throttle::ReservedFunctionConcurrentInvocationLimitExceeded));
/// assert!(account.begin(bill, None, true, now).is_ok());
/// account.end(running);
/// assert!(account.begin(orders, None, true, now).is_ok());
/// # Ok::<(), Throttle>(())
/// ```
///
/// A function has what is reserved for it, and no more. What is neither reserved nor provisioned is
/// shared by all others, at least 100 of it. Provisioned concurrency belongs to a version; invocations
/// of that version for which it is too little use what the function has otherwise.
///
/// Synchronous requests are counted too: ten a second for each unit of the account's concurrency, of a
/// function's reserved one, and of a version's provisioned one, beyond which the function's other
/// concurrency is used.
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html>.
#[derive(Clone, Debug)]
pub struct Account {
    limit: usize,
    functions: Vec<Function>,
    /// What functions share that have nothing reserved.
    shared: usize,
    /// How much of that is in use.
    used: usize,
    requests: Requests,
}

/// Why an invocation is throttled: the `Reason` of a `TooManyRequestsException`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Throttle {
    /// The concurrency functions share is used up.
    ConcurrentInvocationLimitExceeded,
    /// There were too many requests in a second, or more environments would be needed than may be
    /// added in 10 seconds. Which reason Lambda gives for the latter is not known.
    FunctionInvocationRateLimitExceeded,
    /// The function's reserved concurrency is used up.
    ReservedFunctionConcurrentInvocationLimitExceeded,
    /// There were more than ten requests a second for each unit of it.
    ReservedFunctionInvocationRateLimitExceeded,
}

/// What a running invocation uses, to be given back with [`Account::end`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Share {
    function: usize,
    provisioned: Option<u64>,
}

#[derive(Clone, Debug, Default)]
struct Function {
    reserved: Option<usize>,
    /// How many run on demand.
    running: usize,
    environments: Environments,
    requests: Requests,
    provisioned: Vec<Provisioned>,
}

/// The provisioned concurrency of one version.
#[derive(Clone, Debug)]
struct Provisioned {
    version: u64,
    requested: usize,
    /// How much of it is there to be used.
    usable: usize,
    running: usize,
    requests: Requests,
}

/// What of an account's concurrency always stays for functions that have none of their own.
const UNRESERVED: usize = 100;

impl Throttle {
    /// The word Lambda has for it.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::ConcurrentInvocationLimitExceeded => "ConcurrentInvocationLimitExceeded",
            Self::FunctionInvocationRateLimitExceeded => "FunctionInvocationRateLimitExceeded",
            Self::ReservedFunctionConcurrentInvocationLimitExceeded => {
                "ReservedFunctionConcurrentInvocationLimitExceeded"
            }
            Self::ReservedFunctionInvocationRateLimitExceeded => {
                "ReservedFunctionInvocationRateLimitExceeded"
            }
        }
    }
}

impl Share {
    /// Whether the invocation runs on provisioned concurrency.
    #[must_use]
    pub fn is_provisioned(&self) -> bool {
        self.provisioned.is_some()
    }
}

impl Account {
    /// An account without functions. Lambda gives 1,000 unless asked for more.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            functions: Vec::new(),
            shared: limit,
            used: 0,
            requests: Requests::default(),
        }
    }

    /// Adds a function, whatever is left for it; the number by which it is known here.
    pub fn add(&mut self, reserved: Option<usize>) -> usize {
        self.functions.push(Function {
            reserved,
            ..Function::default()
        });
        self.share_out();
        self.functions.len() - 1
    }

    /// How many invocations may run at once.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// How much of that is neither reserved nor provisioned.
    #[must_use]
    pub fn unreserved(&self) -> usize {
        let all = self.functions.iter().map(Function::set_aside);
        self.limit.saturating_sub(all.sum())
    }

    /// What is reserved for a function.
    #[must_use]
    pub fn reserved(&self, function: usize) -> Option<usize> {
        self.functions.get(function)?.reserved
    }

    /// How many invocations of a function run.
    #[must_use]
    pub fn running(&self, function: usize) -> usize {
        let of = |function: &Function| {
            let provisioned = function.provisioned.iter().map(|of| of.running);
            function.running + provisioned.sum::<usize>()
        };
        self.functions.get(function).map_or(0, of)
    }

    /// Begins an invocation of a version that has this number, or of the one that is not published.
    ///
    /// # Errors
    ///
    /// When it is throttled; then nothing has changed.
    pub fn begin(
        &mut self,
        function: usize,
        version: Option<u64>,
        synchronous: bool,
        now: Duration,
    ) -> Result<Share, Throttle> {
        let (limit, shared) = (self.limit, self.shared);
        let Some(of) = self.functions.get_mut(function) else {
            return Err(Throttle::ConcurrentInvocationLimitExceeded);
        };
        if synchronous && !self.requests.allow(limit, now) {
            return Err(Throttle::FunctionInvocationRateLimitExceeded);
        }
        if let Some(reserved) = of.reserved.filter(|reserved| *reserved > 0)
            && synchronous
            && !of.requests.allow(reserved, now)
        {
            return Err(Throttle::ReservedFunctionInvocationRateLimitExceeded);
        }
        let provisioned =
            version.and_then(|version| of.take_provisioned(version, synchronous, now));
        if provisioned.is_none() {
            match of.reserved {
                Some(reserved) if of.running >= reserved.saturating_sub(of.usable()) => {
                    return Err(Throttle::ReservedFunctionConcurrentInvocationLimitExceeded);
                }
                None if self.used >= shared => {
                    return Err(Throttle::ConcurrentInvocationLimitExceeded);
                }
                _ => {}
            }
            if !of.environments.admit(of.running, now) {
                return Err(Throttle::FunctionInvocationRateLimitExceeded);
            }
            of.running += 1;
            self.used += usize::from(of.reserved.is_none());
        }
        if synchronous {
            self.requests.count(limit, now);
            if let Some(reserved) = of.reserved {
                of.requests.count(reserved, now);
            }
        }
        Ok(Share {
            function,
            provisioned,
        })
    }

    /// Takes back what an invocation used.
    pub fn end(&mut self, share: Share) {
        let Some(of) = self.functions.get_mut(share.function) else {
            return;
        };
        let Some(version) = share.provisioned else {
            of.running = of.running.saturating_sub(1);
            if of.reserved.is_none() {
                self.used = self.used.saturating_sub(1);
            }
            return;
        };
        let mut provisioned = of.provisioned.iter_mut();
        if let Some(provisioned) = provisioned.find(|of| of.version == version) {
            provisioned.running = provisioned.running.saturating_sub(1);
            if provisioned.running >= provisioned.usable {
                // It was more than there is by now.
                of.provisioned.retain(|of| of.requested + of.running > 0);
                self.share_out();
            }
        }
    }

    /// Reserves concurrency for a function, or gives it up.
    ///
    /// # Errors
    ///
    /// `Limit` in Lambda's words when too little would stay for others, or when more of it is
    /// provisioned.
    pub fn reserve(&mut self, function: usize, reserved: Option<usize>) -> Result<(), Error> {
        let left = self.left_by_others(function);
        let Some(of) = self.functions.get_mut(function) else {
            return Ok(());
        };
        if let Some(reserved) = reserved {
            let provisioned = of.requested();
            if reserved < provisioned {
                return Err(limited(format!(
                    " ReservedConcurrentExecutions  {reserved} should not be lower than function's total provisioned concurrency [{provisioned}]."
                )));
            }
            if reserved > left.saturating_sub(UNRESERVED) {
                return Err(limited(format!(
                    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [{UNRESERVED}]."
                )));
            }
        }
        match (of.reserved, reserved) {
            (None, Some(_)) => self.used = self.used.saturating_sub(of.running),
            (Some(_), None) => self.used += of.running,
            _ => {}
        }
        of.reserved = reserved;
        self.share_out();
        Ok(())
    }

    /// Finds out whether a function may have `more` provisioned concurrency in place of `before`.
    ///
    /// # Errors
    ///
    /// In Lambda's words: `Invalid` when it is more than what is reserved for the function, `Limit` when
    /// too little would stay for others.
    pub fn check_provisioned(
        &self,
        function: usize,
        before: usize,
        more: usize,
    ) -> Result<(), Error> {
        let Some(of) = self.functions.get(function) else {
            return Ok(());
        };
        let others = of.requested().saturating_sub(before);
        if let Some(reserved) = of.reserved {
            return match others + more > reserved {
                true => Err(Error::new(
                    ErrorKind::Invalid,
                    "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function",
                )),
                false => Ok(()),
            };
        }
        let left = self.left_by_others(function).saturating_sub(others);
        if more > left {
            return Err(limited(format!(
                "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [{left}]."
            )));
        }
        if more > left.saturating_sub(UNRESERVED) {
            return Err(limited(format!(
                "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [{UNRESERVED}]."
            )));
        }
        Ok(())
    }

    /// Sets what is provisioned for a version. More of it is used once it is [ready](Self::ready).
    pub fn provision(&mut self, function: usize, version: u64, requested: usize) {
        let Some(of) = self.functions.get_mut(function) else {
            return;
        };
        match of.provisioned.iter_mut().find(|of| of.version == version) {
            Some(known) => {
                known.requested = requested;
                known.usable = known.usable.min(requested);
            }
            None => of.provisioned.push(Provisioned {
                version,
                requested,
                usable: 0,
                running: 0,
                requests: Requests::default(),
            }),
        }
        of.provisioned.retain(|of| of.requested + of.running > 0);
        self.share_out();
    }

    /// Takes note that all of a version's provisioned concurrency is there, or that it cannot be had.
    pub fn ready(&mut self, function: usize, version: u64, is_there: bool) {
        let of = self.functions.get_mut(function);
        let mut of = of.into_iter().flat_map(|of| &mut of.provisioned);
        if let Some(of) = of.find(|of| of.version == version) {
            of.usable = if is_there { of.requested } else { 0 };
        }
        self.share_out();
    }

    /// What others have not set aside of the account's concurrency.
    fn left_by_others(&self, function: usize) -> usize {
        let others = self.functions.iter().enumerate();
        let others = others.filter(|(index, _)| *index != function);
        let all = others.map(|(_, of)| of.reserved.unwrap_or(of.requested()));
        self.limit.saturating_sub(all.sum())
    }

    fn share_out(&mut self) {
        self.shared = self.unreserved().max(UNRESERVED.min(self.limit));
    }
}

impl Function {
    fn take_provisioned(&mut self, version: u64, synchronous: bool, now: Duration) -> Option<u64> {
        let mut all = self.provisioned.iter_mut();
        let of = all.find(|of| of.version == version)?;
        if of.running >= of.usable || synchronous && !of.requests.allow(of.usable, now) {
            return None;
        }
        of.running += 1;
        if synchronous {
            of.requests.count(of.usable, now);
        }
        Some(version)
    }

    fn requested(&self) -> usize {
        self.provisioned.iter().map(|of| of.requested).sum()
    }

    /// What versions have to themselves; more than they may, as long as that much runs.
    fn usable(&self) -> usize {
        let all = self.provisioned.iter();
        all.map(|of| of.usable.max(of.running)).sum()
    }

    /// What no other function can use.
    fn set_aside(&self) -> usize {
        self.reserved.unwrap_or_else(|| self.usable())
    }
}

fn limited(message: String) -> Error {
    Error::new(ErrorKind::Limit, message)
}
