//! The receiving side: frames to events (RFC 6455 5.4, 5.5, 6.2, 8.1).

use tungstenite::protocol::frame::coding::CloseCode;

use super::super::{Event, ProtoError};
use super::frame::{self, Fail, Header, HeaderReader, Kind};
use super::frames::Frames;
use super::utf8::Utf8;
use super::{MAX_CONTROL, MAX_HELD, Role};
use crate::util::TxBuf;

/// What is known of the frame and the message under way.
#[derive(Debug)]
pub(super) struct Receiver {
    header: HeaderReader,
    frame: Option<Current>,
    message: Option<Message>,
    utf8: Utf8,
    control: [u8; MAX_CONTROL],
    control_len: u8,
    /// The ping in `control` waits for its pong.
    pub(super) pong_due: bool,
}

/// A frame whose header is complete.
#[derive(Clone, Copy, Debug)]
struct Current {
    header: Header,
    /// Bytes of payload that were taken.
    done: u64,
}

/// A message that has begun.
#[derive(Clone, Copy, Debug)]
struct Message {
    text: bool,
    compressed: bool,
    /// Nothing of it has been told yet.
    fresh: bool,
    /// Bytes of it, as far as they are known.
    size: u64,
}

/// What a step through a payload made.
enum Progress<'b> {
    Event(Event<'b>),
    /// The frame ended with nothing to tell.
    FrameDone,
    NeedsMore,
}

impl Default for Receiver {
    fn default() -> Self {
        Self {
            header: HeaderReader::default(),
            frame: None,
            message: None,
            utf8: Utf8::default(),
            control: [0; MAX_CONTROL],
            control_len: 0,
            pong_due: false,
        }
    }
}

impl Receiver {
    /// The payload of the last ping or close.
    pub fn control(&self) -> &[u8] {
        &self.control[..usize::from(self.control_len)]
    }

    /// The message under way has `more` bytes, of `most` at most.
    fn grow(&mut self, more: u64, most: u64) -> Result<(), Fail> {
        let Some(message) = &mut self.message else { return Ok(()) };
        message.size = message.size.saturating_add(more);
        if message.size > most {
            let detail = format!("a message of more than {most} bytes");
            return Err(Fail { code: CloseCode::Size, detail });
        }
        Ok(())
    }

    pub fn inside_message(&self) -> bool {
        self.message.is_some() || self.frame.is_some() || self.header.begun()
    }
}

impl Current {
    fn left(&self) -> u64 {
        self.header.length - self.done
    }

    /// As much of `input` as belongs to the frame, and `most` bytes at most.
    fn share<'b>(&self, input: &'b [u8], most: usize) -> &'b [u8] {
        let n = usize::try_from(self.left()).unwrap_or(usize::MAX);
        &input[..n.min(input.len()).min(most)]
    }
}

impl Frames {
    /// The next event. The outer error fails the connection; the inner one is ours, not the
    /// peer's.
    pub(super) fn step<'b>(
        &mut self,
        input: &mut &'b [u8],
        out: &mut TxBuf,
    ) -> Result<Result<Option<Event<'b>>, ProtoError>, Fail> {
        loop {
            let Some(current) = self.receiver.frame else {
                match self.receiver.header.read(self.role, input)? {
                    Some(header) => self.begin(header)?,
                    None => return Ok(Ok(None)),
                }
                continue;
            };
            match current.header.kind {
                Kind::Text | Kind::Binary | Kind::Continuation => {
                    match self.payload(current, input)? {
                        Progress::Event(event) => return Ok(Ok(Some(event))),
                        Progress::FrameDone => {}
                        Progress::NeedsMore => return Ok(Ok(None)),
                    }
                }
                Kind::Ping | Kind::Pong | Kind::Close => {
                    if !self.control_payload(current, input) {
                        return Ok(Ok(None));
                    }
                    self.receiver.frame = None;
                    match current.header.kind {
                        Kind::Pong => return Ok(Ok(Some(Event::Alive))),
                        Kind::Close => return self.peer_closed(out).map(|end| Ok(Some(end))),
                        _ => {
                            if let Err(e) = self.pinged(out) {
                                return Ok(Err(e));
                            }
                        }
                    }
                }
            }
        }
    }

    /// Checks that a frame may come here.
    fn begin(&mut self, header: Header) -> Result<(), Fail> {
        let r = &mut self.receiver;
        let data = matches!(header.kind, Kind::Text | Kind::Binary);
        if header.rsv1 && !(data && self.deflate.is_some()) {
            return Err(Fail::protocol("a reserved bit is set"));
        }
        match header.kind {
            Kind::Text | Kind::Binary => {
                if r.message.is_some() {
                    return Err(Fail::protocol("a message begins inside another"));
                }
                let text = header.kind == Kind::Text;
                r.message = Some(Message { text, compressed: header.rsv1, fresh: true, size: 0 });
                r.utf8 = Utf8::default();
                if let (true, Some(deflate)) = (header.rsv1, &mut self.deflate) {
                    deflate.receiving.begin();
                }
            }
            Kind::Continuation => {
                if r.message.is_none() {
                    return Err(Fail::protocol("a continuation of nothing"));
                }
            }
            // a later ping takes the place of an earlier one; a pong's payload means nothing
            Kind::Ping | Kind::Close => {
                r.control_len = 0;
                r.pong_due = false;
            }
            Kind::Pong => {}
        }
        // a frame's length counts before its payload is there, so that cuts make no difference
        let plain = r.message.is_some_and(|m| !m.compressed);
        if plain && !matches!(header.kind, Kind::Ping | Kind::Pong | Kind::Close) {
            r.grow(header.length, self.max_message)?;
        }
        r.frame = Some(Current { header, done: 0 });
        Ok(())
    }

    /// Takes bytes of a control frame. `true`: it is complete.
    fn control_payload(&mut self, mut current: Current, input: &mut &[u8]) -> bool {
        let share = current.share(input, MAX_CONTROL);
        let n = share.len();
        *input = &input[n..];
        if current.header.kind != Kind::Pong {
            let at = usize::from(self.receiver.control_len);
            let place = &mut self.receiver.control[at..at + n];
            place.copy_from_slice(share);
            frame::mask(place, current.header.mask, current.done);
            // bounded by MAX_CONTROL, as the header's length was
            self.receiver.control_len += n as u8;
        }
        current.done += n as u64;
        self.receiver.frame = Some(current);
        current.left() == 0
    }

    fn payload<'b>(
        &mut self,
        current: Current,
        input: &mut &'b [u8],
    ) -> Result<Progress<'b>, Fail> {
        let Some(message) = self.receiver.message else {
            return Err(Fail::protocol("a payload outside of any message"));
        };
        if message.compressed {
            return self.compressed(current, message, input);
        }
        let most = if self.role == Role::Server { MAX_HELD } else { usize::MAX };
        let share = current.share(input, most);
        if share.is_empty() && current.left() > 0 {
            return Ok(Progress::NeedsMore);
        }
        let data = match self.role {
            Role::Client => share,
            Role::Server => {
                self.held.clear();
                self.held.extend_from_slice(share);
                frame::mask(&mut self.held, current.header.mask, current.done);
                &self.held[..]
            }
        };
        let ends = current.header.fin && share.len() as u64 == current.left();
        let (n, ends) = match message.text {
            true => check_text(&mut self.receiver.utf8, data, ends)?,
            false => (share.len(), ends),
        };
        *input = &input[n..];
        self.taken(current, n);
        if n == 0 && !ends {
            return Ok(Progress::FrameDone);
        }
        let som = self.told(message, ends);
        let tid = self.tid;
        Ok(Progress::Event(match self.role {
            Role::Client => Event::Data { tid, data: &share[..n], som, eom: ends },
            Role::Server if n == 0 => Event::Data { tid, data: &[], som, eom: ends },
            Role::Server => {
                self.held.truncate(n);
                Event::Held { tid, som, eom: ends }
            }
        }))
    }

    fn compressed<'b>(
        &mut self,
        mut current: Current,
        message: Message,
        input: &mut &'b [u8],
    ) -> Result<Progress<'b>, Fail> {
        let Some(deflate) = &mut self.deflate else {
            return Err(Fail::protocol("a compressed message, which was not agreed"));
        };
        let mut plain = [0; MAX_CONTROL];
        loop {
            // few messages of a server's clients are large: a small buffer unmasks them
            let share = match self.role {
                Role::Client => current.share(input, usize::MAX),
                Role::Server => {
                    let share = current.share(input, plain.len());
                    let place = &mut plain[..share.len()];
                    place.copy_from_slice(share);
                    frame::mask(place, current.header.mask, current.done);
                    place
                }
            };
            let left = current.left();
            let inflater = &mut deflate.receiving;
            if share.is_empty() && left > 0 && !inflater.more() {
                return Ok(Progress::NeedsMore);
            }
            let last = current.header.fin && share.len() as u64 == left;
            let inflated = inflater.step(share, last, &mut self.held)?;
            let more = inflater.more();
            *input = &input[inflated.used..];
            current.done += inflated.used as u64;
            if message.text {
                let utf8 = &mut self.receiver.utf8;
                let good = utf8.take(&self.held) == self.held.len();
                if !good || (inflated.ended && !utf8.complete()) {
                    return Err(not_utf8());
                }
            }
            self.receiver.grow(self.held.len() as u64, self.max_message)?;
            let frame_ends = match current.header.fin {
                true => inflated.ended,
                false => current.left() == 0 && !more,
            };
            self.receiver.frame = (!frame_ends).then_some(current);
            if !self.held.is_empty() || inflated.ended {
                let (tid, eom) = (self.tid, inflated.ended);
                let som = self.told(message, eom);
                return Ok(Progress::Event(match self.held.is_empty() {
                    true => Event::Data { tid, data: &[], som, eom },
                    false => Event::Held { tid, som, eom },
                }));
            }
            if frame_ends {
                return Ok(Progress::FrameDone);
            }
        }
    }

    fn taken(&mut self, mut current: Current, n: usize) {
        current.done += n as u64;
        self.receiver.frame = (current.left() > 0).then_some(current);
    }

    /// A piece of the message is told; whether it is the first. `ends`: it is the last.
    fn told(&mut self, message: Message, ends: bool) -> bool {
        self.receiver.message =
            self.receiver.message.filter(|_| !ends).map(|m| Message { fresh: false, ..m });
        message.fresh
    }
}

/// How many bytes of `data` can be told, and whether the message ends with them. All that is in
/// front of the byte that is wrong is told first, so that cuts make no difference.
fn check_text(utf8: &mut Utf8, data: &[u8], ends: bool) -> Result<(usize, bool), Fail> {
    let before = *utf8;
    let good = utf8.take(data);
    if good < data.len() {
        return if good == 0 { Err(not_utf8()) } else { Ok((good, false)) };
    }
    if !ends || utf8.complete() {
        return Ok((good, ends));
    }
    match data.split_last() {
        Some((_, rest)) if !rest.is_empty() => {
            *utf8 = before;
            utf8.take(rest);
            Ok((rest.len(), false))
        }
        Some(_) | None => Err(not_utf8()),
    }
}

fn not_utf8() -> Fail {
    Fail { code: CloseCode::Invalid, detail: "a text message is not UTF-8".to_owned() }
}
