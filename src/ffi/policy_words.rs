//! What the C structs of a policy say by number, and the JSON policy by name.

use std::ffi::c_int;

use super::types::{
    LWSSSPOLF_ALLOW_REDIRECTS, LWSSSPOLF_ATTR_HIGH_RELIABILITY, LWSSSPOLF_ATTR_HIGH_THROUGHPUT,
    LWSSSPOLF_ATTR_LOW_COST, LWSSSPOLF_ATTR_LOW_LATENCY, LWSSSPOLF_DIRECT_PROTO_STR,
    LWSSSPOLF_H2_QUIRK_OVERFLOWS_TXCR, LWSSSPOLF_HTTP_CACHE_COOKIES, LWSSSPOLF_HTTP_MULTIPART_IN,
    LWSSSPOLF_HTTP_NO_CONTENT_LENGTH, LWSSSPOLF_HTTP_X_WWW_FORM_URLENCODED, LWSSSPOLF_LOCAL_SINK,
    LWSSSPOLF_LONG_POLL, LWSSSPOLF_NAILED_UP, LWSSSPOLF_OPPORTUNISTIC, LWSSSPOLF_PERF,
    LWSSSPOLF_PRIORITIZE_READS, LWSSSPOLF_QUIRK_NGHTTP2_END_STREAM, LWSSSPOLF_SERVER,
    LWSSSPOLF_TLS, LWSSSPOLF_URGENT_RX, LWSSSPOLF_URGENT_TX, LWSSSPOLF_WAKE_SUSPEND__VALIDITY,
};
use crate::policy::StreamType;

/// A flag of a stream type: its bit, its policy key, its field.
pub(super) struct Flag {
    pub bit: c_int,
    pub key: &'static str,
    pub is_set: fn(&StreamType) -> bool,
}

macro_rules! flags {
    ($($bit:ident $key:literal $($field:ident).+;)+) => {
        &[$(Flag { bit: $bit, key: $key, is_set: |stream| stream.$($field).+ },)+]
    };
}

/// The flags that are a key each.
pub(super) const FLAGS: &[Flag] = flags! {
    LWSSSPOLF_OPPORTUNISTIC "opportunistic" opportunistic;
    LWSSSPOLF_NAILED_UP "nailed_up" nailed_up;
    LWSSSPOLF_URGENT_TX "urgent_tx" urgent_tx;
    LWSSSPOLF_URGENT_RX "urgent_rx" urgent_rx;
    LWSSSPOLF_TLS "tls" tls;
    LWSSSPOLF_LONG_POLL "long_poll" long_poll;
    LWSSSPOLF_HTTP_NO_CONTENT_LENGTH "http_no_content_length" http.no_content_length;
    LWSSSPOLF_QUIRK_NGHTTP2_END_STREAM "nghttp2_quirk_end_stream" http.quirk_end_stream;
    LWSSSPOLF_H2_QUIRK_OVERFLOWS_TXCR "h2q_oflow_txcr" http.quirk_overflows_txcr;
    LWSSSPOLF_HTTP_X_WWW_FORM_URLENCODED "http_www_form_urlencoded" http.www_form_urlencoded;
    LWSSSPOLF_LOCAL_SINK "local_sink" local_sink;
    LWSSSPOLF_WAKE_SUSPEND__VALIDITY "swake_validity" swake_validity;
    LWSSSPOLF_SERVER "server" server;
    LWSSSPOLF_ALLOW_REDIRECTS "allow_redirects" allow_redirects;
    LWSSSPOLF_HTTP_MULTIPART_IN "http_multipart_ss_in" http.multipart_in;
    LWSSSPOLF_ATTR_LOW_LATENCY "attr_low_latency" attrs.low_latency;
    LWSSSPOLF_ATTR_HIGH_THROUGHPUT "attr_high_throughput" attrs.high_throughput;
    LWSSSPOLF_ATTR_HIGH_RELIABILITY "attr_high_reliability" attrs.high_reliability;
    LWSSSPOLF_ATTR_LOW_COST "attr_low_cost" attrs.low_cost;
    LWSSSPOLF_PERF "perf" perf;
    LWSSSPOLF_DIRECT_PROTO_STR "direct_proto_str" direct_proto_str;
    LWSSSPOLF_HTTP_CACHE_COOKIES "http_cookies" http.cookies;
    LWSSSPOLF_PRIORITIZE_READS "ws_prioritize_reads" ws.prioritize_reads;
};

/// `value_is_http_token` of a header that has no number.
pub(super) const NO_KNOWN_HEADER: u8 = 0xff;

/// The number of a header among those that the C API numbers, or 0xff. `name` is in
/// lower case, without colon.
pub fn known_header(name: &str) -> u8 {
    let found = KNOWN_HEADERS.iter().find(|(_, known)| *known == name);
    found.map_or(NO_KNOWN_HEADER, |(number, _)| *number)
}

/// The numbers of `enum lws_token_indexes` that are headers, in the profile of the ABI baseline.
const KNOWN_HEADERS: &[(u8, &str)] = &[
    (3, "host"),
    (4, "connection"),
    (5, "upgrade"),
    (6, "origin"),
    (7, "sec-websocket-draft"),
    (9, "sec-websocket-extensions"),
    (10, "sec-websocket-key1"),
    (11, "sec-websocket-key2"),
    (12, "sec-websocket-protocol"),
    (13, "sec-websocket-accept"),
    (14, "sec-websocket-nonce"),
    (16, "http2-settings"),
    (17, "accept"),
    (18, "access-control-request-headers"),
    (19, "if-modified-since"),
    (20, "if-none-match"),
    (21, "accept-encoding"),
    (22, "accept-language"),
    (23, "pragma"),
    (24, "cache-control"),
    (25, "authorization"),
    (26, "cookie"),
    (27, "content-length"),
    (28, "content-type"),
    (29, "date"),
    (30, "range"),
    (31, "referer"),
    (32, "sec-websocket-key"),
    (33, "sec-websocket-version"),
    (34, "sec-websocket-origin"),
    (40, "accept-charset"),
    (41, "accept-ranges"),
    (42, "access-control-allow-origin"),
    (43, "age"),
    (44, "allow"),
    (45, "content-disposition"),
    (46, "content-encoding"),
    (47, "content-language"),
    (48, "content-location"),
    (49, "content-range"),
    (50, "etag"),
    (51, "expect"),
    (52, "expires"),
    (53, "from"),
    (54, "if-match"),
    (55, "if-range"),
    (56, "if-unmodified-since"),
    (57, "last-modified"),
    (58, "link"),
    (59, "location"),
    (60, "max-forwards"),
    (61, "proxy-authenticate"),
    (62, "proxy-authorization"),
    (63, "refresh"),
    (64, "retry-after"),
    (65, "server"),
    (66, "set-cookie"),
    (67, "strict-transport-security"),
    (68, "transfer-encoding"),
    (69, "user-agent"),
    (70, "vary"),
    (71, "via"),
    (72, "www-authenticate"),
    (78, "x-real-ip"),
    (80, "x-forwarded-for"),
    (83, "te"),
    (84, "replay-nonce"),
    (86, "x-auth-token"),
    (87, "x-amzn-dss-signature"),
];
