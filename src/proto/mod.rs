//! Sans-IO codecs, one folder each. Bytes and time go in, events and bytes come out; no
//! codec knows a socket, a clock or a stream handle, and the memory each one holds is bounded.
//!
//! The engine owns the connection's receive buffer and its [`TxBuf`] and drives every
//! protocol through the one [`Codec`] trait, which therefore has room for more than h1 and
//! raw need: several transactions on a connection ([`Tid`]), tx credit, and payload in
//! pieces marked by start and end of message.

pub mod h1;
#[cfg(feature = "h2")]
pub mod h2;
pub mod mqtt;
pub mod mux;
pub mod raw;
mod serve;
pub mod sss;
#[cfg(feature = "ws")]
pub mod ws;

pub use serve::{Asked, Response, Upgrade};

use bytes::Bytes;

use crate::util::{Micros, TxBuf};

/// A transaction (an h1 exchange, an h2 stream, an mqtt client ...) within one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tid(pub u32);

/// How long the body of a message is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyLen {
    /// There is none.
    #[default]
    None,
    /// Known beforehand, in bytes.
    Known(u64),
    /// Not known: h1 sends it in chunks.
    Unknown,
    /// Sent bare, with nothing that says where it ends (the policy's `http_no_content_length`,
    /// for servers that count bytes themselves). The connection is of no use afterwards.
    Unframed,
}

/// What a client asks for. Borrowed from the stream and its policy for the one call.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// `GET`, `POST` ...
    pub method: &'a str,
    /// Host, with the port where it is not the scheme's own.
    pub authority: &'a str,
    /// Path and query, starting with `/`.
    pub path: &'a str,
    /// Further header fields, in order; names without the colon.
    pub fields: &'a [(&'a str, &'a [u8])],
    /// What `tx` will provide.
    pub body: BodyLen,
}

/// What a codec found in the received bytes. Payload points into the caller's buffer.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'b> {
    /// The final response's head is complete: see [`Codec::head`]. Interim (1xx) responses
    /// never show.
    Head {
        /// Which transaction.
        tid: Tid,
        /// The status code.
        status: u16,
    },
    /// On the serving side: a request's head is complete, see [`Codec::request`].
    Request {
        /// Which transaction.
        tid: Tid,
    },
    /// Payload. `data` may be empty only where `eom` is set.
    Data {
        /// Which transaction.
        tid: Tid,
        /// The bytes, as long as the receive buffer stands.
        data: &'b [u8],
        /// First piece of a message.
        som: bool,
        /// Last piece of a message.
        eom: bool,
    },
    /// Payload that the codec had to change (inflated, unmasked), so that it stands in a buffer
    /// of its own: take it with [`Codec::swap_held`] before the next call. Otherwise as
    /// [`Event::Data`].
    Held {
        /// Which transaction.
        tid: Tid,
        /// First piece of a message.
        som: bool,
        /// Last piece of a message.
        eom: bool,
    },
    /// Payload that the codec hands over, memory and all. Otherwise as [`Event::Data`].
    Owned {
        /// Which transaction.
        tid: Tid,
        /// The bytes.
        data: Bytes,
        /// First piece of a message.
        som: bool,
        /// Last piece of a message.
        eom: bool,
    },
    /// The transaction is complete in both directions. If [`Codec::reuse`] then says
    /// [`Reuse::Idle`] or [`Reuse::Shared`], another may be started.
    End {
        /// Which transaction.
        tid: Tid,
    },
    /// The peer ended this transaction without completing it.
    Reset {
        /// Which transaction.
        tid: Tid,
        /// Why, for the log.
        reason: &'static str,
    },
    /// The peer ended this transaction and says that it did nothing of it: unlike after
    /// [`Event::Reset`], even a request that must not be made twice may go out again (RFC 9113
    /// 8.7). On a fresh connection, if [`Codec::reuse`] says [`Reuse::Never`].
    Refused {
        /// Which transaction.
        tid: Tid,
        /// Why, for the log.
        reason: &'static str,
    },
    /// The peer proved that it lives (pong, PINGRESP ...).
    Alive,
    /// The transaction may carry payload from now on, where that is not told by a
    /// [`Head`](Self::Head): an mqtt stream is subscribed and its birth message taken.
    Ready {
        /// Which transaction.
        tid: Tid,
    },
    /// The peer (or, where the protocol knows no answer, the transport) took a message that was
    /// sent. In the order of sending for messages of one quality of service.
    Acked {
        /// Which transaction.
        tid: Tid,
    },
    /// A message that was sent is not known to have arrived and will not be sent again.
    Nacked {
        /// Which transaction.
        tid: Tid,
    },
}

/// Whether a connection can carry another transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// Nothing is under way, and the peer keeps the connection open.
    Idle,
    /// One is under way and no second one fits beside it.
    Busy,
    /// This many more fit beside those under way.
    Shared(u32),
    /// Not again: it is to be closed once the transaction under way ends.
    Never,
}

/// Who closes the transport first at the orderly end of a connection. The other does so once it
/// has read that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosesFirst {
    /// We do, once all that waited is out.
    Us,
    /// The peer is to, within reason.
    Peer,
}

/// What the codec lets the program send now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxWindow {
    /// Payload bytes that may be asked for at most (0: no credit now).
    pub max: usize,
    /// Room that the framing may need in front.
    pub headroom: usize,
    /// Room that the framing may need behind.
    pub tailroom: usize,
}

/// One connection's protocol machine.
pub trait Codec {
    /// Starts a transaction: writes what opens it to `out`.
    ///
    /// # Errors
    /// The request cannot be expressed (a CR, LF or NUL in a field ...); nothing was written.
    fn start(&mut self, req: &Request<'_>, out: &mut TxBuf) -> Result<Tid, ProtoError>;

    /// Takes bytes from the front of `input` until there is something to report. `Ok(None)`
    /// means that more bytes are needed; `input` is then empty, but for bytes that wait for a
    /// transaction (raw), for the answer before them (h1, serving) or belong to the protocol that
    /// follows an upgrade (h1). To be called again after each event, also with empty input, until
    /// it says `None`; on the serving side also when an answer has become complete. Replies of the protocol's own
    /// (acks, pongs) go to `out`.
    ///
    /// # Errors
    /// The peer broke the protocol: the connection is of no more use.
    fn receive<'b>(
        &mut self,
        input: &mut &'b [u8],
        out: &mut TxBuf,
        now: Micros,
    ) -> Result<Option<Event<'b>>, ProtoError>;

    /// Swaps `buffer` with the payload of the [`Event::Held`] that was just reported: once, with
    /// an empty `buffer`, to get it, and once more after its delivery to give the memory back.
    /// That it is given back is no duty. Codecs that never report `Held` do nothing.
    fn swap_held(&mut self, buffer: &mut Vec<u8>) {
        buffer.clear();
    }

    /// Whether [`receive`](Self::receive) is worth a call with no input: what was done to the codec
    /// since may have given it something to write or to report.
    fn speaks_unasked(&self) -> bool {
        false
    }

    /// What the peer said when it ended the connection in the protocol's own words (the status
    /// and reason of a ws close ...), for the log.
    fn farewell(&self) -> Option<String> {
        None
    }

    /// The peer closed its side in the orderly way of the transport (with TLS: with
    /// `close_notify`). To be called until it says `None`.
    ///
    /// # Errors
    /// The close cut something short.
    fn receive_eof(&mut self) -> Result<Option<Event<'static>>, ProtoError>;

    /// The head of the response last reported for `tid`, until the transaction ends or the
    /// next one starts; that of an upgrade to ws only until the next call of
    /// [`receive`](Self::receive).
    fn head(&self, tid: Tid) -> Option<&Head>;

    /// On the serving side: the head of `tid`'s request, until the transaction ends.
    fn request(&self, _tid: Tid) -> Option<&Asked> {
        None
    }

    /// On the serving side: begins the answer to `tid`. Its body follows through
    /// [`tx_window`](Self::tx_window) and [`tx_commit`](Self::tx_commit). May be called before the
    /// request's body is complete.
    ///
    /// # Errors
    /// The answer cannot be expressed, there is no such request, or it is answered already; nothing
    /// was written.
    fn respond(&mut self, _: Tid, _: &Response<'_>, _: &mut TxBuf) -> Result<(), ProtoError> {
        Err(ProtoError::new(ProtoErrorKind::BadRequest, "this side does not serve"))
    }

    /// The trailer fields behind the response's body, if there are any: from the message's end
    /// until [`Event::End`].
    fn trailers(&self, _tid: Tid) -> Option<&Head> {
        None
    }

    /// Whether the peer has sent anything at all towards `tid`'s response, interim ones
    /// included; still answers after an error. A connection taken from the pool that breaks
    /// while this is `false` was stale: the request may go out again on a fresh one.
    fn response_started(&self, tid: Tid) -> bool;

    /// Says that the program wants to send on `tid`, or (after a `tx` that sent nothing) that it
    /// no longer does. Where transactions share the connection's credit, one gets a part of it
    /// only while it wants to send: to be said before each [`tx_window`](Self::tx_window) that
    /// is to offer anything. The want ends with [`tx_commit`](Self::tx_commit).
    fn want_tx(&mut self, _tid: Tid, _wanted: bool) {}

    /// Limits the payload that the peer may send for `tid` to `bytes` from now on, until
    /// [`add_peer_credit`](Self::add_peer_credit) allows more. Without this call the codec lets
    /// the peer send as fast as the payload is taken.
    fn limit_peer(&mut self, _tid: Tid, _bytes: u32) {}

    /// Lets the peer send `bytes` more (or less) for `tid`, if it was limited. What was held back
    /// may flow at once: call [`receive`](Self::receive), also with empty input.
    fn add_peer_credit(&mut self, _tid: Tid, _bytes: i32) {}

    /// How many bytes the peer may still send for `tid`, as far as is known here: some may be on
    /// their way. 0 where the protocol has no such thing.
    fn peer_credit(&self, _tid: Tid) -> i32 {
        0
    }

    /// What `tid` may send now; `None` if its sending side is complete or it does not exist.
    fn tx_window(&self, tid: Tid) -> Option<TxWindow>;

    /// Frames the first `len` bytes of the window that `out` has open (see
    /// [`TxBuf::prepare`], called with exactly this codec's [`tx_window`](Self::tx_window)
    /// rooms). `eom` with `len` 0 ends the message.
    ///
    /// # Errors
    /// More than was announced, or the sending side is complete; nothing was sent and the
    /// window is closed. Less than was announced is no error here: the transaction may still
    /// be answered, but the connection is not used again.
    fn tx_commit(
        &mut self,
        tid: Tid,
        out: &mut TxBuf,
        len: usize,
        som: bool,
        eom: bool,
    ) -> Result<(), ProtoError>;

    /// Gives up one transaction; says whether the connection is still of use.
    fn abandon(&mut self, tid: Tid, out: &mut TxBuf) -> Reuse;

    /// On the serving side: the client makes no progress with `tid`. If the protocol can end that
    /// transaction alone, it does and tells the client; `false`: the connection has to end.
    fn give_up_on_peer(&mut self, _tid: Tid, _out: &mut TxBuf) -> bool {
        false
    }

    /// Whether another transaction fits.
    fn reuse(&self) -> Reuse;

    /// Asks the peer for a sign of life, if the protocol can: the answer is [`Event::Alive`].
    fn ping(&mut self, out: &mut TxBuf) -> bool;

    /// On the serving side: writes what a peer takes no notice of that has closed its side and waits
    /// for its answers; the transport of one that is gone answers it with a reset.
    fn probe(&mut self, out: &mut TxBuf) {
        self.ping(out);
    }

    /// Starts a transaction of a publish and subscribe protocol, as [`start`](Self::start) does
    /// for requests. [`Event::Ready`] follows, right away on a session that is up: to be asked
    /// for by [`receive`](Self::receive) with empty input.
    ///
    /// # Errors
    /// The protocol has no topics, or a topic or message cannot be expressed; nothing was
    /// written.
    fn start_topics(&mut self, _: &mqtt::Open<'_>, _: &mut TxBuf) -> Result<Tid, ProtoError> {
        Err(ProtoError::new(ProtoErrorKind::BadRequest, "this protocol has no topics"))
    }

    /// What is known of `tid`'s next message before its first byte is there. To be called, where
    /// there is something to tell, before the [`tx_window`](Self::tx_window) that the message is
    /// written into. Protocols that need none of it ignore it.
    ///
    /// # Errors
    /// The topic cannot be expressed; the one before stays.
    fn tx_message(&mut self, _tid: Tid, _next: &NextMessage<'_>) -> Result<(), ProtoError> {
        Ok(())
    }

    /// When [`on_deadline`](Self::on_deadline) is due, if ever. Changes with every call of the
    /// others.
    fn next_deadline(&self) -> Option<Micros> {
        None
    }

    /// Time has passed: a keep-alive goes to `out`. Early calls do nothing.
    ///
    /// # Errors
    /// The peer did not answer in time, or the connection is of no use for a reason found in a
    /// call that cannot say so.
    fn on_deadline(&mut self, _out: &mut TxBuf, _now: Micros) -> Result<(), ProtoError> {
        Ok(())
    }

    /// Says goodbye in the protocol's own way (DISCONNECT, GOAWAY, a close frame ...). Nothing
    /// may be sent afterwards; without it a close looks like a crash to the peer.
    fn goodbye(&mut self, _out: &mut TxBuf) {}

    /// On the side that made the connection: whether its end is to be an orderly one, so that
    /// what was sent arrives, and how. `None`: it may be cut. Still answers after an error and
    /// after [`abandon`](Self::abandon).
    fn closes_first(&self) -> Option<ClosesFirst> {
        None
    }

    /// What has to live on when the connection is lost, for the next one to the same place.
    fn take_session(&mut self) -> Option<mqtt::Session> {
        None
    }
}

/// What is known of a message before its first byte: see [`Codec::tx_message`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NextMessage<'a> {
    /// Its length in bytes, if the program announced it.
    pub len: Option<u64>,
    /// The topic, if it is another than the last message's.
    pub topic: Option<&'a str>,
}

/// Bytes of field text that an idle [`Head`] keeps for the next response.
pub const HEAD_KEEP_TEXT: usize = 512;
/// Places for fields that an idle [`Head`] keeps for the next response.
pub const HEAD_KEEP_FIELDS: usize = 16;

/// The head of a response: its fields as received, names compared without case.
#[derive(Default, Debug)]
pub struct Head {
    /// Status code.
    pub status: u16,
    text: Vec<u8>,
    fields: Vec<Field>,
}

#[derive(Debug, Clone, Copy)]
struct Field {
    name: (u32, u32),
    value: (u32, u32),
}

impl Head {
    /// Forgets the last response but keeps the memory.
    pub fn clear(&mut self) {
        self.status = 0;
        self.text.clear();
        self.fields.clear();
    }

    /// Forgets the last response and gives memory back, down to what a common head needs
    /// (at most [`HEAD_KEEP_TEXT`] + 16 * [`HEAD_KEEP_FIELDS`] bytes).
    pub fn release(&mut self) {
        self.clear();
        self.text.shrink_to(HEAD_KEEP_TEXT);
        self.fields.shrink_to(HEAD_KEEP_FIELDS);
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.text.capacity() + self.fields.capacity() * size_of::<Field>()
    }

    /// Adds a field. Line folds in `value` (obs-fold, RFC 9112 5.2) become spaces. A NUL is kept
    /// behind the value, for programs that print it as a C string.
    pub fn push(&mut self, name: &[u8], value: &[u8]) {
        let name = self.store(name);
        let value = self.store(value);
        for b in &mut self.text[value.0 as usize..] {
            if matches!(*b, b'\r' | b'\n') {
                *b = b' ';
            }
        }
        self.text.push(0);
        self.fields.push(Field { name, value });
    }

    /// The first field called `name` (without a colon).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, v)| v)
    }

    /// All fields, in order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|f| (self.at(f.name), self.at(f.value)))
    }

    fn at(&self, (from, to): (u32, u32)) -> &[u8] {
        &self.text[from as usize..to as usize]
    }

    fn store(&mut self, bytes: &[u8]) -> (u32, u32) {
        let end = |v: &Vec<u8>| u32::try_from(v.len()).expect("a head is bounded far below 4 GiB");
        let from = end(&self.text);
        self.text.extend_from_slice(bytes);
        (from, end(&self.text))
    }
}

/// Why a connection is of no more use, or a request cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtoError {
    /// What went wrong, to decide by.
    pub kind: ProtoErrorKind,
    /// What exactly, for a person.
    pub detail: String,
}

/// Kinds of [`ProtoError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtoErrorKind {
    /// The caller's request cannot be expressed in this protocol.
    BadRequest,
    /// The peer sent what the protocol does not allow.
    Malformed,
    /// The peer sent more than a limit allows.
    TooLarge,
    /// The connection ended inside a message.
    CutShort,
    /// The program sent more than it announced, or after its end of message.
    TxOverrun,
    /// The program ended a message before the length it had announced.
    TxShort,
    /// The peer does not accept the credentials.
    AuthFailed,
    /// The peer refuses the session for another reason.
    Refused,
    /// The peer did not answer in time.
    Timeout,
}

impl ProtoError {
    /// An error of `kind`; `detail` says what exactly.
    pub fn new(kind: ProtoErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

impl std::fmt::Display for ProtoError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            ProtoErrorKind::BadRequest => "request not possible",
            ProtoErrorKind::Malformed => "protocol error",
            ProtoErrorKind::TooLarge => "limit passed",
            ProtoErrorKind::CutShort => "cut short",
            ProtoErrorKind::TxOverrun => "more sent than announced",
            ProtoErrorKind::TxShort => "less sent than announced",
            ProtoErrorKind::AuthFailed => "credentials rejected",
            ProtoErrorKind::Refused => "refused",
            ProtoErrorKind::Timeout => "no answer in time",
        };
        write!(f, "{kind}: {}", self.detail)
    }
}

impl std::error::Error for ProtoError {}
