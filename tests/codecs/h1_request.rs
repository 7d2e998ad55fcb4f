//! What a request looks like on the wire, and what can't get there.

use super::feed::request;
use securestreams::proto::h1::H1;
use securestreams::proto::{BodyLen, Codec, ProtoError, ProtoErrorKind, Request, Reuse, Tid};
use securestreams::util::TxBuf;

fn written(req: &Request<'_>) -> Result<String, ProtoError> {
    let mut out = TxBuf::new();
    let mut codec = H1::new();
    match codec.start(req, &mut out) {
        Ok(tid) => {
            assert_eq!(tid, Tid(0));
            assert_eq!(codec.reuse(), if has_close(req) { Reuse::Never } else { Reuse::Busy });
            Ok(String::from_utf8_lossy(out.pending()).into_owned())
        }
        Err(e) => {
            assert!(out.is_empty(), "something was written");
            assert_eq!(codec.reuse(), Reuse::Idle, "a refused request spoilt the connection");
            Err(e)
        }
    }
}

fn has_close(req: &Request<'_>) -> bool {
    req.fields.iter().any(|(n, v)| n.eq_ignore_ascii_case("connection") && *v == b"close")
}

#[test]
fn heads() {
    let fields: &[(&str, &[u8])] = &[("Accept", b"*/*"), ("x-1", b""), ("x-2", b"a\tb \xc3\xa9")];
    let base = Request { fields, path: "/a?b=%20", ..request("GET") };
    let with = |method, body| written(&Request { method, body, ..base.clone() }).unwrap();
    let start = "/a?b=%20 HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\nx-1: \r\nx-2: a\tb é\r\n";
    assert_eq!(with("GET", BodyLen::None), format!("GET {start}\r\n"));
    assert_eq!(with("PUT", BodyLen::Known(0)), format!("PUT {start}Content-Length: 0\r\n\r\n"));
    assert_eq!(
        with("POST", BodyLen::Known(u64::MAX)),
        format!("POST {start}Content-Length: 18446744073709551615\r\n\r\n")
    );
    assert_eq!(
        with("PATCH", BodyLen::Unknown),
        format!("PATCH {start}Transfer-Encoding: chunked\r\n\r\n")
    );
    let star = Request { path: "*", ..request("OPTIONS") };
    assert_eq!(written(&star).unwrap(), "OPTIONS * HTTP/1.1\r\nHost: example.com\r\n\r\n");
    let port = Request { authority: "[::1]:8080", ..request("GET") };
    assert_eq!(written(&port).unwrap(), "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n");
}

#[test]
fn our_own_close_ends_reuse() {
    let fields: &[(&str, &[u8])] = &[("Connection", b"close")];
    assert!(written(&Request { fields, ..request("GET") }).is_ok());
}

fn refused(req: &Request<'_>, names: &str) {
    let error = written(req).expect_err(names);
    assert_eq!(error.kind, ProtoErrorKind::BadRequest);
    assert!(error.detail.contains(names), "{:?} does not name {names:?}", error.detail);
}

#[test]
fn injection_is_refused_by_name() {
    for evil in ["\r", "\n", "\0", "\r\nX: y", "\u{1}", "\u{7f}", " "] {
        refused(&Request { method: &format!("GE{evil}T"), ..request("GET") }, "method");
        refused(&Request { path: &format!("/a{evil}b"), ..request("GET") }, "path");
        refused(&Request { authority: &format!("a{evil}b"), ..request("GET") }, "authority");
        let name = format!("x-{evil}name");
        let fields: &[(&str, &[u8])] = &[("ok", b"ok"), (&name, b"v")];
        refused(&Request { fields, ..request("GET") }, "name of field");
    }
    for evil in ["\r", "\n", "\0", "\r\nX: y", "\r\n\r\nGET /", "\u{1}", "\u{7f}"] {
        let value = format!("a{evil}");
        let fields: &[(&str, &[u8])] = &[("ok", b"ok"), ("x-token", value.as_bytes())];
        refused(&Request { fields, ..request("GET") }, "value of field \"x-token\"");
    }
}

#[test]
fn values_stay_out_of_the_error() {
    let fields: &[(&str, &[u8])] = &[("authorization", b"s3cret\n")];
    let error = written(&Request { fields, ..request("GET") }).unwrap_err();
    assert!(!error.to_string().contains("s3cret"), "{error}");
    assert!(error.detail.contains("0x0a at offset 6"), "{error}");
}

#[test]
fn what_makes_no_request_is_refused_by_name() {
    refused(&request(""), "method");
    refused(&request("CONNECT"), "CONNECT");
    for path in ["", "a", "http://x/", "/a#b", "/\u{e9}", "**"] {
        refused(&Request { path, ..request("GET") }, "path");
    }
    for authority in ["user@host", "a/b", "a?b", "a#b", "a\\b", "\u{e9}"] {
        refused(&Request { authority, ..request("GET") }, "authority");
    }
    for name in ["", "a:", "a b", "(a)", "\u{e9}"] {
        let fields: &[(&str, &[u8])] = &[(name, b"v")];
        refused(&Request { fields, ..request("GET") }, "field");
    }
    for name in ["Host", "content-length", "Transfer-Encoding"] {
        let fields: &[(&str, &[u8])] = &[(name, b"1")];
        refused(&Request { fields, ..request("GET") }, name);
    }
}
