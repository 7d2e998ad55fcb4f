//! The proxy protocol: what is written is read again, in every cut; bytes of libwebsockets
//! 5.0.0 are read; what no peer sends is refused.

use super::sss_feed::{Decode, Outcome, Seen, feed, feed_whole_and_bytewise};
use securestreams::proto::ProtoErrorKind::{BadRequest, Malformed};
use securestreams::proto::sss::{
    ClientDecoder, MAX_PAYLOAD, Payload, ProxyDecoder, Sent, ToClient, ToProxy, flags,
    rideshare_types,
};
use securestreams::util::TxBuf;

const SENT: Sent = Sent { held_us: 0x0102_0304, at_us: 0x1112_1314_1516_1718 };

fn to_proxy(frames: &[ToProxy<'_>]) -> Vec<u8> {
    let mut out = TxBuf::new();
    frames.iter().for_each(|f| f.encode(&mut out).unwrap());
    out.pending().to_vec()
}

fn to_client(frames: &[ToClient<'_>]) -> Vec<u8> {
    let mut out = TxBuf::new();
    frames.iter().for_each(|f| f.encode(&mut out).unwrap());
    out.pending().to_vec()
}

fn payload(flags: u32, rideshare: Option<&'static str>, bytes: &'static [u8]) -> Payload<'static> {
    Payload { flags, sent: SENT, rideshare, bytes }
}

/// All that a client can say.
fn client_words() -> Vec<ToProxy<'static>> {
    vec![
        ToProxy::Timeout(0),
        ToProxy::StreamType { pid: 77, credit: -1, name: "mintest" },
        ToProxy::Metadata { name: "ctype", value: b"text/plain" },
        ToProxy::Metadata { name: "e", value: b"" },
        ToProxy::LengthHint(1_000_000),
        ToProxy::OnwardConnect,
        ToProxy::Credit(-5),
        ToProxy::Payload(payload(flags::SOM, None, b"hello ")),
        ToProxy::Payload(payload(flags::EOM, None, b"world")),
        ToProxy::Payload(payload(flags::SOM | flags::EOM, None, b"")),
        ToProxy::cancel_timeout(),
        ToProxy::Destroying,
    ]
}

/// All that a proxy can say.
fn proxy_words() -> Vec<ToClient<'static>> {
    vec![
        ToClient::Created { ok: true, buflen: 4096, types: ",a,b" },
        ToClient::State { state: 5, ack: 0 },
        ToClient::State { state: 1200, ack: 9 },
        ToClient::Credit(1 << 20),
        ToClient::Metadata { name: "server", value: b"x\0y" },
        ToClient::Payload(payload(flags::SOM | flags::RELATED_START, None, b"abc")),
        ToClient::Payload(payload(flags::EOM | flags::RELATED_END, Some("b"), b"defg")),
        ToClient::Payload(payload(flags::EOM, Some("longer"), b"")),
        ToClient::Perf(b"{\"dns\":1}"),
    ]
}

/// What [`feed`] makes of frames that were encoded.
fn seen_of_client(frames: &[ToProxy<'_>]) -> Vec<Seen> {
    frames.iter().map(|f| if let ToProxy::Payload(p) = f { seen(p) } else { text(f) }).collect()
}

fn seen_of_proxy(frames: &[ToClient<'_>]) -> Vec<Seen> {
    frames.iter().map(|f| if let ToClient::Payload(p) = f { seen(p) } else { text(f) }).collect()
}

fn text(frame: &impl std::fmt::Debug) -> Seen {
    Seen::Frame(format!("{frame:?}"))
}

fn seen(p: &Payload<'_>) -> Seen {
    let rideshare = p.rideshare.map(str::to_owned);
    let times = (p.sent.held_us, p.sent.at_us);
    Seen::Payload { flags: p.flags, rideshare, times, bytes: p.bytes.to_vec() }
}

#[test]
fn all_words_come_back_in_every_cut() {
    fn check<D: Decode>(bytes: &[u8], right: &[Seen]) {
        let whole = feed_whole_and_bytewise::<D>(bytes);
        assert_eq!((whole.error, whole.at_frame_end), (None, true));
        assert_eq!(whole.seen, right);
        for at in 0..bytes.len() {
            let (a, b) = bytes.split_at(at);
            assert_eq!(feed::<D>([a, b]).seen, right, "cut at {at}");
        }
    }
    check::<ProxyDecoder>(&to_proxy(&client_words()), &seen_of_client(&client_words()));
    check::<ClientDecoder>(&to_client(&proxy_words()), &seen_of_proxy(&proxy_words()));
}

#[test]
fn layouts_are_these() {
    assert_eq!(
        to_proxy(&[ToProxy::StreamType { pid: 8, credit: 500_000_000, name: "w" }]),
        b"\xaa\0\x0a\x01\0\0\0\x08\x1d\xcd\x65\0w"
    );
    assert_eq!(to_proxy(&[ToProxy::OnwardConnect, ToProxy::Destroying]), b"\xab\0\0\xac\0\0");
    assert_eq!(
        to_proxy(&[ToProxy::Payload(payload(3, None, b"hi"))]),
        b"\xad\0\x12\0\0\0\x03\x01\x02\x03\x04\x11\x12\x13\x14\x15\x16\x17\x18hi"
    );
    assert_eq!(
        to_proxy(&[ToProxy::Metadata { name: "ab", value: b"cde" }]),
        b"\xae\0\x06\x02abcde"
    );
    assert_eq!(to_proxy(&[ToProxy::Credit(-2)]), b"\xaf\0\x04\xff\xff\xff\xfe");
    assert_eq!(to_proxy(&[ToProxy::cancel_timeout()]), b"\xb0\0\x04\xff\xff\xff\xff");
    assert_eq!(to_proxy(&[ToProxy::LengthHint(258)]), b"\xb1\0\x04\0\0\x01\x02");
    let created = ToClient::Created { ok: false, buflen: 0x102, types: ",x" };
    assert_eq!(to_client(&[created]), b"\x56\0\x07\x01\0\0\x01\x02,x");
    assert_eq!(to_client(&[ToClient::State { state: 5, ack: 1 }]), b"\x57\0\x05\x05\0\0\0\x01");
    assert_eq!(
        to_client(&[ToClient::State { state: 1000, ack: 0 }]),
        b"\x57\0\x08\0\0\x03\xe8\0\0\0\0"
    );
    assert_eq!(to_client(&[ToClient::Credit(7)]), b"\x58\0\x04\0\0\0\x07");
    assert_eq!(
        to_client(&[ToClient::Payload(payload(1, Some("rs"), b"hi"))]),
        b"\x55\0\x15\0\0\0\x21\x01\x02\x03\x04\x11\x12\x13\x14\x15\x16\x17\x18\x02rshi"
    );
    assert_eq!(to_client(&[ToClient::Perf(b"{}")]), b"\x5b\0\x02{}");
}

#[test]
fn flags_apply_to_the_pieces_that_they_mean() {
    let all = flags::SOM | flags::EOM | flags::RELATED_START | flags::RELATED_END | flags::POLL;
    let mut bytes = to_client(&proxy_words()[..1]);
    bytes.extend(to_client(&[ToClient::Payload(payload(all, None, b"abc"))]));
    let mut decoder = ClientDecoder::new();
    let mut flags_seen = Vec::new();
    for mut input in bytes.chunks(1) {
        while let Some(frame) = decoder.next(&mut input).unwrap() {
            if let ToClient::Payload(p) = frame {
                flags_seen.push(p.flags);
            }
        }
    }
    let first = flags::SOM | flags::RELATED_START | flags::POLL;
    assert_eq!(flags_seen, [first, 0, flags::EOM | flags::RELATED_END]);
}

#[test]
fn rideshare_types_come_in_order() {
    assert_eq!(rideshare_types(",a,b").collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(rideshare_types("a").collect::<Vec<_>>(), ["a"]);
    assert_eq!(rideshare_types("").count(), 0);
}

#[test]
fn what_does_not_fit_is_not_written() {
    let long = "n".repeat(256);
    let big = vec![0; 70_000];
    let mut out = TxBuf::new();
    let name = long.as_str();
    for frame in [
        ToProxy::StreamType { pid: 0, credit: 0, name },
        ToProxy::StreamType { pid: 0, credit: 0, name: "" },
        ToProxy::Metadata { name, value: b"" },
        ToProxy::Metadata { name: "n", value: &big },
        ToProxy::Payload(Payload { flags: 0, sent: SENT, rideshare: None, bytes: &big }),
    ] {
        assert_eq!(frame.encode(&mut out).unwrap_err().kind, BadRequest);
    }
    for frame in [
        ToClient::Metadata { name, value: b"" },
        ToClient::Perf(&big),
        ToClient::Created { ok: true, buflen: 0, types: std::str::from_utf8(&big).unwrap() },
        ToClient::Payload(Payload { flags: 0, sent: SENT, rideshare: Some(name), bytes: b"" }),
        ToClient::Payload(Payload {
            flags: 0,
            sent: SENT,
            rideshare: Some("n"),
            bytes: &big[..MAX_PAYLOAD - 1],
        }),
    ] {
        assert_eq!(frame.encode(&mut out).unwrap_err().kind, BadRequest);
    }
    assert!(out.is_empty());
    let most = Payload { flags: 0, sent: SENT, rideshare: None, bytes: &big[..MAX_PAYLOAD] };
    ToProxy::Payload(most).encode(&mut out).unwrap();
    assert_eq!(out.pending()[..3], [0xad, 0xff, 0xff]);
}

#[track_caller]
fn refused<D: Decode>(before: &[u8], bytes: &[u8], text: &str) {
    let outcome = feed_whole_and_bytewise::<D>(&[before, bytes].concat());
    let e = outcome.error.unwrap_or_else(|| panic!("{bytes:02x?} passed"));
    assert_eq!(e.kind, Malformed);
    assert!(e.detail.contains(text), "{:?} does not say {text:?}", e.detail);
}

#[test]
fn types_are_checked() {
    for kind in 0..=255u8 {
        let frame = format!("0x{kind:02x}");
        if !matches!(kind, 0xaa | 0xac | 0xb0) {
            refused::<ProxyDecoder>(b"", &[kind], &frame);
        }
        if !matches!(kind, 0xab..=0xb1) {
            refused::<ProxyDecoder>(b"\xaa\0\x0a\x01\0\0\0\x08\0\0\0\0w", &[kind], &frame);
        }
        if kind != 0x56 {
            refused::<ClientDecoder>(b"", &[kind], &frame);
        }
        if !matches!(kind, 0x55 | 0x57..=0x59 | 0x5b) {
            refused::<ClientDecoder>(b"\x56\0\x05\0\0\0\0\0", &[kind], &frame);
        }
    }
}

#[test]
fn what_clients_do_not_say_is_refused() {
    let named = b"\xaa\0\x0a\x01\0\0\0\x08\0\0\0\0w";
    refused::<ProxyDecoder>(b"", b"\xaa\0\x09", "STREAMTYPE of 9 bytes");
    refused::<ProxyDecoder>(b"", b"\xaa\x02\0", "STREAMTYPE of 512 bytes");
    refused::<ProxyDecoder>(b"", b"\xaa\0\x0a\x02\0\0\0\x08\0\0\0\0w", "version 2");
    refused::<ProxyDecoder>(b"", b"\xaa\0\x0a\x01\0\0\0\x08\0\0\0\0\xff", "UTF-8");
    refused::<ProxyDecoder>(b"", b"\xaa\0\x0a\x01\0\0\0\x08\0\0\0\0\0", "NUL");
    for (bytes, why) in [
        (&b"\xab\0\x01"[..], "ONWARD_CONNECT of 1 bytes: 0 are right"),
        (b"\xac\0\x01", "DESTROYING of 1 bytes"),
        (b"\xad\0\x0f", "TX_PAYLOAD of 15 bytes"),
        (b"\xae\0\x01", "METADATA of 1 bytes"),
        (b"\xae\0\x02\x02a", "a name of 2 bytes in 2 bytes"),
        (b"\xae\0\x02\x00a", "without a name"),
        (b"\xae\0\x02\x01\xff", "UTF-8"),
        (b"\xaf\0\x03", "TXCR_UPDATE of 3 bytes: 4 are right"),
        (b"\xb0\0\x05", "TIMEOUT_UPDATE of 5"),
        (b"\xb1\0\0", "PAYLOAD_LENGTH_HINT of 0"),
        (b"\xac\0\0\xab", "after DESTROYING"),
        (b"\xad\0\x10\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0\0", "RIDESHARE name of 0 bytes"),
        (b"\xad\0\x12\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\x02", "name of 2 bytes where 2"),
        (b"\xad\0\x12\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\x01\xff", "UTF-8"),
    ] {
        let bytes = if why.contains("a name of") { [bytes, b"b"].concat() } else { bytes.to_vec() };
        refused::<ProxyDecoder>(named, &bytes, why);
    }
}

#[test]
fn what_proxies_do_not_say_is_refused() {
    let created = b"\x56\0\x05\0\0\0\0\0";
    refused::<ClientDecoder>(b"", b"\x56\0\x04", "CREATE_RESULT of 4 bytes");
    refused::<ClientDecoder>(b"", b"\x56\0\x06\0\0\0\0\0\xff", "UTF-8");
    for (bytes, why) in [
        (&b"\x55\0\x0f"[..], "RX_PAYLOAD of 15 bytes"),
        (b"\x57\0\x04", "CONNSTATE of 4 bytes"),
        (b"\x57\0\x06\0\0\0\0\0\0", "CONNSTATE of 6 bytes: 5 or 8"),
        (b"\x57\0\x09", "CONNSTATE of 9 bytes"),
        (b"\x58\0\x05", "TXCR_UPDATE of 5 bytes"),
        (b"\x59\0\0", "METADATA of 0 bytes"),
        (b"\x5b\0\0", "PERF of 0 bytes"),
    ] {
        refused::<ClientDecoder>(created, bytes, why);
    }
}

/// Bytes that the client and the proxy of libwebsockets 5.0.0 exchanged.
const REFERENCE: &str = include_str!("sss_reference.txt");

#[test]
fn bytes_of_the_reference_are_read() {
    let mut links = 0;
    for link in REFERENCE.split("\n\n").filter(|l| l.lines().any(|l| !l.starts_with('#'))) {
        let of = |mark: &str| -> Vec<u8> {
            let lines = link.lines().filter_map(|l| l.strip_prefix(mark));
            let hex: String = lines.flat_map(|l| l.split_whitespace()).collect();
            (0..hex.len())
                .step_by(2)
                .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
                .collect()
        };
        let client = feed_whole_and_bytewise::<ProxyDecoder>(&of("> "));
        let proxy = feed_whole_and_bytewise::<ClientDecoder>(&of("< "));
        for Outcome { seen, error, at_frame_end } in [&client, &proxy] {
            assert_eq!((error, at_frame_end), (&None, &true), "{link}");
            assert!(!seen.is_empty(), "{link}");
        }
        let words = |outcome: &Outcome| -> String {
            outcome
                .seen
                .iter()
                .map(|s| match s {
                    Seen::Frame(text) => format!("{text}\n"),
                    Seen::Payload { flags, bytes, .. } => {
                        format!("Payload {flags} {}\n", bytes.len())
                    }
                })
                .collect()
        };
        let told: String = link
            .lines()
            .filter_map(|l| l.strip_prefix("# "))
            .fold(String::new(), |all, line| all + line + "\n");
        assert_eq!(words(&client) + &words(&proxy), told);
        links += 1;
    }
    assert!(links > 3);
}

#[test]
fn mutations_are_read_alike_in_every_cut() {
    const MUTATIONS: usize = 3000;
    // xorshift: the same in every run
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let (proxy, client) = (to_proxy(&client_words()), to_client(&proxy_words()));
    let mut errors = 0;
    for _ in 0..MUTATIONS {
        for (seed, for_proxy) in [(&proxy, true), (&client, false)] {
            let mut bytes = seed.clone();
            for _ in 0..=random(3) {
                let at = random(bytes.len());
                match random(4) {
                    0 => bytes[at] ^= 1 << random(8),
                    1 => bytes[at] = random(256) as u8,
                    2 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, random(256) as u8),
                }
            }
            let outcome = if for_proxy {
                feed_whole_and_bytewise::<ProxyDecoder>(&bytes)
            } else {
                feed_whole_and_bytewise::<ClientDecoder>(&bytes)
            };
            errors += usize::from(outcome.error.is_some());
        }
    }
    assert!(errors > MUTATIONS / 10, "mutations that break nothing test nothing");
}
