//! The C API as C programs use it: one action inside the callback of one event, for every pair (a test a cell), and calls
//! that must be refused.

mod fixtures;

use fixtures::peer::{self, Peer};
use fixtures::{closed_port, compile, policy, run, scratch};
use std::path::PathBuf;
use std::sync::OnceLock;

/// Peers and policy that all cells share.
struct Stage {
    _echo: Peer,
    _http: Peer,
    policy: PathBuf,
}

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let (echo, http) = (peer::echo(), peer::http());
        let stream = |name: &str, port: u16, more: &str| {
            format!(
                "{{\"{name}\": {{\"endpoint\": \"127.0.0.1\", \"port\": {port}, \
                 \"opportunistic\": true, \"retry\": \"default\", \
                 \"metadata\": [{{\"m\": \"\"}}], {more}}}}}"
            )
        };
        let h1 = |method: &str, url: &str| {
            format!("\"protocol\": \"h1\", \"http_method\": \"{method}\", \"http_url\": \"{url}\"")
        };
        let streams = [
            stream("get", http.port, &h1("GET", "/text")),
            stream("get404", http.port, &h1("GET", "/404")),
            stream(
                "redirect",
                http.port,
                &format!("{}, \"allow_redirects\": true", h1("GET", "/redirect")),
            ),
            stream("post", http.port, &h1("POST", "/post")),
            stream("raw", echo.port, "\"protocol\": \"raw\""),
            stream("refused", closed_port(), "\"protocol\": \"raw\""),
        ];
        let policy = policy(&scratch("policy"), &[], &streams);
        Stage { _echo: echo, _http: http, policy }
    })
}

#[track_caller]
fn check(source: &str, args: &[&str]) {
    let mut all = vec![stage().policy.to_str().expect("UTF-8")];
    all.extend(args);
    let outcome = run(&compile(source), &all);
    outcome.expect_code(0);
    assert_eq!(outcome.lines().last(), Some(&"ok"), "{outcome}");
}

/// A module for every event, in it a test for every action.
macro_rules! reentrancy {
    ($($event:ident)*) => { mod reentrancy { $(
        mod $event {
            reentrancy!(@cells $event: destroy_self destroy_other request_tx client_connect create_other
                        destroy_context ret_destroy_me ret_disconnect_me);
        }
    )* } };
    (@cells $event:ident: $($action:ident)*) => { $(
        #[test]
        fn $action() {
            crate::check("tests/c_api/reentrancy.c", &[stringify!($event), stringify!($action)]);
        }
    )* };
}

reentrancy! {
    creating poll connecting poll_in_create connecting_in_create connected rx rx_eom tx post_tx ack nack disconnected
    unreachable all_retries_failed timeout wait_cancelled destroying
}

macro_rules! misuse {
    ($($case:ident)*) => { mod misuse { $(
        #[test]
        fn $case() {
            crate::check("tests/c_api/misuse.c", &[stringify!($case)]);
        }
    )* } };
}

macro_rules! callbacks {
    ($($case:ident)*) => { mod callbacks { $(
        #[test]
        fn $case() {
            crate::check("tests/c_api/callbacks.c", &[stringify!($case)]);
        }
    )* } };
}

callbacks! {
    log_hooks due_timer far_timer handle_of_another_context notifier tag_stays log_refcount stubborn
}

misuse! { null_arguments stale_handle handle_reuse bad_names other_thread hand_over }
