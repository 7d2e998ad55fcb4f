//! Every key of the tables: valid, of the wrong type, in all its spellings.

use super::keys;
use super::values::{Key, Set};
use super::*;

/// DER that looks like a certificate from the outside.
const CERT: &str = "MAcwADAAAwEA";
/// DER that looks like a private key from the outside.
const KEY: &str = "MAUCAQAwAA==";

/// A key, a value for it, whether the value arrived, and values it must refuse.
struct Sample {
    key: &'static str,
    good: &'static str,
    arrived: fn(&StreamType) -> bool,
    bad: &'static [&'static str],
}

const fn sample(
    key: &'static str,
    good: &'static str,
    arrived: fn(&StreamType) -> bool,
    bad: &'static [&'static str],
) -> Sample {
    Sample { key, good, arrived, bad }
}

const BAD_FLAG: &[&str] = &["2", "\"yes\"", "[]", "{}"];
const BAD_U8: &[&str] = &["256", "-1", "true", "\"\"", "\"x\"", "[]", "{}", "1e1", "\"1 \""];
const BAD_U16: &[&str] = &["65536", "-1", "true", "\"\"", "\"x\"", "[]", "{}", "1e1"];
const BAD_PORT: &[&str] = &["65536", "-1", "true", "\"65536\"", "\"80x\"", "[]", "{}", "1e1"];
const BAD_U32: &[&str] = &["4294967296", "-1", "true", "\"x\"", "[]", "{}"];
const BAD_TEXT: &[&str] = &["1", "true", "[]", "{}", r#""a\nb""#, r#""\u0000""#];
const BAD_SOCKS5: &[&str] =
    &["1", "true", "[]", "{}", "\"host\"", "\":1\"", "\"h:0\"", "\"me@h:1\"", r#""h\n:1""#];
const BAD_HEADER: &[&str] = &["1", "true", "[]", "{}", "\"a b:\"", r#""a:\r\nb:""#, "\"a:b\""];
const BAD_TEMPLATE: &[&str] =
    &["1", "true", "[]", "{}", "\"${x\"", "\"${unknown}\"", "\"${}\"", r#""a\tb""#];
const BAD_PAYLOAD: &[&str] = &["1", "true", "[]", "{}", "\"${x\"", "\"${unknown}\""];
const BAD_PAIRS: &[&str] = &["1", "\"x\"", "{}", "[1]", "[[]]", "[\"x\"]"];
const BAD_NAME: &[&str] = &["1", "true", "[]", "{}", "\"unknown\"", "\"\""];

fn is(template: &Option<Template>, text: &str) -> bool {
    template.as_ref().is_some_and(|template| template.to_string() == text)
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

const STREAM_SAMPLES: &[Sample] = &[
    sample("endpoint", "\"a${m}b\"", |s| s.endpoint.to_string() == "a${m}b", BAD_TEMPLATE),
    sample("port", "4443", |s| s.port == 4443, BAD_PORT),
    sample("port", "\"4443\"", |s| s.port == 4443, BAD_PORT),
    sample("protocol", "\"mqtt\"", |s| s.protocol == Protocol::Mqtt, BAD_NAME),
    sample("via-socks5", "\"127.0.0.1:1\"", |s| s.via_socks5.is_some(), BAD_SOCKS5),
    sample("bind", "\"lo\"", |s| s.bind.as_deref() == Some("lo"), BAD_TEXT),
    sample("plugins", "[\"x\"]", |s| *s != StreamType::default(), &[]),
    sample("tls", "true", |s| s.tls, BAD_FLAG),
    sample("client_cert", "0", |s| s.client_cert == Some(0), BAD_U8),
    sample("client cert", "1", |s| s.client_cert == Some(1), BAD_U8),
    sample("opportunistic", "true", |s| s.opportunistic, BAD_FLAG),
    sample("nailed_up", "true", |s| s.nailed_up, BAD_FLAG),
    sample("allow_redirects", "true", |s| s.allow_redirects, BAD_FLAG),
    sample("urgent_tx", "true", |s| s.urgent_tx, BAD_FLAG),
    sample("urgent_rx", "true", |s| s.urgent_rx, BAD_FLAG),
    sample("long_poll", "true", |s| s.long_poll, BAD_FLAG),
    sample("retry", "\"r\"", |s| s.retry.as_ref().is_some_and(|r| r.name == "r"), BAD_NAME),
    sample("timeout_ms", "300", |s| s.timeout_ms == 300, BAD_U32),
    sample("perf", "true", |s| s.perf, BAD_FLAG),
    sample(
        "tls_trust_store",
        "\"ts\"",
        |s| s.trust_store.as_ref().is_some_and(|t| t.name == "ts" && t.certs.len() == 1),
        BAD_NAME,
    ),
    sample("use_auth", "\"au\"", |s| s.auth.as_ref().is_some_and(|a| a.name == "au"), BAD_NAME),
    sample("aws_region", "\"m\"", |s| s.aws_region.as_deref() == Some("m"), BAD_TEXT),
    sample("aws_service", "\"m\"", |s| s.aws_service.as_deref() == Some("m"), BAD_TEXT),
    sample("direct_proto_str", "true", |s| s.direct_proto_str, BAD_FLAG),
    sample("server", "true", |s| s.server, BAD_FLAG),
    sample("server_cert", "\"c\"", |s| s.server_cert.is_some(), &["1", "\"unknown\"", "\"k\""]),
    sample("server_key", "\"k\"", |s| s.server_key.is_some(), &["1", "\"unknown\"", "\"c\""]),
    sample(
        "options",
        r#"[{"a": "b"}, {"c": 1, "d": true}]"#,
        |s| s.options == [pair("a", "b"), pair("c", "1"), pair("d", "1")],
        BAD_PAIRS,
    ),
    sample("options", "[]", |s| s.options.is_empty(), &[r#"[{"a": []}]"#, r#"[{"a": null}]"#]),
    sample("swake_validity", "true", |s| s.swake_validity, BAD_FLAG),
    sample("rideshare", "\"t\"", |s| s.rideshare.as_deref() == Some("t"), &["1", "[]"]),
    sample("payload_fmt", "\"f\"", |s| s.payload_fmt.as_deref() == Some("f"), BAD_TEXT),
    sample("local_sink", "true", |s| s.local_sink, BAD_FLAG),
    sample(
        "metadata",
        r#"[{"n": "Content-Type:"}, {"o": "accept", "p": ""}]"#,
        |s| {
            let header = |name| s.metadata_def(name).map(|(_, def)| def.header.as_deref());
            header("n") == Some(Some("content-type"))
                && header("o") == Some(Some("accept"))
                && header("p") == Some(None)
        },
        BAD_PAIRS,
    ),
    sample("metadata", "[]", |s| s.metadata.len() == 1, &[r#"[{"a": 1}]"#, r#"[{"a": "b c:"}]"#]),
    sample("proxy_buflen", "9", |s| s.proxy_buffer.len == Some(9), BAD_U32),
    sample(
        "proxy_buflen_rxflow_on_above",
        "9",
        |s| s.proxy_buffer.rxflow_on_above == Some(9),
        BAD_U32,
    ),
    sample(
        "proxy_buflen_rxflow_off_below",
        "9",
        |s| s.proxy_buffer.rxflow_off_below == Some(9),
        BAD_U32,
    ),
    sample("client_buflen", "9", |s| s.client_buffer.len == Some(9), BAD_U32),
    sample(
        "client_buflen_rxflow_on_above",
        "9",
        |s| s.client_buffer.rxflow_on_above == Some(9),
        BAD_U32,
    ),
    sample(
        "client_buflen_rxflow_off_below",
        "9",
        |s| s.client_buffer.rxflow_off_below == Some(9),
        BAD_U32,
    ),
    sample("attr_priority", "7", |s| s.attrs.priority == 7, &["8", "-1", "true", "\"x\""]),
    sample("attr_low_latency", "true", |s| s.attrs.low_latency, BAD_FLAG),
    sample("attr_high_throughput", "true", |s| s.attrs.high_throughput, BAD_FLAG),
    sample("attr_high_reliability", "true", |s| s.attrs.high_reliability, BAD_FLAG),
    sample("attr_low_cost", "true", |s| s.attrs.low_cost, BAD_FLAG),
    sample(
        "http_method",
        "\"PUT\"",
        |s| s.http.method.as_deref() == Some("PUT"),
        &["1", "true", "\"G ET\"", r#""GET\r\n""#],
    ),
    sample("http_url", "\"/${m}\"", |s| s.http.url.to_string() == "/${m}", BAD_TEMPLATE),
    sample("http_expect", "204", |s| s.http.expect == Some(204), &["1000", "-1", "true", "\"x\""]),
    sample("http_expect", "0", |s| s.http.expect.is_none(), &[]),
    sample("http_fail_redirect", "true", |s| s.http.fail_redirect, BAD_FLAG),
    sample(
        "http_resp_map",
        r#"[{"530": 1530}, {"531": 1531, "532": "1532"}]"#,
        |s| {
            s.http.resp_map == [(530, 1530), (531, 1531), (532, 1532)]
                && s.http.mapped_state(531) == Some(1531)
                && s.http.mapped_state(200).is_none()
        },
        BAD_PAIRS,
    ),
    sample(
        "http_resp_map",
        "[]",
        |s| s.http.resp_map.is_empty(),
        &[r#"[{"x": 1}]"#, r#"[{"1000": 1}]"#, r#"[{"200": 65536}]"#, r#"[{"200": "x"}]"#],
    ),
    sample(
        "http_auth_header",
        "\"X-A:\"",
        |s| s.http.auth_header.as_deref() == Some("x-a"),
        BAD_HEADER,
    ),
    sample(
        "http_dsn_header",
        "\"x-a\"",
        |s| s.http.dsn_header.as_deref() == Some("x-a"),
        BAD_HEADER,
    ),
    sample(
        "http_fwv_header",
        "\"x-a:\"",
        |s| s.http.fwv_header.as_deref() == Some("x-a"),
        BAD_HEADER,
    ),
    sample(
        "http_devtype_header",
        "\"x-a:\"",
        |s| s.http.devtype_header.as_deref() == Some("x-a"),
        BAD_HEADER,
    ),
    sample(
        "http_auth_preamble",
        "\"bearer \"",
        |s| s.http.auth_preamble.as_deref() == Some("bearer "),
        BAD_TEXT,
    ),
    sample("auth_hexify", "true", |s| s.http.auth_hexify, BAD_FLAG),
    sample("http_no_content_length", "true", |s| s.http.no_content_length, BAD_FLAG),
    sample("nghttp2_quirk_end_stream", "true", |s| s.http.quirk_end_stream, BAD_FLAG),
    sample("h2q_oflow_txcr", "true", |s| s.http.quirk_overflows_txcr, BAD_FLAG),
    sample("http_multipart_ss_in", "true", |s| s.http.multipart_in, BAD_FLAG),
    sample(
        "http_multipart_name",
        "\"n\"",
        |s| s.http.multipart_name.as_deref() == Some("n") && s.http.is_multipart_out(),
        BAD_TEXT,
    ),
    sample(
        "http_multipart_filename",
        "\"n\"",
        |s| s.http.multipart_filename.as_deref() == Some("n") && s.http.is_multipart_out(),
        BAD_TEXT,
    ),
    sample(
        "http_multipart_content_type",
        "\"n\"",
        |s| s.http.multipart_content_type.as_deref() == Some("n"),
        BAD_TEXT,
    ),
    sample(
        "http_mime_content_type",
        "\"n\"",
        |s| s.http.multipart_content_type.as_deref() == Some("n"),
        BAD_TEXT,
    ),
    sample("http_www_form_urlencoded", "true", |s| s.http.www_form_urlencoded, BAD_FLAG),
    sample("http_cookies", "true", |s| s.http.cookies, BAD_FLAG),
    sample("server_max_clients", "7", |s| s.serve.max_clients == 7, BAD_U32),
    sample("server_max_head", "4096", |s| s.serve.max_head == 4096, BAD_U32),
    sample("server_max_fields", "9", |s| s.serve.max_fields == 9, BAD_U16),
    sample(
        "server_max_body",
        "5000000000",
        |s| s.serve.max_body == 5_000_000_000,
        &["-1", "true", "\"x\"", "[]", "{}"],
    ),
    sample("server_max_rate", "100", |s| s.serve.max_rate == 100, BAD_U32),
    sample("server_idle_s", "5", |s| s.serve.idle_s == 5, BAD_U16),
    sample("server_stall_s", "3", |s| s.serve.stall_s == 3, BAD_U16),
    sample("ws_subprotocol", "\"p\"", |s| s.ws.subprotocol.as_deref() == Some("p"), BAD_TEXT),
    sample("ws_binary", "true", |s| s.ws.binary, BAD_FLAG),
    sample("ws_prioritize_reads", "true", |s| s.ws.prioritize_reads, BAD_FLAG),
    sample("ws_permessage_deflate", "true", |s| s.ws.permessage_deflate, BAD_FLAG),
    sample("mqtt_topic", "\"t/${m}\"", |s| is(&s.mqtt.topic, "t/${m}"), BAD_TEMPLATE),
    sample("mqtt_subscribe", "\"t/#\"", |s| is(&s.mqtt.subscribe, "t/#"), BAD_TEMPLATE),
    sample("mqtt_qos", "1", |s| s.mqtt.qos == 1, &["3", "-1", "true", "\"x\""]),
    sample("mqtt qos", "2", |s| s.mqtt.qos == 2, &["3", "-1", "true", "\"x\""]),
    sample("mqtt_retain", "true", |s| s.mqtt.retain, BAD_FLAG),
    sample("mqtt_keep_alive", "30", |s| s.mqtt.keep_alive_s == 30, BAD_U16),
    sample("mqtt_clean_start", "true", |s| s.mqtt.clean_start, BAD_FLAG),
    sample("mqtt_will_topic", "\"t\"", |s| is(&s.mqtt.will_topic, "t"), BAD_TEMPLATE),
    sample(
        "mqtt_will_message",
        r#""a\n${m}""#,
        |s| is(&s.mqtt.will_message, "a\n${m}"),
        BAD_PAYLOAD,
    ),
    sample("mqtt_will_qos", "2", |s| s.mqtt.will_qos == 2, &["3", "-1", "true", "\"x\""]),
    sample("mqtt_will_retain", "true", |s| s.mqtt.will_retain, BAD_FLAG),
    sample("mqtt_birth_topic", "\"t\"", |s| is(&s.mqtt.birth_topic, "t"), BAD_TEMPLATE),
    sample("mqtt_birth_message", "\"\"", |s| is(&s.mqtt.birth_message, ""), BAD_PAYLOAD),
    sample("mqtt_birth_qos", "2", |s| s.mqtt.birth_qos == 2, &["3", "-1", "true", "\"x\""]),
    sample("mqtt_birth_retain", "true", |s| s.mqtt.birth_retain, BAD_FLAG),
    sample("aws_iot", "true", |s| s.mqtt.aws_iot, BAD_FLAG),
];

/// A policy with one of everything, whose stream type `t` has `key: value`.
fn policy_with(key: &str, value: &str) -> String {
    format!(
        r#"{{ "retry": [{{ "r": {{ "backoff": [100] }} }}],
 "certs": [{{ "c": "{CERT}" }}, {{ "k": "{KEY}" }}],
 "trust_stores": [{{ "name": "ts", "stack": ["c"] }}],
 "auth": [{{ "name": "au", "type": "sigv4", "streamtype": "t", "blob": 3 }}],
 "s": [{{ "t": {{ "metadata": [{{ "m": "" }}],
  "endpoint": "e",
  "{key}": {value}
 }} }}] }}"#
    )
}

/// Where the value is in [`policy_with`].
fn value_pos(key: &str) -> (u32, u32) {
    let before = "  \"\": ".len() + key.len();
    (7, u32::try_from(before).unwrap() + 1)
}

/// The keys that [`policy_with`] has already.
fn is_given(key: &str) -> bool {
    key == "endpoint" || key == "metadata"
}

#[test]
fn every_stream_key_has_a_sample() {
    for key in keys::STREAM.iter().flat_map(|key| key.names) {
        assert!(STREAM_SAMPLES.iter().any(|sample| sample.key == *key), "no sample of {key}");
    }
}

#[test]
fn no_key_is_there_twice() {
    fn check<T>(keys: &[Key<T>]) {
        let mut names: Vec<_> = keys.iter().flat_map(|key| key.names).collect();
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
    check(keys::TOP);
    check(keys::RETRY);
    check(keys::AUTH);
    check(keys::METRIC);
    check(keys::STREAM);
}

#[test]
fn every_stream_key_takes_its_value() {
    for sample in STREAM_SAMPLES {
        let text = policy_with(sample.key, sample.good);
        let outcome = parse(text.as_bytes());
        assert_eq!(outcome.errors, [], "{}", sample.key);
        let unexpected =
            outcome.warnings.iter().find(|w| !(is_given(sample.key) && w.kind == Kind::Duplicate));
        assert_eq!(unexpected, None, "{}", sample.key);
        let policy = outcome.policy.unwrap();
        assert!((sample.arrived)(policy.stream_type("t").unwrap()), "{text}");
    }
}

/// Writes the policy as text and reads that again.
#[cfg(feature = "tools")]
fn there_and_back(policy: &Policy) -> Policy {
    let text = to_text(policy);
    let outcome = parse(text.as_bytes());
    assert_eq!(outcome.errors, [], "{text}");
    outcome.policy.unwrap()
}

#[cfg(feature = "tools")]
#[test]
fn what_is_written_reads_the_same() {
    for sample in STREAM_SAMPLES {
        let policy = parse(policy_with(sample.key, sample.good).as_bytes()).policy.unwrap();
        assert_eq!(there_and_back(&policy), policy, "{}", sample.key);
    }
    let everything_else = r#"{ "release": "7", "product": "a \"b\"", "schema-version": 1,
 "via-socks5": "127.0.0.1:1080",
 "retry": [{ "r": { "backoff": [1, 2], "conceal": 3, "jitterpc": 4, "svalidping": 5,
  "svalidhup": 6 } }, { "empty": {} }],
 "metrics": [{ "name": "m", "us_schedule": 1, "us_halflife": 2, "min_outlier": 3,
  "report": "r" }],
 "s": [{ "one": { "endpoint": "e" } }, { "two": { "endpoint": "e", "retry": "r" } }] }"#;
    let policy = parse(everything_else.as_bytes()).policy.unwrap();
    assert_eq!(policy.retries.len(), 2);
    assert_eq!(there_and_back(&policy), policy);
    assert_eq!(there_and_back(&default_policy()), default_policy());
}

#[test]
fn every_stream_key_refuses_what_it_cannot_take() {
    for sample in STREAM_SAMPLES {
        for value in sample.bad {
            let text = policy_with(sample.key, value);
            let outcome = parse(text.as_bytes());
            assert!(outcome.policy.is_none(), "{}: {value} was taken", sample.key);
            let error = &outcome.errors[0];
            assert_eq!((error.severity, error.line), (Severity::Error, 7), "{error}");
            if error.kind == Kind::BadValue && value.contains("u0000") {
                continue; // refused by the JSON reader, which knows no keys
            }
            assert_eq!(error.stream_type(), Some("t"), "{error}");
            let key = error.key.as_deref().unwrap_or_default();
            assert_eq!(key.split('.').next(), Some(sample.key), "{error}");
            if key == sample.key && !value.starts_with("[") {
                assert_eq!((error.line, error.column), value_pos(sample.key), "{error}");
            }
        }
    }
}

#[test]
fn every_stream_key_takes_null_as_absent() {
    for key in keys::STREAM.iter().flat_map(|key| key.names) {
        let outcome = parse(policy_with(key, "null").as_bytes());
        let absent = parse(policy_with("plugins", "[]").as_bytes());
        assert_eq!(outcome.errors, [], "{key}");
        assert_eq!(outcome.policy, absent.policy, "{key}");
    }
}

#[test]
fn flags_in_the_forms_that_existing_policies_have() {
    for (value, on) in [("1", true), ("0", false), ("\"true\"", true), ("\"false\"", false)] {
        let outcome = parse(policy_with("tls", value).as_bytes());
        assert_eq!(outcome.policy.unwrap().stream_type("t").unwrap().tls, on, "{value}");
        assert_eq!(outcome.warnings.len(), 1);
        assert_eq!(outcome.warnings[0].kind, Kind::WrongType);
    }
}

#[test]
fn a_port_that_is_no_number_is_a_warning() {
    let outcome = parse(br#"{"s":[{"a":{"endpoint":"h","port":"@PORT@"}}]}"#);
    assert_eq!(outcome.policy.unwrap().stream_type("a").unwrap().port, 0);
    assert_eq!(outcome.warnings.len(), 1);
    assert_eq!(outcome.warnings[0].column, 35);
}

#[test]
fn fractions_are_cut_with_a_warning() {
    for (value, warnings) in [("7.0", 0), ("7.9", 1), ("\"7.5\"", 1), ("007", 0)] {
        let outcome = parse(policy_with("port", value).as_bytes());
        assert_eq!(outcome.warnings.len(), warnings, "{value}");
        assert_eq!(outcome.policy.unwrap().stream_type("t").unwrap().port, 7);
    }
}

#[test]
fn http3_is_known_but_not_supported() {
    let outcome = parse(policy_with("protocol", "\"h3\"").as_bytes());
    assert_eq!(outcome.warnings[0].kind, Kind::Unsupported);
    let policy = outcome.policy.unwrap();
    let stream = policy.stream_type("t").unwrap();
    assert_eq!(stream.protocol, Protocol::H3);
    assert!(!stream.protocol.is_supported());
}

/// Wraps one `key: value` into the section it belongs to.
fn in_section(section: &str, key: &str, value: &str) -> String {
    match section {
        "" => format!("{{\n\"{key}\": {value}}}"),
        "retry" => format!("{{ \"retry\": [{{ \"x\": {{\n\"{key}\": {value}}} }}] }}"),
        _ => format!("{{ \"{section}\": [{{ \"name\": \"x\",\n\"{key}\": {value}}}] }}"),
    }
}

type Arrived = fn(&Policy) -> bool;

const OTHER_SAMPLES: &[(&str, &str, &str, Arrived, &[&str])] = &[
    ("", "release", "\"1\"", |p| p.release.as_deref() == Some("1"), &["true", "[]"]),
    ("", "release", "12", |p| p.release.as_deref() == Some("12"), &[]),
    ("", "product", "\"p\"", |p| p.product.as_deref() == Some("p"), &["true", "{}"]),
    ("", "schema-version", "1", |p| p.schema_version == Some(1), BAD_U32),
    ("", "via-socks5", "\"h:1\"", |p| p.via_socks5.as_deref() == Some("h:1"), BAD_SOCKS5),
    ("", "retry", "[]", |p| p.retries.is_empty(), &["1", "{}", "[1]", "[{\"x\": 1}]"]),
    ("", "certs", "[]", |p| p.certs.is_empty(), &["1", "{}", "[1]", "[{\"x\": 1}]"]),
    (
        "",
        "trust_stores",
        "[]",
        |p| p.trust_stores.is_empty(),
        &["1", "{}", "[1]", "[{\"x\": 1}]", "[{\"x\": []}]", "[{\"name\": \"x\"}]"],
    ),
    ("", "auth", "[]", |p| p.auths.is_empty(), &["1", "{}", "[1]", "[{}]"]),
    ("", "metrics", "[]", |p| p.metrics.is_empty(), &["1", "{}", "[1]", "[{}]"]),
    ("", "s", "[]", |p| p.streams.is_empty(), &["1", "{}", "[1]", "[{\"x\": 1}]"]),
    (
        "retry",
        "backoff",
        "[1, \"2\", 3]",
        |p| p.retries.get("x").unwrap().backoff_ms == [1, 2, 3],
        &["1", "{}", "[true]", "[-1]", "[4294967296]"],
    ),
    (
        "retry",
        "conceal",
        "65535",
        |p| p.retries.get("x").unwrap().conceal == CONCEAL_FOREVER,
        BAD_U16,
    ),
    ("retry", "jitterpc", "20", |p| p.retries.get("x").unwrap().jitter_pc == 20, BAD_U8),
    ("retry", "svalidping", "30", |p| p.retries.get("x").unwrap().valid_ping_s == 30, BAD_U16),
    ("retry", "svalidhup", "35", |p| p.retries.get("x").unwrap().valid_hangup_s == 35, BAD_U16),
    ("auth", "name", "\"n\"", |p| p.auths.get("n").is_some(), &["1", "[]"]),
    ("auth", "type", "\"t\"", |p| p.auths.get("x").unwrap().kind.is_some(), BAD_TEXT),
    (
        "auth",
        "streamtype",
        "\"api_amazon_com_auth\"",
        |p| p.auths.get("x").unwrap().stream_type.is_some(),
        &["1", "[]"],
    ),
    ("auth", "blob", "3", |p| p.auths.get("x").unwrap().blob == 3, &["4", "-1", "true"]),
    ("metrics", "name", "\"n\"", |p| p.metrics.get("n").is_some(), &["1", "[]"]),
    (
        "metrics",
        "us_schedule",
        "18446744073709551615",
        |p| p.metrics.get("x").unwrap().us_schedule == u64::MAX,
        &["18446744073709551616", "-1", "true", "\"x\""],
    ),
    ("metrics", "us_halflife", "9", |p| p.metrics.get("x").unwrap().us_halflife == 9, BAD_U32),
    ("metrics", "min_outlier", "9", |p| p.metrics.get("x").unwrap().min_outlier == 9, BAD_U8),
    ("metrics", "report", "\"r\"", |p| p.metrics.get("x").unwrap().report.is_some(), BAD_TEXT),
];

#[test]
fn every_other_key_has_a_sample() {
    fn names<T>(section: &'static str, keys: &[Key<T>]) -> Vec<(&'static str, &'static str)> {
        keys.iter().flat_map(|key| key.names).map(|&name| (section, name)).collect()
    }
    let all = [
        names("", keys::TOP),
        names("retry", keys::RETRY),
        names("auth", keys::AUTH),
        names("metrics", keys::METRIC),
    ];
    for (section, key) in all.into_iter().flatten() {
        let found = OTHER_SAMPLES.iter().any(|sample| (sample.0, sample.1) == (section, key));
        assert!(found, "no sample of {section}.{key}");
    }
}

#[test]
fn every_other_key_takes_its_value_and_refuses_others() {
    for &(section, key, good, arrived, bad) in OTHER_SAMPLES {
        let outcome = parse(in_section(section, key, good).as_bytes());
        assert_eq!(outcome.errors, [], "{section}.{key}");
        assert!(arrived(&outcome.policy.unwrap()), "{section}.{key}");
        for value in bad {
            let outcome = parse(in_section(section, key, value).as_bytes());
            assert!(outcome.policy.is_none(), "{section}.{key}: {value} was taken");
            assert_eq!(outcome.errors[0].line, 2, "{}", outcome.errors[0]);
        }
    }
}

#[test]
fn sections_are_the_only_keys_without_a_field() {
    let unused = |set: &Set<Policy>| matches!(set, Set::Unused);
    let names: Vec<_> =
        keys::TOP.iter().filter(|key| unused(&key.set)).map(|key| key.names[0]).collect();
    assert_eq!(names, ["retry", "certs", "trust_stores", "auth", "metrics", "s"]);
}
