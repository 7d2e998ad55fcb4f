//! Logging for the engine: macros with a cheap level check in front of one settable sink.
//!
//! ```text
//! use crate::util::log;
//! log::warn!("{name}: port {port} is out of range");
//! log::info!(tag: stream.tag(), "connected");
//! ```
//!
//! The C boundary installs a sink that applies the program's log contexts; until then lines
//! go to stderr.

use std::cell::Cell;
use std::fmt;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// What a line is about. The values are the bits of the C API's `LLL_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Level {
    /// Something failed and the program will notice.
    Err = 1 << 0,
    /// Something is wrong but was dealt with.
    Warn = 1 << 1,
    /// Rare events worth seeing in normal operation.
    Notice = 1 << 2,
    /// The life of streams and connections.
    Info = 1 << 3,
    /// Everything else.
    Debug = 1 << 4,
    /// What programs log for their users.
    User = 1 << 10,
}

impl Level {
    /// The level's bit in a mask of levels.
    #[must_use]
    pub const fn bit(self) -> u32 {
        self as u32
    }
}

/// The levels that are on before a program says otherwise.
pub const DEFAULT_LEVELS: u32 = Level::Err.bit() | Level::Warn.bit() | Level::Notice.bit();

/// One line on its way to the sink.
pub struct Record<'a> {
    /// The line's level.
    pub level: Level,
    /// The object it is about, as `[pid|kind|ordinal|name]`.
    pub tag: Option<&'a str>,
    /// The [`Target::key`] in force, 0 if none.
    pub key: usize,
    /// The text, without a newline.
    pub message: fmt::Arguments<'a>,
}

/// Takes a line. Called without any lock held: a sink may log, or change the sink.
pub type Sink = fn(&Record);

/// Where a thread's lines go while it works for one context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The levels that are on, a mask of [`Level`] bits.
    pub levels: u32,
    /// Handed to the sink, which knows what it means.
    pub key: usize,
}

static LEVELS: AtomicU32 = AtomicU32::new(DEFAULT_LEVELS);
static SINK: RwLock<Sink> = RwLock::new(to_stderr);

thread_local! {
    static TARGET: Cell<Option<Target>> = const { Cell::new(None) };
}

/// Sets the process's levels, a mask of [`Level`] bits.
pub fn set_levels(levels: u32) {
    LEVELS.store(levels, Ordering::Relaxed);
}

/// Sets where lines go.
pub fn set_sink(sink: Sink) {
    *SINK.write().unwrap_or_else(std::sync::PoisonError::into_inner) = sink;
}

/// Directs this thread's lines to `target` until the returned guard is dropped. Guards nest.
#[must_use = "the target is in force as long as the guard lives"]
pub fn scope(target: Target) -> Scope {
    Scope { outer: TARGET.replace(Some(target)), _local: std::marker::PhantomData }
}

/// Restores the outer target when dropped; see [`scope`].
pub struct Scope {
    outer: Option<Target>,
    _local: std::marker::PhantomData<*const ()>,
}

impl Drop for Scope {
    fn drop(&mut self) {
        TARGET.set(self.outer);
    }
}

/// Whether lines of `level` go anywhere on this thread.
#[must_use]
pub fn enabled(level: Level) -> bool {
    let levels = TARGET.get().map_or_else(|| LEVELS.load(Ordering::Relaxed), |t| t.levels);
    levels & level.bit() != 0
}

/// Hands a line to the sink. Use the macros, which check the level first.
pub fn emit(level: Level, tag: Option<&str>, message: fmt::Arguments) {
    let sink = *SINK.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    let key = TARGET.get().map_or(0, |t| t.key);
    sink(&Record { level, tag, key, message });
}

fn to_stderr(record: &Record) {
    match record.tag {
        Some(tag) => eprintln!("{tag}: {}", record.message),
        None => eprintln!("{}", record.message),
    }
}

/// Logs at a given level; the other macros are this one with the level filled in.
macro_rules! at {
    ($level:expr, tag: $tag:expr, $($arg:tt)+) => {{
        let level = $level;
        if $crate::util::log::enabled(level) {
            $crate::util::log::emit(level, Some($tag.as_ref()), format_args!($($arg)+));
        }
    }};
    ($level:expr, $($arg:tt)+) => {{
        let level = $level;
        if $crate::util::log::enabled(level) {
            $crate::util::log::emit(level, None, format_args!($($arg)+));
        }
    }};
}

#[allow(unused_macros, reason = "part of the facade")]
macro_rules! err {
    ($($arg:tt)+) => { $crate::util::log::at!($crate::util::log::Level::Err, $($arg)+) };
}

// `warn` alone would be ambiguous with the lint attribute
#[allow(unused_macros, reason = "part of the facade")]
macro_rules! warn_ {
    ($($arg:tt)+) => { $crate::util::log::at!($crate::util::log::Level::Warn, $($arg)+) };
}

#[allow(unused_macros, reason = "part of the facade")]
macro_rules! notice {
    ($($arg:tt)+) => { $crate::util::log::at!($crate::util::log::Level::Notice, $($arg)+) };
}

#[allow(unused_macros, reason = "part of the facade")]
macro_rules! info {
    ($($arg:tt)+) => { $crate::util::log::at!($crate::util::log::Level::Info, $($arg)+) };
}

#[allow(unused_macros, reason = "part of the facade")]
macro_rules! debug {
    ($($arg:tt)+) => { $crate::util::log::at!($crate::util::log::Level::Debug, $($arg)+) };
}

#[allow(unused_macros, reason = "part of the facade")]
macro_rules! user {
    ($($arg:tt)+) => { $crate::util::log::at!($crate::util::log::Level::User, $($arg)+) };
}

#[allow(unused_imports, reason = "part of the facade")]
pub(crate) use {at, debug, err, info, notice, user, warn_ as warn};

#[cfg(test)]
mod tests {
    use super::{Level, Target, enabled, scope};

    #[test]
    fn the_innermost_target_decides() {
        let quiet = scope(Target { levels: 0, key: 1 });
        assert!(!enabled(Level::Err));
        {
            let _loud = scope(Target { levels: u32::MAX, key: 2 });
            assert!(enabled(Level::Debug));
        }
        assert!(!enabled(Level::Err));
        drop(quiet);
        assert!(enabled(Level::Err));
    }

    #[test]
    fn arguments_are_not_evaluated_when_off() {
        let _quiet = scope(Target { levels: 0, key: 0 });
        let mut evaluated = false;
        crate::util::log::debug!("{}", {
            evaluated = true;
            1
        });
        assert!(!evaluated);
    }
}
