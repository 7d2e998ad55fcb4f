//! Which parts the library has, as its features say: streams that need one that is left out are refused with a log line
//! that names it, and all others are made. Runs with every combination of features.

mod fixtures;

use fixtures::{compile, policy, run, scratch};

/// A stream type, what the rest of its policy says, and whether this build has what it needs.
const STREAMS: [(&str, &str, bool); 8] = [
    ("h1", "\"protocol\": \"h1\"", true),
    ("h2", "\"protocol\": \"h2\"", cfg!(feature = "h2")),
    ("ws", "\"protocol\": \"ws\"", cfg!(feature = "ws")),
    ("mqtt", "\"protocol\": \"mqtt\", \"mqtt_topic\": \"t\"", cfg!(feature = "mqtt")),
    ("raw", "\"protocol\": \"raw\"", cfg!(feature = "raw")),
    ("server_h1", "\"protocol\": \"h1\", \"server\": true", cfg!(feature = "server")),
    (
        "server_h2",
        "\"protocol\": \"h2\", \"server\": true",
        cfg!(all(feature = "server", feature = "h2")),
    ),
    (
        "server_ws",
        "\"protocol\": \"ws\", \"server\": true",
        cfg!(all(feature = "server", feature = "ws")),
    ),
];

/// What the log calls the parts when a context is made.
const NAMES: [(&str, bool); 6] = [
    ("H1", true),
    ("H2", cfg!(feature = "h2")),
    ("WS", cfg!(feature = "ws")),
    ("MQTT", cfg!(feature = "mqtt")),
    ("SRV", cfg!(feature = "server")),
    ("SSPROX", cfg!(feature = "proxy")),
];

/// What the log says of a part that is not there.
fn complaint(name: &str) -> String {
    let what = match name.strip_prefix("server_") {
        None => format!("protocol {name}"),
        Some(_) if !cfg!(feature = "server") => "server".to_owned(),
        Some(protocol) => format!("server of {protocol}"),
    };
    format!("stream type '{name}': {what} is not built into this library")
}

#[test]
fn streams_are_made_or_refused_by_what_is_built_in() {
    let types = STREAMS.map(|(name, more, _)| {
        format!("{{\"{name}\": {{\"endpoint\": \"127.0.0.1\", \"port\": 0, \"opportunistic\": true, {more}}}}}")
    });
    let file = policy(&scratch("parts"), &[], &types);
    let mut arguments = vec![file.to_str().expect("UTF-8")];
    arguments.extend(STREAMS.map(|(name, ..)| name));
    let got = run(&compile("tests/c_api/parts.c"), &arguments);
    got.expect_code(0);

    let there = |name: &str, there: bool| format!("{name} {}", u8::from(there));
    let mut wanted: Vec<_> = STREAMS.iter().map(|(name, _, has)| there(name, *has)).collect();
    wanted.push(there("sspc", cfg!(feature = "proxy")));
    wanted.push(there("proxy", cfg!(feature = "proxy")));
    wanted.push("ok".to_owned());
    assert_eq!(got.lines(), wanted, "{got}");

    for (name, _, has) in STREAMS {
        assert_eq!(got.stderr.contains(&complaint(name)), !has, "{name}: {got}");
    }
    let first =
        got.stderr.lines().find(|l| l.contains("lws_create_context: ")).expect("a first line");
    for (part, has) in NAMES {
        assert_eq!(first.split([' ', ',']).any(|word| word == part), has, "{part}: {first}");
    }
    let proxied = "not built into this library";
    for function in ["lws_sspc_create", "lws_ss_proxy_create"] {
        let told = got.stderr.lines().any(|l| l.contains(function) && l.contains(proxied));
        assert_eq!(told, !cfg!(feature = "proxy"), "{function}: {got}");
    }
}
