//! RFC 6455 4: the opening handshake, a table for each side.
//!
//! Not to be tested here:
//! - 4.1 one connection in CONNECTING state to a host and port, delays between tries, proxies, TLS
//!   with SNI: the engine's dialling and the policy's retry, not the codec's.
//! - 4.1 "the nonce MUST be selected randomly": the source is the engine's; that 16 bytes are asked
//!   of it is in the first row here.
//! - 4.1 item 6, 4.2.1 item 7 `Origin`: ours is no browser; what a server makes of it is the
//!   program's choice (it gets the field as metadata).
//! - 4.2.2 items 1 and 2, authentication and redirects: h1's and the program's.

use std::cell::RefCell;
use std::rc::Rc;

use securestreams::proto::h1::ServerOptions;
use securestreams::proto::ws::{self, DeflateOffer, Options, Ws};
use securestreams::proto::{BodyLen, Codec, ProtoErrorKind, Upgrade};
use securestreams::util::TxBuf;

use super::super::h1_serve_feed::{Answers, Seen as Asked, Server, fed as served};
use super::super::ws_feed::{ACCEPT, Seen, feed, opening, request};
use super::cuts;

/// 4.1: what is asked, in its order and its spelling.
#[test]
fn the_clients_request() {
    let drawn = Rc::new(RefCell::new(Vec::new()));
    let (mut codec, mut out) = {
        let drawn = Rc::clone(&drawn);
        let random = Rc::new(move |bytes: &mut [u8]| {
            drawn.borrow_mut().push(bytes.len());
            bytes.fill(0);
            true
        });
        (Ws::new(Options::default(), random), TxBuf::new())
    };
    codec.start(&request(), &mut out).unwrap();
    assert_eq!(*drawn.borrow(), [16], "4.1 item 7: a nonce of 16 bytes");
    let text = String::from_utf8(out.pending().to_vec()).unwrap();
    for line in [
        "GET / HTTP/1.1",
        "Host: example.com",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
    ] {
        assert_eq!(text.lines().filter(|l| *l == line).count(), 1, "{line} in {text}");
    }
    assert!(!text.contains("Protocol") && !text.contains("Extensions"), "nobody wants these");
}

enum Then {
    Opens,
    /// The connection is failed, and the error has this word.
    Fails(&'static str),
    /// Not an upgrade: h1 goes on with this status.
    Status(u16),
}

use Then::{Fails, Opens, Status};

/// 4.1, "once the client's opening handshake has been sent": what makes a client fail.
fn answers() -> Vec<(&'static str, Options, String, Then)> {
    let plain = Options::default;
    let chat = || Options { subprotocols: Some("chat, superchat".into()), ..plain() };
    let deflate = || Options { deflate: Some(DeflateOffer::default()), ..plain() };
    let answer = |status: &str, fields: &[&str]| {
        let fields: String = fields.iter().map(|f| format!("{f}\r\n")).collect();
        format!("HTTP/1.1 {status}\r\n{fields}\r\n")
    };
    let (up, conn) = ("Upgrade: websocket", "Connection: Upgrade");
    let accept = &*format!("Sec-WebSocket-Accept: {ACCEPT}");
    let odd = &*format!("sec-websocket-accept:\t {ACCEPT} \t");
    let with = |more: &str| answer("101 x", &[up, conn, accept, more]);
    let key = "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAA==";
    let lower = &*format!("Sec-WebSocket-Accept: {}", ACCEPT.to_lowercase());
    let longer = &*format!("Sec-WebSocket-Accept: {ACCEPT}=");
    vec![
        ("all is well", plain(), String::from_utf8(opening("")).unwrap(), Opens),
        (
            "names and values without case",
            plain(),
            answer("101 ", &["UPGRADE: WebSocket", "connection: keep-alive, uPGRADE", odd]),
            Opens,
        ),
        (
            "1 status 200",
            plain(),
            answer("200 OK", &[up, conn, accept, "Content-Length: 0"]),
            Status(200),
        ),
        ("1 status 401", plain(), answer("401 No", &["Content-Length: 0"]), Status(401)),
        (
            "1 status 302",
            plain(),
            answer("302 There", &["Location: /x", "Content-Length: 0"]),
            Status(302),
        ),
        ("2 no upgrade", plain(), answer("101 x", &[conn, accept]), Fails("upgrade: (none)")),
        (
            "2 another upgrade",
            plain(),
            answer("101 x", &["Upgrade: h2c", conn, accept]),
            Fails("upgrade: h2c"),
        ),
        (
            "2 more than websocket",
            plain(),
            answer("101 x", &["Upgrade: websocket, h2c", conn, accept]),
            Fails("upgrade: websocket, h2c"),
        ),
        (
            "2 two upgrades",
            plain(),
            answer("101 x", &[up, up, conn, accept]),
            Fails("more than one"),
        ),
        ("3 no connection", plain(), answer("101 x", &[up, accept]), Fails("connection")),
        (
            "3 connection without the token",
            plain(),
            answer("101 x", &[up, "Connection: close", accept]),
            Fails("connection"),
        ),
        (
            "3 the token inside a word",
            plain(),
            answer("101 x", &[up, "Connection: upgraded", accept]),
            Fails("connection"),
        ),
        ("4 no accept", plain(), answer("101 x", &[up, conn]), Fails("accept: (none)")),
        (
            "4 empty accept",
            plain(),
            answer("101 x", &[up, conn, "Sec-WebSocket-Accept:"]),
            Fails("accept"),
        ),
        (
            "4 the accept of another key",
            plain(),
            answer("101 x", &[up, conn, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]),
            Fails("accept"),
        ),
        ("4 the key itself", plain(), answer("101 x", &[up, conn, key]), Fails("accept")),
        (
            "4 the accept in lower case",
            plain(),
            answer("101 x", &[up, conn, lower]),
            Fails("accept"),
        ),
        ("4 the accept and more", plain(), answer("101 x", &[up, conn, longer]), Fails("accept")),
        ("4 accept twice", plain(), with(accept), Fails("more than one")),
        (
            "5 an extension nobody wants",
            plain(),
            with("Sec-WebSocket-Extensions: permessage-deflate"),
            Fails("permessage-deflate"),
        ),
        (
            "5 another than was offered",
            deflate(),
            with("Sec-WebSocket-Extensions: x-mux"),
            Fails("x-mux"),
        ),
        (
            "5 one more than was offered",
            deflate(),
            with("Sec-WebSocket-Extensions: permessage-deflate, x-mux"),
            Fails("not offered"),
        ),
        (
            "5 the same twice",
            deflate(),
            with("Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate"),
            Fails("not offered"),
        ),
        (
            "5 the offered one",
            deflate(),
            with("Sec-WebSocket-Extensions: permessage-deflate"),
            Opens,
        ),
        (
            "6 a subprotocol nobody wants",
            plain(),
            with("Sec-WebSocket-Protocol: chat"),
            Fails("protocol: chat"),
        ),
        (
            "6 another than was asked",
            chat(),
            with("Sec-WebSocket-Protocol: mqtt"),
            Fails("protocol: mqtt"),
        ),
        ("6 case counts", chat(), with("Sec-WebSocket-Protocol: Chat"), Fails("protocol: Chat")),
        (
            "6 two of them",
            chat(),
            with("Sec-WebSocket-Protocol: chat, superchat"),
            Fails("protocol: chat, superchat"),
        ),
        ("6 an empty one", chat(), with("Sec-WebSocket-Protocol:"), Fails("protocol")),
        ("6 one that was asked", chat(), with("Sec-WebSocket-Protocol: superchat"), Opens),
        ("6 none is no fault", chat(), with("X-Other: 1"), Opens),
        ("not HTTP", plain(), "SSH-2.0-x\r\n\r\n".into(), Fails("")),
    ]
}

#[test]
fn what_a_client_makes_of_the_answer() {
    for (name, options, answer, then) in answers() {
        let fed = |pieces: &[&[u8]]| {
            feed(options.clone(), pieces.iter().copied(), false).comparable(false)
        };
        let whole = fed(&[answer.as_bytes()]);
        for cut in cuts(answer.as_bytes()) {
            assert_eq!(whole, fed(&cut), "{name}: cut at {}", cut[0].len());
        }
        match then {
            Opens => {
                assert_eq!((whole.error, &whole.seen[..]), (None, &[Seen::Head(101)][..]), "{name}")
            }
            Status(status) => {
                let expected = [Seen::Head(status), Seen::End];
                assert_eq!((whole.error, &whole.seen[..]), (None, &expected[..]), "{name}");
            }
            Fails(word) => {
                let error = whole.error.unwrap_or_else(|| panic!("{name}: {:?}", whole.seen));
                assert_eq!(error.kind, ProtoErrorKind::Malformed, "{name}");
                assert!(error.detail.contains(word), "{name}: {error}");
                assert_eq!(whole.seen, [], "{name}: told open");
                assert_eq!(whole.sent, [], "{name}: a frame before the connection is open");
            }
        }
    }
}

const KEY: &str = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";

/// 4.2.1: what makes a server refuse. [`Status`] 0: a plain request, the program's to answer.
fn requests() -> Vec<(&'static str, String, Then)> {
    let ask = |line: &str, fields: &[&str]| {
        let fields: String = fields.iter().map(|f| format!("{f}\r\n")).collect();
        format!("{line}\r\n{fields}\r\n")
    };
    let get = "GET /chat HTTP/1.1";
    let (host, up, conn, version) =
        ("host: h", "upgrade: websocket", "connection: upgrade", "sec-websocket-version: 13");
    let with = |key: &str| ask(get, &[host, up, conn, version, key]);
    vec![
        ("all is well", with(KEY), Opens),
        (
            "names and tokens without case",
            ask(
                get,
                &[
                    "HOST: h",
                    "Upgrade: WebSocket",
                    "Connection: keep-alive, UPGRADE",
                    "Sec-WebSocket-Version:13",
                    KEY,
                ],
            ),
            Opens,
        ),
        (
            "one of several upgrades",
            ask(get, &[host, "upgrade: h2c, websocket", conn, version, KEY]),
            Opens,
        ),
        ("1 not GET", ask("POST / HTTP/1.1", &[host, up, conn, version, KEY]), Status(400)),
        ("1 HEAD", ask("HEAD / HTTP/1.1", &[host, up, conn, version, KEY]), Status(400)),
        ("1 a body", ask(get, &[host, up, conn, version, KEY, "content-length: 1"]), Status(400)),
        ("1 HTTP/1.0", ask("GET / HTTP/1.0", &[host, up, conn, version, KEY]), Status(0)),
        ("2 no host", ask(get, &[up, conn, version, KEY]), Status(400)),
        ("2 two hosts", ask(get, &[host, host, up, conn, version, KEY]), Status(400)),
        ("3 no upgrade", ask(get, &[host, conn, version, KEY]), Status(0)),
        ("3 another upgrade", ask(get, &[host, "upgrade: h2c", conn, version, KEY]), Status(0)),
        ("4 no connection", ask(get, &[host, up, version, KEY]), Status(0)),
        (
            "4 connection without the token",
            ask(get, &[host, up, "connection: keep-alive", version, KEY]),
            Status(0),
        ),
        ("5 no key", ask(get, &[host, up, conn, version]), Status(400)),
        ("5 an empty key", with("sec-websocket-key:"), Status(400)),
        ("5 a key of 15 bytes", with("sec-websocket-key: dGhlIHNhbXBsZSBub25j"), Status(400)),
        ("5 a key of 17 bytes", with("sec-websocket-key: dGhlIHNhbXBsZSBub25jZWU="), Status(400)),
        ("5 a key of 18 bytes", with("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQAA"), Status(400)),
        ("5 not base64", with("sec-websocket-key: dGhlIHNhbXBsZSBub25j*Q=="), Status(400)),
        ("5 no padding", with("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ"), Status(400)),
        ("11.3.1 two keys", ask(get, &[host, up, conn, version, KEY, KEY]), Status(400)),
        ("6 no version", ask(get, &[host, up, conn, KEY]), Status(426)),
        ("6 version 8", ask(get, &[host, up, conn, KEY, "sec-websocket-version: 8"]), Status(426)),
        ("6 a list", ask(get, &[host, up, conn, KEY, "sec-websocket-version: 13, 8"]), Status(426)),
        ("6 013", ask(get, &[host, up, conn, KEY, "sec-websocket-version: 013"]), Status(426)),
        ("11.3.5 two versions", ask(get, &[host, up, conn, KEY, version, version]), Status(400)),
    ]
}

#[test]
fn what_a_server_makes_of_the_request() {
    let options = ServerOptions { websocket: true, ..Default::default() };
    for (name, request, then) in requests() {
        let fed = |pieces: &[&[u8]]| {
            let mut s: Server = served(options, Answers::Never, pieces.iter().copied(), false);
            let sent = s.sent();
            (s.seen, s.error, sent, s.waiting)
        };
        let whole = fed(&[request.as_bytes()]);
        for cut in cuts(request.as_bytes()) {
            assert_eq!(whole, fed(&cut), "{name}: cut at {}", cut[0].len());
        }
        let (seen, error, sent, _) = whole;
        let upgrade = seen.iter().find_map(|s| match s {
            Asked::Request(ask) => Some(ask.upgrade),
            Asked::Message(..) | Asked::End => None,
        });
        match then {
            Opens => assert_eq!((error, upgrade), (None, Some(Some(Upgrade::WebSocket))), "{name}"),
            Status(0) => assert_eq!((error, upgrade), (None, Some(None)), "{name}"),
            Status(status) => {
                assert!(error.is_some() && upgrade.is_none(), "{name}: {seen:?}");
                assert!(sent.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {sent}");
                // 4.2.2 item 4, 4.4: with the versions that we know
                let versions = sent.contains("\r\nSec-WebSocket-Version: 13\r\n");
                assert_eq!(versions, status == 426, "{name}: {sent}");
            }
            Fails(_) => unreachable!("a server answers"),
        }
    }
}

/// 4.2.2 item 5: the 101, and what it may not say.
#[test]
fn the_servers_answer() {
    let options = ServerOptions { websocket: true, ..Default::default() };
    let ours = |list: Option<&str>, deflate| ws::ServerOptions {
        subprotocols: list.map(str::to_owned),
        deflate,
        ..Default::default()
    };
    let protocol = "Sec-WebSocket-Protocol: ";
    let extension = "Sec-WebSocket-Extensions: ";
    let rows = [
        ("nothing is asked", "", ours(Some("chat"), true), ""),
        ("a subprotocol of ours", "mqtt, chat", ours(Some("chat, echo"), true), "chat"),
        ("none of ours", "mqtt", ours(Some("chat"), true), ""),
        ("we have none", "chat", ours(None, true), ""),
    ];
    for (name, asked, have, taken) in rows {
        let more = match asked {
            "" => String::new(),
            _ => format!("{protocol}{asked}\r\n{extension}x-mux\r\n"),
        };
        let head = format!(
            "GET / HTTP/1.1\r\nhost: h\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-version: 13\r\n{KEY}\r\n{more}\r\n"
        );
        let mut s = served(options, Answers::Never, [head.as_bytes()], false);
        let accepted = ws::accept(s.codec.request(s.tid).unwrap(), &have).unwrap();
        s.respond(101, &accepted.fields(), BodyLen::None);
        let sent = s.sent();
        assert!(sent.starts_with("HTTP/1.1 101 "), "{name}: {sent}");
        for line in [
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        ] {
            assert_eq!(sent.lines().filter(|l| *l == line).count(), 1, "{name}: {sent}");
        }
        let told = sent.lines().find_map(|l| l.strip_prefix(protocol));
        assert_eq!(told, Some(taken).filter(|t| !t.is_empty()), "{name}");
        assert!(!sent.contains(extension), "{name}: an extension nobody offered");
    }
}
