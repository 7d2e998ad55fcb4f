//! The policy parser from outside: references, positions, leniency, overlays.

use std::rc::Rc;

use securestreams::policy::*;

/// DER that looks like a certificate, and like a private key, from the outside.
const CERT: &str = "MAcwADAAAwEA";
const KEY: &str = "MAUCAQAwAA==";

const PERMISSIVE: Rules = Rules { forward_references: true, overlay_adds: true };

fn good(text: &str) -> Policy {
    let outcome = parse(text.as_bytes());
    assert_eq!(outcome.errors, [], "{text}");
    outcome.policy.expect("a policy")
}

/// The messages of a policy that must be refused.
fn refused(text: &str) -> Vec<String> {
    let outcome = parse(text.as_bytes());
    assert!(outcome.policy.is_none(), "{text}");
    assert!(!outcome.errors.is_empty());
    outcome.errors.iter().map(Diag::to_string).collect()
}

fn warnings(text: &str) -> Vec<String> {
    let outcome = parse(text.as_bytes());
    assert_eq!(outcome.errors, [], "{text}");
    outcome.warnings.iter().map(Diag::to_string).collect()
}

fn url(policy: &Policy, stream: &str) -> String {
    policy.stream_type(stream).expect(stream).http.url.to_string()
}

#[test]
fn errors_say_where_they_are() {
    let text = r#"{
  "retry": [ { "default": { "conceal": 3 } } ],
  "s": [ {
    "mintest": {
      "endpoint": "example.com",
      "retry": "defautl"
    }
  } ]
}"#;
    let expected = "policy:6:16: s[mintest].retry: no retry named 'defautl' \
                    (did you mean 'default'?)";
    assert_eq!(refused(text), [expected]);
}

#[test]
fn columns_count_characters() {
    let text = "{ \"s\": [ { \"täst\": { \"endpoint\": \"ü\", \"port\": \"8ö\" } } ] }";
    assert_eq!(refused(text), ["policy:1:47: s[täst].port: '8ö' is not a whole number"]);
    let with_mark = format!("\u{feff}{text}");
    assert_eq!(refused(&with_mark), refused(text));
}

#[test]
fn all_errors_are_reported_in_the_order_of_the_text() {
    let text = r#"{ "s": [ { "t": {
 "endpoint": "${nope}",
 "port": 70000,
 "retry": "r",
 "tls": "maybe",
 "tls_trust_store": "x",
 "use_auth": "x",
 "server_cert": "x",
 "http_url": "/${"
} } ],
"retry": [ { "x": { "conceal": -1 } } ] }"#;
    let lines = refused(text);
    let expected = [
        "policy:2:14: s[t].endpoint: no metadata named 'nope'",
        "policy:3:10: s[t].port: '70000' is not between 0 and 65535",
        "policy:4:11: s[t].retry: no retry named 'r' (did you mean 'x'?)",
        "policy:5:9: s[t].tls: expected true or false but found a string",
        "policy:6:21: s[t].tls_trust_store: no trust store named 'x'",
        "policy:7:14: s[t].use_auth: no auth named 'x'",
        "policy:8:17: s[t].server_cert: no cert named 'x'",
        "policy:9:14: s[t].http_url: a '${' without its '}'",
        "policy:11:32: retry[x].conceal: '-1' is not between 0 and 65535",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn unknown_keys_warn_with_the_nearest_known_one() {
    let text = r#"{ "top-unknown": 5, "shema-version": 1,
"retry": [ { "r": { "backof": [1] } } ],
"auth": [ { "name": "a", "blobb": 1 } ],
"metrics": [ { "name": "m", "us_halflive": 1 } ],
"trust_stores": [],
"s": [ { "t": { "endpiont": "x", "other": { "deep": [ 1, { "x": 2 } ] }, "endpoint": "e" } } ] }"#;
    let expected = [
        "policy:1:3: unknown key 'top-unknown'",
        "policy:1:21: unknown key 'shema-version' (did you mean 'schema-version'?)",
        "policy:2:21: retry[r]: unknown key 'backof' (did you mean 'backoff'?)",
        "policy:3:26: auth[a]: unknown key 'blobb' (did you mean 'blob'?)",
        "policy:4:29: metrics[m]: unknown key 'us_halflive' (did you mean 'us_halflife'?)",
        "policy:6:17: s[t]: unknown key 'endpiont' (did you mean 'endpoint'?)",
        "policy:6:34: s[t]: unknown key 'other'",
    ];
    assert_eq!(warnings(text), expected);
}

#[test]
fn names_match_exactly() {
    let policy = good(&format!(
        r#"{{ "retry": [{{ "fast": {{ "conceal": 1 }} }}, {{ "faster": {{ "conceal": 4 }} }}],
"certs": [{{ "ca": "{CERT}" }}, {{ "ca2": "MAgwADAAAwIAAA==" }}],
"trust_stores": [{{ "name": "ts", "stack": ["ca"] }}, {{ "name": "ts2", "stack": ["ca2"] }}],
"s": [{{ "get": {{ "endpoint": "e", "retry": "fast", "tls_trust_store": "ts" }} }},
      {{ "get2": {{ "endpoint": "e", "retry": "faster", "tls_trust_store": "ts2" }} }}] }}"#
    ));
    let get = policy.stream_type("get").unwrap();
    assert_eq!(get.retry.as_ref().unwrap().conceal, 1);
    let store = get.trust_store.as_ref().unwrap();
    assert_eq!(store.certs[0].name, "ca");
    assert!(Rc::ptr_eq(store, policy.trust_stores.get("ts").unwrap()));
    assert!(policy.stream_type("ge").is_none());
    assert!(policy.stream_type("Get").is_none());
    assert_eq!(policy.streams.names().collect::<Vec<_>>(), ["get", "get2"]);
}

#[test]
fn both_forms_of_trust_stores() {
    let policy = good(&format!(
        r#"{{ "certs": [{{ "a": "{CERT}", "b": "{CERT}" }}],
"trust_stores": [{{ "stack": ["a", "b"], "name": "x" }}, {{ "y": ["b"], "z": ["a"] }}] }}"#
    ));
    let certs = |store: &str| -> Vec<String> {
        policy.trust_stores.get(store).unwrap().certs.iter().map(|c| c.name.clone()).collect()
    };
    assert_eq!(certs("x"), ["a", "b"]);
    assert_eq!(certs("y"), ["b"]);
    assert_eq!(certs("z"), ["a"]);
    assert_eq!(policy.certs.get("a").unwrap().der.len(), 9);
}

#[test]
fn bad_trust_stores_and_certs() {
    let with = |certs: &str, stores: &str| {
        refused(&format!("{{ \"certs\": {certs},\n\"trust_stores\": {stores} }}"))
    };
    let ca = format!("[{{ \"ca\": \"{CERT}\", \"key\": \"{KEY}\" }}]");
    let stores = [
        (r#"[{ "name": "t", "stack": ["cb"] }]"#, "trust_stores[t].stack: no cert named 'cb'"),
        (r#"[{ "name": "t", "stack": ["key"] }]"#, "'key' is not a certificate"),
        (r#"[{ "name": "t", "stack": [] }]"#, "needs at least one cert"),
        (r#"[{ "name": "t", "stack": [1] }]"#, "expected a string but found a number"),
        (r#"[{ "name": "t" }]"#, "without 'stack'"),
        (r#"[{ "stack": ["ca"] }]"#, "without 'name'"),
        (r#"[{ "name": 1, "stack": ["ca"] }]"#, "expected a string but found a number"),
        (r#"[{ "t": "ca" }]"#, "expected an array of names of certs but found a string"),
    ];
    for (stores, expected) in stores {
        let messages = with(&ca, stores);
        assert!(messages[0].starts_with("policy:2:"), "{}", messages[0]);
        assert!(messages[0].contains(expected), "{} / {expected}", messages[0]);
    }
    // an error in a cert is reported once, not again where the cert is used
    let messages = with(r#"[{ "ca": "!!!not base64!!!" }]"#, r#"[{ "t": ["ca"] }]"#);
    assert_eq!(messages, ["policy:1:21: certs[ca]: not base64: '!' at character 0"]);
    let messages = with(r#"[{ "ca": "aGVsbG8=" }]"#, "[]");
    assert_eq!(messages, ["policy:1:21: certs[ca]: not DER, or cut short"]);
}

#[test]
fn a_tls_server_needs_its_certificate_and_key() {
    let with = |keys: &str| {
        format!(
            r#"{{ "certs": [{{ "c": "{CERT}", "k": "{KEY}" }}],
"s": [{{ "srv": {{ "server": true, "tls": true, "port": 1{keys} }} }}] }}"#
        )
    };
    let missing = refused(&with(""));
    assert_eq!(missing.len(), 2);
    assert!(missing[0].contains("s[srv]: a TLS server needs its certificate: 'server_cert'"));
    assert!(missing[1].contains("s[srv]: a TLS server needs its private key: 'server_key'"));
    assert_eq!(refused(&with(r#", "server_cert": "c""#)).len(), 1);
    assert_eq!(refused(&with(r#", "server_cert": "c", "server_key": "c""#)).len(), 1);
    good(&with(r#", "server_cert": "c", "server_key": "k""#));
    good(&with(r#", "endpoint": "!vhost""#));
}

#[test]
fn forward_references() {
    let text = format!(
        r#"{{ "s": [{{ "r": {{ "endpoint": "e", "tls_trust_store": "ts", "retry": "re" }} }}],
"trust_stores": [{{ "name": "ts", "stack": ["ca"] }}],
"certs": [{{ "ca": "{CERT}" }}], "retry": [{{ "re": {{}} }}] }}"#
    );
    let expected = [
        "policy:1:54: s[r].tls_trust_store: trust store 'ts' is defined only later, at 2:28",
        "policy:1:69: s[r].retry: retry 're' is defined only later, at 3:50",
        "policy:2:44: trust_stores[ts].stack: cert 'ca' is defined only later, at 3:13",
    ];
    assert_eq!(refused(&text), expected);
    let policy = parse_with(text.as_bytes(), PERMISSIVE).policy.expect("a policy");
    assert!(policy.stream_type("r").unwrap().trust_store.is_some());
}

#[test]
fn metadata_may_be_declared_after_its_use() {
    let policy = good(
        r#"{ "s": [{ "t": { "endpoint": "${region}.example.com",
"metadata": [{ "region": "" }, { "ct": "Content-Type:" }] } }] }"#,
    );
    let stream = policy.stream_type("t").unwrap();
    let endpoint = stream.endpoint.expand(|name| (name == "region").then_some("uk"));
    assert_eq!(endpoint.as_deref(), Ok("uk.example.com"));
    let (index, def) = stream.metadata_def("ct").unwrap();
    assert_eq!((index, def.header.as_deref()), (1, Some("content-type")));
    // the scope of a name is its stream type
    refused(
        r#"{ "s": [{ "a": { "endpoint": "e", "metadata": [{ "m": "" }] } },
{ "b": { "endpoint": "${m}" } }] }"#,
    );
}

#[test]
fn of_two_with_one_name_the_later_wins_whole() {
    let text = r#"{ "retry": [{ "r": { "conceal": 1 } }, { "r": { "conceal": 2 } }],
"s": [{ "t": { "endpoint": "a", "port": 1, "retry": "r" } }, { "u": { "endpoint": "c" } },
{ "t": { "endpoint": "b" } }] }"#;
    let policy = good(text);
    let stream = policy.stream_type("t").unwrap();
    assert_eq!((stream.endpoint.to_string().as_str(), stream.port), ("b", 0));
    assert_eq!(policy.retries.get("r").unwrap().conceal, 2);
    assert_eq!(policy.streams.len(), 2);
    assert_eq!(
        warnings(text),
        [
            "policy:1:42: retry[r]: defined before: the later one counts",
            "policy:3:3: s[t]: defined before: the later one counts",
        ]
    );
    assert_eq!(
        warnings(r#"{ "s": [{ "t": { "endpoint": "a", "port": 1, "port": 2 } }] }"#),
        ["policy:1:46: s[t].port: given twice: the later one counts"]
    );
}

#[test]
fn comments_commas_and_braces_that_existing_policies_have() {
    let text = "# a policy\n{ # with comments\n\"retry\": [{\"r\": {\"backoff\": [1, 2,]}}, ],\n\
                #\"s\": [],\n\"s\": [{\"t\": {\"endpoint\": \"a#b\", \"port\": 1#x\n}}] }\n# end\n";
    let policy = good(text);
    assert_eq!(warnings(text), [""; 0]);
    assert_eq!(policy.retries.get("r").unwrap().backoff_ms, [1, 2]);
    assert_eq!(policy.stream_type("t").unwrap().endpoint.to_string(), "a#b");
    // one closing brace too many in an array
    let text = r#"{ "s": [{ "a": { "endpoint": "x" } }}, { "b": { "endpoint": "x" } }] }"#;
    assert_eq!(warnings(text), ["policy:1:37: a '}' too many is ignored"]);
    assert_eq!(good(text).streams.len(), 2);
    refused(r#"{ "s": [{ "a": { "endpoint": "x" } }}}] }"#);
}

#[test]
fn sections_may_come_in_pieces() {
    let policy = good(
        r#"{ "s": [{ "a": { "endpoint": "x" }, "b": { "endpoint": "x" } }],
"s": [{ "c": { "endpoint": "x" } }] }"#,
    );
    assert_eq!(policy.streams.names().collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn empty_and_hopeless_texts() {
    assert_eq!(good("{}").streams.len(), 0);
    assert!(good("{}").stream_type(SMD_STREAM_TYPE).is_some());
    for text in ["", " ", "# {}", "[]", "null", "x", "/etc/policy.json", "\"{}\"", "}", "\u{feff}"]
    {
        refused(text);
    }
    assert_eq!(
        refused(r#"{ "release": "1", "s": [ { "get": { ] }"#),
        ["policy:1:37: expected a key in quotes but found ']'"]
    );
}

#[test]
fn the_stream_type_of_the_message_bus_cannot_be_replaced() {
    let text = r#"{ "s": [{ "_lws_smd": { "port": 5 } }] }"#;
    assert_eq!(good(text).stream_type(SMD_STREAM_TYPE).unwrap().port, 0);
    assert_eq!(warnings(text).len(), 1);
}

#[test]
fn names_of_stream_types_may_be_used_anywhere_but_must_exist() {
    let text = |name: &str| {
        format!(
            r#"{{ "auth": [{{ "name": "a", "streamtype": "{name}" }}],
"s": [{{ "x": {{ "endpoint": "e", "rideshare": "{name}" }} }}, {{ "other": {{ "endpoint": "e" }} }}] }}"#
        )
    };
    assert_eq!(warnings(&text("other")), [""; 0]);
    let expected = [
        "policy:1:41: auth[a].streamtype: no stream type named 'ohter' (did you mean 'other'?)",
        "policy:2:46: s[x].rideshare: no stream type named 'ohter' (did you mean 'other'?)",
    ];
    assert_eq!(warnings(&text("ohter")), expected);
}

#[test]
fn text_behind_the_policy_is_ignored_with_a_warning() {
    assert_eq!(warnings("{}\n  # bye\n\n"), [""; 0]);
    assert_eq!(warnings("{}\n é }"), ["policy:2:2: what follows the policy is ignored"]);
}

#[test]
fn a_newer_format_is_taken_with_a_warning() {
    let text = format!("{{ \"schema-version\": {} }}", SCHEMA_VERSION + 1);
    assert_eq!(warnings(&text), ["policy:1:21: schema-version: version 1 is the newest known"]);
}

#[test]
fn text_or_path() {
    for text in ["{}", " \n{", "# x\n # y\n{}", "\u{feff}{}"] {
        assert!(looks_like_text(text), "{text:?}");
    }
    for path in ["", " ", "/etc/policy.json", "./{x}", "#x", "# {}", "[]", "policy{}.json"] {
        assert!(!looks_like_text(path), "{path:?}");
    }
}

const BASE: &str = r#"{ "retry": [{ "default": { "backoff": [100] } }],
"s": [{ "get": { "endpoint": "a", "port": 1, "tls": true, "http_url": "/len/1", "retry": "default",
   "metadata": [{ "m": "" }] } },
{ "get2": { "endpoint": "b", "http_url": "/len/2", "retry": "default" } }] }"#;

#[test]
fn an_overlay_changes_what_it_names() {
    let base = good(BASE);
    let old = Rc::clone(base.stream_type("get").unwrap());
    let overlay = br#"{ "s": [{ "get": { "http_url": "/${m}", "tls": false,
"metadata": [{ "n": "x-n:" }] } }] }"#;
    let outcome = parse_overlay(&base, overlay);
    assert_eq!(outcome.errors, []);
    let new = outcome.policy.unwrap();
    assert_eq!(url(&new, "get"), "/${m}");
    let get = new.stream_type("get").unwrap();
    assert_eq!((get.endpoint.to_string().as_str(), get.port, get.tls), ("a", 1, false));
    assert_eq!(get.metadata.len(), 2);
    assert!(get.retry.is_some());
    assert_eq!(url(&new, "get2"), "/len/2");
    assert!(Rc::ptr_eq(new.stream_type("get2").unwrap(), base.stream_type("get2").unwrap()));
    // the old policy, and what streams hold of it, are as they were
    assert_eq!(base, good(BASE));
    assert_eq!(old.http.url.to_string(), "/len/1");
}

#[test]
fn an_overlay_may_refer_to_the_policy_below_and_to_itself() {
    let base = good(BASE);
    let overlay = br#"{ "retry": [{ "slow": { "conceal": 9 } }],
"s": [{ "get": { "retry": "slow" } }, { "get2": { "retry": "default" } }] }"#;
    let new = parse_overlay(&base, overlay).policy.unwrap();
    assert_eq!(new.stream_type("get").unwrap().retry.as_ref().unwrap().conceal, 9);
    assert_eq!(new.stream_type("get2").unwrap().retry.as_ref().unwrap().name, "default");
}

#[test]
fn new_stream_types_in_an_overlay() {
    let base = good(BASE);
    let overlay = br#"{ "s": [{ "get3": { "endpoint": "c" } }] }"#;
    let outcome = parse_overlay(&base, overlay);
    assert!(outcome.policy.unwrap().stream_type("get3").is_none());
    assert_eq!(outcome.warnings[0].kind, Kind::UnknownReference);
    let outcome = parse_overlay_with(&base, overlay, PERMISSIVE);
    assert!(outcome.policy.unwrap().stream_type("get3").is_some());
    assert_eq!(outcome.warnings, []);
}

#[test]
fn a_bad_overlay_is_refused_whole() {
    let base = good(BASE);
    for overlay in [
        "",
        "x",
        r#"{ "s": [{ "get": { "http_url": }}]}"#,
        r#"{ "s": [{ "get": { "http_url": "/new" } }, { "get2": { "retry": "nope" } }] }"#,
        r#"{ "s": [{ "get": { "http_url": "/${nope}" } }] }"#,
        r#"{ "s": [{ "get": { "http_url": "/new" } }]"#,
    ] {
        let outcome = parse_overlay(&base, overlay.as_bytes());
        assert!(outcome.policy.is_none(), "{overlay}");
        assert!(!outcome.errors.is_empty(), "{overlay}");
    }
    assert_eq!(base, good(BASE));
}

#[test]
fn an_old_stream_type_outlives_its_policy() {
    let policy = good(BASE);
    let stream = Rc::clone(policy.stream_type("get").unwrap());
    drop(policy);
    assert_eq!(stream.retry.as_ref().unwrap().backoff_ms, [100]);
    assert_eq!(Rc::strong_count(&stream), 1);
}

#[test]
fn a_hang_up_before_the_probe_is_warned_of() {
    let retry = |hangup: u16| {
        format!("{{\"retry\": [{{\"r\": {{\"svalidping\": 30,\n \"svalidhup\": {hangup}}}}}]}}")
    };
    let warned = warnings(&retry(10));
    assert_eq!(warned.len(), 1, "{warned:?}");
    let place = "2:15: retry[r].svalidhup:";
    assert!(warned[0].contains(place) && warned[0].contains("10 s is less"), "{warned:?}");
    for fine in [0, 30, 35] {
        assert_eq!(warnings(&retry(fine)), [""; 0]);
    }
}
