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
        bulk sink_refuses source_disconnects accepted_disconnects accepted_destroyed adopt_pipe adopt_socket adopt_refused
        file file_stopped file_by_metadata rx_forward
}

#[test]
fn no_message_is_lost_under_load() {
    check("tests/c_api/smd_load.c", &[]);
}
