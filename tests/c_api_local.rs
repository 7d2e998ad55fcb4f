//! Streams that never leave the process, as C programs use them: sinks and sources, system messages, descriptors handed
//! over, files; and loops of the program's own.

mod fixtures;

use fixtures::{compile, policy, run, scratch};
use std::path::PathBuf;
use std::sync::OnceLock;

fn stage() -> &'static PathBuf {
    static POLICY: OnceLock<PathBuf> = OnceLock::new();
    POLICY.get_or_init(|| {
        let dir = scratch("local");
        let file = dir.join("some.txt");
        std::fs::write(&file, "0123456789".repeat(5_000)).expect("a file");
        std::fs::write(dir.join("empty.txt"), "").expect("a file");
        let raw = |name: &str, endpoint: &str| {
            format!(
                "{{\"{name}\": {{\"endpoint\": \"{endpoint}\", \"protocol\": \"raw\", \
                 \"opportunistic\": true, \"metadata\": [{{\"file\": \"\"}}]}}}}"
            )
        };
        let streams = [
            "{\"snk\": {\"local_sink\": true}}".to_owned(),
            "{\"pipe\": {\"protocol\": \"raw\", \"endpoint\": \"localhost\", \
             \"opportunistic\": true}}"
                .to_owned(),
            raw("file", &format!("file://{}", file.display())),
            raw("any_file", &format!("file://{}/${{file}}", dir.display())),
        ];
        policy(&dir, &[], &streams)
    })
}

#[track_caller]
fn check(source: &str, args: &[&str]) {
    let mut all = vec![stage().to_str().expect("UTF-8")];
    all.extend(args);
    let outcome = run(&compile(source), &all);
    outcome.expect_code(0);
    assert_eq!(outcome.lines().last(), Some(&"ok"), "{outcome}");
}

/// A module for every side, in it one for every event, in it a test for every action.
macro_rules! reentrancy {
    ($($who:ident: $($what:ident)*;)*) => { mod reentrancy { $( mod $who { $(
        mod $what {
            reentrancy!(@cells $who $what: destroy_self destroy_sources destroy_bus destroy_context
                        create_other request_tx client_connect ret_destroy_me ret_disconnect_me);
        }
    )* } )* } };
    (@cells $who:ident $what:ident: $($action:ident)*) => { $(
        #[test]
        fn $action() {
            let event = concat!(stringify!($who), ".", stringify!($what));
            crate::check("tests/c_api/local_reentrancy.c", &[event, stringify!($action)]);
        }
    )* };
}

reentrancy! {
    source: creating connecting connected rx tx disconnected destroying;
    accepted: creating connecting connected rx tx disconnected destroying;
    sink: join part;
    bus: creating connecting connected rx tx disconnected destroying;
    listener: message;
}

macro_rules! cases {
    ($source:literal $module:ident: $($case:ident)*) => { mod $module { $(
        #[test]
        fn $case() {
            crate::check($source, &[stringify!($case)]);
        }
    )* } };
}

cases! {
    "tests/c_api/local.c" local:
        bulk sink_refuses source_disconnects accepted_disconnects accepted_destroyed adopt_pipe adopt_socket adopt_packets adopt_refused
        file file_stopped file_by_metadata rx_forward
}

#[test]
fn no_message_is_lost_under_load() {
    check("tests/c_api/smd_load.c", &[]);
}

cases! {
    "tests/c_api/loop.c" event_loop:
        negative_does_not_wait others_wait signal_interrupts own_loop foreign_timer fork_after_service fork_before_service
}

/// What the notifiers of `states.c` print about each step from `from` up to `to`, if they agree.
fn steps(from: i32, to: i32) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, next) in (from..to).zip(from + 1..) {
        for (a, b) in [(at, next), (next, next)] {
            lines.push(format!("asked first: {a} -> {b}"));
            lines.push(format!("asked last: {a} -> {b}"));
        }
    }
    lines
}

#[test]
fn system_states_with_vetoes_and_the_order_at_the_end() {
    let outcome = run(&compile("tests/c_api/states.c"), &[stage().to_str().expect("UTF-8")]);
    outcome.expect_code(0);
    let lines = outcome.lines();
    let but_messages: Vec<_> = lines.iter().filter(|l| !l.starts_with("message")).collect();
    let some = |lines: &[&str]| lines.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
    let expected = [
        some(&["created in 1", "stream: LWSSSCS_CREATING", "stream: LWSSSCS_CONNECTING"]),
        some(&["stream: LWSSSCS_CONNECTED"]),
        steps(1, 5),
        some(&["asked first: 5 -> 6", "veto", "resume", "asked first: 5 -> 6", "veto"]),
        some(&["resumed to 5", "resume"]),
        steps(5, 15),
        some(&["resumed to 15", "destroy"]),
        some(&["stream: LWSSSCS_DISCONNECTED", "stream: LWSSSCS_DESTROYING"]),
        steps(15, 16),
        some(&["asked first: 16 -> 17"]),
    ]
    .concat();
    assert_eq!(but_messages, expected.iter().collect::<Vec<_>>(), "{outcome}");

    let told: Vec<_> = lines.iter().filter_map(|l| l.strip_prefix("message: ")).collect();
    let names = "PRE_PRIV_DROP INITIALIZED COLLECTING_STDIN IFACE_COLDPLUG DHCP CPD_PRE_TIME \
                 TIME_VALID CPD_POST_TIME POLICY_VALID REGISTERED AUTH1 AUTH2 ONE_TIME_UPDATES \
                 OPERATIONAL";
    let expected: Vec<_> =
        names.split_whitespace().map(|n| format!("{{\"state\":\"{n}\"}}")).collect();
    assert_eq!(told, expected, "{outcome}");
}
