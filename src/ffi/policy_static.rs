//! Policies that a program hands over as C structs. They are put into the words of a JSON policy
//! and go the way of every other one: the same checks, and nothing of the program's memory is kept.

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int};
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::policy_structs::FAIL_REDIRECT;
use super::policy_words::FLAGS;
use super::types::{
    LWSSSP_MQTT, LWSSSP_RAW, LWSSSP_WS, LWSSSPOLF_AUTH_BEARER,
    LWSSSPOLF_H2_QUIRK_UNCLEAN_HPACK_STATE, LWSSSPOLF_HTTP_MULTIPART, LWSSSPOLF_SERVER,
    lws_metric_policy, lws_protocol_vhost_options, lws_retry_bo, lws_ss_auth, lws_ss_metadata,
    lws_ss_policy, lws_ss_policy_http, lws_ss_policy_mqtt, lws_ss_policy_ws, lws_ss_trust_store,
    lws_ss_x509,
};
use crate::policy::{self, MAX_BACKOFF, MAX_DER, Policy, Protocol, Rules};
use crate::util::log;

/// The most entries of one list: whatever is longer is taken for a list that runs in a circle.
const MAX_LIST: usize = 4096;

/// What `printf()` makes of NULL, and so what programs that write policies as C source write for
/// "none" in an `auth`.
const PRINTED_NULL: &str = "(null)";

/// What is wrong, beginning with the member's name.
type Checked<T> = Result<T, String>;

/// The policy of a list of C structs; `None`, with the reasons in the log, if it is bad.
///
/// # Safety
/// The structs and all that they point to are good.
pub(super) unsafe fn read(head: *const lws_ss_policy) -> Option<Rc<Policy>> {
    // SAFETY: as the caller promises.
    let text = match unsafe { Words::of(head) } {
        Ok(words) => words.into_json().to_string(),
        Err(what) => {
            log::err!("pss_policies: {what}");
            return None;
        }
    };
    let rules = Rules { forward_references: true, ..Rules::default() };
    let outcome = policy::parse_with(text.as_bytes(), rules);
    for error in &outcome.errors {
        log::err!("pss_policies: {}", without_place(&error.to_string()));
    }
    for warning in &outcome.warnings {
        log::warn!("pss_policies: {}", without_place(&warning.to_string()));
    }
    outcome.policy.map(Rc::new)
}

/// Lines and columns of the text in between mean nothing to the program.
fn without_place(message: &str) -> &str {
    message.split_once(": ").map_or(message, |(_, rest)| rest)
}

/// The members of a JSON object.
#[derive(Default)]
struct Object(Map<String, Value>);

impl Object {
    /// # Safety
    /// `value` is NULL or a C string.
    unsafe fn text(&mut self, key: &str, value: *const c_char) -> Checked<()> {
        // SAFETY: as the caller promises.
        if let Some(text) = unsafe { text(key, value) }? {
            self.0.insert(key.to_owned(), text.into());
        }
        Ok(())
    }

    /// 0 means that it is not given.
    fn number(&mut self, key: &str, value: impl Into<u64>) {
        let value: u64 = value.into();
        if value != 0 {
            self.0.insert(key.to_owned(), value.into());
        }
    }

    fn flag(&mut self, key: &str, on: bool) {
        if on {
            self.0.insert(key.to_owned(), true.into());
        }
    }

    fn set(&mut self, key: &str, value: Value) {
        self.0.insert(key.to_owned(), value);
    }
}

/// # Safety
/// `value` is NULL or a C string that stays for `'a`.
unsafe fn text<'a>(what: &str, value: *const c_char) -> Checked<Option<&'a str>> {
    if value.is_null() {
        return Ok(None);
    }
    // SAFETY: as the caller promises.
    let value = unsafe { CStr::from_ptr(value) };
    value.to_str().map(Some).map_err(|_| format!("{what} is not UTF-8"))
}

/// A name, which must be there.
///
/// # Safety
/// As for [`text`].
unsafe fn name<'a>(what: &str, value: *const c_char) -> Checked<&'a str> {
    // SAFETY: as the caller promises.
    let name = unsafe { text(what, value) }?;
    name.ok_or_else(|| format!("{what} is NULL"))
}

/// The entries of a list that is linked by `next`.
///
/// # Safety
/// The list is good for `'a`.
unsafe fn list<'a, T>(
    what: &str,
    head: *const T,
    next: impl Fn(&T) -> *const T,
) -> Checked<Vec<&'a T>> {
    let mut entries = Vec::new();
    let mut at = head;
    // SAFETY: as the caller promises.
    while let Some(entry) = unsafe { at.as_ref() } {
        if entries.len() == MAX_LIST {
            return Err(format!(
                "{what} has more than {MAX_LIST} entries: does it run in a circle?"
            ));
        }
        entries.push(entry);
        at = next(entry);
    }
    Ok(entries)
}

/// The `count` things at `items`, which must be there.
///
/// # Safety
/// If `items` is not NULL it has `count` items, good for `'a`.
unsafe fn array<'a, T>(what: &str, items: *const T, count: usize) -> Checked<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    if items.is_null() {
        return Err(format!("{what} is NULL, but is said to have {count} entries"));
    }
    // SAFETY: as the caller promises.
    Ok(unsafe { std::slice::from_raw_parts(items, count) })
}

/// Entries that stream types share: found by address, and each name is there once.
struct Shared<T> {
    what: &'static str,
    names: HashMap<*const T, String>,
    items: Vec<Value>,
}

impl<T> Shared<T> {
    fn new(what: &'static str) -> Self {
        Self { what, names: HashMap::new(), items: Vec::new() }
    }

    /// The name of an entry that was taken in before.
    fn known(&self, entry: *const T) -> Option<String> {
        self.names.get(&entry).cloned()
    }

    fn add(&mut self, entry: *const T, name: &str, item: Value) -> Checked<String> {
        let is_taken = self.names.values().any(|taken| taken == name);
        // a copy of the same in another place is the same
        if is_taken && !self.items.contains(&item) {
            return Err(format!("there are two different {}s named '{name}'", self.what));
        }
        if !is_taken {
            self.items.push(item);
        }
        self.names.insert(entry, name.to_owned());
        Ok(name.to_owned())
    }
}

/// A policy in words, section by section.
struct Words {
    retries: Shared<lws_retry_bo>,
    certs: Shared<lws_ss_x509>,
    stores: Shared<lws_ss_trust_store>,
    auths: Shared<lws_ss_auth>,
    metrics: Vec<Value>,
    streams: Vec<Value>,
}

impl Words {
    /// # Safety
    /// As for [`read`].
    unsafe fn of(head: *const lws_ss_policy) -> Checked<Self> {
        let mut words = Self {
            retries: Shared::new("retry"),
            certs: Shared::new("certificate"),
            stores: Shared::new("trust store"),
            auths: Shared::new("auth"),
            metrics: Vec::new(),
            streams: Vec::new(),
        };
        // SAFETY: as the caller promises.
        unsafe {
            let streams = list("the list of stream types", head, |pol| pol.next)?;
            // as in `lws_ss_policy_get` the one defined first comes last
            for (at, pol) in streams.iter().enumerate().rev() {
                let name = name("streamtype", pol.streamtype)
                    .map_err(|what| format!("entry {at} of the list: {what}"))?;
                let stream =
                    words.stream(pol).map_err(|what| format!("stream type '{name}': {what}"))?;
                words.streams.push(json!({ name: stream.0 }));
            }
        }
        Ok(words)
    }

    fn into_json(self) -> Value {
        json!({
            "retry": self.retries.items,
            "certs": self.certs.items,
            "trust_stores": self.stores.items,
            "auth": self.auths.items,
            "metrics": self.metrics,
            "s": self.streams,
        })
    }

    /// # Safety
    /// `pol` and all that it points to is good.
    unsafe fn stream(&mut self, pol: &lws_ss_policy) -> Checked<Object> {
        let mut o = Object::default();
        flags(pol.flags, &mut o);
        o.number("port", pol.port);
        o.number("timeout_ms", pol.timeout_ms);
        o.number("attr_priority", pol.priority);
        o.number("proxy_buflen", pol.proxy_buflen);
        o.number("proxy_buflen_rxflow_on_above", pol.proxy_buflen_rxflow_on_above);
        o.number("proxy_buflen_rxflow_off_below", pol.proxy_buflen_rxflow_off_below);
        o.number("client_buflen", pol.client_buflen);
        o.number("client_buflen_rxflow_on_above", pol.client_buflen_rxflow_on_above);
        o.number("client_buflen_rxflow_off_below", pol.client_buflen_rxflow_off_below);
        if let Some(index) = pol.client_cert.checked_sub(1) {
            o.set("client_cert", index.into());
        }
        // SAFETY: as the caller promises.
        unsafe {
            o.text("endpoint", pol.endpoint)?;
            o.text("rideshare", pol.rideshare_streamtype)?;
            o.text("payload_fmt", pol.payload_fmt)?;
            o.text("via-socks5", pol.socks5_proxy)?;
            o.text("aws_region", pol.aws_region)?;
            o.text("aws_service", pol.aws_service)?;
            metadata(pol, &mut o)?;
            options(pol.pvo, &mut o)?;
            protocol(pol, &mut o)?;
            self.metrics(pol.metrics)?;
            self.trust(pol, &mut o)?;
            if !pol.auth.is_null() {
                o.set("use_auth", self.auth(pol.auth)?.into());
            }
            if !pol.retry_bo.is_null() {
                o.set("retry", self.retry(pol.retry_bo)?.into());
            }
        }
        Ok(o)
    }

    /// # Safety
    /// The entry is good.
    unsafe fn retry(&mut self, entry: *const lws_retry_bo) -> Checked<String> {
        if let Some(known) = self.retries.known(entry) {
            return Ok(known);
        }
        // SAFETY: as the caller promises.
        let (retry, delays) = unsafe {
            let retry = &*entry;
            let count = usize::from(retry.retry_ms_table_count);
            if count > MAX_BACKOFF {
                return Err(format!("retry_bo: more than {MAX_BACKOFF} delays ({count})"));
            }
            (retry, array("retry_bo: retry_ms_table", retry.retry_ms_table, count)?)
        };
        // the struct has no name
        let name = format!("retry_bo_{}", self.retries.items.len());
        let item = json!({ name.as_str(): {
            "backoff": delays,
            "conceal": retry.conceal_count,
            "jitterpc": retry.jitter_percent,
            "svalidping": retry.secs_since_valid_ping,
            "svalidhup": retry.secs_since_valid_hangup,
        }});
        self.retries.add(entry, &name, item)
    }

    /// # Safety
    /// The entry is good.
    unsafe fn auth(&mut self, entry: *const lws_ss_auth) -> Checked<String> {
        if let Some(known) = self.auths.known(entry) {
            return Ok(known);
        }
        // SAFETY: as the caller promises.
        unsafe {
            let auth = &*entry;
            let name = name("auth: name", auth.name)?;
            let mut o = Object::default();
            o.set("name", name.into());
            for (key, value) in [("type", auth.r#type), ("streamtype", auth.streamtype)] {
                let text = text(&format!("auth '{name}': {key}"), value)?;
                if let Some(text) = text.filter(|text| *text != PRINTED_NULL) {
                    o.set(key, text.into());
                }
            }
            o.number("blob", auth.blob_index);
            self.auths.add(entry, name, o.0.into())
        }
    }

    /// # Safety
    /// The list is good.
    unsafe fn metrics(&mut self, head: *const lws_metric_policy) -> Checked<()> {
        // SAFETY: as the caller promises.
        unsafe {
            let metrics = list("the list of metrics", head, |metric| metric.next)?;
            for metric in metrics.iter().rev() {
                let mut o = Object::default();
                o.set("name", name("metrics: name", metric.name)?.into());
                o.text("report", metric.report)?;
                o.number("us_schedule", metric.us_schedule);
                o.number("us_halflife", metric.us_decay_unit);
                o.number("min_outlier", metric.min_contributors);
                self.metrics.push(o.0.into());
            }
        }
        Ok(())
    }

    /// # Safety
    /// `pol` is good.
    unsafe fn trust(&mut self, pol: &lws_ss_policy, o: &mut Object) -> Checked<()> {
        let is_server = pol.flags & LWSSSPOLF_SERVER.unsigned_abs() != 0;
        // SAFETY: as the caller promises; the flag tells which member of the union is used.
        unsafe {
            if !is_server {
                if !pol.trust.store.is_null() {
                    o.set("tls_trust_store", self.store(pol.trust.store)?.into());
                }
                return Ok(());
            }
            let server = pol.trust.server;
            for (key, entry) in [("server_cert", server.cert), ("server_key", server.key)] {
                if !entry.is_null() {
                    o.set(key, self.cert(key, entry)?.into());
                }
            }
        }
        Ok(())
    }

    /// # Safety
    /// The entry is good.
    unsafe fn store(&mut self, entry: *const lws_ss_trust_store) -> Checked<String> {
        if let Some(known) = self.stores.known(entry) {
            return Ok(known);
        }
        // SAFETY: as the caller promises.
        unsafe {
            let store = &*entry;
            let name = name("trust store: name", store.name)?;
            let (count, room) = (store.count, store.ssx509.len());
            let certs = usize::try_from(count).ok().and_then(|count| store.ssx509.get(..count));
            let Some(certs) = certs.filter(|certs| !certs.is_empty()) else {
                return Err(format!("trust store '{name}': count {count} is not 1 to {room}"));
            };
            let what = format!("trust store '{name}'");
            let stack: Checked<Vec<_>> = certs.iter().map(|cert| self.cert(&what, *cert)).collect();
            let item = json!({ "name": name, "stack": stack? });
            self.stores.add(entry, name, item)
        }
    }

    /// # Safety
    /// The entry is NULL or good.
    unsafe fn cert(&mut self, user: &str, entry: *const lws_ss_x509) -> Checked<String> {
        if let Some(known) = self.certs.known(entry) {
            return Ok(known);
        }
        // SAFETY: as the caller promises.
        unsafe {
            let Some(cert) = entry.as_ref() else {
                return Err(format!("{user}: a certificate is NULL"));
            };
            let name = name(&format!("{user}: vhost_name"), cert.vhost_name)?;
            let what = format!("{user}: certificate '{name}'");
            if cert.ca_der_len == 0 || cert.ca_der_len > MAX_DER {
                return Err(format!(
                    "{what}: ca_der_len {} is not 1 to {MAX_DER}",
                    cert.ca_der_len
                ));
            }
            let der = array(&format!("{what}: ca_der"), cert.ca_der, cert.ca_der_len)?;
            self.certs.add(entry, name, json!({ name: STANDARD.encode(der) }))
        }
    }
}

fn flags(bits: u32, o: &mut Object) {
    let mut rest = bits & !LWSSSPOLF_HTTP_MULTIPART.unsigned_abs();
    for flag in FLAGS {
        let bit = flag.bit.unsigned_abs();
        o.flag(flag.key, bits & bit != 0);
        rest &= !bit;
    }
    // programs may say these, and nothing ever came of it
    let idle = LWSSSPOLF_AUTH_BEARER | LWSSSPOLF_H2_QUIRK_UNCLEAN_HPACK_STATE;
    rest &= !idle.unsigned_abs();
    if rest != 0 {
        log::warn!("pss_policies: flags {rest:#x} have no meaning");
    }
}

/// # Safety
/// `pol` is good.
unsafe fn metadata(pol: &lws_ss_policy, o: &mut Object) -> Checked<()> {
    let head: *const lws_ss_metadata = pol.metadata;
    // SAFETY: as the caller promises.
    unsafe {
        let mut defs = list("metadata", head, |def| def.next)?;
        if defs.len() != usize::from(pol.metadata_count) {
            let (count, found) = (pol.metadata_count, defs.len());
            return Err(format!("metadata_count is {count}, but the list has {found} entries"));
        }
        // `length` is the index; where nobody filled it in, the list's order counts
        defs.sort_by_key(|def| def.length);
        let mut pairs = Vec::new();
        for def in defs {
            let name = name("metadata: name", def.name)?;
            let header = def.value__may_own_heap.cast_const().cast();
            let header = text(&format!("metadata '{name}': value"), header)?.unwrap_or_default();
            pairs.push(json!({ name: header }));
        }
        o.set("metadata", pairs.into());
    }
    Ok(())
}

/// # Safety
/// The list is good.
unsafe fn options(head: *const lws_protocol_vhost_options, o: &mut Object) -> Checked<()> {
    // SAFETY: as the caller promises.
    unsafe {
        let mut pairs = Vec::new();
        for option in list("pvo", head, |option| option.next)? {
            let name = name("pvo: name", option.name)?;
            let value = text(&format!("pvo '{name}': value"), option.value)?.unwrap_or_default();
            if !option.options.is_null() {
                log::warn!("pss_policies: pvo '{name}': options of an option have no effect");
            }
            pairs.push(json!({ name: value }));
        }
        o.set("options", pairs.into());
    }
    Ok(())
}

/// # Safety
/// `pol` is good.
unsafe fn protocol(pol: &lws_ss_policy, o: &mut Object) -> Checked<()> {
    let Some(protocol) = Protocol::ALL.get(usize::from(pol.protocol)) else {
        let last = Protocol::ALL.len() - 1;
        return Err(format!("protocol {} is not 0 to {last}", pol.protocol));
    };
    o.set("protocol", protocol.name().into());
    let is_multipart = pol.flags & LWSSSPOLF_HTTP_MULTIPART.unsigned_abs() != 0;
    // SAFETY: as the caller promises; the protocol tells which member of the union is used.
    unsafe {
        match c_int::from(pol.protocol) {
            LWSSSP_MQTT => mqtt(&pol.u.mqtt, o),
            LWSSSP_RAW => Ok(()),
            LWSSSP_WS => {
                http(&pol.u.http, is_multipart, o)?;
                let lws_ss_policy_ws { subprotocol, binary } = pol.u.http.u.ws;
                o.flag("ws_binary", binary != 0);
                o.text("ws_subprotocol", subprotocol)
            }
            _ => http(&pol.u.http, is_multipart, o),
        }
    }
}

/// # Safety
/// `http` is good.
unsafe fn http(http: &lws_ss_policy_http, is_multipart: bool, o: &mut Object) -> Checked<()> {
    let headers = ["http_auth_header", "http_dsn_header", "http_fwv_header", "http_devtype_header"];
    let parts = [
        ("http_multipart_name", http.multipart_name),
        ("http_multipart_filename", http.multipart_filename),
        ("http_multipart_content_type", http.multipart_content_type),
    ];
    o.number("http_expect", http.resp_expect);
    o.flag("http_fail_redirect", http.bits & FAIL_REDIRECT != 0);
    // SAFETY: as the caller promises.
    unsafe {
        o.text("http_method", http.method)?;
        o.text("http_url", http.url)?;
        o.text("http_auth_preamble", http.auth_preamble)?;
        for (key, name) in headers.iter().zip(http.blob_header) {
            o.text(key, name)?;
        }
        if is_multipart {
            for (key, value) in parts {
                o.text(key, value)?;
            }
        }
        let map = array("respmap", http.respmap, http.count_respmap.into())?;
        let pair = |at: &_| {
            let super::types::lws_ss_http_respmap { resp, state } = at;
            json!({ resp.to_string(): state })
        };
        o.set("http_resp_map", map.iter().map(pair).collect());
    }
    Ok(())
}

/// # Safety
/// `mqtt` is good.
unsafe fn mqtt(mqtt: &lws_ss_policy_mqtt, o: &mut Object) -> Checked<()> {
    o.number("mqtt_keep_alive", mqtt.keep_alive);
    o.number("mqtt_qos", mqtt.qos);
    o.number("mqtt_will_qos", mqtt.will_qos);
    o.number("mqtt_birth_qos", mqtt.birth_qos);
    o.flag("mqtt_clean_start", mqtt.clean_start != 0);
    o.flag("mqtt_will_retain", mqtt.will_retain != 0);
    o.flag("mqtt_birth_retain", mqtt.birth_retain != 0);
    o.flag("mqtt_retain", mqtt.retain != 0);
    o.flag("aws_iot", mqtt.aws_iot != 0);
    // SAFETY: as the caller promises.
    unsafe {
        o.text("mqtt_topic", mqtt.topic)?;
        o.text("mqtt_subscribe", mqtt.subscribe)?;
        o.text("mqtt_will_topic", mqtt.will_topic)?;
        o.text("mqtt_will_message", mqtt.will_message)?;
        o.text("mqtt_birth_topic", mqtt.birth_topic)?;
        o.text("mqtt_birth_message", mqtt.birth_message)
    }
}
