//! Time is passed in, never asked for, by everything below the engine: whole retry
//! schedules are then tested in virtual time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Microseconds of a monotonic clock whose origin does not matter.
pub type Micros = u64;

/// Microseconds in a millisecond.
pub const MS: Micros = 1_000;
/// Microseconds in a second.
pub const SEC: Micros = 1_000_000;

/// Where the engine reads the time. The real one is [`Monotonic`]; tests step a [`Virtual`].
pub trait Clock {
    /// The time now.
    fn now(&self) -> Micros;

    /// The calendar's time, for what others are told.
    fn wall(&self) -> SystemTime;
}

impl<C: Clock + ?Sized> Clock for std::rc::Rc<C> {
    fn now(&self) -> Micros {
        (**self).now()
    }

    fn wall(&self) -> SystemTime {
        (**self).wall()
    }
}

/// The system's monotonic clock, counted from the clock's creation (plus one hour, so that
/// "an hour ago" is representable from the start).
pub struct Monotonic(std::time::Instant);

impl Monotonic {
    const ORIGIN: Micros = 3_600 * SEC;

    /// A clock that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self(std::time::Instant::now())
    }
}

impl Default for Monotonic {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for Monotonic {
    fn now(&self) -> Micros {
        Self::ORIGIN + u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX / 2)
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that moves only when told.
#[derive(Default)]
pub struct Virtual(std::cell::Cell<Micros>);

impl Virtual {
    /// Moves the clock forward by `by` microseconds.
    pub fn advance(&self, by: Micros) {
        self.0.set(self.0.get() + by);
    }
}

impl Clock for Virtual {
    fn now(&self) -> Micros {
        self.0.get()
    }

    /// It began with 1970.
    fn wall(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_micros(self.0.get())
    }
}
