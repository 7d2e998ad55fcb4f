//! A policy as C structs, for `pss_policies` of the context's info: no JSON at run time.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::rc::Rc;

use securestreams::policy::{
    Auth, Cert, Http, MetadataDef, Mqtt, Policy, Protocol, Retry, StreamType, Template, TrustStore,
};

/// How many certificates the C struct of a trust store has room for.
const MAX_TRUSTED: usize = 6;

/// Bytes of DER a line.
const BYTES_A_LINE: usize = 16;

/// The C source; its last struct is `_ss_static_policy_entry`. An error if C has no room for something.
pub fn to_c(policy: &Policy) -> Result<String, String> {
    let mut c = Source::default();
    c.out.push_str("/* Made by sspolicy to-c: change the policy, not this. */\n\n");
    c.out.push_str("#include <libwebsockets.h>\n\n");
    for (n, retry) in policy.retries.iter().enumerate() {
        c.retry(n, retry);
    }
    // only what is used: the rest would only make the program larger
    let used = |cert: &Cert| {
        policy.trust_stores.iter().any(|store| store.certs.iter().any(|c| c.name == cert.name))
            || policy.streams.iter().any(|stream| {
                [&stream.server_cert, &stream.server_key]
                    .into_iter()
                    .flatten()
                    .any(|c| c.name == cert.name)
            })
    };
    for (n, cert) in policy.certs.iter().filter(|cert| used(cert)).enumerate() {
        c.cert(n, cert);
    }
    for (n, store) in policy.trust_stores.iter().enumerate() {
        c.store(n, store)?;
    }
    for (n, auth) in policy.auths.iter().enumerate() {
        c.auth(n, auth);
    }
    for (n, stream) in policy.streams.iter().enumerate() {
        c.stream(n, stream);
    }
    if policy.streams.is_empty() {
        return Err("the policy has no stream type".into());
    }
    // the list begins with the last one made, as every struct points to an earlier one
    let last = policy.streams.len() - 1;
    let _ = writeln!(c.out, "#define _ss_static_policy_entry _ss_policy_{last}");
    Ok(c.out)
}

#[derive(Default)]
struct Source {
    out: String,
    /// The C name of each thing by its kind and name.
    names: HashMap<(&'static str, String), String>,
}

/// The members of a struct initialiser.
struct Members(String);

impl Members {
    fn put(&mut self, member: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "\t.{member} = {value},");
    }

    fn text(&mut self, member: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.put(member, quoted(value));
        }
    }

    fn template(&mut self, member: &str, value: Option<&Template>) {
        self.text(member, value.map(Template::to_string).as_deref());
    }

    /// Zero needs no words.
    fn number(&mut self, member: &str, value: impl Into<u64>) {
        let value = value.into();
        if value != 0 {
            self.put(member, value);
        }
    }
}

impl Source {
    fn define(&mut self, kind: &'static str, c_type: &str, n: usize, name: &str, members: Members) {
        let c_name = format!("_ss_{kind}_{n}");
        let _ = writeln!(self.out, "static {c_type} {c_name} = {{\n{}}};\n", members.0);
        self.names.insert((kind, name.to_owned()), c_name);
    }

    fn pointer(&self, kind: &'static str, name: &str) -> String {
        let found = self.names.get(&(kind, name.to_owned()));
        found.map_or("NULL".to_owned(), |name| format!("&{name}"))
    }

    fn retry(&mut self, n: usize, retry: &Rc<Retry>) {
        let mut m = Members(String::new());
        if !retry.backoff_ms.is_empty() {
            let table: Vec<String> = retry.backoff_ms.iter().map(u32::to_string).collect();
            let _ = writeln!(
                self.out,
                "static const uint32_t _ss_backoff_{n}[] = {{ {} }};\n",
                table.join(", ")
            );
            m.put("retry_ms_table", format_args!("_ss_backoff_{n}"));
            m.put("retry_ms_table_count", table.len());
        }
        m.number("conceal_count", retry.conceal);
        m.number("secs_since_valid_ping", retry.valid_ping_s);
        m.number("secs_since_valid_hangup", retry.valid_hangup_s);
        m.number("jitter_percent", retry.jitter_pc);
        if m.0.is_empty() {
            m.put("conceal_count", 0);
        }
        self.define("retry", "const lws_retry_bo_t", n, &retry.name, m);
    }

    fn cert(&mut self, n: usize, cert: &Rc<Cert>) {
        let _ = writeln!(self.out, "static const uint8_t _ss_der_{n}[] = {{");
        for line in cert.der.chunks(BYTES_A_LINE) {
            let bytes: Vec<String> = line.iter().map(|byte| format!("0x{byte:02x}")).collect();
            let _ = writeln!(self.out, "\t{},", bytes.join(", "));
        }
        let _ = writeln!(self.out, "}};\n");
        let mut m = Members(String::new());
        if n > 0 {
            m.put("next", format_args!("&_ss_x509_{}", n - 1));
        }
        m.text("vhost_name", Some(&cert.name));
        m.put("ca_der", format_args!("_ss_der_{n}"));
        m.put("ca_der_len", cert.der.len());
        m.put("keep", 1);
        self.define("x509", "lws_ss_x509_t", n, &cert.name, m);
    }

    fn store(&mut self, n: usize, store: &Rc<TrustStore>) -> Result<(), String> {
        if store.certs.len() > MAX_TRUSTED {
            let (name, count) = (&store.name, store.certs.len());
            return Err(format!(
                "trust store '{name}' has {count} certificates, C structs have room for {MAX_TRUSTED}"
            ));
        }
        let mut m = Members(String::new());
        if n > 0 {
            m.put("next", format_args!("&_ss_store_{}", n - 1));
        }
        m.text("name", Some(&store.name));
        let certs: Vec<String> =
            store.certs.iter().map(|cert| self.pointer("x509", &cert.name)).collect();
        m.put("ssx509", format_args!("{{ {} }}", certs.join(", ")));
        m.put("count", store.certs.len());
        self.define("store", "lws_ss_trust_store_t", n, &store.name, m);
        Ok(())
    }

    fn auth(&mut self, n: usize, auth: &Rc<Auth>) {
        let mut m = Members(String::new());
        if n > 0 {
            m.put("next", format_args!("&_ss_auth_{}", n - 1));
        }
        m.text("name", Some(&auth.name));
        m.text("type", auth.kind.as_deref());
        m.text("streamtype", auth.stream_type.as_deref());
        m.number("blob_index", auth.blob);
        self.define("auth", "lws_ss_auth_t", n, &auth.name, m);
    }

    fn metadata(&mut self, stream: usize, defs: &[MetadataDef]) {
        for (n, def) in defs.iter().enumerate() {
            let mut m = Members(String::new());
            if n > 0 {
                m.put("next", format_args!("&_ss_metadata_{stream}_{}", n - 1));
            }
            m.text("name", Some(&def.name));
            let header = def.header.as_ref().map(|name| format!("{name}:")).unwrap_or_default();
            m.put("value__may_own_heap", format_args!("(void *){}", quoted(&header)));
            // its number among the stream type's metadata
            m.put("length", n);
            m.put("value_length", header.len().min(255));
            if let Some(name) = &def.header {
                m.put("value_is_http_token", securestreams::ffi::known_header(name));
            }
            let _ = writeln!(
                self.out,
                "static lws_ss_metadata_t _ss_metadata_{stream}_{n} = {{\n{}}};\n",
                m.0
            );
        }
    }

    fn options(&mut self, stream: usize, options: &[(String, String)]) {
        for (n, (name, value)) in options.iter().enumerate().rev() {
            let mut m = Members(String::new());
            if n + 1 < options.len() {
                m.put("next", format_args!("&_ss_option_{stream}_{}", n + 1));
            }
            m.text("name", Some(name));
            m.text("value", Some(value));
            let _ = writeln!(
                self.out,
                "static const struct lws_protocol_vhost_options _ss_option_{stream}_{n} = {{\n{}}};\n",
                m.0
            );
        }
    }

    fn stream(&mut self, n: usize, stream: &Rc<StreamType>) {
        self.metadata(n, &stream.metadata);
        self.options(n, &stream.options);
        if !stream.http.resp_map.is_empty() {
            let entry = |(status, state): &(u16, u16)| format!("{{ {status}, {state} }}");
            let map: Vec<String> = stream.http.resp_map.iter().take(255).map(entry).collect();
            let _ = writeln!(
                self.out,
                "static const lws_ss_http_respmap_t _ss_respmap_{n}[] = {{ {} }};\n",
                map.join(", ")
            );
        }
        let mut m = Members(String::new());
        if n > 0 {
            m.put("next", format_args!("&_ss_policy_{}", n - 1));
        }
        m.text("streamtype", Some(&stream.name));
        m.template("endpoint", Some(&stream.endpoint).filter(|t| !t.is_empty()));
        m.text("rideshare_streamtype", stream.rideshare.as_deref());
        m.text("payload_fmt", stream.payload_fmt.as_deref());
        m.text("socks5_proxy", stream.via_socks5.as_deref());
        if let Some(last) = stream.metadata.len().checked_sub(1) {
            m.put("metadata", format_args!("&_ss_metadata_{n}_{last}"));
            m.put("metadata_count", stream.metadata.len());
        }
        if let Some(auth) = &stream.auth {
            m.put("auth", self.pointer("auth", &auth.name));
        }
        if !stream.options.is_empty() {
            m.put("pvo", format_args!("&_ss_option_{n}_0"));
        }
        match stream.protocol {
            Protocol::H1 | Protocol::H2 | Protocol::H3 | Protocol::Ws => http(&mut m, n, stream),
            Protocol::Mqtt => mqtt(&mut m, &stream.mqtt),
            Protocol::Raw => {}
        }
        m.text("aws_region", stream.aws_region.as_deref());
        m.text("aws_service", stream.aws_service.as_deref());
        if stream.server {
            for (member, cert) in [("cert", &stream.server_cert), ("key", &stream.server_key)] {
                if let Some(cert) = cert {
                    let pointer = self.pointer("x509", &cert.name);
                    m.put(&format!("trust.server.{member}"), pointer);
                }
            }
        } else if let Some(store) = &stream.trust_store {
            m.put("trust.store", self.pointer("store", &store.name));
        }
        if let Some(retry) = &stream.retry {
            m.put("retry_bo", self.pointer("retry", &retry.name));
        }
        let (proxy, client) = (stream.proxy_buffer, stream.client_buffer);
        m.number("proxy_buflen", proxy.len.unwrap_or(0));
        m.number("proxy_buflen_rxflow_on_above", proxy.rxflow_on_above.unwrap_or(0));
        m.number("proxy_buflen_rxflow_off_below", proxy.rxflow_off_below.unwrap_or(0));
        m.number("client_buflen", client.len.unwrap_or(0));
        m.number("client_buflen_rxflow_on_above", client.rxflow_on_above.unwrap_or(0));
        m.number("client_buflen_rxflow_off_below", client.rxflow_off_below.unwrap_or(0));
        m.number("timeout_ms", stream.timeout_ms);
        let flags = flags(stream);
        if !flags.is_empty() {
            m.put("flags", flags.join(" |\n\t\t"));
        }
        m.number("port", stream.port);
        m.put("protocol", protocol(stream.protocol));
        m.number("client_cert", stream.client_cert.map_or(0, |index| index + 1));
        m.number("priority", stream.attrs.priority);
        self.define("policy", "lws_ss_policy_t", n, &stream.name, m);
    }
}

fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::H1 => "LWSSSP_H1",
        Protocol::H2 => "LWSSSP_H2",
        Protocol::H3 => "LWSSSP_H3",
        Protocol::Ws => "LWSSSP_WS",
        Protocol::Mqtt => "LWSSSP_MQTT",
        Protocol::Raw => "LWSSSP_RAW",
    }
}

fn http(m: &mut Members, n: usize, stream: &StreamType) {
    let Http { method, url, .. } = &stream.http;
    m.text("u.http.method", method.as_deref());
    if !(url.is_empty() && (stream.server || stream.local_sink)) {
        m.template("u.http.url", Some(url));
    }
    let http = &stream.http;
    m.text("u.http.multipart_name", http.multipart_name.as_deref());
    m.text("u.http.multipart_filename", http.multipart_filename.as_deref());
    m.text("u.http.multipart_content_type", http.multipart_content_type.as_deref());
    let headers = [
        ("LWSSS_HBI_AUTH", &http.auth_header),
        ("LWSSS_HBI_DSN", &http.dsn_header),
        ("LWSSS_HBI_FWV", &http.fwv_header),
        ("LWSSS_HBI_TYPE", &http.devtype_header),
    ];
    for (index, header) in headers {
        let header = header.as_ref().map(|name| format!("{name}:"));
        m.text(&format!("u.http.blob_header[{index}]"), header.as_deref());
    }
    m.text("u.http.auth_preamble", http.auth_preamble.as_deref());
    if !http.resp_map.is_empty() {
        m.put("u.http.respmap", format_args!("_ss_respmap_{n}"));
        m.put("u.http.count_respmap", http.resp_map.len().min(255));
    }
    m.text("u.http.u.ws.subprotocol", stream.ws.subprotocol.as_deref());
    m.number("u.http.u.ws.binary", u8::from(stream.ws.binary));
    m.number("u.http.resp_expect", http.expect.unwrap_or(0));
    m.number("u.http.fail_redirect", u8::from(http.fail_redirect));
}

fn mqtt(m: &mut Members, mqtt: &Mqtt) {
    m.template("u.mqtt.topic", mqtt.topic.as_ref());
    m.template("u.mqtt.subscribe", mqtt.subscribe.as_ref());
    m.template("u.mqtt.will_topic", mqtt.will_topic.as_ref());
    m.template("u.mqtt.will_message", mqtt.will_message.as_ref());
    m.template("u.mqtt.birth_topic", mqtt.birth_topic.as_ref());
    m.template("u.mqtt.birth_message", mqtt.birth_message.as_ref());
    m.number("u.mqtt.keep_alive", mqtt.keep_alive_s);
    m.number("u.mqtt.qos", mqtt.qos);
    m.number("u.mqtt.clean_start", u8::from(mqtt.clean_start));
    m.number("u.mqtt.will_qos", mqtt.will_qos);
    m.number("u.mqtt.will_retain", u8::from(mqtt.will_retain));
    m.number("u.mqtt.birth_qos", mqtt.birth_qos);
    m.number("u.mqtt.birth_retain", u8::from(mqtt.birth_retain));
    m.number("u.mqtt.aws_iot", u8::from(mqtt.aws_iot));
    m.number("u.mqtt.retain", u8::from(mqtt.retain));
}

fn flags(s: &StreamType) -> Vec<&'static str> {
    let all = [
        ("LWSSSPOLF_OPPORTUNISTIC", s.opportunistic),
        ("LWSSSPOLF_NAILED_UP", s.nailed_up),
        ("LWSSSPOLF_URGENT_TX", s.urgent_tx),
        ("LWSSSPOLF_URGENT_RX", s.urgent_rx),
        ("LWSSSPOLF_TLS", s.tls),
        ("LWSSSPOLF_LONG_POLL", s.long_poll),
        ("LWSSSPOLF_HTTP_NO_CONTENT_LENGTH", s.http.no_content_length),
        ("LWSSSPOLF_QUIRK_NGHTTP2_END_STREAM", s.http.quirk_end_stream),
        ("LWSSSPOLF_H2_QUIRK_OVERFLOWS_TXCR", s.http.quirk_overflows_txcr),
        ("LWSSSPOLF_HTTP_MULTIPART", s.http.is_multipart_out()),
        ("LWSSSPOLF_HTTP_X_WWW_FORM_URLENCODED", s.http.www_form_urlencoded),
        ("LWSSSPOLF_LOCAL_SINK", s.local_sink),
        ("LWSSSPOLF_WAKE_SUSPEND__VALIDITY", s.swake_validity),
        ("LWSSSPOLF_SERVER", s.server),
        ("LWSSSPOLF_ALLOW_REDIRECTS", s.allow_redirects),
        ("LWSSSPOLF_HTTP_MULTIPART_IN", s.http.multipart_in),
        ("LWSSSPOLF_ATTR_LOW_LATENCY", s.attrs.low_latency),
        ("LWSSSPOLF_ATTR_HIGH_THROUGHPUT", s.attrs.high_throughput),
        ("LWSSSPOLF_ATTR_HIGH_RELIABILITY", s.attrs.high_reliability),
        ("LWSSSPOLF_ATTR_LOW_COST", s.attrs.low_cost),
        ("LWSSSPOLF_PERF", s.perf),
        ("LWSSSPOLF_DIRECT_PROTO_STR", s.direct_proto_str),
        ("LWSSSPOLF_HTTP_CACHE_COOKIES", s.http.cookies),
        ("LWSSSPOLF_PRIORITIZE_READS", s.ws.prioritize_reads),
    ];
    all.into_iter().filter(|(_, on)| *on).map(|(flag, _)| flag).collect()
}

/// A C string literal. Bytes that C or its trigraphs would take for something else are written in octal.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(byte.into());
            }
            b' '..=b'~' if byte != b'?' => out.push(byte.into()),
            _ => {
                let _ = write!(out, "\\{byte:03o}");
            }
        }
    }
    out.push('"');
    out
}
