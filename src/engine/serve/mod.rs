//! Serving: streams that listen, and a stream for each connection (h1, ws, raw) or request (h2)
//! that comes in.
//!
//! A listening stream sends and receives nothing: it stands for a port, which it may share with
//! others. What comes in is a stream of its own with the listening stream's type and callbacks,
//! led through CREATING, CONNECTING and CONNECTED, and destroyed when its connection (h2: its
//! request) ends. It uses connections, codecs, timers and the way of bytes just as client
//! streams do; this folder has what is different.
//!
//! | file | what it decides |
//! |---|---|
//! | `listen` | which socket a listening stream gets, who shares it, when it closes |
//! | `accept` | connections that come in: limits, TLS, the codec, the stream |
//! | `request` | what a request tells the program; upgrades to ws |
//! | `path` | the path of a request as programs get it |
//! | `answer` | the response's head; the end of an exchange |
//! | `choose` | which of the streams on a port a request is for |
//! | `stall` | how long clients may take |
//! | `close` | the end of connections that serve |

mod accept;
mod answer;
mod choose;
mod close;
mod listen;
mod path;
mod request;
mod stall;

use slotmap::new_key_type;

pub(super) use answer::begin_answer;
pub(super) use listen::{Port, port_of_token};
pub use listen::{Vhost, VhostTls};

use super::stream::StreamKey;
use crate::proto::Tid;
use crate::util::Micros;

new_key_type! {
    /// A socket that connections come in on.
    pub(super) struct PortKey;
}

/// What a stream is to its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It makes them.
    Client,
    /// It stands for a port that they come in on; `None` until it listens.
    Listener(Option<PortKey>),
    /// It came in to this listening stream.
    Accepted(StreamKey),
}

/// What only connections that came in have.
pub(super) struct Served {
    pub port: PortKey,
    /// The listening stream that the connection is for; `None`: it is not known yet, or each
    /// request says that for itself.
    pub listener: Option<StreamKey>,
    /// The first bytes, as long as they do not tell h1 from h2.
    pub sniff: Option<Vec<u8>>,
    /// Bytes of requests that wait for the answer to the one before.
    pub held: Vec<u8>,
    /// The codec is to be asked again: it may have become ready by what was done to it.
    pub ask_again: bool,
    /// The requests whose bodies are coming in (one, on h2 several), and until when their next
    /// bytes have to.
    pub receiving: Vec<(Tid, Micros)>,
    /// The answers of which the client takes nothing (h2), and until when it has to.
    pub blocked: Vec<(Tid, Micros)>,
    /// The client has closed its side and is still answered.
    pub half_closed: bool,
    /// The system says that the socket has an error: behind the client's end reading does not show it.
    pub failed: bool,
    /// The client has to send something until then.
    pub rx_due: Option<Micros>,
    /// The client has to take something until then.
    pub tx_due: Option<Micros>,
    /// When the connection's timer is due: no later than any of those.
    pub armed: Micros,
}

/// Bytes for a codec.
pub(super) enum Held {
    /// Only those that have just come.
    Nothing,
    /// These, of which those that have just come are the last.
    First(Vec<u8>),
    /// None yet.
    Wait,
    /// None any more: the connection ends.
    Gone,
}

impl Served {
    pub fn new(port: PortKey) -> Self {
        Self {
            port,
            listener: None,
            sniff: None,
            held: Vec::new(),
            ask_again: false,
            receiving: Vec::new(),
            blocked: Vec::new(),
            half_closed: false,
            failed: false,
            rx_due: None,
            tx_due: None,
            armed: Micros::MAX,
        }
    }
}
