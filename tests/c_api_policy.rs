//! Policies as C structs, and helpers around them: `tests/c_api/static_policy.c`, `helpers_more.c`.

mod fixtures;

use base64::Engine as _;
use fixtures::certs::certs;
use fixtures::nginx::Nginx;
use fixtures::{Outcome, compile, run, scratch};

fn static_policy(args: &[&str]) -> Outcome {
    run(&compile("tests/c_api/static_policy.c"), args)
}

#[track_caller]
fn expect_ok(outcome: &Outcome) {
    outcome.expect_code(0);
    assert_eq!(outcome.lines().last(), Some(&"ok"), "{outcome}");
}

#[test]
fn a_stream_over_it() {
    let nginx = Nginx::start(1, &[("hello", b"hello\n")], |p| {
        format!(
            "server {{ listen 127.0.0.1:{} ssl; ssl_certificate {}; ssl_certificate_key {};\n\
             if ($http_x_mine != value) {{ return 500; }} }}",
            p[0],
            certs().pem("good").display(),
            certs().key("good").display()
        )
    });
    let der = scratch("static").join("ca.der");
    let bytes = base64::engine::general_purpose::STANDARD.decode(certs().der64("ca"));
    std::fs::write(&der, bytes.expect("base64")).expect("the file");
    let port = nginx.ports[0].to_string();
    expect_ok(&static_policy(&["run", &port, der.to_str().expect("UTF-8")]));
}

#[test]
fn mistakes_are_refused_and_named() {
    expect_ok(&static_policy(&["refused"]));
}

#[test]
fn what_can_be_looked_at_follows_the_policy_in_force() {
    expect_ok(&static_policy(&["get", "1234"]));
}

#[test]
fn retries_credentials_and_what_is_not_built_in() {
    let file = scratch("aws").join("credentials");
    let text = "[default]\naws_access_key_id = AKIDEXAMPLE\r\naws_secret_access_key=wJalr/+=x \n";
    std::fs::write(&file, text).expect("the file");
    let program = compile("tests/c_api/helpers_more.c");
    expect_ok(&run(&program, &[file.to_str().expect("UTF-8")]));
}
