//! From a policy to its C structs.

use std::any::Any;
use std::collections::HashMap;
use std::ffi::{CString, c_char, c_int};
use std::ptr::{null, null_mut};
use std::rc::Rc;

use super::policy_words::{FLAGS, known_header};
use super::types::{
    _LWSSS_HBI_COUNT, LWSSSPOLF_HTTP_MULTIPART, lws_metric_policy, lws_protocol_vhost_options,
    lws_retry_bo, lws_ss_auth, lws_ss_http_respmap, lws_ss_metadata, lws_ss_policy,
    lws_ss_policy_http, lws_ss_policy_http_u, lws_ss_policy_mqtt, lws_ss_policy_server,
    lws_ss_policy_trust, lws_ss_policy_u, lws_ss_policy_ws, lws_ss_trust_store, lws_ss_x509,
};
use crate::policy::{
    Auth, Buffering, Cert, Http, Metric, Mqtt, Policy, Protocol, Retry, StreamType, Template,
    TrustStore, Ws,
};
use crate::util::log;

/// `lws_ss_trust_store.ssx509` has room for so many.
const MAX_TRUSTED: usize = 6;

/// The `keep` bit of `lws_ss_x509`.
const KEEP: u8 = 1;

/// The `fail_redirect` bit of the http settings.
pub(super) const FAIL_REDIRECT: u8 = 1;

/// A certificate or key of a server. Programs that write policies out have always looked at it as
/// if it were a trust store: with these zeros behind it, it is an empty one.
#[repr(C)]
struct ServerDer {
    x509: lws_ss_x509,
    zeros:
        [usize; (size_of::<lws_ss_trust_store>() - size_of::<lws_ss_x509>()) / size_of::<usize>()],
}

/// The C structs of a policy.
pub(super) struct PolicyStructs {
    /// What they were made from; it owns the DER that they point to.
    pub source: Rc<Policy>,
    /// The list of stream types.
    pub streams: *const lws_ss_policy,
    /// The list of `auth`.
    pub auths: *const lws_ss_auth,
    _memory: Memory,
}

impl PolicyStructs {
    /// Makes the structs of a policy.
    pub fn of(source: Rc<Policy>) -> Self {
        let mut make = Make::default();
        for auth in &source.auths {
            make.auth(auth);
        }
        let auths = make.last_auth;
        let mut streams: *mut lws_ss_policy = null_mut();
        let last = source.streams.len().saturating_sub(1);
        for (at, stream) in source.streams.iter().enumerate() {
            let mut made = make.stream(stream);
            made.next = streams;
            if at == last {
                made.metrics = make.metrics(&source);
            }
            streams = make.memory.keep(made);
        }
        Self { auths, streams, _memory: make.memory, source }
    }
}

/// Things that stay where they are, and go together.
#[derive(Default)]
struct Memory(Vec<Rc<dyn Any>>);

impl Memory {
    fn keep<T: 'static>(&mut self, value: T) -> *mut T {
        let value = Rc::new(value);
        let place = Rc::as_ptr(&value).cast_mut();
        self.0.push(value);
        place
    }

    fn array<T: 'static>(&mut self, items: Vec<T>) -> *const T {
        if items.is_empty() {
            return null();
        }
        let items = Rc::new(items);
        let place = items.as_ptr();
        self.0.push(items);
        place
    }

    /// A NUL inside is left out: it would end the C string.
    fn text(&mut self, text: &str) -> *const c_char {
        let text = Rc::new(CString::new(text.replace('\0', "")).unwrap_or_default());
        let place = text.as_ptr();
        self.0.push(text);
        place
    }

    /// NULL for none.
    fn maybe(&mut self, text: Option<&String>) -> *const c_char {
        text.map_or(null(), |text| self.text(text))
    }

    /// NULL for none.
    fn template(&mut self, template: Option<&Template>) -> *const c_char {
        template.map_or(null(), |template| self.text(&template.to_string()))
    }
}

/// What has been made so far. Shared parts are found by where their originals are.
#[derive(Default)]
struct Make {
    memory: Memory,
    retries: HashMap<*const Retry, *const lws_retry_bo>,
    auths: HashMap<*const Auth, *const lws_ss_auth>,
    last_auth: *mut lws_ss_auth,
    certs: HashMap<*const Cert, *const lws_ss_x509>,
    last_cert: *mut lws_ss_x509,
    stores: HashMap<*const TrustStore, *const lws_ss_trust_store>,
    last_store: *mut lws_ss_trust_store,
}

impl Make {
    fn stream(&mut self, stream: &StreamType) -> lws_ss_policy {
        let multipart = if stream.http.is_multipart_out() { LWSSSPOLF_HTTP_MULTIPART } else { 0 };
        let flags = FLAGS.iter().filter(|flag| (flag.is_set)(stream));
        let flags = flags.fold(multipart, |bits, flag| bits | flag.bit);
        let protocol = Protocol::ALL.iter().position(|p| *p == stream.protocol);
        let endpoint = (!stream.endpoint.is_empty()).then_some(&stream.endpoint);
        let (proxy, client) = (Amounts::of(stream.proxy_buffer), Amounts::of(stream.client_buffer));
        lws_ss_policy {
            next: null_mut(),
            streamtype: self.memory.text(&stream.name),
            endpoint: self.memory.template(endpoint),
            rideshare_streamtype: self.memory.maybe(stream.rideshare.as_ref()),
            payload_fmt: self.memory.maybe(stream.payload_fmt.as_ref()),
            socks5_proxy: self.memory.maybe(stream.via_socks5.as_ref()),
            metadata: self.metadata(stream),
            metrics: null(),
            auth: stream.auth.as_ref().map_or(null(), |auth| self.auth(auth)),
            pvo: self.options(&stream.options),
            u: self.protocol(stream),
            aws_region: self.memory.maybe(stream.aws_region.as_ref()),
            aws_service: self.memory.maybe(stream.aws_service.as_ref()),
            trust: self.trust(stream),
            retry_bo: stream.retry.as_ref().map_or(null(), |retry| self.retry(retry)),
            txc: 0,
            txc_peer: 0,
            proxy_buflen: proxy.len,
            proxy_buflen_rxflow_on_above: proxy.on_above,
            proxy_buflen_rxflow_off_below: proxy.off_below,
            client_buflen: client.len,
            client_buflen_rxflow_on_above: client.on_above,
            client_buflen_rxflow_off_below: client.off_below,
            timeout_ms: stream.timeout_ms,
            flags: flags.unsigned_abs(),
            port: stream.port,
            metadata_count: u8::try_from(stream.metadata.len()).unwrap_or(u8::MAX),
            protocol: protocol.and_then(|p| u8::try_from(p).ok()).unwrap_or(0),
            client_cert: stream.client_cert.map_or(0, |index| index.saturating_add(1)),
            priority: stream.attrs.priority,
        }
    }

    fn metadata(&mut self, stream: &StreamType) -> *mut lws_ss_metadata {
        let mut last = null_mut();
        for (index, def) in stream.metadata.iter().enumerate() {
            let header = def.header.as_ref().map(|name| format!("{name}:")).unwrap_or_default();
            let made = lws_ss_metadata {
                next: last,
                name: self.memory.text(&def.name),
                value__may_own_heap: self.memory.text(&header).cast_mut().cast(),
                length: index,
                value_length: u8::try_from(header.len()).unwrap_or(u8::MAX),
                // metadata without a header has number 0, as programs know it
                value_is_http_token: def.header.as_deref().map_or(0, known_header),
                bits: 0,
            };
            last = self.memory.keep(made);
        }
        last
    }

    fn options(&mut self, options: &[(String, String)]) -> *const lws_protocol_vhost_options {
        let mut next: *const lws_protocol_vhost_options = null();
        for (name, value) in options.iter().rev() {
            let made = lws_protocol_vhost_options {
                next,
                options: null(),
                name: self.memory.text(name),
                value: self.memory.text(value),
            };
            next = self.memory.keep(made);
        }
        next
    }

    fn metrics(&mut self, policy: &Policy) -> *const lws_metric_policy {
        let mut last: *const lws_metric_policy = null();
        for metric in &policy.metrics {
            let Metric { name, us_schedule, us_halflife, min_outlier, report } = &**metric;
            let made = lws_metric_policy {
                next: last,
                name: self.memory.text(name),
                report: self.memory.maybe(report.as_ref()),
                us_schedule: *us_schedule,
                us_decay_unit: *us_halflife,
                min_contributors: *min_outlier,
            };
            last = self.memory.keep(made);
        }
        last
    }

    fn auth(&mut self, auth: &Rc<Auth>) -> *const lws_ss_auth {
        let key = Rc::as_ptr(auth);
        if let Some(made) = self.auths.get(&key) {
            return *made;
        }
        let made = lws_ss_auth {
            next: self.last_auth,
            name: self.memory.text(&auth.name),
            r#type: self.memory.maybe(auth.kind.as_ref()),
            streamtype: self.memory.maybe(auth.stream_type.as_ref()),
            blob_index: auth.blob,
        };
        self.last_auth = self.memory.keep(made);
        self.auths.insert(key, self.last_auth);
        self.last_auth
    }

    fn retry(&mut self, retry: &Rc<Retry>) -> *const lws_retry_bo {
        let key = Rc::as_ptr(retry);
        if let Some(made) = self.retries.get(&key) {
            return *made;
        }
        let made = lws_retry_bo {
            retry_ms_table: self.memory.array(retry.backoff_ms.clone()),
            retry_ms_table_count: u16::try_from(retry.backoff_ms.len()).unwrap_or(u16::MAX),
            conceal_count: retry.conceal,
            secs_since_valid_ping: retry.valid_ping_s,
            secs_since_valid_hangup: retry.valid_hangup_s,
            jitter_percent: retry.jitter_pc,
        };
        let made = self.memory.keep(made);
        self.retries.insert(key, made);
        made
    }

    fn trust(&mut self, stream: &StreamType) -> lws_ss_policy_trust {
        if stream.server {
            let cert = stream.server_cert.as_ref().map_or(null(), |cert| self.cert(cert, KEEP));
            let key = stream.server_key.as_ref().map_or(null(), |key| self.cert(key, KEEP));
            return lws_ss_policy_trust { server: lws_ss_policy_server { cert, key } };
        }
        // all of the union is written
        let store = stream.trust_store.as_ref().map_or(null(), |store| self.store(store));
        let mut trust =
            lws_ss_policy_trust { server: lws_ss_policy_server { cert: null(), key: null() } };
        trust.store = store;
        trust
    }

    fn store(&mut self, store: &Rc<TrustStore>) -> *const lws_ss_trust_store {
        let key = Rc::as_ptr(store);
        if let Some(made) = self.stores.get(&key) {
            return *made;
        }
        if store.certs.len() > MAX_TRUSTED {
            let (name, count) = (&store.name, store.certs.len());
            log::warn!(
                "lws_ss_policy_get: of trust store '{name}' only {MAX_TRUSTED} of {count} \
                 certificates are shown"
            );
        }
        let mut ssx509 = [null(); MAX_TRUSTED];
        let mut count: c_int = 0;
        for (place, cert) in ssx509.iter_mut().zip(&store.certs) {
            *place = self.cert(cert, 0);
            count += 1;
        }
        let name = self.memory.text(&store.name);
        let made = lws_ss_trust_store { next: self.last_store, name, ssx509, count };
        self.last_store = self.memory.keep(made);
        self.stores.insert(key, self.last_store);
        self.last_store
    }

    fn cert(&mut self, cert: &Rc<Cert>, bits: u8) -> *const lws_ss_x509 {
        let key = Rc::as_ptr(cert);
        if let Some(made) = self.certs.get(&key) {
            return *made;
        }
        let made = lws_ss_x509 {
            next: self.last_cert,
            vhost_name: self.memory.text(&cert.name),
            ca_der: cert.der.as_ptr(),
            ca_der_len: cert.der.len(),
            bits,
        };
        self.last_cert =
            self.memory.keep(ServerDer { x509: made, zeros: Default::default() }).cast();
        self.certs.insert(key, self.last_cert);
        self.last_cert
    }

    fn protocol(&mut self, stream: &StreamType) -> lws_ss_policy_u {
        match stream.protocol {
            Protocol::H1 | Protocol::H2 | Protocol::H3 | Protocol::Ws => lws_ss_policy_u {
                http: self.http(&stream.http, &stream.ws, stream.server || stream.local_sink),
            },
            Protocol::Raw => lws_ss_policy_u { http: no_http() },
            Protocol::Mqtt => {
                let mut u = lws_ss_policy_u { http: no_http() };
                u.mqtt = self.mqtt(&stream.mqtt);
                u
            }
        }
    }

    fn http(&mut self, http: &Http, ws: &Ws, accepted: bool) -> lws_ss_policy_http {
        let headers = [&http.auth_header, &http.dsn_header, &http.fwv_header, &http.devtype_header];
        let blob_header = headers
            .map(|name| name.as_ref().map_or(null(), |name| self.memory.text(&format!("{name}:"))));
        let entry = |&(resp, state): &(u16, u16)| lws_ss_http_respmap { resp, state };
        let respmap: Vec<_> = http.resp_map.iter().map(entry).take(u8::MAX.into()).collect();
        let m = &mut self.memory;
        lws_ss_policy_http {
            method: m.maybe(http.method.as_ref()),
            // an empty one may stand for none: clients use to have it, servers and sinks not
            url: m.template((!(accepted && http.url.is_empty())).then_some(&http.url)),
            multipart_name: m.maybe(http.multipart_name.as_ref()),
            multipart_filename: m.maybe(http.multipart_filename.as_ref()),
            multipart_content_type: m.maybe(http.multipart_content_type.as_ref()),
            blob_header,
            auth_preamble: m.maybe(http.auth_preamble.as_ref()),
            count_respmap: u8::try_from(respmap.len()).unwrap_or(u8::MAX),
            respmap: m.array(respmap),
            u: lws_ss_policy_http_u {
                ws: lws_ss_policy_ws {
                    subprotocol: m.maybe(ws.subprotocol.as_ref()),
                    binary: ws.binary.into(),
                },
            },
            resp_expect: http.expect.unwrap_or(0),
            bits: u8::from(http.fail_redirect) * FAIL_REDIRECT,
        }
    }

    fn mqtt(&mut self, mqtt: &Mqtt) -> lws_ss_policy_mqtt {
        let m = &mut self.memory;
        lws_ss_policy_mqtt {
            topic: m.template(mqtt.topic.as_ref()),
            subscribe: m.template(mqtt.subscribe.as_ref()),
            will_topic: m.template(mqtt.will_topic.as_ref()),
            will_message: m.template(mqtt.will_message.as_ref()),
            birth_topic: m.template(mqtt.birth_topic.as_ref()),
            birth_message: m.template(mqtt.birth_message.as_ref()),
            keep_alive: mqtt.keep_alive_s,
            qos: mqtt.qos,
            clean_start: mqtt.clean_start.into(),
            will_qos: mqtt.will_qos,
            will_retain: mqtt.will_retain.into(),
            birth_qos: mqtt.birth_qos,
            birth_retain: mqtt.birth_retain.into(),
            aws_iot: mqtt.aws_iot.into(),
            retain: mqtt.retain.into(),
        }
    }
}

/// An all-zero member that is as large as the whole union.
fn no_http() -> lws_ss_policy_http {
    lws_ss_policy_http {
        method: null(),
        url: null(),
        multipart_name: null(),
        multipart_filename: null(),
        multipart_content_type: null(),
        blob_header: [null(); _LWSSS_HBI_COUNT as usize],
        auth_preamble: null(),
        respmap: null(),
        u: lws_ss_policy_http_u { ws: lws_ss_policy_ws { subprotocol: null(), binary: 0 } },
        resp_expect: 0,
        count_respmap: 0,
        bits: 0,
    }
}

/// A [`Buffering`] with 0 for what the policy leaves open.
struct Amounts {
    len: u32,
    on_above: u32,
    off_below: u32,
}

impl Amounts {
    fn of(buffering: Buffering) -> Self {
        let Buffering { len, rxflow_on_above, rxflow_off_below } = buffering;
        Self {
            len: len.unwrap_or(0),
            on_above: rxflow_on_above.unwrap_or(0),
            off_below: rxflow_off_below.unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    //! A policy, its C structs, and what is made of those: the same policy, as far as C structs have a
    //! place for it.

    use std::ffi::CStr;

    use super::super::policy_static::read;
    use super::super::types::{
        LWSSSPOLF_HTTP_MULTIPART, LWSSSPOLF_OPPORTUNISTIC, LWSSSPOLF_TLS, lws_ss_policy,
    };
    use super::*;
    use crate::policy;

    const CERT: &str = "MAcwADAAAwEA";
    const KEY: &str = "MAUCAQAwAA==";

    /// As much as possible, under the names that things without a name get.
    fn full() -> Rc<Policy> {
        let text = format!(
            r##"{{
      "retry": [
        {{ "retry_bo_0": {{ "backoff": [100, 200, 300], "conceal": 65535, "jitterpc": 20,
                            "svalidping": 30, "svalidhup": 35 }} }},
        {{ "retry_bo_1": {{ "conceal": 3 }} }}
      ],
      "certs": [ {{ "c1": "{CERT}" }}, {{ "c2": "{CERT}" }}, {{ "sc": "{CERT}" }}, {{ "sk": "{KEY}" }} ],
      "trust_stores": [ {{ "name": "two", "stack": ["c1", "c2"] }}, {{ "name": "one", "stack": ["c2"] }} ],
      "auth": [
        {{ "name": "a1", "type": "sigv4", "streamtype": "web", "blob": 3 }}, {{ "name": "a2" }}
      ],
      "metrics": [
        {{ "name": "m1", "us_schedule": 5000000000, "us_halflife": 7, "min_outlier": 9, "report": "r" }},
        {{ "name": "m2" }}
      ],
      "s": [
        {{ "web": {{
          "endpoint": "${{host}}.example", "port": 8443, "protocol": "h2", "via-socks5": "127.0.0.1:1080",
          "tls": true, "tls_trust_store": "two", "client_cert": 0, "opportunistic": true,
          "nailed_up": true, "urgent_tx": true, "urgent_rx": true, "long_poll": true,
          "allow_redirects": true, "perf": true, "direct_proto_str": true, "swake_validity": true,
          "retry": "retry_bo_0", "timeout_ms": 2500, "use_auth": "a1", "aws_region": "host",
          "aws_service": "ct", "rideshare": "ws", "payload_fmt": "fmt",
          "metadata": [ {{ "host": "" }}, {{ "ct": "content-type:" }}, {{ "own": "x-own:" }} ],
          "proxy_buflen": 1, "proxy_buflen_rxflow_on_above": 2, "proxy_buflen_rxflow_off_below": 3,
          "client_buflen": 4, "client_buflen_rxflow_on_above": 5, "client_buflen_rxflow_off_below": 6,
          "attr_priority": 7, "attr_low_latency": true, "attr_high_throughput": true,
          "attr_high_reliability": true, "attr_low_cost": true,
          "http_method": "POST", "http_url": "/a?b=${{ct}}", "http_expect": 201,
          "http_fail_redirect": true, "http_resp_map": [ {{ "404": 1404, "530": 1530 }} ],
          "http_auth_header": "authorization:", "http_dsn_header": "x-dsn:",
          "http_fwv_header": "x-fwv:", "http_devtype_header": "x-type:",
          "http_auth_preamble": "bearer ", "http_no_content_length": true,
          "nghttp2_quirk_end_stream": true, "h2q_oflow_txcr": true, "http_multipart_ss_in": true,
          "http_multipart_name": "n", "http_multipart_filename": "f",
          "http_multipart_content_type": "text/plain", "http_www_form_urlencoded": true,
          "http_cookies": true
        }} }},
        {{ "ws": {{
          "endpoint": "e", "protocol": "ws", "http_url": "chat", "ws_subprotocol": "s", "ws_binary": true,
          "ws_prioritize_reads": true, "tls_trust_store": "one", "retry": "retry_bo_1"
        }} }},
        {{ "mqtt": {{
          "endpoint": "e", "protocol": "mqtt", "use_auth": "a2", "metadata": [ {{ "who": "" }} ],
          "mqtt_topic": "t/${{who}}", "mqtt_subscribe": "s/#", "mqtt_qos": 1, "mqtt_retain": true,
          "mqtt_keep_alive": 60, "mqtt_clean_start": true, "mqtt_will_topic": "w",
          "mqtt_will_message": "gone\n${{who}}", "mqtt_will_qos": 2, "mqtt_will_retain": true,
          "mqtt_birth_topic": "b", "mqtt_birth_message": "", "mqtt_birth_qos": 1,
          "mqtt_birth_retain": true, "aws_iot": true, "retry": "retry_bo_1"
        }} }},
        {{ "raw": {{ "endpoint": "+@sock", "protocol": "raw", "port": 1, "retry": "retry_bo_0" }} }},
        {{ "sink": {{ "protocol": "raw", "local_sink": true }} }},
        {{ "server": {{
          "endpoint": "127.0.0.1", "port": 443, "protocol": "h1", "server": true, "tls": true,
          "server_cert": "sc", "server_key": "sk", "options": [ {{ "o1": "v1" }}, {{ "o2": "" }} ]
        }} }}
      ]
    }}"##
        );
        let outcome = policy::parse(text.as_bytes());
        assert_eq!((outcome.errors, outcome.warnings), (vec![], vec![]));
        Rc::new(outcome.policy.expect("a policy"))
    }

    fn again(structs: &PolicyStructs) -> Policy {
        // SAFETY: the structs are those of a living policy.
        Policy::clone(&unsafe { read(structs.streams) }.expect("a policy"))
    }

    #[test]
    fn nothing_gets_lost() {
        let policy = full();
        let structs = PolicyStructs::of(Rc::clone(&policy));
        let copy = again(&structs);
        for (a, b) in copy.streams.iter().zip(&policy.streams) {
            assert_eq!(a, b);
        }
        assert_eq!(copy, *policy);
        drop(structs);
        assert_eq!(copy, *policy, "nothing of it was in the structs' memory");
    }

    #[test]
    fn the_built_in_policy() {
        let policy = Rc::new(policy::default_policy());
        let copy = again(&PolicyStructs::of(Rc::clone(&policy)));
        assert_eq!(copy.streams.len(), policy.streams.len());
        for (a, b) in copy.streams.iter().zip(&policy.streams) {
            let (mut a, mut b) = (a.as_ref().clone(), b.as_ref().clone());
            // it has another name
            let (ra, rb) = (a.retry.take(), b.retry.take());
            assert_eq!(ra.map(|r| r.backoff_ms.clone()), rb.map(|r| r.backoff_ms.clone()));
            assert_eq!(a, b);
        }
    }

    #[test]
    fn a_policy_without_stream_types() {
        let structs = PolicyStructs::of(Rc::default());
        assert!(structs.streams.is_null() && structs.auths.is_null());
        assert_eq!(again(&structs), Policy::default());
    }

    /// The stream types by name, in the order of the list.
    fn streams(structs: &PolicyStructs) -> Vec<(String, &lws_ss_policy)> {
        let mut all = Vec::new();
        // SAFETY: the list and its strings live as long as `structs`.
        unsafe {
            let mut at = structs.streams;
            while let Some(pol) = at.as_ref() {
                let name = CStr::from_ptr(pol.streamtype).to_string_lossy().into_owned();
                all.push((name, pol));
                at = pol.next;
            }
        }
        all
    }

    #[test]
    fn what_c_programs_see() {
        let structs = PolicyStructs::of(full());
        let all = streams(&structs);
        let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["server", "sink", "raw", "mqtt", "ws", "web"]);
        let find = |name: &str| all.iter().find(|(n, _)| n == name).expect("a stream type").1;
        let text = |s| {
            // SAFETY: each is a C string of the structs.
            unsafe { CStr::from_ptr(s) }.to_str().expect("UTF-8").to_owned()
        };

        let web = find("web");
        let flags = LWSSSPOLF_OPPORTUNISTIC | LWSSSPOLF_TLS | LWSSSPOLF_HTTP_MULTIPART;
        assert_eq!(web.flags & flags.unsigned_abs(), flags.unsigned_abs());
        assert_eq!((web.protocol, web.port, web.client_cert, web.priority), (1, 8443, 1, 7));
        let mut metadata = Vec::new();
        // SAFETY: the lists live as long as `structs`; `web` is an http stream with a trust store.
        unsafe {
            let mut at = web.metadata;
            while let Some(def) = at.as_ref() {
                let (value, token) =
                    (text(def.value__may_own_heap.cast()), def.value_is_http_token);
                assert_eq!(usize::from(def.value_length), value.len());
                metadata.push((text(def.name), value, def.length, token));
                at = def.next;
            }
            assert_eq!((*web.trust.store).count, 2);
            assert_eq!(text((*(*web.trust.store).ssx509[1]).vhost_name), "c2");
            assert_eq!((*web.trust.store).ssx509[2], std::ptr::null());
            assert_eq!((*web.retry_bo).retry_ms_table_count, 3);
            assert_eq!(*(*web.retry_bo).retry_ms_table.add(2), 300);
            assert_eq!((*web.u.http.respmap.add(1)).state, 1530);
            assert_eq!(text(web.u.http.blob_header[0]), "authorization:");
            assert_eq!(text((*web.auth).name), "a1");
            assert_eq!(text((*structs.auths).name), "a2");
            assert_eq!((*structs.auths).next.cast_const(), web.auth);
            // a program of old sees an empty trust store at the server
            assert_eq!((*find("server").trust.store).count, 0);
        }
        let def = |name: &str, value: &str, index, token| (name.into(), value.into(), index, token);
        let expected = [
            def("own", "x-own:", 2, 0xff),
            def("ct", "content-type:", 1, 28),
            def("host", "", 0, 0),
        ];
        assert_eq!(metadata, expected);
        assert!(web.metrics.is_null() && !all[0].1.metrics.is_null());
        assert!(find("ws").auth.is_null() && find("sink").retry_bo.is_null());
    }
}
