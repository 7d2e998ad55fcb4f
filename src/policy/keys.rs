//! The policy keys: one row each.
//!
//! To add a key, add its field to the model and its row here (and a sample to the table of the
//! tests, which fails for keys without one). A key that is more than a typed value gets a function
//! in `special.rs`.

use super::error::Kind;
use super::model::{Auth, Metric, Policy, Retry, StreamType};
use super::special;
use super::values::Set::{
    Flag, Header, Label, OptTemplate, OptU8, OptU32, Payload, Template, Text, U8, U16, U32, U64,
    Unused, With,
};
use super::values::{Key, Scope};

macro_rules! keys {
    ($($($name:literal)|+ => $set:expr,)+) => {
        &[$(Key { names: &[$($name),+], set: $set }),+]
    };
}

/// The highest version of the policy's format that is understood (`schema-version`).
pub const SCHEMA_VERSION: u32 = 1;

/// How many auth blobs the system has (`auth[].blob`).
const AUTH_BLOBS: u8 = 4;

/// `attr_priority` of network management, the highest.
const MAX_PRIORITY: u8 = 7;

/// Keys of the top level. Those without a field are the sections, which `build` reads.
pub static TOP: &[Key<Policy>] = keys! {
    "release" => Label(|p| &mut p.release),
    "product" => Label(|p| &mut p.product),
    "schema-version" => With(|scope, p, member| {
        if let Some(version) = scope.int(member, 0..=u32::MAX) {
            p.schema_version = Some(version);
            if version > SCHEMA_VERSION {
                let message = format_args!("version {SCHEMA_VERSION} is the newest known");
                scope.warn(Kind::Unsupported, member, message);
            }
        }
    }),
    "via-socks5" => With(|scope, p, member| special::socks5(scope, &mut p.via_socks5, member)),
    "retry" => Unused,
    "certs" => Unused,
    "trust_stores" => Unused,
    "auth" => Unused,
    "metrics" => Unused,
    "s" => Unused,
};

/// `retry[].NAME`.
pub static RETRY: &[Key<Retry>] = keys! {
    "backoff" => With(special::backoff),
    "conceal" => U16(|r| &mut r.conceal),
    "jitterpc" => U8(0..=u8::MAX, |r| &mut r.jitter_pc),
    "svalidping" => U16(|r| &mut r.valid_ping_s),
    "svalidhup" => U16(|r| &mut r.valid_hangup_s),
};

/// `auth[]`.
pub static AUTH: &[Key<Auth>] = keys! {
    "name" => With(|scope, a, member| special::name(scope, &mut a.name, member)),
    "type" => Text(|a| &mut a.kind),
    "streamtype" => With(|scope, a, member| a.stream_type = scope.stream_type_name(member)),
    "blob" => U8(0..=AUTH_BLOBS - 1, |a| &mut a.blob),
};

/// `metrics[]`.
pub static METRIC: &[Key<Metric>] = keys! {
    "name" => With(|scope, m, member| special::name(scope, &mut m.name, member)),
    "us_schedule" => U64(|m| &mut m.us_schedule),
    "us_halflife" => U32(|m| &mut m.us_halflife),
    "min_outlier" => U8(0..=u8::MAX, |m| &mut m.min_outlier),
    "report" => Text(|m| &mut m.report),
};

/// `s[].NAME`.
pub static STREAM: &[Key<StreamType>] = keys! {
    // all protocols
    "endpoint" => Template(|s| &mut s.endpoint),
    "port" => With(special::port),
    "protocol" => With(special::protocol),
    "via-socks5" => With(|scope, s, member| special::socks5(scope, &mut s.via_socks5, member)),
    "bind" => Text(|s| &mut s.bind),
    "plugins" => Unused,
    "tls" => Flag(|s| &mut s.tls),
    "client_cert" | "client cert" => OptU8(0..=u8::MAX - 1, |s| &mut s.client_cert),
    "opportunistic" => Flag(|s| &mut s.opportunistic),
    "nailed_up" => Flag(|s| &mut s.nailed_up),
    "allow_redirects" => Flag(|s| &mut s.allow_redirects),
    "urgent_tx" => Flag(|s| &mut s.urgent_tx),
    "urgent_rx" => Flag(|s| &mut s.urgent_rx),
    "long_poll" => Flag(|s| &mut s.long_poll),
    "retry" => With(|scope, s, member| {
        s.retry = scope.refer(member, "retry", "retry", |p| &p.retries);
    }),
    "timeout_ms" => U32(|s| &mut s.timeout_ms),
    "perf" => Flag(|s| &mut s.perf),
    "tls_trust_store" => With(|scope, s, member| {
        s.trust_store = scope.refer(member, "trust_stores", "trust store", |p| &p.trust_stores);
    }),
    "use_auth" => With(|scope, s, member| {
        s.auth = scope.refer(member, "auth", "auth", |p| &p.auths);
    }),
    "aws_region" => Text(|s| &mut s.aws_region),
    "aws_service" => Text(|s| &mut s.aws_service),
    "direct_proto_str" => Flag(|s| &mut s.direct_proto_str),
    "server" => Flag(|s| &mut s.server),
    "server_cert" => With(special::server_cert),
    "server_key" => With(special::server_key),
    "options" => With(special::options),
    "swake_validity" => Flag(|s| &mut s.swake_validity),
    "rideshare" => With(|scope: &mut Scope<'_>, s, member| {
        s.rideshare = scope.stream_type_name(member);
    }),
    "payload_fmt" => Text(|s| &mut s.payload_fmt),
    "local_sink" => Flag(|s| &mut s.local_sink),
    "metadata" => With(special::metadata),
    "proxy_buflen" => OptU32(|s| &mut s.proxy_buffer.len),
    "proxy_buflen_rxflow_on_above" => OptU32(|s| &mut s.proxy_buffer.rxflow_on_above),
    "proxy_buflen_rxflow_off_below" => OptU32(|s| &mut s.proxy_buffer.rxflow_off_below),
    "client_buflen" => OptU32(|s| &mut s.client_buffer.len),
    "client_buflen_rxflow_on_above" => OptU32(|s| &mut s.client_buffer.rxflow_on_above),
    "client_buflen_rxflow_off_below" => OptU32(|s| &mut s.client_buffer.rxflow_off_below),
    "attr_priority" => U8(0..=MAX_PRIORITY, |s| &mut s.attrs.priority),
    "attr_low_latency" => Flag(|s| &mut s.attrs.low_latency),
    "attr_high_throughput" => Flag(|s| &mut s.attrs.high_throughput),
    "attr_high_reliability" => Flag(|s| &mut s.attrs.high_reliability),
    "attr_low_cost" => Flag(|s| &mut s.attrs.low_cost),

    // http family
    "http_method" => With(special::http_method),
    "http_url" => Template(|s| &mut s.http.url),
    "http_expect" => With(|scope, s, member| {
        s.http.expect = scope.int(member, special::STATUS).filter(|&status| status != 0);
    }),
    "http_fail_redirect" => Flag(|s| &mut s.http.fail_redirect),
    "http_resp_map" => With(special::http_resp_map),
    "http_auth_header" => Header(|s| &mut s.http.auth_header),
    "http_dsn_header" => Header(|s| &mut s.http.dsn_header),
    "http_fwv_header" => Header(|s| &mut s.http.fwv_header),
    "http_devtype_header" => Header(|s| &mut s.http.devtype_header),
    "http_auth_preamble" => Text(|s| &mut s.http.auth_preamble),
    "auth_hexify" => Flag(|s| &mut s.http.auth_hexify),
    "http_no_content_length" => Flag(|s| &mut s.http.no_content_length),
    "nghttp2_quirk_end_stream" => Flag(|s| &mut s.http.quirk_end_stream),
    "h2q_oflow_txcr" => Flag(|s| &mut s.http.quirk_overflows_txcr),
    "http_multipart_ss_in" => Flag(|s| &mut s.http.multipart_in),
    "http_multipart_name" => Text(|s| &mut s.http.multipart_name),
    "http_multipart_filename" => Text(|s| &mut s.http.multipart_filename),
    "http_multipart_content_type" | "http_mime_content_type" =>
        Text(|s| &mut s.http.multipart_content_type),
    "http_www_form_urlencoded" => Flag(|s| &mut s.http.www_form_urlencoded),
    "http_cookies" => Flag(|s| &mut s.http.cookies),

    // ws
    "ws_subprotocol" => Text(|s| &mut s.ws.subprotocol),
    "ws_binary" => Flag(|s| &mut s.ws.binary),
    "ws_prioritize_reads" => Flag(|s| &mut s.ws.prioritize_reads),
    "ws_permessage_deflate" => Flag(|s| &mut s.ws.permessage_deflate),

    // mqtt
    "mqtt_topic" => OptTemplate(|s| &mut s.mqtt.topic),
    "mqtt_subscribe" => OptTemplate(|s| &mut s.mqtt.subscribe),
    "mqtt_qos" | "mqtt qos" => U8(special::QOS, |s| &mut s.mqtt.qos),
    "mqtt_retain" => Flag(|s| &mut s.mqtt.retain),
    "mqtt_keep_alive" => U16(|s| &mut s.mqtt.keep_alive_s),
    "mqtt_clean_start" => Flag(|s| &mut s.mqtt.clean_start),
    "mqtt_will_topic" => OptTemplate(|s| &mut s.mqtt.will_topic),
    "mqtt_will_message" => Payload(|s| &mut s.mqtt.will_message),
    "mqtt_will_qos" => U8(special::QOS, |s| &mut s.mqtt.will_qos),
    "mqtt_will_retain" => Flag(|s| &mut s.mqtt.will_retain),
    "mqtt_birth_topic" => OptTemplate(|s| &mut s.mqtt.birth_topic),
    "mqtt_birth_message" => Payload(|s| &mut s.mqtt.birth_message),
    "mqtt_birth_qos" => U8(special::QOS, |s| &mut s.mqtt.birth_qos),
    "mqtt_birth_retain" => Flag(|s| &mut s.mqtt.birth_retain),
    "aws_iot" => Flag(|s| &mut s.mqtt.aws_iot),
};
