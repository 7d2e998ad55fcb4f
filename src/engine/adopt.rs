//! Descriptors that the program opened itself become the connection of a raw stream.

use std::os::fd::{AsRawFd, OwnedFd};
use std::rc::Rc;

use super::conn::{Conn, Stage};
use super::context::{Context, Core};
use super::life::Quietly;
use super::route::{Place, Route};
use super::stream::StreamKey;
use crate::net::{DescriptorTransport, Direction, Transport};
use crate::policy::Protocol;
use crate::stream::{Input, Phase, Ret};

/// Why a descriptor was not taken over.
#[derive(Debug)]
pub enum AdoptError {
    /// The stream has a connection already, or one in the making, or is no raw stream.
    NotNow(&'static str),
    /// The system cannot wait for it: a regular file, for instance.
    System(std::io::Error),
    /// The program's answer to CONNECTING or CONNECTED. The descriptor is closed.
    Refused,
}

impl std::fmt::Display for AdoptError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AdoptError::NotNow(why) => f.write_str(why),
            AdoptError::System(e) => write!(f, "waiting for the descriptor: {e}"),
            AdoptError::Refused => f.write_str("the program did not want the connection"),
        }
    }
}

impl Context {
    /// Whether the stream could take a descriptor over now.
    ///
    /// # Errors
    /// [`AdoptError::NotNow`].
    pub fn may_adopt(&self, key: StreamKey) -> Result<(), AdoptError> {
        let core = self.core();
        let Some(stream) = core.streams.get(key) else {
            return Err(AdoptError::NotNow("the stream is gone"));
        };
        if stream.kind.protocol != Protocol::Raw || stream.kind.server || stream.kind.local_sink {
            return Err(AdoptError::NotNow("the stream's policy does not say raw"));
        }
        match stream.phase {
            Phase::New | Phase::Idle | Phase::Backoff if !stream.is_bound() => Ok(()),
            _ => Err(AdoptError::NotNow("the stream has a connection, or is getting one")),
        }
    }

    /// Makes the descriptor, which must not block, the stream's connection: CONNECTING and
    /// CONNECTED are said before this returns.
    ///
    /// # Errors
    /// See [`AdoptError`]; the descriptor is closed in every case.
    pub fn adopt(
        &self,
        key: StreamKey,
        descriptor: OwnedFd,
        direction: Direction,
    ) -> Result<(), AdoptError> {
        self.may_adopt(key)?;
        let now = self.now();
        // connections are found by their place: no socket can have this name
        let place = Place::Unix(format!("\0descriptor {}", descriptor.as_raw_fd()));
        let mut transport = DescriptorTransport::new(descriptor, direction);
        let conn = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(stream) = core.streams.get_mut(key) else { return Err(AdoptError::Refused) };
            let attrs = stream.kind.attrs;
            stream.attempts.reset();
            let retry = stream.retry_timer.take();
            core.cancel(retry);
            let route = Route {
                place,
                protocol: Protocol::Raw,
                tls: None,
                attrs,
                via: None,
                bind: None,
                mqtt: None,
            };
            let conn = core.add_conn(Conn::new(Rc::new(route), Stage::Moving, now));
            let token = mio::Token(Core::token_base(conn));
            let interest = mio::Interest::READABLE | mio::Interest::WRITABLE;
            if let Err(e) = core.poll.registry().register(transport.source(), token, interest) {
                core.conns.remove(conn);
                return Err(AdoptError::System(e));
            }
            if let Some(c) = core.conns.get_mut(conn) {
                c.stage = Stage::Handshake(Box::new(transport));
                c.readable = direction == Direction::Reads;
                c.writable = true;
            }
            conn
        };
        self.bind(conn, key);
        for state in self.advance(key, Input::ClientConnect).unwrap_or(&[]) {
            let ret = self.say(key, *state);
            if ret != Ret::Ok {
                self.drop_link(key, Quietly::Yes);
                if ret == Ret::DestroyMe {
                    self.destroy(key);
                }
                return Err(AdoptError::Refused);
            }
        }
        if self.linked(key, conn) {
            self.shake(conn);
        }
        if self.linked(key, conn) { Ok(()) } else { Err(AdoptError::Refused) }
    }
}
