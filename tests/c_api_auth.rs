//! Requests signed with a key of AWS's, and the token of Amazon's login, as C programs use them.

mod fixtures;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use fixtures::peer::Peer;
use fixtures::{Outcome, compile, run, scratch};
use securestreams::system::sigv4;
use zeroize::Zeroizing;

const KEY: (&str, &str) = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");

/// A request as it came: method, path, fields, body.
#[derive(Clone, Debug)]
struct Came {
    method: String,
    path: String,
    fields: Vec<(String, String)>,
    body: String,
}

impl Came {
    fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, v)| v.as_str())
    }
}

/// Reads one request.
fn read(stream: &mut TcpStream) -> Option<Came> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lines = head.lines();
            let mut first = lines.next()?.split(' ').map(str::to_owned);
            let fields: Vec<(String, String)> = lines
                .filter_map(|l| l.split_once(": "))
                .map(|(n, v)| (n.to_owned(), v.to_owned()))
                .collect();
            let came =
                Came { method: first.next()?, path: first.next()?, fields, body: body.to_owned() };
            let length: usize = came.field("content-length").map_or(0, |v| v.parse().unwrap());
            if came.body.len() >= length {
                return Some(came);
            }
        }
        let mut buf = [0; 4096];
        match stream.read(&mut buf) {
            Ok(n @ 1..) => bytes.extend_from_slice(&buf[..n]),
            _ => return None,
        }
    }
}

type Log = Arc<Mutex<Vec<Came>>>;

/// A server that answers each request by `reply`, and what came.
fn server(reply: impl Fn(&Came) -> String + Send + Sync + 'static) -> (Peer, Log) {
    let log = Log::default();
    let kept = Arc::clone(&log);
    let peer = Peer::start(move |mut stream| {
        while let Some(came) = read(&mut stream) {
            kept.lock().unwrap().push(came.clone());
            if stream.write_all(reply(&came).as_bytes()).is_err() {
                break;
            }
        }
    });
    (peer, log)
}

fn response(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Runs `auth.c` with a policy that has these stream types.
fn auth(mode: &str, streams: &str, args: &[&str]) -> Outcome {
    let file = scratch(mode).join("policy.json");
    let text = format!(
        "{{\"retry\": [{{\"default\": {{\"backoff\": [50], \"conceal\": 0}}}}],\n\
         \"auth\": [{{\"name\": \"aws\", \"type\": \"sigv4\", \"blob\": 2}}],\n\"s\": [{streams}]}}\n"
    );
    std::fs::write(&file, text).expect("the policy");
    let mut all = vec![mode, file.to_str().expect("UTF-8")];
    all.extend(args);
    let outcome = run(&compile("tests/c_api/auth.c"), &all);
    outcome.expect_code(0);
    outcome
}

/// A stream type whose requests are signed.
fn signed(port: u16, more: &str) -> String {
    format!(
        "{{\"put\": {{\"endpoint\": \"127.0.0.1\", \"port\": {port}, \"protocol\": \"h1\", \
         \"http_method\": \"PUT\", \"http_url\": \"a%20b?y=2&x=1\", \"opportunistic\": true, \
         \"retry\": \"default\", \"use_auth\": \"aws\", \"aws_region\": \"where\", \
         \"aws_service\": \"what\", \"metadata\": [{{\"where\": \"\"}}, {{\"what\": \"\"}}, \
         {{\"hash\": \"x-amz-content-sha256:\"}}, {{\"date\": \"x-amz-date:\"}}, \
         {{\"acl\": \"X-Amz-Acl:\"}}, {{\"other\": \"x-other:\"}}]{more}}}}}"
    )
}

/// The signature that belongs to a request as it came.
fn expected(came: &Came, payload: &str) -> String {
    let bytes = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
    let fields: Vec<(&str, &[u8])> = came
        .fields
        .iter()
        .filter(|(n, _)| *n == "Host" || n.to_ascii_lowercase().starts_with("x-amz-"))
        .map(|(n, v)| (n.as_str(), v.as_bytes()))
        .collect();
    let request = sigv4::Request {
        region: "us-west-2",
        service: "s3",
        method: &came.method,
        path: &came.path,
        fields: &fields,
        payload,
    };
    sigv4::authorization(&sigv4::Key { id: bytes(KEY.0), secret: bytes(KEY.1) }, &request)
        .expect("a signature")
}

#[test]
fn a_request_is_signed_as_it_is_sent() {
    let (peer, log) = server(|_| response("200 OK", ""));
    let hash = sigv4::sha256_hex(b"hello");
    let args = [
        KEY.0,
        KEY.1,
        "where=us-west-2",
        "what=s3",
        "acl=bucket-owner-full-control",
        "other=unsigned",
        "date=20150830T123600Z",
        &format!("hash={hash}"),
    ];
    let outcome = auth("sign", &signed(peer.port, ""), &args);
    assert_eq!(outcome.lines(), ["QOS_ACK_REMOTE", "ok"], "{outcome}");
    let came = log.lock().unwrap()[0].clone();
    let authorization = came.field("authorization").expect("a signature");
    assert_eq!(authorization, expected(&came, &hash));
    assert!(authorization.starts_with(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-west-2/s3/aws4_request, \
         SignedHeaders=host;x-amz-acl;x-amz-content-sha256;x-amz-date, Signature="
    ));
    assert_eq!((came.body.as_str(), came.field("x-other")), ("hello", Some("unsigned")));
    for secret in [KEY.1, "wJalr"] {
        assert!(!outcome.stderr.contains(secret), "{outcome}");
    }
}

/// Without metadata for it, the library's own clock says the date.
#[test]
fn the_date_is_added() {
    let (peer, log) = server(|_| response("200 OK", ""));
    let hash = sigv4::sha256_hex(b"hello");
    let before = sigv4::timestamp(std::time::SystemTime::now());
    let hash_arg = format!("hash={hash}");
    let args = [KEY.0, KEY.1, "where=us-west-2", "what=s3", &hash_arg];
    auth("sign", &signed(peer.port, ""), &args);
    let after = sigv4::timestamp(std::time::SystemTime::now());
    let came = log.lock().unwrap()[0].clone();
    let date = came.field("x-amz-date").expect("a date").to_owned();
    assert!(before <= date && date <= after, "{before} {date} {after}");
    assert_eq!(came.field("authorization"), Some(&*expected(&came, &hash)));
}

/// What cannot be signed is not sent, and the log says why.
#[test]
fn requests_that_cannot_be_signed() {
    let (peer, log) = server(|_| response("200 OK", ""));
    let policy = signed(peer.port, "");
    let (id, secret) = KEY;
    let date = "date=20150830";
    for (args, why) in [
        (vec!["-", "-", "where=r", "what=s3"], "no key was set for blob 2"),
        (vec![id, secret, "what=s3"], "aws_region: metadata 'where' is not set"),
        (vec![id, secret, "where=r", "what="], "aws_service: metadata 'what' is not set"),
        (vec![id, secret, "where=r", "what=s3"], "without tls a payload needs its hash"),
        (vec![id, secret, "where=r", "what=s3", "hash=x", date], "x-amz-date is not of the form"),
        (vec!["a b", secret, "where=r", "what=s3", "hash=x"], "the key's id has other characters"),
    ] {
        let outcome = auth("sign", &policy, &args);
        assert_eq!(outcome.lines(), ["ALL_RETRIES_FAILED", "ok"], "{outcome}");
        assert!(outcome.stderr.contains(why), "no {why:?}\n{outcome}");
        assert!(!outcome.stderr.contains(secret), "{outcome}");
    }
    assert_eq!(log.lock().unwrap().len(), 0);
}

/// Stream types for a login and for the use of its token.
fn login_policy(port: u16) -> String {
    let stream = |name: &str, more: &str| {
        format!(
            "{{\"{name}\": {{\"endpoint\": \"127.0.0.1\", \"port\": {port}, \"protocol\": \"h1\", \
             \"opportunistic\": true, \"retry\": \"default\", {more}}}}}"
        )
    };
    let login = stream(
        "api_amazon_com_auth",
        r#""http_method": "POST", "http_url": "auth/o2/token", "http_www_form_urlencoded": true"#,
    );
    let user = stream(
        "use",
        r#""http_method": "GET", "http_url": "x", "http_auth_header": "authorization:",
           "http_auth_preamble": "bearer ""#,
    );
    format!("{login}, {user}")
}

/// A server whose logins are answered by `replies` in turn, and which tells others what they
/// proved themselves with.
fn login_server(replies: Vec<String>) -> (Peer, Log) {
    let turn = AtomicUsize::new(0);
    server(move |came| match came.path.as_str() {
        "/auth/o2/token" => replies[turn.fetch_add(1, Ordering::SeqCst)].clone(),
        _ => response("200 OK", &format!("{}\n", came.field("authorization").unwrap_or("-"))),
    })
}

fn token(text: &str, more: &str) -> String {
    response("200 OK", &format!("{{\"access_token\": \"{text}\"{more}, \"token_type\": \"b\"}}"))
}

#[test]
fn the_token_is_there_before_operational_and_renewed_when_it_expires() {
    let (peer, log) = login_server(vec![
        token("first", ", \"expires_in\": 1"),
        token("second", ", \"expires_in\": 3600"),
    ]);
    let outcome = auth("login", &login_policy(peer.port), &["grant=root-secret", "2"]);
    let ack = "QOS_ACK_REMOTE";
    let lines = ["operational", "bearer first", ack, "bearer second", ack, "ok"];
    assert_eq!(outcome.lines(), lines, "{outcome}");
    let log = log.lock().unwrap();
    let order: Vec<&str> = log.iter().map(|c| c.path.as_str()).collect();
    assert_eq!(order, ["/auth/o2/token", "/x", "/auth/o2/token", "/x"]);
    let form = Some("application/x-www-form-urlencoded");
    for login in [&log[0], &log[2]] {
        assert_eq!((login.method.as_str(), login.body.as_str()), ("POST", "grant=root-secret"));
        assert_eq!(login.field("content-type"), form);
    }
    for secret in ["root-secret", "first", "second"] {
        assert!(!outcome.stderr.contains(secret), "{outcome}");
    }
}

/// A login that failed leaves the state below AUTH1, until something asks for it again.
#[test]
fn a_failed_login_can_be_repeated() {
    for (bad, why) in [
        (response("403 Forbidden", "no"), "the server refused"),
        (response("200 OK", "no"), "the response is not JSON"),
        (response("200 OK", "{}"), "the response has no access_token"),
    ] {
        let (peer, _log) = login_server(vec![bad, token("good", "")]);
        let outcome = auth("login", &login_policy(peer.port), &["root", "1"]);
        let lines = outcome.lines();
        assert!(lines[0].starts_with("error ") && lines[0].contains(why), "{outcome}");
        assert_eq!(lines[1..], ["operational", "bearer good", "QOS_ACK_REMOTE", "ok"]);
    }
}

/// Requests have the preamble alone, as with the reference.
#[test]
fn without_a_root_token_there_is_no_login() {
    let (peer, log) = login_server(vec![]);
    let outcome = auth("login", &login_policy(peer.port), &["", "0"]);
    assert_eq!(outcome.lines(), ["operational", "bearer ", "QOS_ACK_REMOTE", "ok"], "{outcome}");
    assert_eq!(log.lock().unwrap().len(), 1);
}
