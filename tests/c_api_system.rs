//! Streams of the library's own, as C programs see them: the policy's download, captive portal detection.

mod fixtures;

use fixtures::peer::{Peer, read_request};
use fixtures::{closed_port, compile, policy, run, scratch};
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A response, head and body.
fn response(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn stream(name: &str, port: u16, path: &str) -> String {
    format!(
        "{{\"{name}\": {{\"endpoint\": \"127.0.0.1\", \"port\": {port}, \"protocol\": \"h1\", \
         \"http_method\": \"GET\", \"http_url\": \"{path}\", \"opportunistic\": true, \
         \"retry\": \"default\"}}}}"
    )
}

/// A server that answers `/policy` with `responses` in turn, piece by piece, and anything else
/// with its path.
fn server(responses: Vec<String>) -> Peer {
    let turn = AtomicUsize::new(0);
    Peer::start(move |mut peer: TcpStream| {
        let _ = peer.set_nodelay(true);
        let mut pending = Vec::new();
        while let Some((path, _)) = read_request(&mut peer, &mut pending) {
            let reply = if path == "/policy" {
                responses[turn.fetch_add(1, Ordering::SeqCst)].clone()
            } else {
                response("200 OK", &format!("{path}\n"))
            };
            for piece in reply.as_bytes().chunks(7) {
                if peer.write_all(piece).is_err() {
                    return;
                }
            }
        }
    })
}

/// What the program prints if its policy is to come from `port`.
fn fetch_policy(port: u16, name: &str) -> Vec<String> {
    let streams = [("fetch_policy", "policy"), ("before", "x"), ("both", "old")]
        .map(|(n, p)| stream(n, port, p));
    let file = policy(&scratch(name), &[], &streams);
    let outcome = run(&compile("tests/c_api/fetch_policy.c"), &[file.to_str().expect("UTF-8")]);
    outcome.expect_code(0);
    outcome.lines().iter().map(|l| (*l).to_owned()).collect()
}

/// A policy that has other stream types, and another path for the one of the same name.
fn new_policy() -> String {
    let streams = [stream("after", 1, "x"), stream("both", 1, "new")];
    format!(
        "{{\"retry\": [{{\"default\": {{\"backoff\": [50], \"conceal\": 1}}}}],\n \"s\": [{}]}}\n",
        streams.join(",")
    )
}

/// What the program prints from OPERATIONAL on: the stream that it had keeps its old type.
const THEN: [&str; 5] =
    ["operational", "before does not exist", "after exists", "both: /old", "ok"];

#[test]
fn the_fetched_policy_comes_into_force() {
    let server = server(vec![response("200 OK", &new_policy())]);
    assert_eq!(fetch_policy(server.port, "fetched"), THEN);
}

#[track_caller]
fn fails_once(name: &str, first: &str, error: &str) {
    let server = server(vec![first.to_owned(), response("200 OK", &new_policy())]);
    let lines = fetch_policy(server.port, name);
    assert!(lines[0].starts_with("error ") && lines[0].contains(error), "{lines:?}");
    assert_eq!(lines[1..], THEN);
}

#[test]
fn a_bad_policy_changes_nothing_and_can_be_fetched_again() {
    let bad = new_policy().replace("\"h1\"", "\"h1.1\"");
    fails_once("bad", &response("200 OK", &bad), "the policy that came is bad");
}

#[test]
fn half_a_policy_is_none() {
    let text = new_policy();
    let half = response("200 OK", &text[..text.len() / 2]);
    fails_once("half", &half, "holds no complete policy");
}

#[test]
fn another_status_is_a_failure() {
    let refused = response("404 Not Found", &new_policy());
    fails_once("refused", &refused, "not the expected one");
}

#[test]
fn an_empty_response_is_a_failure() {
    fails_once("empty", &response("200 OK", ""), "holds no complete policy");
}

#[test]
fn a_server_that_is_not_there() {
    let lines = fetch_policy(closed_port(), "nobody");
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[..2].iter().all(|l| l.contains("all retries failed")), "{lines:?}");
    assert_eq!(lines[2], "ok");
}

/// Looks for a captive portal with a server that answers so, and returns the result's message
/// with the state.
#[track_caller]
fn detect(name: &str, how: &str, reply: &str, expected: &str) {
    let server = server(vec![reply.to_owned()]);
    let stream = stream("captive_portal_detect", server.port, "policy").replace(
        "\"http_method\"",
        "\"http_expect\": 204, \"http_fail_redirect\": true, \"http_method\"",
    );
    let file = policy(&scratch(name), &[], &[stream]);
    let outcome = run(&compile("tests/c_api/cpd.c"), &[file.to_str().expect("UTF-8"), how]);
    outcome.expect_code(0);
    assert_eq!(outcome.lines(), [expected, "ok"], "{outcome}");
}

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const OK: &str = r#"{"type":"cpd","result":"OK"} 1"#;
const CAPTIVE: &str = r#"{"type":"cpd","result":"Captive"} 2"#;
const NO_INTERNET: &str = r#"{"type":"cpd","result":"No internet"} 3"#;

#[test]
fn the_internet_is_there() {
    detect("cpd-ok", "start", NO_CONTENT, OK);
}

#[test]
fn detection_starts_later_or_by_a_message() {
    detect("cpd-defer", "defer", NO_CONTENT, OK);
    detect("cpd-message", "message", NO_CONTENT, OK);
}

#[test]
fn a_redirect_is_a_captive_portal() {
    let reply = "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n";
    detect("cpd-captive", "start", reply, CAPTIVE);
}

#[test]
fn another_status_is_no_internet() {
    detect("cpd-none", "start", &response("200 OK", "hello"), NO_INTERNET);
}

#[test]
fn the_program_itself_or_an_option_may_decide() {
    detect("cpd-ops", "ops", NO_CONTENT, CAPTIVE);
    detect("cpd-bypass", "bypass", NO_CONTENT, OK);
}
