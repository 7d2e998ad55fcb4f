//! The orderly end of connections: what waits goes out, then the peer's close is awaited for a
//! while. What is in its buffers would be lost if bytes that nobody reads made the system reset
//! the connection (RFC 9112 9.6).
//!
//! Connections that came in always end so; those that we made where the codec wants it.

use std::io::ErrorKind;

use super::conn::{Conn, ConnKey, Stage};
use super::context::Context;
use super::pump::write_out;
use super::stream::StreamKey;
use crate::proto::ClosesFirst;
use crate::util::Micros;
use crate::util::clock::SEC;

/// How long a client's close is awaited after ours.
pub(super) const LINGER: Micros = 2 * SEC;
/// How long the end of a connection that we made may take: until all that waited is out and the
/// peer has closed.
const CLOSE_WAIT: Micros = 5 * SEC;
/// Reads of a connection that is ending, in one turn.
const DISCARDS_PER_TURN: usize = 16;

/// How far a connection's orderly end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It has not begun.
    No,
    /// What waits goes out, nothing more is taken.
    Flushing(ClosesFirst),
    /// It is out; the peer's close is awaited.
    Lingering,
}

/// What a step towards the end came to.
enum Step {
    /// Nothing is left to do.
    Over,
    /// An event will tell.
    Wait,
    /// There may be more to read.
    Again,
}

impl Context {
    /// Begins the orderly end of a connection that we made, and parts its streams from it, which
    /// are told nothing. `None`: it is to be closed at once.
    pub(super) fn leave(&self, conn: ConnKey) -> Option<Vec<StreamKey>> {
        let streams = {
            let mut core = self.core();
            let core = &mut *core;
            let c = core.conns.get_mut(conn).filter(|c| !c.is_ending())?;
            let first = c.open()?.codec.closes_first()?;
            c.ending = Ending::Flushing(first);
            let streams = c.release(&mut core.streams);
            self.close_in(core, conn, CLOSE_WAIT);
            streams
        };
        // the program may not give the loop another turn
        self.wind_down(conn);
        Some(streams)
    }

    /// Whether a connection is on its way out; if so it gets on with that.
    pub(super) fn wind_down(&self, conn: ConnKey) -> bool {
        let step = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return true };
            if !c.is_ending() {
                return false;
            }
            let now = self.now();
            let mut step = wound_down(c, &mut core.rx);
            if c.watch_at_need(core.poll.registry(), conn).is_err() {
                step = Step::Over;
            }
            let lingering = c.ending == Ending::Lingering;
            if lingering && c.served.as_ref().is_some_and(|s| s.rx_due.is_none()) {
                core.await_client(conn, now + LINGER);
            }
            core.sent(conn, || now, false);
            step
        };
        match step {
            Step::Over => drop(self.close(conn)),
            Step::Wait => {}
            Step::Again => self.core().queue(conn),
        }
        true
    }
}

/// One step of a connection's end.
fn wound_down(c: &mut Conn, scratch: &mut Vec<u8>) -> Step {
    if write_out(c).is_err() {
        return Step::Over;
    }
    let Stage::Open(open) = &mut c.stage else { return Step::Over };
    let all_out = open.out.is_empty() && !open.unflushed;
    // a server may not read before it is read from
    if !all_out && c.served.is_some() {
        return Step::Wait;
    }
    if let (true, Ending::Flushing(first)) = (all_out, c.ending) {
        c.ending = Ending::Lingering;
        if first == ClosesFirst::Us {
            open.transport.shutdown();
        }
    }
    if scratch.is_empty() {
        scratch.resize(1024, 0);
    }
    for _ in 0..DISCARDS_PER_TURN {
        match open.transport.read(scratch) {
            Ok(0) if all_out => return Step::Over,
            Ok(0) => return Step::Wait,
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => return Step::Wait,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Step::Over,
        }
    }
    // a client that keeps sending has had its answer; a server has to hear from us why we leave
    if c.served.is_some() { Step::Over } else { Step::Again }
}
