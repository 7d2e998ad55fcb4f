//! From a policy back to its text: the keys in force and their values, by the same tables that read them.
//!
//! Reading what this writes gives the same policy. Keys at their default are left out.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::keys;
use super::model::{Auth, Cert, Metric, Policy, Retry, StreamType, TrustStore};
use super::named::HasName;
use super::template::Template;
use super::values::{Key, Set};

/// A key that is in force, by its usual spelling, and its value in JSON.
pub type InForce = (&'static str, Value);

/// The whole policy as text, each section before those that refer to it.
pub fn to_text(policy: &Policy) -> String {
    let mut parts: Vec<String> = lines(&in_force(keys::TOP, policy, top_special), 1);
    let mut section = |name: &str, entries: Vec<String>| {
        if !entries.is_empty() {
            parts.push(format!("  \"{name}\": [\n    {}\n  ]", entries.join(",\n    ")));
        }
    };
    let retry = |r: &Rc<Retry>| named(&r.name, &in_force(keys::RETRY, r, retry_special));
    section("retry", policy.retries.iter().map(retry).collect());
    let cert = |c: &Rc<Cert>| json!({ &c.name: STANDARD.encode(&c.der) }).to_string();
    section("certs", policy.certs.iter().map(cert).collect());
    let store = |s: &Rc<TrustStore>| {
        let stack: Vec<&str> = s.certs.iter().map(|cert| cert.name.as_str()).collect();
        json!({ "name": s.name, "stack": stack }).to_string()
    };
    section("trust_stores", policy.trust_stores.iter().map(store).collect());
    let auth = |a: &Rc<Auth>| body(&in_force(keys::AUTH, a, auth_special), 2);
    section("auth", policy.auths.iter().map(auth).collect());
    let metric = |m: &Rc<Metric>| body(&in_force(keys::METRIC, m, metric_special), 2);
    section("metrics", policy.metrics.iter().map(metric).collect());
    let stream = |s: &Rc<StreamType>| named(&s.name, &stream_keys(s));
    section("s", policy.streams.iter().map(stream).collect());
    format!("{{\n{}\n}}\n", parts.join(",\n"))
}

/// The keys of a stream type that are in force.
pub fn stream_keys(stream: &StreamType) -> Vec<InForce> {
    in_force(keys::STREAM, stream, stream_special)
}

/// `"key": value`, each indented by `depth` steps.
fn lines(keys: &[InForce], depth: usize) -> Vec<String> {
    let indent = "  ".repeat(depth);
    keys.iter().map(|(key, value)| format!("{indent}\"{key}\": {value}")).collect()
}

/// An object of these keys, its brace indented by `depth` steps.
fn body(keys: &[InForce], depth: usize) -> String {
    if keys.is_empty() {
        return "{}".to_owned();
    }
    let indent = "  ".repeat(depth);
    format!("{{\n{}\n{indent}}}", lines(keys, depth + 1).join(",\n"))
}

/// `{ NAME: {...} }`
fn named(name: &str, keys: &[InForce]) -> String {
    format!("{{ {}: {} }}", Value::from(name), body(keys, 2))
}

/// The keys of `table` whose field differs from the default; `special` gives those that have a
/// function of their own.
fn in_force<T: Clone + Default>(
    table: &'static [Key<T>],
    entry: &T,
    special: fn(&T, &str) -> Value,
) -> Vec<InForce> {
    // the tables lead to fields by mutable reference
    let (mut entry, mut default) = (entry.clone(), T::default());
    let mut found = Vec::new();
    for key in table {
        let (value, usual) = match &key.set {
            Set::With(_) => (special(&entry, key.names[0]), special(&default, key.names[0])),
            set => (plain(set, &mut entry), plain(set, &mut default)),
        };
        if value != usual {
            found.push((key.names[0], value));
        }
    }
    found
}

/// The value of a field; null if it is unset or there is none.
fn plain<T>(set: &Set<T>, entry: &mut T) -> Value {
    match set {
        Set::Flag(field) => (*field(entry)).into(),
        Set::U8(_, field) => (*field(entry)).into(),
        Set::U16(field) => (*field(entry)).into(),
        Set::U32(field) => (*field(entry)).into(),
        Set::U64(field) => (*field(entry)).into(),
        Set::OptU8(_, field) => (*field(entry)).into(),
        Set::OptU32(field) => (*field(entry)).into(),
        Set::Text(field) | Set::Label(field) | Set::Header(field) => field(entry).clone().into(),
        Set::Template(field) => field(entry).to_string().into(),
        Set::OptTemplate(field) | Set::Payload(field) => {
            field(entry).as_ref().map(Template::to_string).into()
        }
        Set::Unused | Set::With(_) => Value::Null,
    }
}

fn top_special(policy: &Policy, key: &str) -> Value {
    match key {
        "schema-version" => policy.schema_version.into(),
        "via-socks5" => policy.via_socks5.clone().into(),
        _ => Value::Null,
    }
}

fn retry_special(retry: &Retry, key: &str) -> Value {
    if key == "backoff" { retry.backoff_ms.clone().into() } else { Value::Null }
}

fn auth_special(auth: &Auth, key: &str) -> Value {
    match key {
        "name" => auth.name.clone().into(),
        "streamtype" => auth.stream_type.clone().into(),
        _ => Value::Null,
    }
}

fn metric_special(metric: &Metric, key: &str) -> Value {
    if key == "name" { metric.name.clone().into() } else { Value::Null }
}

fn stream_special(stream: &StreamType, key: &str) -> Value {
    let pairs = |list: Vec<(String, Value)>| -> Value {
        if list.is_empty() {
            return Value::Null;
        }
        Value::Array(list.into_iter().map(|(name, value)| json!({ name: value })).collect())
    };
    match key {
        "port" => stream.port.into(),
        "via-socks5" => stream.via_socks5.clone().into(),
        "protocol" => stream.protocol.name().into(),
        "retry" => name_of(stream.retry.as_deref()),
        "tls_trust_store" => name_of(stream.trust_store.as_deref()),
        "use_auth" => name_of(stream.auth.as_deref()),
        "server_cert" => name_of(stream.server_cert.as_deref()),
        "server_key" => name_of(stream.server_key.as_deref()),
        "options" => {
            let value = |(name, value): &(String, String)| (name.clone(), value.clone().into());
            pairs(stream.options.iter().map(value).collect())
        }
        "rideshare" => stream.rideshare.clone().into(),
        "metadata" => {
            let header = |h: &Option<String>| h.as_ref().map(|h| format!("{h}:"));
            let defs = stream.metadata.iter();
            pairs(
                defs.map(|def| (def.name.clone(), header(&def.header).unwrap_or_default().into()))
                    .collect(),
            )
        }
        "http_method" => stream.http.method.clone().into(),
        "http_expect" => stream.http.expect.into(),
        "http_resp_map" => {
            let map = stream.http.resp_map.iter();
            pairs(map.map(|&(status, state)| (status.to_string(), state.into())).collect())
        }
        _ => Value::Null,
    }
}

fn name_of<T: HasName>(entry: Option<&T>) -> Value {
    entry.map(HasName::name).into()
}
