//! RFC 9113 4 to 8: what comes of a peer's frames: rows for both sides, for a server, for a client.
//! The `h2` crate is underneath. A row whose name ends in `*` has the crate's answer where the RFC
//! names another: a connection error in place of a stream error, as 5.4.1 allows, or PROTOCOL_ERROR
//! where there is a closer code, which falls short of 7.
//!
//! Floods, resets, limits of heads and bodies, and windows that wait for credit are in
//! `h2_serve.rs`, `h2_receive.rs` and `h2_send.rs`.
//!
//! Not to be tested here:
//! - 5.1.2 "MUST treat as stream error" for too many *pushed* streams: pushes are refused as such.
//! - 5.3 priorities: deprecated, and ignored (rows "5.3").
//! - 6.5.3 "settings MUST be processed in order": only the last of equal ones is ever seen.
//! - 3.2, 9.2 what TLS has to be: rustls'.
//! - 6.9.1 reserved bit on *sending*, 4.1 flags "MUST be left unset": the crate writes all headers.

use securestreams::proto::h2::{Options, ServerOptions};
use securestreams::proto::{BodyLen, Codec, ProtoError, Request, Tid};

use super::super::h2_feed::*;
use super::super::h2_serve_feed::{Server, ask, get, hello};
use super::cuts;

const PROTOCOL_ERROR: u32 = 1;
const FLOW_CONTROL_ERROR: u32 = 3;
const STREAM_CLOSED: u32 = 5;
const FRAME_SIZE_ERROR: u32 = 6;
const REFUSED_STREAM: u32 = 7;

const PRIORITY: u8 = 2;
const PADDED: u8 = 8;
const WITH_PRIORITY: u8 = 0x20;
const MAX_FRAME_SIZE: u16 = 5;
const ENABLE_PUSH: u16 = 2;
const FULL: u32 = i32::MAX as u32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// The connection ends with this code.
    Goaway(u32),
    /// A stream ends with this code, the connection goes on.
    Rst(u32, u32),
    /// Nothing ends.
    Fine,
}

use Then::{Fine, Goaway, Rst};

struct Row(&'static str, Vec<u8>, Then);

/// What came out.
#[derive(Debug, PartialEq, Eq)]
struct Came {
    error: Option<ProtoError>,
    sent: Vec<Sent>,
}

/// Stream 1 is a request whose body has begun, and on a client its answer too.
fn fed(side: Side, pieces: &[&[u8]]) -> Came {
    match side {
        Side::Client => {
            let mut c = Client::new(Options::default());
            let post = Request { body: BodyLen::Unknown, ..request("POST") };
            assert_eq!(c.start(&post), Ok(Tid(1)));
            c.feed(&welcome()).feed(&ok(1)).sent();
            let error = pieces.iter().find_map(|p| c.try_feed(p).err());
            Came { error, sent: c.sent() }
        }
        Side::Server => {
            let options = ServerOptions { max_streams: 3, ..Default::default() };
            let mut s = Server::new(options, false);
            s.feed(&hello()).feed(&ask(1, false, "POST", &[])).sent();
            let error = pieces.iter().find_map(|p| s.try_feed(p).err());
            Came { error, sent: s.sent() }
        }
    }
}

fn judge(side: Side, Row(name, bytes, then): &Row) -> Option<String> {
    // whatever goes on answers a ping
    let bytes = [&bytes[..], &frame(PING, 0, 0, b"goes on?")].concat();
    let came = fed(side, &[&bytes]);
    assert_eq!(came, fed(side, &bytes.chunks(1).collect::<Vec<_>>()), "{name}: byte by byte");
    for cut in cuts(&bytes) {
        assert_eq!(came, fed(side, &cut), "{name}: cut at {}", cut[0].len());
    }
    let number =
        |f: &Sent, at: usize| u32::from_be_bytes(f.payload[at..at + 4].try_into().unwrap());
    let goaway = came.sent.iter().find(|f| f.kind == GOAWAY).map(|f| Goaway(number(f, 4)));
    let rst = came.sent.iter().find(|f| f.kind == RST_STREAM).map(|f| Rst(f.stream, f.number()));
    let pong = came.sent.iter().any(|f| f.kind == PING && f.payload == b"goes on?");
    let got = goaway.or(rst).unwrap_or(Fine);
    let ends = matches!(got, Goaway(_));
    let agree = came.error.is_some() == ends && pong != ends;
    (got != *then || !agree).then(|| format!("{side:?} {name}: {got:?}, not {then:?}; {came:?}\n"))
}

/// All wrong rows at once.
fn judge_all(sides: &[Side], rows: &[Row]) {
    let wrong: String =
        sides.iter().flat_map(|s| rows.iter().filter_map(|row| judge(*s, row))).collect();
    assert!(wrong.is_empty(), "{wrong}");
}

fn signal(stream: u32) -> Vec<u8> {
    [&stream.to_be_bytes()[..], &[15]].concat()
}

#[test]
fn frames_of_both_sides() {
    let f = frame;
    let begun = |stream| f(HEADERS, 0, stream, b"\x88");
    judge_all(
        &[Side::Client, Side::Server],
        &[
            // 4, 5.5
            Row("4.1 an unknown type", f(0x42, 255, 9, b"what"), Fine),
            Row("4.1 unknown flags", f(PING, 0xfe, 0, &[0; 8]), Fine),
            Row("4.1 the reserved bit", f(WINDOW_UPDATE, 0, 1 | 1 << 31, &[0, 0, 0, 1]), Fine),
            Row("4.2 larger than announced", f(DATA, 0, 1, &[0; 16_385]), Goaway(FRAME_SIZE_ERROR)),
            Row("4.2 the same, unknown", f(0x42, 0, 0, &[0; 16_385]), Goaway(FRAME_SIZE_ERROR)),
            Row(
                "5.5 unknown inside a field block",
                [begun(1), f(0x42, 0, 1, b"")].concat(),
                Goaway(PROTOCOL_ERROR),
            ),
            // 5.1
            Row("5.1 DATA on an idle stream", data(7, true, b"x"), Goaway(PROTOCOL_ERROR)),
            Row("5.1 RST_STREAM on an idle stream", rst(7, 8), Goaway(PROTOCOL_ERROR)),
            Row("5.1 WINDOW_UPDATE on an idle stream", window_update(7, 1), Goaway(PROTOCOL_ERROR)),
            Row(
                "5.1 WINDOW_UPDATE after the end",
                [data(1, true, b""), window_update(1, 1)].concat(),
                Fine,
            ),
            Row("5.1 RST_STREAM after the end", [data(1, true, b""), rst(1, 8)].concat(), Fine),
            Row("5.1 RST_STREAM twice", [rst(1, 8), rst(1, 8)].concat(), Fine),
            Row(
                "5.1 WINDOW_UPDATE after RST_STREAM",
                [rst(1, 8), window_update(1, 1)].concat(),
                Fine,
            ),
            Row(
                "5.1 DATA after RST_STREAM",
                [rst(1, 8), data(1, false, b"x")].concat(),
                Rst(1, STREAM_CLOSED),
            ),
            Row(
                "5.3 PRIORITY on any stream",
                [f(PRIORITY, 0, 1, &signal(3)), f(PRIORITY, 0, 99, &signal(0))].concat(),
                Fine,
            ),
            Row("5.3 a stream that depends on itself", f(PRIORITY, 0, 1, &signal(1)), Fine),
            // 6.1
            Row("6.1 DATA on stream 0", data(0, false, b"x"), Goaway(PROTOCOL_ERROR)),
            Row("6.1 padding", f(DATA, PADDED, 1, b"\x02ab00"), Fine),
            Row("6.1 nothing but padding", f(DATA, PADDED, 1, b"\x0200"), Fine),
            Row(
                "6.1 padding as long as the frame",
                f(DATA, PADDED, 1, b"\x03ab"),
                Goaway(PROTOCOL_ERROR),
            ),
            Row(
                "6.1 padding longer than the frame",
                f(DATA, PADDED, 1, b"\x09ab"),
                Goaway(PROTOCOL_ERROR),
            ),
            Row("6.1 no length of the padding", f(DATA, PADDED, 1, b""), Goaway(FRAME_SIZE_ERROR)),
            // 6.2
            Row("6.2 HEADERS on stream 0", headers(0, true, &[]), Goaway(PROTOCOL_ERROR)),
            Row(
                "6.2 padding longer than the frame",
                f(HEADERS, 5 | PADDED, 1, b"\x09\x82"),
                Goaway(PROTOCOL_ERROR),
            ),
            Row(
                "6.2 no length of the padding",
                f(HEADERS, 5 | PADDED, 1, b""),
                Goaway(FRAME_SIZE_ERROR),
            ),
            Row(
                "6.2 half a priority",
                f(HEADERS, 5 | WITH_PRIORITY, 1, &[0; 4]),
                Goaway(FRAME_SIZE_ERROR),
            ),
            Row(
                "6.2 trailers without an end",
                headers(1, false, &[("a", "b")]),
                Rst(1, PROTOCOL_ERROR),
            ),
            // 6.3, 6.4
            Row("6.3 PRIORITY on stream 0", f(PRIORITY, 0, 0, &signal(3)), Goaway(PROTOCOL_ERROR)),
            Row("6.3 PRIORITY of 4 bytes *", f(PRIORITY, 0, 1, &[0; 4]), Goaway(FRAME_SIZE_ERROR)),
            Row("6.4 RST_STREAM on stream 0", rst(0, 8), Goaway(PROTOCOL_ERROR)),
            Row("6.4 RST_STREAM of 3 bytes", f(RST_STREAM, 0, 1, b"abc"), Goaway(FRAME_SIZE_ERROR)),
            Row(
                "6.4 RST_STREAM of 5 bytes",
                f(RST_STREAM, 0, 1, b"abcde"),
                Goaway(FRAME_SIZE_ERROR),
            ),
            // 6.5
            Row("6.5 SETTINGS on a stream", f(SETTINGS, 0, 1, b""), Goaway(PROTOCOL_ERROR)),
            Row("6.5 an ack with payload", f(SETTINGS, ACK, 0, &[0; 6]), Goaway(FRAME_SIZE_ERROR)),
            Row("6.5 SETTINGS of 5 bytes", f(SETTINGS, 0, 0, &[0; 5]), Goaway(FRAME_SIZE_ERROR)),
            Row("6.5.2 an unknown setting", settings(&[(0xabc, 1)]), Fine),
            Row("6.5.2 ENABLE_PUSH 2", settings(&[(ENABLE_PUSH, 2)]), Goaway(PROTOCOL_ERROR)),
            Row(
                "6.5.2 window of 2^31",
                settings(&[(INITIAL_WINDOW_SIZE, FULL + 1)]),
                Goaway(FLOW_CONTROL_ERROR),
            ),
            Row("6.5.2 window of 2^31-1", settings(&[(INITIAL_WINDOW_SIZE, FULL)]), Fine),
            Row(
                "6.5.2 frames under 2^14",
                settings(&[(MAX_FRAME_SIZE, 16_383)]),
                Goaway(PROTOCOL_ERROR),
            ),
            Row(
                "6.5.2 frames of 2^24",
                settings(&[(MAX_FRAME_SIZE, 1 << 24)]),
                Goaway(PROTOCOL_ERROR),
            ),
            Row("6.5.2 frames of 2^24-1", settings(&[(MAX_FRAME_SIZE, (1 << 24) - 1)]), Fine),
            // 6.7, 6.8
            Row("6.7 PING on a stream", f(PING, 0, 1, &[0; 8]), Goaway(PROTOCOL_ERROR)),
            Row("6.7 PING of 7 bytes", f(PING, 0, 0, &[0; 7]), Goaway(FRAME_SIZE_ERROR)),
            Row("6.7 PING of 9 bytes", f(PING, 0, 0, &[0; 9]), Goaway(FRAME_SIZE_ERROR)),
            Row("6.7 an ack of nothing", f(PING, ACK, 0, &[0; 8]), Fine),
            Row("6.8 GOAWAY on a stream", f(GOAWAY, 0, 1, &[0; 8]), Goaway(PROTOCOL_ERROR)),
            Row("6.8 GOAWAY of 7 bytes", f(GOAWAY, 0, 0, &[0; 7]), Goaway(FRAME_SIZE_ERROR)),
            Row("6.8 what is under way goes on", goaway(1, 0), Fine),
            // 6.9
            Row("6.9 WINDOW_UPDATE of 0", window_update(0, 0), Goaway(PROTOCOL_ERROR)),
            Row(
                "6.9 WINDOW_UPDATE of 0 on a stream *",
                window_update(1, 0),
                Goaway(PROTOCOL_ERROR),
            ),
            Row(
                "6.9 WINDOW_UPDATE of 3 bytes",
                f(WINDOW_UPDATE, 0, 0, b"abc"),
                Goaway(FRAME_SIZE_ERROR),
            ),
            Row(
                "6.9 WINDOW_UPDATE of 5 bytes",
                f(WINDOW_UPDATE, 0, 1, b"abcde"),
                Goaway(FRAME_SIZE_ERROR),
            ),
            Row(
                "6.9.1 connection window over 2^31-1",
                window_update(0, FULL),
                Goaway(FLOW_CONTROL_ERROR),
            ),
            Row(
                "6.9.1 stream window over 2^31-1",
                window_update(1, FULL),
                Rst(1, FLOW_CONTROL_ERROR),
            ),
            Row(
                "6.9.2 SETTINGS make a window too large",
                [window_update(1, FULL - 65_535), settings(&[(INITIAL_WINDOW_SIZE, 65_536)])]
                    .concat(),
                Goaway(FLOW_CONTROL_ERROR),
            ),
            Row(
                "6.9.2 SETTINGS make a window smaller",
                settings(&[(INITIAL_WINDOW_SIZE, 0)]),
                Fine,
            ),
            // 6.10
            Row("6.10 CONTINUATION of nothing", f(CONTINUATION, 4, 1, b""), Goaway(PROTOCOL_ERROR)),
            Row(
                "6.10 CONTINUATION after the end",
                [headers(1, true, &[("a", "b")]), f(CONTINUATION, 4, 1, b"")].concat(),
                Goaway(PROTOCOL_ERROR),
            ),
            Row(
                "6.10 another frame between",
                [begun(1), data(1, false, b"")].concat(),
                Goaway(PROTOCOL_ERROR),
            ),
            Row(
                "6.10 CONTINUATION of another stream",
                [begun(1), f(CONTINUATION, 4, 3, b"")].concat(),
                Goaway(PROTOCOL_ERROR),
            ),
            Row(
                "6.10 CONTINUATION on stream 0",
                [begun(1), f(CONTINUATION, 4, 0, b"")].concat(),
                Goaway(PROTOCOL_ERROR),
            ),
            // 8.1
            Row("8.1 trailers", headers(1, true, &[("a", "b")]), Fine),
            // the crate drops them: the program never sees one
            Row("8.1 pseudo fields in trailers *", headers(1, true, &[(":status", "200")]), Fine),
            Row(
                "8.1 upper case in trailers *",
                headers(1, true, &[("X-A", "b")]),
                Goaway(PROTOCOL_ERROR),
            ),
            Row("4.3 broken compression *", f(HEADERS, 5, 1, &[255; 20]), Goaway(PROTOCOL_ERROR)),
        ],
    );
}

#[test]
fn a_clients_frames() {
    let with = |more: &[(&str, &str)]| ask(3, true, "GET", more);
    let pseudo = |fields: &[(&str, &str)]| headers(3, true, fields);
    let (m, s, p) = ((":method", "GET"), (":scheme", "http"), (":path", "/"));
    let a = (":authority", "a");
    let wrong = Rst(3, PROTOCOL_ERROR);
    let fields = || block(&[m, s, p, a]);
    let length = |n: &str| ask(3, false, "POST", &[("content-length", n)]);
    let self_dependent = {
        let depends = [&signal(3)[..], &fields()].concat();
        frame(HEADERS, 5 | WITH_PRIORITY, 3, &depends)
    };
    judge_all(
        &[Side::Server],
        &[
            Row(
                "5.1 DATA after the end *",
                [data(1, true, b""), data(1, true, b"x")].concat(),
                Goaway(PROTOCOL_ERROR),
            ),
            Row(
                "5.1 HEADERS after the end *",
                [data(1, true, b""), headers(1, true, &[("a", "b")])].concat(),
                Goaway(PROTOCOL_ERROR),
            ),
            Row("5.1.1 an even stream", get(2), Goaway(PROTOCOL_ERROR)),
            Row(
                "5.1.1 a lower stream than before",
                [get(5), get(3)].concat(),
                Goaway(PROTOCOL_ERROR),
            ),
            Row("5.1.1 streams may be passed over", [get(5), get(99)].concat(), Fine),
            Row(
                "5.1.2 one more than we let it have",
                [get(3), get(5), get(7)].concat(),
                Rst(7, REFUSED_STREAM),
            ),
            Row(
                "5.1.2 ended ones do not count",
                [get(3), rst(3, 8), get(5), get(7)].concat(),
                Fine,
            ),
            Row("5.3 HEADERS that depend on themselves", self_dependent, Fine),
            Row(
                "6.2 padding and priority",
                frame(
                    HEADERS,
                    5 | PADDED | WITH_PRIORITY,
                    3,
                    &[&[2][..], &signal(0), &fields(), &[0, 0]].concat(),
                ),
                Fine,
            ),
            Row(
                "6.6 PUSH_PROMISE",
                frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2]),
                Goaway(PROTOCOL_ERROR),
            ),
            Row("6.8 GOAWAY, then a request all the same", [goaway(0, 0), get(3)].concat(), Fine),
            Row(
                "6.9 as much as the stream's window, taken as it comes",
                data(1, false, &[b'x'; 16_384]).repeat(16),
                Fine,
            ),
            Row(
                "8.1.1 shorter than announced",
                [length("3"), data(3, true, b"ab")].concat(),
                wrong,
            ),
            Row("8.1.1 longer than announced", [length("1"), data(3, true, b"ab")].concat(), wrong),
            Row("8.1.1 announced, and nothing comes", with(&[("content-length", "1")]), wrong),
            Row(
                "8.1.1 two lengths",
                with(&[("content-length", "0"), ("content-length", "1")]),
                wrong,
            ),
            Row("8.1.1 no length", length("x"), wrong),
            Row("8.2.1 upper case *", with(&[("X-A", "b")]), Goaway(PROTOCOL_ERROR)),
            Row("8.2.1 a space in a name *", with(&[("x a", "b")]), Goaway(PROTOCOL_ERROR)),
            Row("8.2.1 no name *", with(&[("", "b")]), Goaway(PROTOCOL_ERROR)),
            Row(
                "8.2.1 a line end in a value *",
                with(&[("a", "b\r\nc: d")]),
                Goaway(PROTOCOL_ERROR),
            ),
            Row("8.2.2 connection", with(&[("connection", "close")]), wrong),
            Row("8.2.2 keep-alive", with(&[("keep-alive", "1")]), wrong),
            Row("8.2.2 proxy-connection", with(&[("proxy-connection", "close")]), wrong),
            Row("8.2.2 transfer-encoding", with(&[("transfer-encoding", "chunked")]), wrong),
            Row("8.2.2 upgrade", with(&[("upgrade", "h2c")]), wrong),
            Row("8.2.2 te", with(&[("te", "gzip")]), wrong),
            Row("8.2.2 te: trailers", with(&[("te", "trailers")]), Fine),
            Row("8.3 a pseudo field behind others", pseudo(&[m, s, ("a", "b"), p]), wrong),
            Row("8.3 an unknown pseudo field *", with(&[(":x", "y")]), Goaway(PROTOCOL_ERROR)),
            Row("8.3 method twice", pseudo(&[m, m, s, p]), wrong),
            Row("8.3 scheme twice", pseudo(&[m, s, s, p]), wrong),
            Row("8.3 path twice", pseudo(&[m, s, p, p]), wrong),
            Row("8.3 authority twice", pseudo(&[m, s, p, a, a]), wrong),
            Row("8.3.1 no method", pseudo(&[s, p, a]), wrong),
            Row("8.3.1 no scheme", pseudo(&[m, p, a]), wrong),
            Row("8.3.1 no path", pseudo(&[m, s, a]), wrong),
            Row("8.3.1 an empty path", pseudo(&[m, s, a, (":path", "")]), wrong),
            Row("8.3.2 a response", pseudo(&[(":status", "200")]), wrong),
            Row("8.3.2 a status in a request", pseudo(&[m, s, p, a, (":status", "200")]), wrong),
            Row(
                "8.5 :protocol, which nobody offered",
                pseudo(&[(":method", "CONNECT"), s, p, a, (":protocol", "websocket")]),
                wrong,
            ),
        ],
    );
}

#[test]
fn a_servers_frames() {
    let push = frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2]);
    judge_all(
        &[Side::Client],
        &[
            Row(
                "5.1 DATA after the end",
                [data(1, true, b""), data(1, true, b"x")].concat(),
                Rst(1, STREAM_CLOSED),
            ),
            Row("5.1.1 a stream that nobody began", ok(3), Goaway(PROTOCOL_ERROR)),
            Row("5.1.1 an even stream that was not promised", ok(2), Goaway(PROTOCOL_ERROR)),
            Row(
                "6.5.2 ENABLE_PUSH 1 from a server",
                settings(&[(ENABLE_PUSH, 1)]),
                Goaway(PROTOCOL_ERROR),
            ),
            Row("6.5.2 ENABLE_PUSH 0 from a server", settings(&[(ENABLE_PUSH, 0)]), Fine),
            Row("6.6 a push, which we disabled", push, Goaway(PROTOCOL_ERROR)),
            Row(
                "6.8 GOAWAY twice, the last stream lower",
                [goaway(5, 0), goaway(1, 0)].concat(),
                Fine,
            ),
            Row(
                "6.8 GOAWAY twice, the last stream higher",
                [goaway(1, 0), goaway(5, 0)].concat(),
                Goaway(PROTOCOL_ERROR),
            ),
        ],
    );
}

/// 8.1, 8.3.2: what an answer may not be. Stream 1 is a GET that waits for it; where both sides of it
/// have ended there is nothing left to reset ([`Fine`]), but the program is told. The crate drops
/// pseudo fields of a request in an answer (8.3), as it does in trailers: none is ever seen.
#[test]
fn a_servers_answer() {
    let head =
        |end, more: &[(&str, &str)]| headers(1, end, &[&[(":status", "200")], more].concat());
    let rows: Vec<(&str, Vec<u8>, Then)> = vec![
        ("8.1 DATA in front of HEADERS", data(1, false, b"x"), Goaway(PROTOCOL_ERROR)),
        (
            "8.1.1 shorter than announced",
            [head(false, &[("content-length", "3")]), data(1, true, b"ab")].concat(),
            Rst(1, PROTOCOL_ERROR),
        ),
        (
            "8.1.1 longer than announced",
            [head(false, &[("content-length", "1")]), data(1, true, b"ab")].concat(),
            Rst(1, PROTOCOL_ERROR),
        ),
        ("8.2.1 upper case *", head(true, &[("X-A", "b")]), Goaway(PROTOCOL_ERROR)),
        ("8.2.2 connection", head(true, &[("connection", "close")]), Rst(1, PROTOCOL_ERROR)),
        (
            "8.2.2 transfer-encoding",
            head(true, &[("transfer-encoding", "chunked")]),
            Rst(1, PROTOCOL_ERROR),
        ),
        (
            "8.3 status behind others",
            headers(1, true, &[("a", "b"), (":status", "200")]),
            Rst(1, PROTOCOL_ERROR),
        ),
        ("8.3 status twice", head(true, &[(":status", "200")]), Rst(1, PROTOCOL_ERROR)),
        ("8.3 a request", headers(1, true, &[(":method", "GET"), (":path", "/")]), Fine),
        ("8.3.2 no status", headers(1, true, &[("a", "b")]), Fine),
        ("8.3.2 status 99 *", headers(1, true, &[(":status", "99")]), Goaway(PROTOCOL_ERROR)),
        (
            "8.3.2 no status, and it goes on",
            headers(1, false, &[("a", "b")]),
            Rst(1, PROTOCOL_ERROR),
        ),
        ("8.1 an interim answer that ends", headers(1, true, &[(":status", "103")]), Fine),
    ];
    let mut wrong = String::new();
    for (name, bytes, then) in rows {
        let whole = feed_whole_and_bytewise(Setup::default(), &bytes);
        for cut in cuts(&bytes) {
            assert_eq!(whole, feed(Setup::default(), cut), "{name}: cut at {}", cut[0].len());
        }
        let mut c = Client::with_get();
        c.sent();
        let ended = c.try_feed(&bytes).is_err();
        let sent = c.sent();
        let rst = sent.iter().find(|f| f.kind == RST_STREAM).map(|f| Rst(f.stream, f.number()));
        let code = |f: &Sent| Goaway(u32::from_be_bytes(f.payload[4..8].try_into().unwrap()));
        let got = sent.iter().find(|f| f.kind == GOAWAY).map(code).or(rst).unwrap_or(Fine);
        let told = ended || c.seen.iter().any(|s| matches!(s, Seen::Reset(1, _)));
        if got != then || !told {
            wrong.push_str(&format!("{name}: {got:?}, not {then:?}, {:?}\n", c.seen));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// 6.9.1: more than the window that we announced.
#[test]
fn a_peer_that_ignores_our_window() {
    let mut c = Client::with_get();
    c.codec.limit_peer(Tid(1), 0);
    c.feed(&ok(1)).feed(&data(1, false, &[b'x'; 16_384]).repeat(16));
    assert_eq!(c.sent_of(RST_STREAM), []);
    c.feed(&data(1, false, b"x"));
    let rst = c.sent_of(RST_STREAM).remove(0);
    assert_eq!((rst.stream, rst.number()), (1, FLOW_CONTROL_ERROR));
}

/// 6.9.2: a window that SETTINGS made negative is filled before anything is sent.
#[test]
fn a_negative_window() {
    let mut s = Server::new(ServerOptions::default(), false);
    s.feed(&[PREFACE, &settings(&[(INITIAL_WINDOW_SIZE, 10)]), &get(1)].concat());
    s.respond(1, 200, BodyLen::Unknown).unwrap();
    assert_eq!(s.send(1, &[b'x'; 25], true), 10);
    s.feed(&settings(&[(INITIAL_WINDOW_SIZE, 2)]));
    for (more, sent) in [(7, 0), (1, 0), (5, 5)] {
        s.feed(&window_update(1, more));
        assert_eq!(s.send(1, &[b'x'; 15], true), sent, "8 below, {more} more");
    }
    s.feed(&settings(&[(INITIAL_WINDOW_SIZE, 5)]));
    assert_eq!(s.send(1, &[b'x'; 15], true), 3, "raised for streams that are open, too");
}

/// 4.3, 5.3: what is ignored of a field block still counts for the compression.
#[test]
fn a_self_dependent_head_is_decompressed() {
    let mut s = Server::greeted(false);
    let mut head = block(&[(":method", "GET"), (":scheme", "http"), (":path", "/")]);
    // 6.2.1: a literal that goes into the table
    head.extend(b"\x40\x0a:authority\x05later");
    s.feed(&frame(HEADERS, 5 | WITH_PRIORITY, 1, &[&signal(1)[..], &head].concat()));
    let mut next = block(&[(":method", "GET"), (":scheme", "http"), (":path", "/")]);
    next.push(0x80 | 62);
    s.feed(&frame(HEADERS, 5, 3, &next));
    assert_eq!(s.codec.request(Tid(3)).expect("a request").authority, "later");
    assert!(s.codec.request(Tid(1)).is_some());
}
