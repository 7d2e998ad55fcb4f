//! Guards a machine against the crate's panics.

use super::pipe::Pipe;
use crate::util::TxBuf;

/// A machine that writes through a [`Pipe`].
pub(super) trait Piped {
    fn pipe(&self) -> &Pipe;
}

/// A machine, as long as it has not panicked.
pub(super) struct Guard<M> {
    pub machine: Option<Box<M>>,
    /// The crate is at work. Still set at a later call: it panicked, and must not be touched
    /// again, not even to drop it (its lock is poisoned: dropping a stream would panic too).
    inside: bool,
}

impl<M: Piped> Guard<M> {
    pub fn new(machine: Option<M>) -> Self {
        Self { machine: machine.map(Box::new), inside: false }
    }

    /// Enters the crate with the connection's buffer. `None`: it has panicked before.
    pub fn with_out<R>(&mut self, out: &mut TxBuf, f: impl FnOnce(&mut M) -> R) -> Option<R> {
        self.enter(|m| {
            m.pipe().lend(out);
            let result = f(m);
            m.pipe().give_back(out);
            result
        })
    }

    pub fn enter<R>(&mut self, f: impl FnOnce(&mut M) -> R) -> Option<R> {
        if self.inside {
            return None;
        }
        let machine = self.machine.as_mut()?;
        self.inside = true;
        let result = f(machine);
        self.inside = false;
        Some(result)
    }

    pub fn look(&self) -> Option<&M> {
        if self.inside { None } else { self.machine.as_deref() }
    }
}

impl<M> Drop for Guard<M> {
    fn drop(&mut self) {
        if self.inside {
            std::mem::forget(self.machine.take());
        }
    }
}
