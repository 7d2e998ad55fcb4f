//! `multipart/form-data` (RFC 7578) around request bodies, and responses of several parts (RFC
//! 2046 5.1) taken apart. Both as the reference does it, byte for byte: peers and programs
//! depend on it.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use crate::stream::Flags;

/// Random bytes that a boundary is made of: a program's body contains it by chance never.
pub const BOUNDARY_ENTROPY: usize = 9;
/// The longest boundary (RFC 2046 5.1.1), in bytes.
const MAX_BOUNDARY: usize = 70;
/// The most blanks between a delimiter and its line's end (RFC 2046 5.1.1 `transport-padding`; it
/// has no limit, and senders of today have no padding).
const MAX_PADDING: usize = 64;

/// What a part is called. A name that is missing is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Part<'a> {
    /// `name` of the content disposition.
    pub name: Option<&'a str>,
    /// `filename` of it.
    pub filename: Option<&'a str>,
    /// The part's content type.
    pub content_type: Option<&'a str>,
}

/// The framing of one request's body: what goes out between the program's bytes.
#[derive(Debug, Clone)]
pub struct Framing {
    boundary: String,
    /// To be sent before the program is asked again.
    lead: Vec<u8>,
    /// What comes before the parts that follow.
    heads: VecDeque<Vec<u8>>,
    ended: bool,
}

impl Framing {
    /// For a body of these parts, at least one.
    #[must_use]
    pub fn new(entropy: [u8; BOUNDARY_ENTROPY], parts: &[Part<'_>]) -> Self {
        use base64::Engine;
        let boundary = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(entropy);
        let mut heads: VecDeque<Vec<u8>> =
            parts.iter().enumerate().map(|(i, p)| head(&boundary, p, i == 0)).collect();
        let lead = heads.pop_front().unwrap_or_default();
        Self { boundary, lead, heads, ended: false }
    }

    /// The request's content type.
    #[must_use]
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary=\"{}\"", self.boundary)
    }

    /// Bytes of framing that are still to go out.
    #[must_use]
    pub fn len_left(&self) -> usize {
        let tail = if self.ended { 0 } else { self.tail().len() };
        self.lead.len() + self.heads.iter().map(Vec::len).sum::<usize>() + tail
    }

    /// What goes out next, before any byte of the program's.
    #[must_use]
    pub fn lead(&self) -> &[u8] {
        &self.lead
    }

    /// The first `n` bytes of [`lead`](Self::lead) are on their way.
    pub fn lead_sent(&mut self, n: usize) {
        self.lead.drain(..n.min(self.lead.len()));
    }

    /// The program's part is complete: the next one follows, or the end of the body.
    pub fn part_done(&mut self) {
        match self.heads.pop_front() {
            Some(head) => self.lead.extend(head),
            None if self.ended => {}
            None => {
                self.lead.extend(self.tail());
                self.ended = true;
            }
        }
    }

    /// How many parts follow the one that is under way.
    #[must_use]
    pub fn parts_behind(&self) -> usize {
        self.heads.len()
    }

    /// Whether nothing of the program's follows any more.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Room that the end needs behind the program's bytes.
    #[must_use]
    pub fn tail_room(&self) -> usize {
        self.tail().len()
    }

    fn tail(&self) -> Vec<u8> {
        format!("\r\n--{}--\r\n", self.boundary).into_bytes()
    }
}

fn head(boundary: &str, part: &Part<'_>, first: bool) -> Vec<u8> {
    let mut head = if first { String::new() } else { "\r\n".to_owned() };
    head += &format!("--{boundary}\r\nContent-Disposition: form-data; name=\"");
    head += &escaped(part.name.unwrap_or_default());
    head.push('"');
    if let Some(filename) = part.filename {
        head += &format!("; filename=\"{}\"", escaped(filename));
    }
    if let Some(content_type) = part.content_type {
        // a line end would make a field of its own
        head += &format!("\r\nContent-Type: {}", content_type.replace(['\r', '\n'], " "));
    }
    head += "\r\n\r\n";
    head.into_bytes()
}

/// A name between quotes, escaped as browsers do (WHATWG HTML, multipart/form-data encoding).
fn escaped(name: &str) -> String {
    name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22")
}

/// The boundary that a response's content type names, if the response has parts.
#[must_use]
pub fn boundary(content_type: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(content_type).ok()?;
    let (kind, mut rest) = text.split_once(';')?;
    let kind = kind.trim();
    if !["multipart/form-data", "multipart/related"].iter().any(|k| kind.eq_ignore_ascii_case(k)) {
        return None;
    }
    loop {
        let (name, value) = rest.split_once('=')?;
        let value = value.trim_start();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value
                .split_once(';')
                .map_or((value.trim_end(), ""), |(v, _)| (v.trim_end(), &value[v.len()..])),
        };
        if name.trim().eq_ignore_ascii_case("boundary") {
            return (1..=MAX_BOUNDARY).contains(&value.len()).then(|| value.to_owned());
        }
        rest = after.trim_start().trim_start_matches(';');
    }
}

/// Takes a body of several parts apart into messages, as it arrives. It holds nothing but how
/// much of a delimiter it has seen.
///
/// Programs were written against what the reference makes of such a body, so the messages are
/// the same here, although nobody would design them so:
///
/// - what stands before the first delimiter is a message, and an empty one if nothing does;
/// - a part's header fields are the beginning of its message;
/// - a message ends with the CR LF that belongs to the delimiter behind it, the last one with its
///   CR alone.
///
/// Unlike the reference, delimiters are found wherever the input is cut, also with blanks behind
/// them, and a line that only begins like one is payload.
#[derive(Debug)]
pub struct Parser {
    /// CR LF, two dashes, the boundary.
    delimiter: Vec<u8>,
    /// Bytes of it that were seen.
    matched: usize,
    /// What was seen behind a whole one: a dash, or padding and perhaps a CR.
    behind: Vec<u8>,
    /// The first line needs no CR LF in front.
    virtual_crlf: bool,
    /// The message under way has begun.
    mid_message: bool,
    ended: bool,
}

/// What a byte is to a delimiter.
enum Taken {
    Part,
    Whole { last: bool },
    Not,
}

/// Takes a piece of a message; `Break` if no more is wanted.
pub type Sink<'s> = dyn FnMut(&[u8], Flags) -> ControlFlow<()> + 's;

impl Parser {
    /// For a body with this boundary.
    #[must_use]
    pub fn new(boundary: &str) -> Self {
        Self {
            delimiter: [b"\r\n--", boundary.as_bytes()].concat(),
            matched: 2,
            behind: Vec::new(),
            virtual_crlf: true,
            mid_message: false,
            ended: false,
        }
    }

    /// Takes the body's next bytes.
    pub fn feed(&mut self, input: &[u8], sink: &mut Sink<'_>) -> ControlFlow<()> {
        // bytes of earlier input that may belong to the delimiter under way
        let mut carried = self.candidate();
        let (mut at, mut given, mut begins) = (0, 0, 0);
        while at < input.len() && !self.ended {
            if self.matched == 0 {
                let Some(skip) = memchr::memchr(b'\r', &input[at..]) else { break };
                begins = at + skip;
                at = begins + 1;
                self.matched = 1;
                continue;
            }
            match self.take(input[at]) {
                Taken::Part => at += 1,
                Taken::Whole { last } => {
                    at += 1;
                    let stray = self.stray(last);
                    let crlf = b"\r\n";
                    let end = match carried.is_empty() {
                        true => &input[given..begins + stray],
                        false => &crlf[..stray],
                    };
                    self.next_message();
                    self.ended = last;
                    let group = if last { Flags::RELATED_END } else { Flags::empty() };
                    let som = self.som();
                    self.mid_message = false;
                    sink(end, som | Flags::EOM | group)?;
                    carried.clear();
                    given = at;
                }
                // what was taken for one is payload; the byte may begin another one
                Taken::Not => {
                    self.say(&carried, sink)?;
                    carried.clear();
                }
            }
        }
        if self.ended {
            return ControlFlow::Continue(());
        }
        let until = match (self.matched, carried.is_empty()) {
            (0, _) => input.len(),
            (_, true) => begins,
            (_, false) => given,
        };
        self.say(&input[given..until], sink)
    }

    /// The body is over. Where the last delimiter is missing, the message under way is ended, but
    /// not the group.
    pub fn finish(&mut self, sink: &mut Sink<'_>) -> ControlFlow<()> {
        if self.ended {
            return ControlFlow::Continue(());
        }
        self.ended = true;
        let som = self.som();
        sink(&self.candidate(), som | Flags::EOM)
    }

    fn say(&mut self, data: &[u8], sink: &mut Sink<'_>) -> ControlFlow<()> {
        if data.is_empty() {
            return ControlFlow::Continue(());
        }
        let som = self.som();
        sink(data, som)
    }

    fn som(&mut self) -> Flags {
        if std::mem::replace(&mut self.mid_message, true) { Flags::empty() } else { Flags::SOM }
    }

    /// How much of the delimiter counts as payload (see the type).
    fn stray(&self, last: bool) -> usize {
        match (self.virtual_crlf, last) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        }
    }

    /// The bytes received that may belong to a delimiter.
    fn candidate(&self) -> Vec<u8> {
        let from = if self.virtual_crlf { 2 } else { 0 };
        let seen = self.delimiter.get(from..self.matched).unwrap_or_default();
        seen.iter().copied().chain(self.behind.iter().copied()).collect()
    }

    fn next_message(&mut self) {
        self.matched = 0;
        self.behind.clear();
        self.virtual_crlf = false;
    }

    /// Looks at the next byte of what may be a delimiter.
    fn take(&mut self, byte: u8) -> Taken {
        if let Some(expected) = self.delimiter.get(self.matched) {
            if byte == *expected {
                self.matched += 1;
                return Taken::Part;
            }
        } else {
            match (self.behind.last(), byte) {
                (Some(b'-'), b'-') => return Taken::Whole { last: true },
                (Some(b'\r'), b'\n') => return Taken::Whole { last: false },
                (None, b'-' | b'\r' | b' ' | b'\t') | (Some(b' ' | b'\t'), b'\r') => {
                    self.behind.push(byte);
                    return Taken::Part;
                }
                (Some(b' ' | b'\t'), b' ' | b'\t') if self.behind.len() < MAX_PADDING => {
                    self.behind.push(byte);
                    return Taken::Part;
                }
                _ => {}
            }
        }
        self.next_message();
        Taken::Not
    }
}

#[cfg(test)]
mod tests {
    use super::{Framing, Parser, Part, boundary};
    use crate::stream::Flags;
    use std::ops::ControlFlow;

    #[test]
    fn framing_of_one_part() {
        let part =
            Part { name: Some("fld"), filename: Some("f\".txt"), content_type: Some("text/plain") };
        let mut f = Framing::new([0; 9], &[part]);
        assert_eq!(f.content_type(), "multipart/form-data; boundary=\"AAAAAAAAAAAA\"");
        let total = f.len_left();
        let head = "--AAAAAAAAAAAA\r\nContent-Disposition: form-data; name=\"fld\"; \
                    filename=\"f%22.txt\"\r\nContent-Type: text/plain\r\n\r\n";
        assert_eq!(f.lead(), head.as_bytes());
        f.lead_sent(head.len());
        assert!(f.lead().is_empty() && f.parts_behind() == 0 && !f.ended());
        f.part_done();
        assert!(f.ended());
        assert_eq!(f.lead(), b"\r\n--AAAAAAAAAAAA--\r\n");
        assert_eq!(f.lead().len(), f.tail_room());
        assert_eq!(head.len() + f.len_left(), total);
        f.part_done();
        assert_eq!(f.len_left(), f.tail_room());
    }

    #[test]
    fn framing_of_two_parts() {
        let part = |name| Part { name: Some(name), ..Part::default() };
        let mut f = Framing::new([0; 9], &[part("a"), part("b\r\n")]);
        let total = f.len_left();
        let mut all = Vec::new();
        while !(f.ended() && f.lead().is_empty()) {
            all.extend_from_slice(f.lead());
            f.lead_sent(f.lead().len());
            if !f.ended() {
                f.part_done();
            }
        }
        let expected = "--AAAAAAAAAAAA\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\
                        \r\n--AAAAAAAAAAAA\r\nContent-Disposition: form-data; \
                        name=\"b%0D%0A\"\r\n\r\n\r\n--AAAAAAAAAAAA--\r\n";
        assert_eq!(String::from_utf8_lossy(&all), expected);
        assert_eq!(all.len(), total);
    }

    #[test]
    fn boundaries() {
        for (value, expected) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            ("Multipart/Related ; type=\"a;b=c\"; Boundary=\"x y\"; z=1", Some("x y")),
            ("multipart/form-data; charset=u; boundary=q ; z=1", Some("q")),
            ("multipart/form-data; boundary=", None),
            ("multipart/form-data; boundary=\"a", None),
            ("multipart/form-data", None),
            ("multipart/form-data; x", None),
            ("multipart/mixed; boundary=abc", None),
            ("text/plain; boundary=abc", None),
        ] {
            assert_eq!(boundary(value.as_bytes()).as_deref(), expected, "{value}");
        }
        let long = format!("multipart/related; boundary={}", "x".repeat(71));
        assert_eq!(boundary(long.as_bytes()), None);
    }

    type Messages = Vec<(Vec<u8>, Flags)>;

    /// What the program gets: the pieces, and the messages made of them.
    fn parse<'i>(cuts: impl Iterator<Item = &'i [u8]>) -> (Messages, Messages) {
        let mut parser = Parser::new("B");
        let mut pieces = Messages::new();
        let mut sink = |data: &[u8], flags| {
            pieces.push((data.to_vec(), flags));
            ControlFlow::Continue(())
        };
        for cut in cuts {
            assert!(parser.feed(cut, &mut sink).is_continue());
        }
        assert!(parser.finish(&mut sink).is_continue());
        let mut whole = Messages::new();
        for (data, flags) in &pieces {
            match whole.last_mut() {
                Some((bytes, all)) if !flags.contains(Flags::SOM) => {
                    assert!(!all.contains(Flags::EOM), "no start of message in {pieces:?}");
                    bytes.extend_from_slice(data);
                    *all |= *flags;
                }
                last => {
                    assert!(last.is_none_or(|(_, f)| f.contains(Flags::EOM)), "{pieces:?}");
                    assert!(flags.contains(Flags::SOM));
                    whole.push((data.clone(), *flags));
                }
            }
        }
        (pieces, whole)
    }

    fn check(body: &[u8], expected: &[&[u8]], complete: bool) {
        let one = Flags::SOM | Flags::EOM;
        let expected: Messages = expected
            .iter()
            .enumerate()
            .map(|(i, m)| {
                let last = complete && i + 1 == expected.len();
                (m.to_vec(), if last { one | Flags::RELATED_END } else { one })
            })
            .collect();
        assert_eq!(parse(body.chunks(1)).1, expected, "byte by byte: {body:?}");
        for at in 0..=body.len() {
            let (a, b) = body.split_at(at);
            assert_eq!(parse([a, b].into_iter()).1, expected, "cut at {at}: {body:?}");
        }
        if complete {
            assert_eq!(parse([body].into_iter()).0, expected, "in one: {body:?}");
        }
    }

    #[test]
    fn messages_whatever_the_cuts() {
        check(
            b"--B\r\na: 1\r\n\r\none\r\n--B\r\n\r\ntwo\r\n--B--\r\nepilogue\r\n--B\r\n",
            &[b"", b"a: 1\r\n\r\none\r\n", b"\r\ntwo\r"],
            true,
        );
        check(b"preamble\r\n--B\r\nx\r\n--B--", &[b"preamble\r\n", b"x\r"], true);
        check(b"\r\n--B\r\n\r\n--B--", &[b"\r\n", b"\r"], true);
        check(b"--B--", &[b""], true);
    }

    #[test]
    fn what_only_begins_like_a_delimiter_is_payload() {
        check(
            b"--B\r\n\r\r\n--Bx\r\n--A\r\n--B-\r\n--B\r\r\n--B--",
            &[b"", b"\r\r\n--Bx\r\n--A\r\n--B-\r\n--B\r\r"],
            true,
        );
        check(b"-x--B\r\n\r\n--B--", &[b"-x--B\r\n\r"], true);
    }

    #[test]
    fn blanks_behind_a_delimiter_belong_to_it() {
        check(b"--B \t \r\n\r\na\r\n--B  \r\nb\r\n--B--", &[b"", b"\r\na\r\n", b"b\r"], true);
        // but not other bytes behind blanks, nor blanks without end
        check(
            b"--B\r\n\r\n--B x\r\n--B \r\r\n--B --",
            &[b"", b"\r\n--B x\r\n--B \r\r\n--B --"],
            false,
        );
        let most = [&b"--B"[..], &[b' '; super::MAX_PADDING], b"\r\nx\r\n--B--"].concat();
        check(&most, &[b"", b"x\r"], true);
        let more = [&b"--B"[..], &[b' '; super::MAX_PADDING + 1], b"\r\nx\r\n--B--"].concat();
        check(&more, &[&more[..more.len() - 6]], true);
    }

    #[test]
    fn a_body_without_its_end_ends_its_message_only() {
        check(b"--B\r\nabc\r\n--B", &[b"", b"abc\r\n--B"], false);
        check(b"", &[b""], false);
        check(b"--B\r\nabc", &[b"", b"abc"], false);
    }
}
