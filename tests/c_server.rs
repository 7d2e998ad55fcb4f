//! Servers in C: one action inside one callback of an accepted stream, a test a cell; the example.

mod fixtures;

use fixtures::{closed_port, compile, run, scratch, start};

fn policy(port: u16) -> std::path::PathBuf {
    let file = scratch("server").join("policy.json");
    let text = format!(
        r#"{{"retry":[{{"default":{{"backoff":[50],"conceal":1}}}}],"s":[
        {{"srv":{{"server":true,"endpoint":"127.0.0.1","port":{port},"protocol":"h1","ws_subprotocol":"x"}}}},
        {{"post":{{"endpoint":"127.0.0.1","port":{port},"protocol":"h1","http_method":"POST",
          "http_url":"/","opportunistic":true,"retry":"default"}}}},
        {{"ws":{{"endpoint":"127.0.0.1","port":{port},"protocol":"ws","ws_subprotocol":"x",
          "http_url":"/","opportunistic":true,"retry":"default"}}}},
        {{"cli":{{"endpoint":"127.0.0.1","port":{port},"protocol":"h1","http_method":"GET",
          "http_url":"/","opportunistic":true,"retry":"default"}}}}]}}"#
    );
    std::fs::write(&file, text).expect("the policy");
    file
}

#[track_caller]
fn check(event: &str, action: &str) {
    let policy = policy(closed_port());
    let program = compile("tests/c_api/server.c");
    let outcome = run(&program, &[policy.to_str().expect("UTF-8"), event, action]);
    outcome.expect_code(0);
    assert_eq!(outcome.lines().last(), Some(&"ok"), "{outcome}");
}

macro_rules! cells {
    ($($event:ident: $($action:ident)*;)*) => { $(mod $event { $(
        #[test]
        fn $action() {
            crate::check(stringify!($event), stringify!($action));
        }
    )* })* };
}

cells! {
    creating: destroy_self destroy_listener destroy_client destroy_context destroy_each ret_destroy_me ret_disconnect_me
              change_handlers request_tx server_ack foreach;
    connecting: destroy_self destroy_listener destroy_client destroy_context destroy_each ret_destroy_me ret_disconnect_me
              change_handlers request_tx server_ack foreach;
    server_upgrade: destroy_self destroy_listener destroy_client destroy_context destroy_each ret_destroy_me ret_disconnect_me
              change_handlers request_tx server_ack foreach;
    connected: destroy_self destroy_listener destroy_client destroy_context destroy_each ret_destroy_me ret_disconnect_me
              change_handlers request_tx server_ack foreach;
    server_txn: destroy_self destroy_listener destroy_client destroy_context destroy_each ret_destroy_me ret_disconnect_me
              change_handlers request_tx server_ack foreach;
    rx: destroy_self destroy_listener destroy_client destroy_context destroy_each ret_destroy_me ret_disconnect_me
              change_handlers request_tx server_ack foreach;
    message: destroy_self destroy_listener destroy_client destroy_context destroy_each ret_destroy_me ret_disconnect_me
              change_handlers request_tx server_ack foreach;
    tx: destroy_self destroy_listener destroy_client destroy_context destroy_each ret_destroy_me ret_disconnect_me
              change_handlers request_tx server_ack foreach;
    disconnected: destroy_self destroy_listener destroy_client destroy_context destroy_each ret_destroy_me ret_disconnect_me
              change_handlers request_tx server_ack;
    destroying: destroy_self destroy_listener destroy_client destroy_context destroy_each ret_destroy_me ret_disconnect_me
              change_handlers request_tx server_ack;
}

#[test]
fn a_log_function_may_call_back() {
    let policy = policy(closed_port());
    let program = compile("tests/c_api/log_nested.c");
    let outcome = run(&program, &[policy.to_str().expect("UTF-8")]);
    outcome.expect_code(0);
    assert_eq!(outcome.lines(), ["ok"], "{outcome}");
}

#[test]
fn hello_server_answers_curl() {
    let dir = scratch("hello_server");
    let text =
        std::fs::read_to_string(fixtures::root().join("c-examples/hello_server_policy.json"))
            .expect("the example's policy");
    let file = dir.join("policy.json");
    let port = closed_port();
    std::fs::write(&file, text.replace("7681", &port.to_string())).expect("a policy");
    let program = compile("c-examples/hello_server.c");
    let mut server = start(&program, &["--policy", file.to_str().expect("UTF-8")]);
    server.wait_for(&format!("port {port}"));
    let curl = |more: &[&str]| {
        let mut args = vec!["-sS".to_owned(), "-m".to_owned(), "10".to_owned()];
        args.extend(more.iter().map(|m| m.replace("URL", &format!("http://127.0.0.1:{port}"))));
        let got = std::process::Command::new("curl").args(&args).output().expect("curl");
        String::from_utf8_lossy(&got.stdout).into_owned()
    };
    assert_eq!(curl(&["URL/a?b=c"]), "hello, you asked for /a\n");
    assert_eq!(curl(&["-d", "12345", "URL/"]), "5 bytes\n");
    assert_eq!(curl(&["-I", "-o", "/dev/null", "-w", "%{http_code}", "URL/"]), "200");
    drop(server);
}
