//! What a function may use of the concurrency all functions of an engine share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lambda_with::rules::scaling::{Account, Share, Throttle};

/// The concurrency of an engine's account, in which each function has its place.
#[derive(Clone, Debug)]
pub(crate) struct Concurrency(Arc<Mutex<Account>>);

/// One function's place in it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    account: Concurrency,
    function: usize,
}

/// What an invocation uses of it, given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    account: Concurrency,
    share: Share,
}

impl Concurrency {
    pub(crate) fn new(limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Account::new(limit))))
    }

    pub(crate) fn add(&self, reserved: Option<usize>) -> Place {
        Place {
            account: self.clone(),
            function: self.lock().add(reserved),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Account> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Begins an invocation of a version.
    pub(crate) fn begin(
        &self,
        version: Option<u64>,
        synchronous: bool,
        now: Duration,
    ) -> Result<Permit, Throttle> {
        let share = self
            .account
            .lock()
            .begin(self.function, version, synchronous, now)?;
        Ok(Permit {
            account: self.account.clone(),
            share,
        })
    }

    /// Asks or changes something of this function.
    pub(crate) fn with<T>(&self, of: impl FnOnce(&mut Account, usize) -> T) -> T {
        of(&mut self.account.lock(), self.function)
    }
}

impl Permit {
    /// Whether it is of what was provisioned.
    pub(crate) fn is_provisioned(&self) -> bool {
        self.share.is_provisioned()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.account.lock().end(self.share);
    }
}
