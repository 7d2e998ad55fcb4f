//! An open connection: its state, what it sends, and how it closes (RFC 6455 5.5.1, 7).

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::super::{Event, ProtoError, ProtoErrorKind, Tid, TxWindow};
use super::deflate::Deflate;
use super::extension::Deflating;
use super::frame::{self, Fail};
use super::receive::Receiver;
use super::{MAX_CONTROL, MAX_HEADER, MAX_PONGS_WAITING, MAX_REASON, MAX_WINDOW, Random, Role};
use crate::util::TxBuf;

/// 1014 is registered, but not known to the crate.
const BAD_GATEWAY: u16 = 1014;

/// A connection after the handshake, of either role.
pub struct Frames {
    pub(super) role: Role,
    pub(super) tid: Tid,
    random: Random,
    binary: bool,
    /// A message of ours has begun.
    sending: bool,
    /// We have said close: nothing else is sent.
    close_sent: bool,
    /// The connection is over: received bytes are dropped.
    over: bool,
    /// Pongs sent since all that waited was last seen gone.
    pongs: u8,
    pub(super) receiver: Receiver,
    pub(super) deflate: Option<Box<Deflate>>,
    /// Bytes in a message of the peer's at most.
    pub(super) max_message: u64,
    /// Payload for [`Event::Held`].
    pub(super) held: Vec<u8>,
    /// The peer's close: its status, if there was one. The reason is in the receiver.
    pub(super) closed: Option<Option<u16>>,
}

impl Frames {
    /// A connection that has just opened. `binary`: what our messages are. `deflate`: what was
    /// agreed, if anything. Events name `tid`.
    #[must_use]
    pub fn new(
        role: Role,
        binary: bool,
        deflate: Option<Deflating>,
        random: Random,
        tid: Tid,
    ) -> Self {
        Self {
            role,
            tid,
            random,
            binary,
            sending: false,
            close_sent: false,
            over: false,
            pongs: 0,
            receiver: Receiver::default(),
            deflate: deflate.map(|agreed| Box::new(Deflate::new(agreed))),
            max_message: u64::MAX,
            held: Vec::new(),
            closed: None,
        }
    }

    /// Fails the connection (close status 1009) with a message of the peer's that has more than
    /// `bytes`, after inflating.
    pub fn limit_messages(&mut self, bytes: u64) {
        self.max_message = bytes;
    }

    /// As [`Codec::receive`](super::super::Codec::receive).
    ///
    /// # Errors
    /// The peer broke the protocol. A close frame that tells it so is in `out`, if we had not
    /// said close before.
    pub fn receive<'b>(
        &mut self,
        input: &mut &'b [u8],
        out: &mut TxBuf,
    ) -> Result<Option<Event<'b>>, ProtoError> {
        if self.over {
            *input = &[];
            return Ok(None);
        }
        self.late_pong(out)?;
        match self.step(input, out) {
            Ok(event) => event,
            Err(fail) => Err(self.fail(&fail, out)),
        }
    }

    /// As [`Codec::receive_eof`](super::super::Codec::receive_eof).
    ///
    /// # Errors
    /// The peer had not said close.
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, ProtoError> {
        if std::mem::replace(&mut self.over, true) {
            return Ok(None);
        }
        let place = if self.receiver.inside_message() { "inside a message" } else { "without" };
        let detail = format!("closed by the peer {place}, no close frame came");
        Err(ProtoError::new(ProtoErrorKind::CutShort, detail))
    }

    /// As [`Codec::tx_window`](super::super::Codec::tx_window).
    #[must_use]
    pub fn tx_window(&self) -> Option<TxWindow> {
        let open = !self.over && !self.close_sent;
        open.then_some(TxWindow { max: MAX_WINDOW, headroom: MAX_HEADER, tailroom: 0 })
    }

    /// Sends a piece of a message as a frame: see
    /// [`Codec::tx_commit`](super::super::Codec::tx_commit).
    ///
    /// # Errors
    /// The connection is closing, `len` is more than [`MAX_WINDOW`], or `som` does not fit what
    /// was sent before. Nothing was sent.
    pub fn tx_commit(
        &mut self,
        out: &mut TxBuf,
        len: usize,
        som: bool,
        eom: bool,
    ) -> Result<(), ProtoError> {
        let sent = self.check_tx(len, som).and_then(|()| {
            if len == 0 && !som && !eom {
                out.cancel();
                return Ok(());
            }
            self.send(out, len, som, eom)
        });
        if sent.is_err() {
            out.cancel();
        }
        sent
    }

    fn check_tx(&self, len: usize, som: bool) -> Result<(), ProtoError> {
        if self.tx_window().is_none() {
            let detail = "the connection is closing";
            return Err(ProtoError::new(ProtoErrorKind::TxOverrun, detail));
        }
        if len > MAX_WINDOW {
            let detail = format!("{len} bytes where {MAX_WINDOW} fit");
            return Err(ProtoError::new(ProtoErrorKind::TxOverrun, detail));
        }
        match (self.sending, som) {
            (true, true) => Err(bad("a message starts before the end of the last one")),
            (false, false) => Err(bad("a message does not start with its start flag")),
            (true, false) | (false, true) => Ok(()),
        }
    }

    fn send(
        &mut self,
        out: &mut TxBuf,
        len: usize,
        som: bool,
        eom: bool,
    ) -> Result<(), ProtoError> {
        let data = match (som, self.binary) {
            (false, _) => Data::Continue,
            (true, false) => Data::Text,
            (true, true) => Data::Binary,
        };
        let header = FrameHeader {
            is_final: eom,
            rsv1: som && self.deflate.is_some(),
            opcode: OpCode::Data(data),
            mask: self.key()?,
            ..FrameHeader::default()
        };
        match &mut self.deflate {
            None => {
                if let Some(key) = header.mask {
                    frame::mask(out.window(len), key, 0);
                }
                let (bytes, used) = frame::format(&header, len);
                out.commit(&bytes[..used], len, b"");
            }
            Some(deflate) => {
                let piece = deflate.sending.piece(out.window(len), som, eom);
                let piece = piece.ok_or_else(|| bad("the compressor failed"))?;
                if let Some(key) = header.mask {
                    frame::mask(piece, key, 0);
                }
                out.cancel();
                let (bytes, used) = frame::format(&header, piece.len());
                out.push(&bytes[..used]);
                out.push(piece);
            }
        }
        self.sending = !eom;
        Ok(())
    }

    /// Asks for a sign of life. `false`: it can't be sent any more.
    pub fn ping(&mut self, out: &mut TxBuf) -> bool {
        !self.over && !self.close_sent && self.control(Control::Ping, b"", out).is_ok()
    }

    /// Starts the closing handshake with a status and a reason: the peer's answer makes
    /// [`Event::End`]. If the peer was first, there is nothing left to say, and nothing is sent.
    ///
    /// # Errors
    /// `code` is not one that may be sent (RFC 6455 7.4), or `reason` is longer than
    /// [`MAX_REASON`] bytes.
    pub fn close(&mut self, code: u16, reason: &str, out: &mut TxBuf) -> Result<(), ProtoError> {
        if !may_be_sent(code) {
            return Err(bad(format!("close status {code} may not be sent")));
        }
        if reason.len() > MAX_REASON {
            let detail = format!("close reason of {} bytes, {MAX_REASON} fit", reason.len());
            return Err(bad(detail));
        }
        if self.over || self.close_sent {
            return Ok(());
        }
        let mut payload = [0; MAX_CONTROL];
        payload[..2].copy_from_slice(&code.to_be_bytes());
        payload[2..2 + reason.len()].copy_from_slice(reason.as_bytes());
        self.send_close(&payload[..2 + reason.len()], out)
    }

    fn send_close(&mut self, payload: &[u8], out: &mut TxBuf) -> Result<(), ProtoError> {
        self.close_sent = true;
        self.control(Control::Close, payload, out)
    }

    /// What the peer said when it closed, for a person.
    #[must_use]
    pub fn farewell(&self) -> Option<String> {
        let reason = self.receiver.control();
        Some(match self.closed? {
            None => "closed by the peer, without a status".to_owned(),
            Some(code) => {
                let reason = String::from_utf8_lossy(reason.get(2..).unwrap_or_default());
                format!("closed by the peer with status {code} {reason:?}")
            }
        })
    }

    /// The status of the peer's close frame, 1005 if it had none (RFC 6455 7.1.5).
    #[must_use]
    pub fn close_status(&self) -> Option<u16> {
        self.closed.map(|status| status.unwrap_or(CloseCode::Status.into()))
    }

    /// As [`Codec::swap_held`](super::super::Codec::swap_held).
    pub fn swap_held(&mut self, buffer: &mut Vec<u8>) {
        std::mem::swap(&mut self.held, buffer);
    }

    /// Whether our close frame has been written.
    pub(super) fn said_close(&self) -> bool {
        self.close_sent
    }

    /// Whether nothing more comes of this connection.
    #[must_use]
    pub fn over(&self) -> bool {
        self.over
    }

    /// Bytes of heap memory held, but for what the compressor holds behind pointers of its own.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.held.capacity() + self.deflate.as_ref().map_or(0, |d| d.memory())
    }

    /// The peer's close frame is complete: it is echoed, unless it is itself the answer.
    pub(super) fn peer_closed(&mut self, out: &mut TxBuf) -> Result<Event<'static>, Fail> {
        let status = close_payload(self.receiver.control())?;
        self.closed = Some(status);
        if !self.close_sent {
            let code = status.map(u16::to_be_bytes);
            let _ = self.send_close(code.as_ref().map_or(&[], |c| &c[..]), out);
        }
        self.over = true;
        Ok(Event::End { tid: self.tid })
    }

    /// The peer's ping is complete: it is answered now, or later if the peer does not take the
    /// answers.
    pub(super) fn pinged(&mut self, out: &mut TxBuf) -> Result<(), ProtoError> {
        if self.close_sent {
            return Ok(());
        }
        if self.pongs == MAX_PONGS_WAITING {
            self.receiver.pong_due = true;
            return Ok(());
        }
        self.pongs += 1;
        self.control(Control::Pong, self.receiver.control(), out)
    }

    /// Whether the answer to a ping waits until the peer takes what came before.
    #[must_use]
    pub fn owes_pong(&self) -> bool {
        self.receiver.pong_due
    }

    fn late_pong(&mut self, out: &mut TxBuf) -> Result<(), ProtoError> {
        if out.is_empty() {
            self.pongs = 0;
            if std::mem::take(&mut self.receiver.pong_due) {
                return self.pinged(out);
            }
        }
        Ok(())
    }

    /// Fails the connection (RFC 6455 7.1.7).
    fn fail(&mut self, fail: &Fail, out: &mut TxBuf) -> ProtoError {
        if !self.close_sent {
            let _ = self.send_close(&u16::from(fail.code).to_be_bytes(), out);
        }
        self.over = true;
        let kind = match fail.code {
            CloseCode::Size => ProtoErrorKind::TooLarge,
            _ => ProtoErrorKind::Malformed,
        };
        ProtoError::new(kind, format!("ws: {}", fail.detail))
    }

    fn control(&self, what: Control, payload: &[u8], out: &mut TxBuf) -> Result<(), ProtoError> {
        let mask = self.key()?;
        let header = FrameHeader { opcode: OpCode::Control(what), mask, ..FrameHeader::default() };
        let (head, used) = frame::format(&header, payload.len());
        let mut bytes = [0; MAX_HEADER + MAX_CONTROL];
        let end = used + payload.len();
        bytes[..used].copy_from_slice(&head[..used]);
        bytes[used..end].copy_from_slice(payload);
        if let Some(key) = mask {
            frame::mask(&mut bytes[used..end], key, 0);
        }
        out.push(&bytes[..end]);
        Ok(())
    }

    /// A fresh masking key, where we mask.
    fn key(&self) -> Result<Option<[u8; 4]>, ProtoError> {
        match self.role {
            Role::Server => Ok(None),
            Role::Client => {
                let mut key = [0; 4];
                if (self.random)(&mut key) { Ok(Some(key)) } else { Err(no_random()) }
            }
        }
    }
}

/// Reads a close frame's payload: its status.
fn close_payload(payload: &[u8]) -> Result<Option<u16>, Fail> {
    match payload {
        [] => Ok(None),
        [_] => Err(Fail::protocol("a close frame with half a status")),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !may_be_sent(code) {
                return Err(Fail::protocol(format!("close status {code} may not be sent")));
            }
            if std::str::from_utf8(reason).is_err() {
                let detail = "the reason in a close frame is not UTF-8".to_owned();
                return Err(Fail { code: CloseCode::Invalid, detail });
            }
            Ok(Some(code))
        }
    }
}

fn may_be_sent(code: u16) -> bool {
    code == BAD_GATEWAY || CloseCode::from(code).is_allowed()
}

pub(super) fn no_random() -> ProtoError {
    bad("there are no random bytes to be had")
}

pub(super) fn bad(detail: impl Into<String>) -> ProtoError {
    ProtoError::new(ProtoErrorKind::BadRequest, detail)
}
