//! What the streams of one type do, in words and real times.

use std::fmt::Write as _;

use securestreams::policy::{CONCEAL_FOREVER, Policy, Protocol, Retry, StreamType, stream_keys};
use serde_json::Value;

use super::show::counted;
use super::{certs, keydoc};

/// The most delays that are listed one by one.
const MAX_DELAYS: usize = 10;

/// `before` is the stream type without its overlays, if there are any.
pub fn explain(policy: &Policy, stream: &StreamType, before: Option<&StreamType>) -> String {
    let mut out = format!("stream type '{}'\n", stream.name);
    let mut line = |what: &str, text: &str| {
        let _ = writeln!(out, "  {what:<14}{text}");
    };
    line(if stream.server { "listens on" } else { "connects to" }, &place(stream));
    line("speaks", &speaks(stream));
    if stream.tls {
        line("tls", &trust(stream));
    } else {
        line("tls", "none: what is sent can be read and changed on the way");
    }
    if let Some(proxy) = stream.via_socks5.as_ref().or(policy.via_socks5.as_ref()) {
        line("by way of", &format!("the SOCKS5 proxy {proxy}"));
    }
    if !stream.server {
        line("when", when(stream));
        for text in retries(stream.retry.as_deref()) {
            line("retries", &text);
        }
    }
    if let Some(retry) = &stream.retry {
        line("proof of life", &proof_of_life(retry));
    }
    if let Some(auth) = &stream.auth {
        let kind = auth.kind.as_deref().unwrap_or("token");
        line("auth", &format!("'{}': {kind} from auth blob {}", auth.name, auth.blob));
    }
    let _ = writeln!(out, "  keys in force:");
    for (key, value) in stream_keys(stream) {
        let meaning = keydoc::doc("s", key).unwrap_or_default();
        let _ = writeln!(out, "    {key}: {value}\n        {meaning}");
    }
    if let Some(before) = before {
        out.push_str(&changes(before, stream));
    }
    out
}

fn place(stream: &StreamType) -> String {
    let endpoint = stream.endpoint.to_string();
    let variables: Vec<&str> = stream.endpoint.variables().collect();
    let mut text = if let Some(socket) = endpoint.strip_prefix('+') {
        format!("the unix socket {socket}")
    } else if endpoint.is_empty() && stream.server {
        format!("all interfaces, port {}", stream.port)
    } else if endpoint.contains("://") || endpoint.starts_with('!') {
        endpoint
    } else {
        format!("{endpoint}, port {}", stream.port)
    };
    if !variables.is_empty() {
        let _ = write!(text, " (the program sets {})", variables.join(", "));
    }
    text
}

fn speaks(stream: &StreamType) -> String {
    let (http, mqtt) = (&stream.http, &stream.mqtt);
    let path = format!("/{}", http.url.to_string().trim_start_matches('/'));
    let request = || match (stream.server, http.url.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!(": requests for {path}"),
        (false, _) => format!(": {} {path}", http.method.as_deref().unwrap_or("GET")),
    };
    let secure = if stream.tls { " over TLS" } else { "" };
    match stream.protocol {
        Protocol::H1 => format!("HTTP/1.1{secure}{}", request()),
        Protocol::H2 => format!("HTTP/2{secure}{}", request()),
        Protocol::H3 => "HTTP/3, which this library does not".to_owned(),
        Protocol::Ws if stream.server => format!("websocket{secure}"),
        Protocol::Ws => format!("websocket{secure}: {path}"),
        Protocol::Mqtt => {
            let topic = mqtt.topic.as_ref().map(|t| format!(", publishes to {t}"));
            let filter = mqtt.subscribe.as_ref().map(|t| format!(", subscribes to {t}"));
            format!(
                "MQTT 3.1.1{secure}, qos {}{}{}",
                mqtt.qos,
                topic.unwrap_or_default(),
                filter.unwrap_or_default()
            )
        }
        Protocol::Raw => format!("bytes as they are{secure}"),
    }
}

fn trust(stream: &StreamType) -> String {
    if stream.server {
        let name = |cert: Option<&str>| cert.unwrap_or("none of its own").to_owned();
        let cert = name(stream.server_cert.as_ref().map(|c| c.name.as_str()));
        return format!("shows the certificate '{cert}'");
    }
    match &stream.trust_store {
        None => "trusts whom the operating system trusts".to_owned(),
        Some(store) => {
            let subjects: Vec<String> =
                store.certs.iter().map(|cert| certs::subject(&cert.der)).collect();
            format!("trusts only '{}': {}", store.name, subjects.join("; "))
        }
    }
}

fn when(stream: &StreamType) -> &'static str {
    if stream.nailed_up {
        "from its creation on, and again when the connection drops"
    } else if stream.opportunistic {
        "when there is something to send"
    } else {
        "when the program asks for it"
    }
}

fn retries(retry: Option<&Retry>) -> Vec<String> {
    let Some(retry) = retry else {
        return vec!["none: the program hears ALL_RETRIES_FAILED at the first failure".to_owned()];
    };
    let count = if retry.conceal == CONCEAL_FOREVER { usize::MAX } else { retry.conceal.into() };
    if count == 0 {
        return vec!["none: 'conceal' is 0".to_owned()];
    }
    // the table is what the library takes if the policy's is empty
    let table: &[u32] = if retry.backoff_ms.is_empty() { &[3000] } else { &retry.backoff_ms };
    let delay = |n: usize| u64::from(table[n.min(table.len() - 1)]);
    let shown = count.min(MAX_DELAYS).min(if count == usize::MAX { table.len() } else { count });
    let delays: Vec<String> = (0..shown).map(|n| seconds(delay(n))).collect();
    let jitter = u64::from(retry.jitter_pc);
    let mut text = format!("after {}", delays.join(", "));
    if jitter > 0 {
        let _ = write!(text, ", each up to {jitter} % more");
    }
    let end = if count == usize::MAX {
        format!("then every {} for ever: the program is not told", seconds(delay(usize::MAX)))
    } else {
        let least: u64 = (0..count).map(delay).sum();
        let most = least + least * jitter / 100;
        let more =
            if count > shown { format!(" (and {} more)", count - shown) } else { String::new() };
        format!(
            "{}{more} over {} to {}, then ALL_RETRIES_FAILED",
            counted(count, "retry", "retries"),
            seconds(least),
            seconds(most)
        )
    };
    vec![text, end]
}

fn proof_of_life(retry: &Retry) -> String {
    let after = |s: u16, what: &str, never: &str| {
        if s == 0 { never.to_owned() } else { format!("{what} after {s} s without") }
    };
    format!(
        "{}, {}",
        after(retry.valid_ping_s, "probed", "never probed"),
        after(retry.valid_hangup_s, "dropped", "never dropped for that")
    )
}

fn seconds(ms: u64) -> String {
    if ms < 1000 { format!("{ms} ms") } else { format!("{} s", ms as f64 / 1000.0) }
}

/// What the names of other sections' entries stand for.
fn meant(key: &str, stream: &StreamType) -> Vec<String> {
    match key {
        "retry" => match &stream.retry {
            Some(retry) => vec![retries(Some(retry)).join(", "), proof_of_life(retry)],
            None => Vec::new(),
        },
        "tls_trust_store" => vec![trust(stream)],
        _ => Vec::new(),
    }
}

/// What overlays changed.
fn changes(before: &StreamType, after: &StreamType) -> String {
    let (old, new) = (stream_keys(before), stream_keys(after));
    let value = |keys: &[(&'static str, Value)], key: &str| {
        keys.iter()
            .find(|(name, _)| *name == key)
            .map_or("unset".to_owned(), |(_, v)| v.to_string())
    };
    let mut names: Vec<&str> = old.iter().chain(&new).map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    let mut out = String::from("  changed by overlays:\n");
    let mut any = false;
    for name in names {
        let (was, is) = (value(&old, name), value(&new, name));
        if was != is {
            any = true;
            let _ = writeln!(out, "    {name}: {was} -> {is}");
        }
        // a name may stand for something else now
        for (was, is) in meant(name, before).into_iter().zip(meant(name, after)) {
            if was != is {
                any = true;
                let _ = writeln!(out, "    {name}, what it means: {was} -> {is}");
            }
        }
    }
    if !any {
        out.push_str("    nothing\n");
    }
    out
}
