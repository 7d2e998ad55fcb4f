//! The retry schedule (specification: `backoff`, `conceal`, `jitterpc`).

use crate::policy::Retry;
use crate::util::clock::{MS, Micros};

/// `conceal` with this value never gives up.
const FOR_EVER: u16 = 65_535;

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again after this long.
    After(Micros),
    /// The policy has no more attempts.
    GiveUp,
}

/// The attempts of one stream since it was last connected or asked to connect anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts(u16);

impl Attempts {
    /// A whole new budget.
    pub fn reset(&mut self) {
        self.0 = 0;
    }

    /// Whether the next attempt is a retry.
    #[must_use]
    pub fn is_retry(self) -> bool {
        self.0 > 0
    }

    /// Whether a failure now would be the last.
    #[must_use]
    pub fn are_spent(&self, retry: Option<&Retry>) -> bool {
        retry.is_none_or(|retry| retry.conceal != FOR_EVER && self.0 >= retry.conceal)
    }

    /// An attempt failed: what now? `random` is a fresh random number, for the jitter; `at_least`
    /// is what the peer asked for (`Retry-After`), which can only lengthen the wait. A stream
    /// type without a `retry` has one attempt.
    pub fn failed(&mut self, retry: Option<&Retry>, random: u16, at_least: Micros) -> Next {
        let Some(retry) = retry.filter(|retry| !self.are_spent(Some(retry))) else {
            return Next::GiveUp;
        };
        let table = &retry.backoff_ms;
        let base = match table.get(usize::from(self.0)).or(table.last()) {
            Some(ms) => u64::from(*ms) * MS,
            None => DEFAULT_BACKOFF,
        };
        let jitter = base * u64::from(retry.jitter_pc) / 100 * u64::from(random) / 65_536;
        self.0 = self.0.saturating_add(1);
        Next::After((base + jitter).max(at_least))
    }
}

/// For a policy whose backoff table is empty.
const DEFAULT_BACKOFF: Micros = 3_000 * MS;
