//! What a checked policy is: plain typed values, shared by `Rc`.
//!
//! Every field says which policy key sets it. A field left at its default means that the key was
//! absent.

use std::fmt;
use std::rc::Rc;

use super::named::{HasName, Named};
use super::template::Template;

/// The stream type of the local message bus, present in every policy.
pub const SMD_STREAM_TYPE: &str = "_lws_smd";

/// `conceal` of this value means: retry for ever.
pub const CONCEAL_FOREVER: u16 = u16::MAX;

/// A whole policy. Cloning is cheap: everything big is behind `Rc`.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// `release`: which version of the policy this is.
    pub release: Option<String>,
    /// `product`: what it is meant for.
    pub product: Option<String>,
    /// `schema-version`: the least parser version that it needs.
    pub schema_version: Option<u32>,
    /// `via-socks5`: `address:port` of the proxy that client connections go through.
    pub via_socks5: Option<String>,
    /// `retry[]`.
    pub retries: Named<Retry>,
    /// `certs[]`: certificates and server keys.
    pub certs: Named<Cert>,
    /// `trust_stores[]`.
    pub trust_stores: Named<TrustStore>,
    /// `auth[]`.
    pub auths: Named<Auth>,
    /// `metrics[]`.
    pub metrics: Named<Metric>,
    /// `s[]`: the stream types that the policy itself defines (see [`Policy::stream_type`]).
    pub streams: Named<StreamType>,
    smd: Rc<StreamType>,
}

impl Policy {
    /// The stream type of this exact name, among them the ever-present [`SMD_STREAM_TYPE`].
    pub fn stream_type(&self, name: &str) -> Option<&Rc<StreamType>> {
        if name == SMD_STREAM_TYPE { Some(&self.smd) } else { self.streams.get(name) }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            release: None,
            product: None,
            schema_version: None,
            via_socks5: None,
            retries: Named::default(),
            certs: Named::default(),
            trust_stores: Named::default(),
            auths: Named::default(),
            metrics: Named::default(),
            streams: Named::default(),
            smd: Rc::new(StreamType::new(SMD_STREAM_TYPE)),
        }
    }
}

/// `retry[].NAME`: when to try again, and when a quiet connection counts as dead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retry {
    /// Its name.
    pub name: String,
    /// `backoff`: the delay before each retry in turn, in ms; the last one repeats.
    pub backoff_ms: Vec<u32>,
    /// `conceal`: how many retries before the program hears of it ([`CONCEAL_FOREVER`]: never).
    pub conceal: u16,
    /// `jitterpc`: up to this percentage is added to each delay at random.
    pub jitter_pc: u8,
    /// `svalidping`: after so many seconds without proof of life the connection is probed (0: never).
    pub valid_ping_s: u16,
    /// `svalidhup`: after so many seconds without proof of life it is dropped (0: never).
    pub valid_hangup_s: u16,
}

/// `certs[]`: something in DER under a name.
#[derive(Clone, PartialEq, Eq)]
pub struct Cert {
    /// Its name.
    pub name: String,
    /// The DER: an X.509 certificate, or the private key of a server.
    pub der: Vec<u8>,
}

/// Names the entry and its size only: it may be a private key.
impl fmt::Debug for Cert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cert({}, {} bytes)", self.name, self.der.len())
    }
}

/// `trust_stores[]`: the certificates that a peer is checked against.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustStore {
    /// Its name.
    pub name: String,
    /// `stack`: at least one certificate.
    pub certs: Vec<Rc<Cert>>,
}

/// `auth[]`: where an authentication token comes from and where it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Auth {
    /// `name`: what `use_auth` refers to.
    pub name: String,
    /// `type`, such as `sigv4`.
    pub kind: Option<String>,
    /// `streamtype`: the stream type that refreshes the token.
    pub stream_type: Option<String>,
    /// `blob`: index of the system's auth blob that holds the token.
    pub blob: u8,
}

/// `metrics[]`: how a metric is reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metric {
    /// `name`: which metrics this applies to.
    pub name: String,
    /// `us_schedule`: microseconds between reports.
    pub us_schedule: u64,
    /// `us_halflife`: microseconds in which the average decays by half (0: never).
    pub us_halflife: u32,
    /// `min_outlier`: so many samples are needed before one can be called an outlier.
    pub min_outlier: u8,
    /// `report`: what becomes of the reports.
    pub report: Option<String>,
}

/// `protocol`: what the stream speaks on the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// HTTP/1.1 (`h1`), also if the policy names none.
    #[default]
    H1,
    /// HTTP/2 (`h2`).
    H2,
    /// HTTP/3 (`h3`): a known name, but such streams cannot be created.
    H3,
    /// WebSocket (`ws`).
    Ws,
    /// MQTT 3.1.1 (`mqtt`).
    Mqtt,
    /// The bare byte stream (`raw`).
    Raw,
}

impl Protocol {
    /// All protocols, in the order of their numbers in the C API.
    pub const ALL: [Self; 6] = [Self::H1, Self::H2, Self::H3, Self::Ws, Self::Mqtt, Self::Raw];

    /// Whether it is some version of http.
    pub fn is_http(self) -> bool {
        match self {
            Self::H1 | Self::H2 | Self::H3 => true,
            Self::Ws | Self::Mqtt | Self::Raw => false,
        }
    }

    /// Its name in a policy.
    pub fn name(self) -> &'static str {
        match self {
            Self::H1 => "h1",
            Self::H2 => "h2",
            Self::H3 => "h3",
            Self::Ws => "ws",
            Self::Mqtt => "mqtt",
            Self::Raw => "raw",
        }
    }

    /// The protocol of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == name)
    }

    /// Whether streams of it can be created at all.
    pub fn is_supported(self) -> bool {
        self != Self::H3
    }
}

/// `s[].NAME`: everything about the streams of one type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamType {
    /// Its name, given to `lws_ss_create`.
    pub name: String,
    /// `endpoint`: host, whole URL, `+path` or `+@abstract` unix socket, `file://` path; of a
    /// server the interface or address, or `!vhost`.
    pub endpoint: Template,
    /// `port`.
    pub port: u16,
    /// `protocol`.
    pub protocol: Protocol,
    /// `via-socks5`: `address:port` of a proxy for this stream type.
    pub via_socks5: Option<String>,
    /// `bind`: the local address, or the network interface, that connections come from.
    pub bind: Option<String>,
    /// `tls`.
    pub tls: bool,
    /// `tls_trust_store`; `None`: the store of the operating system.
    pub trust_store: Option<Rc<TrustStore>>,
    /// `client_cert`: index from 0 of the client certificate among the system blobs.
    pub client_cert: Option<u8>,
    /// `retry`.
    pub retry: Option<Rc<Retry>>,
    /// `timeout_ms`: what `LWSSS_TIMEOUT_FROM_POLICY` means, in ms (0: nothing).
    pub timeout_ms: u32,
    /// `opportunistic`: no connection unless there is something to do.
    pub opportunistic: bool,
    /// `nailed_up`: stay connected all the stream's life.
    pub nailed_up: bool,
    /// `allow_redirects`.
    pub allow_redirects: bool,
    /// `urgent_tx`.
    pub urgent_tx: bool,
    /// `urgent_rx`.
    pub urgent_rx: bool,
    /// `long_poll`.
    pub long_poll: bool,
    /// `perf`: report connection timing as JSON payloads.
    pub perf: bool,
    /// `use_auth`.
    pub auth: Option<Rc<Auth>>,
    /// `aws_region`: the metadata that names the region.
    pub aws_region: Option<String>,
    /// `aws_service`: the metadata that names the service.
    pub aws_service: Option<String>,
    /// `direct_proto_str`: metadata names that end in `:` are headers.
    pub direct_proto_str: bool,
    /// `server`: streams of this type listen.
    pub server: bool,
    /// `server_cert`.
    pub server_cert: Option<Rc<Cert>>,
    /// `server_key`.
    pub server_key: Option<Rc<Cert>>,
    /// `server_max_*` and `server_*_s`.
    pub serve: Serve,
    /// `options`: vhost options of a server, name and value.
    pub options: Vec<(String, String)>,
    /// `swake_validity`: validity checks may wake a suspended system.
    pub swake_validity: bool,
    /// `rideshare`: name of the stream type that this one travels with.
    pub rideshare: Option<String>,
    /// `payload_fmt`: a free name of the payload's format, handed to the program.
    pub payload_fmt: Option<String>,
    /// `local_sink`: connects to a sink in the same process.
    pub local_sink: bool,
    /// `metadata`, in the policy's order.
    pub metadata: Vec<MetadataDef>,
    /// `proxy_buflen*`: buffering at the proxy.
    pub proxy_buffer: Buffering,
    /// `client_buflen*`: buffering at the proxy's client.
    pub client_buffer: Buffering,
    /// `attr_*`.
    pub attrs: Attrs,
    /// `http_*` and the quirks of http servers.
    pub http: Http,
    /// `ws_*`.
    pub ws: Ws,
    /// `mqtt_*` and `aws_iot`.
    pub mqtt: Mqtt,
}

impl StreamType {
    /// A stream type of this name with everything at its default.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The index and definition of the metadata of this exact name.
    pub fn metadata_def(&self, name: &str) -> Option<(usize, &MetadataDef)> {
        self.metadata.iter().enumerate().find(|(_, def)| def.name == name)
    }
}

/// `metadata[]`: a name that programs set and get, and the header that it travels in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetadataDef {
    /// Its name.
    pub name: String,
    /// The header's name in lower case without colon; `None`: travels in no header.
    pub header: Option<String>,
}

/// How much payload is held for a proxied stream, in bytes; `None` means the default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Buffering {
    /// `*_buflen`: the size of the buffer.
    pub len: Option<u32>,
    /// `*_buflen_rxflow_on_above`: with more than this buffered, stop reading from the peer.
    pub rxflow_on_above: Option<u32>,
    /// `*_buflen_rxflow_off_below`: with less than this buffered, read on.
    pub rxflow_off_below: Option<u32>,
}

impl Buffering {
    /// The buffer's size if the policy gives none.
    pub const DEFAULT_LEN: u32 = 32 * 1024;

    /// The size of the buffer in bytes.
    pub fn len_or_default(&self) -> u32 {
        self.len.filter(|&len| len > 0).unwrap_or(Self::DEFAULT_LEN)
    }
}

/// `attr_*`: what the network should do with the packets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attrs {
    /// `attr_priority`: 0 (normal) to 6, or 7 (network management).
    pub priority: u8,
    /// `attr_low_latency`.
    pub low_latency: bool,
    /// `attr_high_throughput`.
    pub high_throughput: bool,
    /// `attr_high_reliability`.
    pub high_reliability: bool,
    /// `attr_low_cost`.
    pub low_cost: bool,
}

/// The keys of the http family (h1, h2, and the upgrade of ws).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Http {
    /// `http_method`.
    pub method: Option<String>,
    /// `http_url`: the path, with or without a leading `/`.
    pub url: Template,
    /// `http_expect`: the only status that counts as success; `None`: 200 to 299.
    pub expect: Option<u16>,
    /// `http_fail_redirect`: a redirect is a failure.
    pub fail_redirect: bool,
    /// `http_resp_map`: status, and the state that the program gets for it.
    pub resp_map: Vec<(u16, u16)>,
    /// `http_auth_header`: header for the auth token; lower case, no colon, as all headers here.
    pub auth_header: Option<String>,
    /// `http_dsn_header`: header for the device's serial number.
    pub dsn_header: Option<String>,
    /// `http_fwv_header`: header for the firmware version.
    pub fwv_header: Option<String>,
    /// `http_devtype_header`: header for the device type.
    pub devtype_header: Option<String>,
    /// `http_auth_preamble`: what goes before the auth token, such as `bearer `.
    pub auth_preamble: Option<String>,
    /// `auth_hexify`: send the auth token in hex.
    pub auth_hexify: bool,
    /// `http_no_content_length`: send no length even if it is known.
    pub no_content_length: bool,
    /// `nghttp2_quirk_end_stream`: the peer answers only after END_STREAM.
    pub quirk_end_stream: bool,
    /// `h2q_oflow_txcr`: the peer overflows its tx credit.
    pub quirk_overflows_txcr: bool,
    /// `http_multipart_ss_in`: parse incoming multipart bodies.
    pub multipart_in: bool,
    /// `http_multipart_name`.
    pub multipart_name: Option<String>,
    /// `http_multipart_filename`.
    pub multipart_filename: Option<String>,
    /// `http_multipart_content_type`, also spelt `http_mime_content_type`.
    pub multipart_content_type: Option<String>,
    /// `http_www_form_urlencoded`.
    pub www_form_urlencoded: bool,
    /// `http_cookies`: keep the peer's cookies and send them back.
    pub cookies: bool,
}

impl Http {
    /// Whether request bodies go out as multipart: any of its three keys is set.
    pub fn is_multipart_out(&self) -> bool {
        self.multipart_name.is_some()
            || self.multipart_filename.is_some()
            || self.multipart_content_type.is_some()
    }

    /// The state that `status` is mapped to by `http_resp_map`.
    pub fn mapped_state(&self, status: u16) -> Option<u16> {
        self.resp_map.iter().find(|(code, _)| *code == status).map(|&(_, state)| state)
    }
}

/// What a server lets its clients do (keys of ours).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serve {
    /// `server_max_clients`: connections at a time; more wait until one ends.
    pub max_clients: u32,
    /// `server_max_head`: bytes of a request's head.
    pub max_head: u32,
    /// `server_max_fields`: header fields of a request.
    pub max_fields: u16,
    /// `server_max_body`: bytes of a request's body.
    pub max_body: u64,
    /// `server_max_rate`: requests in a second, of all clients together (0: any number).
    pub max_rate: u32,
    /// `server_idle_s`: how long a connection may wait for the next request (0: for ever).
    pub idle_s: u16,
    /// `server_stall_s`: how long a client may take to send or take the next bytes of a message
    /// (0: for ever).
    pub stall_s: u16,
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            max_clients: 10_000,
            max_head: 16 * 1024,
            max_fields: 128,
            max_body: 64 * 1024 * 1024,
            max_rate: 0,
            idle_s: 15,
            stall_s: 20,
        }
    }
}

/// The keys of ws.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ws {
    /// `ws_subprotocol`: asked for by a client, accepted by a server.
    pub subprotocol: Option<String>,
    /// `ws_binary`: messages are binary, not text.
    pub binary: bool,
    /// `ws_prioritize_reads`: reading goes before writing.
    pub prioritize_reads: bool,
    /// `ws_permessage_deflate`: messages are compressed if the server agrees (a key of ours).
    pub permessage_deflate: bool,
}

/// The keys of mqtt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mqtt {
    /// `mqtt_topic`: what is written goes to this topic.
    pub topic: Option<Template>,
    /// `mqtt_subscribe`: the topic filter that is subscribed to.
    pub subscribe: Option<Template>,
    /// `mqtt_qos`: 0 to 2.
    pub qos: u8,
    /// `mqtt_retain`.
    pub retain: bool,
    /// `mqtt_keep_alive`, in seconds (0: none).
    pub keep_alive_s: u16,
    /// `mqtt_clean_start`.
    pub clean_start: bool,
    /// `mqtt_will_topic`.
    pub will_topic: Option<Template>,
    /// `mqtt_will_message`.
    pub will_message: Option<Template>,
    /// `mqtt_will_qos`: 0 to 2.
    pub will_qos: u8,
    /// `mqtt_will_retain`.
    pub will_retain: bool,
    /// `mqtt_birth_topic`.
    pub birth_topic: Option<Template>,
    /// `mqtt_birth_message`.
    pub birth_message: Option<Template>,
    /// `mqtt_birth_qos`: 0 to 2.
    pub birth_qos: u8,
    /// `mqtt_birth_retain`.
    pub birth_retain: bool,
    /// `aws_iot`: the broker is AWS IoT.
    pub aws_iot: bool,
}

macro_rules! has_name {
    ($($type:ty),+) => {$(
        impl HasName for $type {
            fn name(&self) -> &str {
                &self.name
            }
        }
    )+};
}

has_name!(Retry, Cert, TrustStore, Auth, Metric, StreamType);
