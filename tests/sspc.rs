//! Streams that a proxy carries out, with a scripted proxy: what the stream is told and what the proxy is, over links that
//! come and go; and one action inside the callback of one event, for every pair (a test a cell).

mod fixtures;

use fixtures::peer::Peer;
use fixtures::proxies::Proxy;
use fixtures::ss_proxy::{Seen, SsProxy, serve};
use fixtures::{compile_with, run, scratch, start, start_in};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

fn program() -> PathBuf {
    compile_with("tests/c_api/sspc.c", &["-DLWS_SS_USE_SSPC"])
}

fn socket() -> PathBuf {
    scratch("p").join("s")
}

fn place(socket: &std::path::Path) -> String {
    format!("+{}", socket.display())
}

/// What a stream of this type is told until `until`, and what the proxy is told.
fn trace(kind: &str, until: &str) -> (Vec<String>, Vec<String>) {
    let proxy = SsProxy::start(&socket());
    let outcome = run(&program(), &["trace", &place(&proxy.socket), kind, until]);
    outcome.expect_code(0);
    (outcome.lines().into_iter().map(str::to_owned).collect(), proxy.seen.lines())
}

const ASKED: [&str; 5] =
    ["Timeout(5000)", "Metadata m=v", "Credit(7)", "LengthHint(5)", "OnwardConnect"];

#[test]
fn a_stream_sends_and_receives() {
    let (told, seen) = trace("post", "DISCONNECTED");
    let right = [
        "CREATING",
        "CONNECTING",
        "CONNECTED",
        "tx ord=0 room=4061 for=post",
        "rx hello flags=3 from=second",
        "got-m=v (1)",
        "QOS_ACK_REMOTE",
        "DISCONNECTED",
        "DESTROYING",
        "ok",
    ];
    assert_eq!(told, right);
    assert_eq!(seen[0], "StreamType post 100");
    assert_eq!(seen[1..6], ASKED);
    assert_eq!(seen[6..], ["Payload 3 hello"]);
}

#[test]
fn a_program_brings_its_own_transport() {
    let proxy = SsProxy::start(&socket());
    let place = format!("={}", proxy.socket.display());
    let outcome = run(&program(), &["trace", &place, "post", "DISCONNECTED"]);
    outcome.expect_code(0);
    let (plain, _) = trace("post", "DISCONNECTED");
    let told = outcome.lines();
    // the transport brings payload in pieces
    let payload = |line: &&str| !line.starts_with("rx ") && !line.starts_with("got-m");
    let told: Vec<_> = told.into_iter().filter(payload).collect();
    let plain: Vec<_> = plain.iter().map(String::as_str).filter(payload).collect();
    let with_its_room = told.iter().map(|line| line.replace("room=4093", "room=4061"));
    assert_eq!(with_its_room.collect::<Vec<_>>(), plain);
    let seen = proxy.seen.lines();
    assert_eq!(seen[1..6], ASKED);
    assert_eq!(seen[6..], ["Payload 3 hello"]);
}

#[test]
fn a_programs_transport_comes_and_goes() {
    let at = socket();
    let proxy = SsProxy::start(&at);
    let place = format!("={}", at.display());
    let mut running = start(&program(), &["trace", &place, "echo", "never"]);
    running.wait_for("CONNECTED");
    proxy.seen.wait_for("Payload", 1);
    drop(proxy);
    running.wait_for("DISCONNECTED");
    running.wait_for("UPSTREAM_LINK_RETRY");
    let proxy = SsProxy::start(&at);
    proxy.seen.wait_for("Metadata m=v", 1);
    let outcome = running.kill();
    assert_eq!(outcome.stdout.matches("CREATING").count(), 1, "{outcome}");
}

#[test]
fn a_proxy_is_reached_by_tcp() {
    let seen = Arc::new(Seen::default());
    let of_peer = seen.clone();
    let peer = Peer::start(move |link| {
        let _ = serve(&link, &of_peer);
    });
    let outcome = run(&program(), &["trace", &peer.port.to_string(), "post", "DISCONNECTED"]);
    outcome.expect_code(0);
    assert!(outcome.lines().contains(&"QOS_ACK_REMOTE"), "{outcome}");
    assert_eq!(seen.lines()[1..6], ASKED);
}

#[test]
fn a_link_comes_from_where_it_is_bound() {
    let seen = Arc::new(Seen::default());
    let from = Arc::new(OnceLock::new());
    let (of_peer, of_link) = (seen.clone(), from.clone());
    let peer = Peer::start(move |link| {
        let _ = of_link.set(link.peer_addr().expect("an address").ip().to_string());
        let _ = serve(&link, &of_peer);
    });
    let place = format!("{}@127.0.0.77", peer.port);
    run(&program(), &["trace", &place, "post", "DISCONNECTED"]).expect_code(0);
    assert_eq!(from.get().map(String::as_str), Some("127.0.0.77"));
}

#[test]
fn a_proxy_is_reached_through_socks5() {
    let seen = Arc::new(Seen::default());
    let of_peer = seen.clone();
    let peer = Peer::start(move |link| {
        let _ = serve(&link, &of_peer);
    });
    let socks = Proxy::socks5(None);
    let args = ["trace", &peer.port.to_string(), "post", "DISCONNECTED"];
    let outcome = start_in(&program(), &args, &[("socks_proxy", &socks.address())]).finish();
    outcome.expect_code(0);
    assert!(outcome.lines().contains(&"QOS_ACK_REMOTE"), "{outcome}");
    assert_eq!(socks.logged("connected to 127.0.0.1"), 1);
}

#[test]
fn user_states_performance_and_rideshare_come_through() {
    let (told, _) = trace("mapped", "DISCONNECTED");
    let right = [
        "CREATING",
        "CONNECTING",
        "user state",
        "CONNECTED",
        "rx {\"peer\":1} flags=67 from=mapped",
        "got-m=v (1)",
        "rx other flags=3 from=second",
        "got-m=v (1)",
        "rx own flags=3 from=mapped",
        "got-m=v (1)",
        "DISCONNECTED",
        "DESTROYING",
        "ok",
    ];
    assert_eq!(told, right);
}

#[test]
fn failures_of_the_proxy_are_told() {
    let (told, _) = trace("refuse", "ALL_RETRIES_FAILED");
    let right = ["CREATING", "CONNECTING", "UNREACHABLE", "ALL_RETRIES_FAILED", "DESTROYING", "ok"];
    assert_eq!(told, right);
    let (told, _) = trace("get404", "DISCONNECTED");
    assert_eq!(told[5..8], ["rx  flags=2 from=get404", "got-m=v (1)", "QOS_NACK_REMOTE"]);
    let (told, _) = trace("late", "TIMEOUT");
    assert_eq!(told[2..4], ["CONNECTED", "TIMEOUT"]);
}

#[test]
fn a_denied_stream_is_asked_for_again() {
    let proxy = SsProxy::start(&socket());
    let program = program();
    let running = start(&program, &["trace", &place(&proxy.socket), "deny", "never"]);
    proxy.seen.wait_for("StreamType deny", 2);
    let outcome = running.kill();
    assert!(outcome.stderr.contains("deny: the proxy has no such stream"), "{outcome}");
    assert_eq!(outcome.stdout, "");
}

#[test]
fn links_that_make_no_sense_or_say_nothing_are_made_anew() {
    for (kind, why) in [("junk", "no frame has the type 0xff"), ("silent", "does not answer")] {
        let proxy = SsProxy::start(&socket());
        let running = start(&program(), &["trace", &place(&proxy.socket), kind, "never"]);
        proxy.seen.wait_for("StreamType", 2);
        let outcome = running.kill();
        assert!(outcome.stderr.contains(why), "{outcome}");
        assert!(outcome.stdout.matches("CREATING").count() < 2, "{outcome}");
    }
}

#[test]
fn a_stream_lives_on_when_the_proxy_restarts() {
    let at = socket();
    let proxy = SsProxy::start(&at);
    let mut running = start(&program(), &["trace", &place(&at), "echo", "never"]);
    running.wait_for("rx hello flags=3 from=second");
    drop(proxy);
    running.wait_for("DISCONNECTED");
    running.wait_for("UPSTREAM_LINK_RETRY");
    let proxy = SsProxy::start(&at);
    proxy.seen.wait_for("Metadata m=v", 1);
    assert_eq!(proxy.seen.lines()[..2], ["StreamType echo 100", "Metadata m=v"]);
    let outcome = running.kill();
    assert_eq!(outcome.stdout.matches("CREATING").count(), 1, "{outcome}");
}

#[test]
fn without_a_proxy_every_attempt_is_told() {
    let at = socket();
    let outcome = run(&program(), &["trace", &place(&at), "echo", "UPSTREAM_LINK_RETRY"]);
    outcome.expect_code(0);
    assert_eq!(outcome.lines(), ["UPSTREAM_LINK_RETRY", "DESTROYING", "ok"]);
}

#[test]
fn misuse_is_refused() {
    let proxy = SsProxy::start(&socket());
    let outcome = run(&program(), &["misuse", &place(&proxy.socket)]);
    outcome.expect_code(0);
    assert_eq!(outcome.lines().last(), Some(&"ok"), "{outcome}");
}

#[test]
fn names_of_rideshare_types_go_with_their_stream() {
    let proxy = SsProxy::start(&socket());
    let outcome = run(&program(), &["names", &place(&proxy.socket)]);
    outcome.expect_code(0);
    assert_eq!(outcome.lines().last(), Some(&"ok"), "{outcome}");
}

#[test]
fn a_transport_that_reports_what_it_was_told_to_do_makes_no_attempt_for_a_stream_that_is_gone() {
    let proxy = SsProxy::start(&socket());
    for at in [&socket(), &proxy.socket] {
        let outcome = run(&program(), &["rude", &format!("={}", at.display())]);
        outcome.expect_code(0);
        assert_eq!(outcome.lines().last(), Some(&"ok"), "{outcome}");
    }
}

/// One action inside the callback of one event, on either kind of link.
fn nested(event: &str, action: &str) {
    for mark in ["+", "="] {
        nested_on(mark, event, action);
    }
}

fn nested_on(mark: &str, event: &str, action: &str) {
    static PROXY: OnceLock<SsProxy> = OnceLock::new();
    let proxy = PROXY.get_or_init(|| SsProxy::start(&socket()));
    let place = |socket: &std::path::Path| format!("{mark}{}", socket.display());
    let none = place(&socket());
    let (at, kind, event) = match event {
        "link_retry" => (none, "echo", "UPSTREAM_LINK_RETRY"),
        "creating" => (place(&proxy.socket), "get", "CREATING"),
        "connecting" => (place(&proxy.socket), "get", "CONNECTING"),
        "connected" => (place(&proxy.socket), "get", "CONNECTED"),
        "rx" => (place(&proxy.socket), "get", "rx"),
        "rx_eom" => (place(&proxy.socket), "get", "rx_eom"),
        "tx" => (place(&proxy.socket), "echo", "tx"),
        "ack" => (place(&proxy.socket), "get", "QOS_ACK_REMOTE"),
        "nack" => (place(&proxy.socket), "get404", "QOS_NACK_REMOTE"),
        "disconnected" => (place(&proxy.socket), "get", "DISCONNECTED"),
        "disconnected_by_link" => (place(&proxy.socket), "lost", "DISCONNECTED"),
        "unreachable" => (place(&proxy.socket), "refuse", "UNREACHABLE"),
        "all_retries_failed" => (place(&proxy.socket), "refuse", "ALL_RETRIES_FAILED"),
        "timeout" => (place(&proxy.socket), "late", "TIMEOUT"),
        "wait_cancelled" => (place(&proxy.socket), "echo", "EVENT_WAIT_CANCELLED"),
        "destroying" => (place(&proxy.socket), "echo", "DESTROYING"),
        other => panic!("{other}"),
    };
    let outcome = run(&program(), &["nested", &at, kind, event, action]);
    outcome.expect_code(0);
    assert_eq!(outcome.lines().last(), Some(&"ok"), "{outcome}");
}

/// A module for every event, in it a test for every action.
macro_rules! nested {
    ($($event:ident)*) => { mod nested { $(
        mod $event {
            nested!(@cells $event: destroy_self destroy_other request_tx client_connect create_other destroy_context
                    ret_destroy_me ret_disconnect_me);
        }
    )* } };
    (@cells $event:ident: $($action:ident)*) => { $(
        #[test]
        fn $action() {
            crate::nested(stringify!($event), stringify!($action));
        }
    )* };
}

nested! {
    link_retry creating connecting connected rx rx_eom tx ack nack disconnected disconnected_by_link unreachable
    all_retries_failed timeout wait_cancelled destroying
}
