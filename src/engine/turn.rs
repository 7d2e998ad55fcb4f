//! One turn of the loop: wait for events, timers and wake-ups, then serve what is ready.
//! Idle streams cost nothing here.

use std::io::ErrorKind;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use super::conn::{ConnKey, Stage, Watched};
use super::context::{Context, Timer, WAKER};
use super::stream::StreamKey;
use crate::stream::{Input, Ret};
use crate::util::clock::SEC;
use crate::util::{Micros, log};

/// Never wait longer than this, whatever the timers say.
const MAX_WAIT: Micros = 24 * 3600 * SEC;

/// The system counts its waits in milliseconds and rounds up: for less than this it is asked
/// for events only.
const TOO_SHORT_TO_SLEEP: Micros = 100;

/// Why no turn was made.
#[derive(Debug)]
pub enum TurnError {
    /// A callback of the program asked for one.
    Nested,
    /// The system refused to wait.
    System(std::io::Error),
}

impl std::fmt::Display for TurnError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TurnError::Nested => f.write_str("the event loop may not be run inside a callback"),
            TurnError::System(e) => write!(f, "waiting for events: {e}"),
        }
    }
}

impl Context {
    /// Makes one turn. Waits for something to do, at most `max_wait` microseconds if given.
    ///
    /// # Errors
    /// See [`TurnError`].
    pub fn turn(&self, max_wait: Option<Micros>) -> Result<(), TurnError> {
        // while the context is being ended its streams are told, nothing else happens
        if self.ending.get() || self.turning.replace(true) {
            return Err(TurnError::Nested);
        }
        // set back even if a turn ends in a panic, which is caught at the C boundary: the loop
        // goes on
        struct Turning<'c>(&'c std::cell::Cell<bool>);
        impl Drop for Turning<'_> {
            fn drop(&mut self) {
                self.0.set(false);
            }
        }
        let _turning = Turning(&self.turning);
        self.turn_once(max_wait)
    }

    fn turn_once(&self, max_wait: Option<Micros>) -> Result<(), TurnError> {
        // what timers and the program have started goes out before the system is asked for news;
        // if there was anything, it may be what the program waits for: so no sleep after it
        let fired = self.fire_timers();
        let served = self.serve_ready() | self.accept_waiting();
        let max_wait = if fired || served { Some(0) } else { max_wait };
        let woken = self.wait(max_wait).map_err(TurnError::System)?;
        if woken {
            self.take_lookups();
            self.host.woken();
        }
        self.accept_waiting();
        self.serve_ready();
        self.fire_timers();
        Ok(())
    }

    /// What is readable when the system has something for us: for loops of the program's own.
    #[must_use]
    pub fn poll_fd(&self) -> RawFd {
        self.core().poll.as_raw_fd()
    }

    /// How long there will be nothing to do unless the system has something for us; `None`: for
    /// ever.
    #[must_use]
    pub fn time_to_work(&self) -> Option<Micros> {
        let now = self.now();
        let core = self.core();
        let accepts = core.ports.values().any(|p| p.ready);
        let plugs = core.plugs.is_ready();
        if !core.ready.is_empty() || accepts || plugs || !core.local.is_idle() {
            return Some(0);
        }
        core.timers.next_due().map(|due| due.saturating_sub(now))
    }

    /// How long to wait.
    fn patience(&self, max_wait: Option<Micros>) -> Duration {
        let wait = [self.time_to_work(), max_wait].into_iter().flatten().min().unwrap_or(MAX_WAIT);
        if wait <= TOO_SHORT_TO_SLEEP {
            return Duration::ZERO;
        }
        Duration::from_micros(wait.min(MAX_WAIT))
    }

    /// Waits for events and notes what they make ready. `true`: the waker was used.
    fn wait(&self, max_wait: Option<Micros>) -> std::io::Result<bool> {
        let patience = self.patience(max_wait);
        let mut woken = false;
        let mut racing = Vec::new();
        {
            let mut core = self.core();
            let core = &mut *core;
            match core.poll.poll(&mut core.events, Some(patience)) {
                Ok(()) => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => return Ok(false),
                Err(e) => return Err(e),
            }
            for event in &core.events {
                if event.token() == WAKER {
                    woken = true;
                    continue;
                }
                if let Some(port) = super::serve::port_of_token(&core.ports, event.token()) {
                    core.ports[port].ready = true;
                    continue;
                }
                if event.token().0 >= super::plugs::FIRST_TOKEN {
                    core.plugs.note(event);
                    continue;
                }
                let index = event.token().0 / super::context::SOCKETS_PER_CONN;
                let slot = event.token().0 % super::context::SOCKETS_PER_CONN;
                let Some(key) = core.by_index.get(index).copied() else { continue };
                let Some(conn) = core.conns.get_mut(key) else { continue };
                // also while addresses are tried: the winner's close is not told again
                conn.read_closed |= event.is_read_closed() || event.is_error();
                if let Some(served) = &mut conn.served {
                    served.failed |= event.is_error();
                }
                if matches!(conn.stage, Stage::Racing(_)) {
                    racing.push((key, slot));
                    continue;
                }
                conn.readable |= event.is_readable() || event.is_error() || event.is_read_closed();
                conn.writable |= event.is_writable() || event.is_error();
                conn.only_wish = false;
                // of no use any more if nothing waits; if it cannot be taken back, no harm is done
                if conn.writes_watched == Watched::Now && conn.has_written_all() {
                    let _ = conn.watch_writes(core.poll.registry(), key, false);
                }
                if !conn.queued {
                    conn.queued = true;
                    core.ready.push_back(key);
                }
            }
        }
        for (key, slot) in racing {
            self.contained(key, |cx| cx.race_ready(key, slot));
        }
        Ok(woken)
    }

    /// Serves what is ready now; who becomes ready meanwhile waits for the next turn. Returns
    /// whether there was anything.
    fn serve_ready(&self) -> bool {
        let conns = self.serve_conns();
        let local = self.serve_local();
        let plugs = self.serve_plugs();
        // what they asked of connections is done at once, or the next turn could not sleep
        let asked = plugs && self.serve_conns();
        conns || local || plugs || asked
    }

    fn serve_conns(&self) -> bool {
        let count = self.core().ready.len();
        self.serve_first(count);
        // who put sending off until the others were read
        let putting_off = self.core().ready.len();
        self.serve_first(putting_off);
        count > 0
    }

    fn serve_first(&self, count: usize) {
        for _ in 0..count {
            let Some(conn) = self.core().ready.pop_front() else { break };
            self.contained(conn, |cx| cx.service(conn));
            // what its own callbacks asked for is done at once, or the next turn could not sleep
            if self.core().take_back(conn) {
                self.contained(conn, |cx| cx.service(conn));
            }
        }
    }

    /// Returns whether any timer was due.
    fn fire_timers(&self) -> bool {
        let now = self.now();
        let mark = self.core().timers.mark();
        let mut fired = false;
        loop {
            let due = self.core().timers.pop_due(now, mark);
            fired |= due.is_some();
            match due {
                None => return fired,
                Some(Timer::External(token)) => self.host.timer_due(token),
                Some(Timer::Retry(key)) => self.retry_due(key),
                Some(Timer::StreamTimeout(key)) => self.timed_out(key),
                Some(Timer::ConnDeadline(conn)) => {
                    self.contained(conn, |cx| cx.deadline_passed(conn));
                }
                Some(Timer::Race(conn)) => self.contained(conn, |cx| cx.race_due(conn)),
                Some(Timer::Validity(conn)) => self.contained(conn, |cx| cx.validity_due(conn)),
                Some(Timer::Response(key)) => self.response_late(key),
                Some(Timer::Accept(port)) => self.accept_again(port),
                Some(Timer::Codec(conn)) => self.contained(conn, |cx| cx.codec_due(conn)),
                Some(Timer::Orphan(key)) => self.destroy(key),
                Some(Timer::Plug(key)) => self.plug_due(key),
            }
        }
    }

    fn retry_due(&self, key: StreamKey) {
        {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return };
            stream.retry_timer = None;
        }
        match self.begin(key, Input::BackoffDue) {
            Ret::DestroyMe => self.destroy(key),
            Ret::Ok | Ret::TxDontSend | Ret::DisconnectMe => {}
        }
    }

    /// A server took too long to answer.
    fn response_late(&self, key: StreamKey) {
        let now = self.now();
        {
            let mut core = self.core();
            let core = &mut *core;
            let Some(stream) = core.streams.get_mut(key) else { return };
            stream.response_timer = None;
            // while a body goes out the server has nothing to say: its time counts from then
            let due = stream.txn.sent_at + self.options.response_timeout;
            if due > now {
                stream.response_timer = Some(core.timers.schedule(due, Timer::Response(key)));
                return;
            }
        }
        self.fail_transaction(key, &"timeout while waiting for the response".into());
    }

    /// A connection did not get on in time.
    fn deadline_passed(&self, conn: ConnKey) {
        enum Late {
            Served,
            Connecting,
            Idle,
        }
        let late = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            c.deadline = None;
            match c.stage {
                _ if c.served.is_some() => Late::Served,
                Stage::Open(_) => Late::Idle,
                Stage::Resolving(_) | Stage::Racing(_) | Stage::Handshake(_) | Stage::Moving => {
                    Late::Connecting
                }
            }
        };
        match late {
            Late::Served => self.patience_over(conn),
            Late::Connecting => {
                self.forget_addresses(conn);
                self.conn_failed(conn, &"timeout while connecting".into());
            }
            Late::Idle => self.broken(conn, "idle for long enough"),
        }
    }

    /// Starts looking after the validity of a stream's connection (specification: the retry
    /// policy's `svalidping` and `svalidhup`).
    pub(super) fn watch_validity(&self, key: StreamKey) {
        let now = self.now();
        let mut core = self.core();
        let core = &mut *core;
        let Some(stream) = core.streams.get(key) else { return };
        let Some((ping, hangup)) = validity_of(stream) else { return };
        let Some(c) = stream.link.and_then(|l| core.conns.get_mut(l.conn)) else { return };
        c.alive = now;
        if c.validity.is_none() {
            let due = now + if ping > 0 { ping } else { hangup };
            let conn = stream.link.map(|l| l.conn);
            c.validity = conn.map(|conn| core.timers.schedule(due, Timer::Validity(conn)));
        }
    }

    fn validity_due(&self, conn: ConnKey) {
        let now = self.now();
        let mut hang_up = false;
        {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            c.validity = None;
            let bound = c.bound.iter().filter_map(|(_, key)| core.streams.get(*key));
            let Some((ping, hangup)) = bound.filter_map(validity_of).next() else { return };
            if c.held {
                // nothing is read: nobody knows
                c.alive = now;
            }
            let quiet = now.saturating_sub(c.alive);
            let due = if hangup > 0 && quiet >= hangup {
                hang_up = true;
                0
            } else if ping > 0 && quiet >= ping && !c.pinged {
                c.pinged = true;
                if let Stage::Open(open) = &mut c.stage {
                    open.codec.ping(&mut open.out);
                }
                if hangup > 0 { c.alive + hangup } else { now + ping }
            } else if ping > 0 && !c.pinged {
                c.alive + ping
            } else if hangup > 0 {
                c.alive + hangup
            } else {
                c.pinged = false;
                now + ping
            };
            if !hang_up {
                c.validity = Some(core.timers.schedule(due, Timer::Validity(conn)));
                core.queue(conn);
            }
        }
        if hang_up {
            log::notice!("no sign of life from the peer: hanging up");
            self.broken(conn, "no sign of life from the peer");
        }
    }
}

/// Times without proof of life until ping and until hang-up, 0 for never; `None`: no interest.
fn validity_of(stream: &super::stream::Stream) -> Option<(Micros, Micros)> {
    let retry = stream.kind.retry.as_ref()?;
    let seconds = |s: u16| u64::from(s) * SEC;
    let (ping, hangup) = (seconds(retry.valid_ping_s), seconds(retry.valid_hangup_s));
    (ping > 0 || hangup > 0).then_some((ping, hangup))
}
