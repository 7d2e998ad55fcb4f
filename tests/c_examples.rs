//! Every program in `c-examples/`, against a real server.

mod fixtures;

use fixtures::certs::certs;
use fixtures::nginx::Nginx;
use fixtures::{
    closed_port, compile, compile_with, peer, policy, root, run, scratch, start, through_proxy,
};
use tungstenite::client::IntoClientRequest;

fn stream(name: &str, port: u16, more: &str) -> String {
    format!(
        "{{\"{name}\": {{\"endpoint\": \"localhost\", \"port\": {port}, \"opportunistic\": true, \
         \"retry\": \"default\", {more}}}}}"
    )
}

#[test]
fn hello_world_over_https() {
    let nginx = Nginx::start(1, &[], |p| {
        format!(
            "server {{ listen 127.0.0.1:{} ssl; ssl_protocols TLSv1.2 TLSv1.3;\n\
             ssl_certificate {}; ssl_certificate_key {};\n\
             location / {{ return 200 \"good day\\n\"; }} }}",
            p[0],
            certs().pem("good").display(),
            certs().key("good").display()
        )
    });
    let der = certs().der64("ca");
    let more = "\"protocol\": \"h1\", \"http_method\": \"GET\", \"http_url\": \"/\", \"tls\": true, \
                \"tls_trust_store\": \"store\"";
    let file =
        policy(&scratch("hello"), &[("store", &der)], &[stream("hello", nginx.ports[0], more)]);
    let program = compile("c-examples/hello_world.c");
    let got = run(&program, &["--policy", file.to_str().expect("UTF-8")]);
    got.expect_code(0);
    assert!(got.lines().contains(&"good day"), "{got}");
    assert!(got.lines().contains(&"[9 bytes]"), "{got}");
}

#[test]
#[cfg_attr(not(feature = "h2"), ignore = "the built-in policy asks for h2")]
fn hello_world_with_the_built_in_policy() {
    let server = peer::http();
    let url = format!("http://127.0.0.1:{}/some/path", server.port);
    let got = run(&compile("c-examples/hello_world.c"), &["--url", &url]);
    got.expect_code(0);
    assert!(got.lines().contains(&"you asked for /some/path"), "{got}");
}

#[test]
fn hello_world_fails_if_nobody_answers() {
    let more = "\"protocol\": \"h1\", \"http_method\": \"GET\", \"http_url\": \"/\"";
    let file = policy(&scratch("hello"), &[], &[stream("hello", closed_port(), more)]);
    let program = compile("c-examples/hello_world.c");
    let got = run(&program, &["--policy", file.to_str().expect("UTF-8")]);
    got.expect_code(1);
    assert!(got.lines().contains(&"state LWSSSCS_ALL_RETRIES_FAILED"), "{got}");
}

/// The policy that the example comes with is a valid one, and has the stream type that the program asks for.
#[test]
fn hello_world_policy_is_valid() {
    let text = std::fs::read_to_string(root().join("c-examples/hello_world_policy.json"))
        .expect("the example's policy");
    let local = peer::http();
    let here = text
        .replace("\"example.com\"", "\"127.0.0.1\"")
        .replace("443", &local.port.to_string())
        .replace("\"tls\":		true", "\"tls\": false");
    assert_ne!(here, text);
    let file = scratch("hello").join("policy.json");
    std::fs::write(&file, here).expect("the policy");
    let program = compile("c-examples/hello_world.c");
    run(&program, &["--policy", file.to_str().expect("UTF-8")]).expect_code(0);
}

#[test]
fn post_sends_its_body() {
    for (size, content_type) in [("16", true), ("100000", false)] {
        let received = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let sink = received.clone();
        let server = peer::Peer::start(move |mut stream| {
            let mut pending = Vec::new();
            if let Some((_, body)) = peer::read_request(&mut stream, &mut pending) {
                *sink.lock().expect("the body") = body;
                let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nthanks";
                let _ = std::io::Write::write_all(&mut stream, reply);
                // let the client close first: it has all it wants
                let _ = peer::read_request(&mut stream, &mut pending);
            }
        });
        // a proxy refuses metadata that its policy does not have
        let metadata = if content_type || through_proxy::enabled() {
            ", \"metadata\": [{\"ctype\": \"content-type:\"}]"
        } else {
            ""
        };
        let more = format!(
            "\"protocol\": \"h1\", \"http_method\": \"POST\", \"http_url\": \"/take\"{metadata}"
        );
        let file = policy(&scratch("post"), &[], &[stream("post", server.port, &more)]);
        let program = compile("c-examples/post.c");
        let got = run(&program, &["--policy", file.to_str().expect("UTF-8"), "--size", size]);
        got.expect_code(0);
        assert!(got.stdout.contains("thanks"), "{got}");
        let body = received.lock().expect("the body");
        assert_eq!(body.len().to_string(), size);
        assert!(body.starts_with(b"abcdefghijklmnop"));
    }
}

#[test]
fn raw_echo_gets_its_text_back() {
    let server = peer::echo();
    let file =
        policy(&scratch("echo"), &[], &[stream("echo", server.port, "\"protocol\": \"raw\"")]);
    let text = "twice over ".repeat(90);
    let args = ["--policy", file.to_str().expect("UTF-8"), "--text", &text];
    let got = run(&compile("c-examples/raw_echo.c"), &args);
    got.expect_code(0);
    assert!(got.stdout.contains("echoed: twice over "), "{got}");
    assert!(got.lines().contains(&"state LWSSSCS_DISCONNECTED"), "{got}");
}

fn with_local_policy(source: &str) -> fixtures::Outcome {
    let file = root().join("c-examples/local_policy.json");
    let got = run(&compile(source), &["--policy", file.to_str().expect("UTF-8")]);
    got.expect_code(0);
    got
}

#[test]
fn sink_answers_every_source() {
    let got = with_local_policy("c-examples/sink.c");
    let lines = got.lines();
    for n in 1..=3 {
        let (asked, answered) = (format!("sink: number {n}"), format!("source: heard number {n}"));
        let at = |line: &str| lines.iter().position(|l| *l == line);
        assert!(at(&asked).is_some() && at(&asked) < at(&answered), "{got}");
    }
    let said = |how: &str| lines.iter().filter(|l| l.contains(how)).count();
    assert_eq!((said("joins"), said("parts")), (3, 3), "{got}");
}

#[test]
fn smd_reaches_listener_and_stream() {
    let got = run::<&str>(&compile("c-examples/smd.c"), &["-d", "3"]);
    got.expect_code(0);
    for who in ["listener", "stream"] {
        let heard: Vec<_> = got.lines().into_iter().filter(|l| l.starts_with(who)).collect();
        let mut numbers = heard.iter().filter(|l| l.contains("number"));
        for n in 0..3 {
            let line = format!("{who}: {{\"number\":{n}}}");
            assert_eq!(numbers.next().copied(), Some(line.as_str()), "{got}");
        }
        assert_eq!(heard.len(), 4, "{got}");
    }
}

#[test]
fn own_loop_serves_stream_timer_and_its_own_pipe() {
    let got = with_local_policy("c-examples/own_loop.c");
    assert_eq!(got.lines(), ["timer", "own work: 16 bytes", "stream: through the loop"], "{got}");
}

#[test]
fn serve_and_fetch_in_one_process() {
    let port = closed_port();
    let text = format!(
        r#"{{"certs": [{{"ca": "{}"}}, {{"cert": "{}"}}, {{"key": "{}"}}],
        "trust_stores": [{{"name": "mine", "stack": ["ca"]}}], "s": [
        {{"server": {{"server": true, "endpoint": "127.0.0.1", "port": {port}, "protocol": "h1", "tls": true,
          "server_cert": "cert", "server_key": "key", "metadata": [{{"mime": "content-type:"}}]}}}},
        {{"client": {{"endpoint": "localhost", "port": {port}, "protocol": "h1", "http_method": "GET",
          "http_url": "/", "tls": true, "tls_trust_store": "mine", "opportunistic": true}}}}]}}"#,
        certs().der64("ca"),
        certs().der64("good"),
        certs().key_der64("good")
    );
    let file = scratch("serve_and_fetch").join("policy.json");
    std::fs::write(&file, text).expect("the policy");
    let args = ["--policy", file.to_str().expect("UTF-8")];
    let program = compile("c-examples/serve_and_fetch.c");
    let got = run(&program, &args);
    got.expect_code(0);
    assert!(got.lines().contains(&"client: hello from this very process, over TLS"), "{got}");
    // somebody else has the port
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).expect("a port that was closed");
    run(&program, &args).expect_code(3);
}

#[test]
fn ws_echo_server_echoes_and_tells_others_so() {
    let text = std::fs::read_to_string(root().join("c-examples/ws_echo_server_policy.json"))
        .expect("the example's policy");
    let port = closed_port();
    let file = scratch("ws_echo_server").join("policy.json");
    std::fs::write(&file, text.replace("7682", &port.to_string())).expect("a policy");
    let program = compile("c-examples/ws_echo_server.c");
    let mut server = start(&program, &["--policy", file.to_str().expect("UTF-8")]);
    server.wait_for(&format!("port {port}"));
    let mut request = format!("ws://127.0.0.1:{port}/").into_client_request().expect("a url");
    request.headers_mut().insert("Sec-WebSocket-Protocol", "echo".parse().expect("a value"));
    let (mut ws, answer) = tungstenite::connect(request).expect("a server");
    assert_eq!(answer.headers()["sec-websocket-protocol"], "echo");
    for text in ["first", "", &"long ".repeat(20_000)] {
        ws.send(tungstenite::Message::text(text)).expect("a connection");
        assert_eq!(ws.read().expect("an echo").into_text().expect("text"), text);
    }
    server.wait_for("a client came");
    let plain = plain_get(port);
    assert!(
        plain.starts_with("HTTP/1.1 426 ") && plain.ends_with("\r\n\r\nwebsockets only\n"),
        "{plain}"
    );
    let pid = server.pid().to_string();
    let sent = std::process::Command::new("kill").args(["-INT", &pid]).status();
    assert!(sent.is_ok_and(|s| s.success()));
    server.finish().expect_code(0);
}

/// Asks for `/` and reads to the end.
fn plain_get(port: u16) -> String {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("a server");
    let ask = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    std::io::Write::write_all(&mut stream, ask).expect("a connection");
    std::io::read_to_string(stream).expect("an answer")
}

/// The first fenced block of a language in the README.
fn readme_block(language: &str) -> String {
    let text = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let from = text.split_once(&format!("```{language}\n")).expect("a block").1;
    from.split_once("```").expect("its end").0.to_owned()
}

#[test]
fn readme_example_works() {
    let server = peer::http();
    let dir = scratch("readme");
    let (policy, source) = (dir.join("policy.json"), dir.join("hello.c"));
    let json = readme_block("json")
        .replace("example.com", "127.0.0.1")
        .replace("443", &server.port.to_string())
        .replace("\"tls\": true", "\"tls\": false");
    std::fs::write(&policy, json).expect("the policy");
    let c = readme_block("c").replace("policy.json", policy.to_str().expect("UTF-8"));
    std::fs::write(&source, c).expect("the source");
    let program = compile_with(source.to_str().expect("UTF-8"), &["-Wno-unused-parameter"]);
    let got = run::<&str>(&program, &[]);
    got.expect_code(0);
    assert_eq!(got.stdout, "you asked for /\n", "{got}");
}
