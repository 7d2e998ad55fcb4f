//! What each key means, in a line; and for keys that take something of their own kind, their JSON Schema.

use serde_json::{Value, json};

/// What is said about a key.
pub struct Doc {
    pub section: &'static str,
    pub key: &'static str,
    pub text: &'static str,
}

macro_rules! docs {
    ($($section:literal { $($key:literal: $text:literal,)+ })+) => {
        &[$($(Doc { section: $section, key: $key, text: $text },)+)+]
    };
}

/// Every key of the parser's tables, by its usual spelling; a test compares the two.
pub const DOCS: &[Doc] = docs! {
    "" {
        "release": "which version of the policy this is",
        "product": "what the policy is meant for",
        "schema-version": "the least version of the format that a reader must know",
        "via-socks5": "address:port of a SOCKS5 proxy for all client connections",
        "retry": "retry schedules, by name",
        "certs": "certificates and server keys in base64 of DER, by name",
        "trust_stores": "sets of certificates that peers are checked against",
        "auth": "where authentication tokens come from",
        "metrics": "how metrics are reported",
        "s": "the stream types",
    }
    "retry" {
        "backoff": "the delay before each retry in turn, in ms; the last one repeats",
        "conceal": "so many retries before the program hears ALL_RETRIES_FAILED (65535: never)",
        "jitterpc": "up to this percentage is added to each delay at random",
        "svalidping": "seconds without proof of life until the connection is probed (0: never)",
        "svalidhup": "seconds without proof of life until the connection is dropped (0: never)",
    }
    "auth" {
        "name": "what use_auth refers to",
        "type": "the kind of authentication, such as sigv4",
        "streamtype": "the stream type that gets the token",
        "blob": "number of the system's auth blob that holds the token",
    }
    "metrics" {
        "name": "which metrics this is about",
        "us_schedule": "microseconds between reports",
        "us_halflife": "microseconds in which the average decays by half (0: never)",
        "min_outlier": "so many samples before one can be called an outlier",
        "report": "what becomes of the reports",
    }
    "s" {
        "endpoint": "where to connect: host, URL, +path of a unix socket; for servers the interface, or !vhost",
        "port": "the port",
        "protocol": "what is spoken: h1, h2, ws, mqtt or raw",
        "via-socks5": "address:port of a SOCKS5 proxy for this stream type",
        "bind": "the local address, or the network interface, that connections come from",
        "plugins": "accepted and not used",
        "tls": "the connection is encrypted",
        "client_cert": "number of the client certificate among the system blobs",
        "opportunistic": "connects only when there is something to do",
        "nailed_up": "stays connected, reconnects when dropped",
        "allow_redirects": "http redirects are followed",
        "urgent_tx": "sending matters enough to wake the device",
        "urgent_rx": "receiving matters enough to wake the device",
        "long_poll": "h2: the request stays half closed while the peer keeps answering",
        "retry": "the retry schedule, one of the section 'retry'",
        "timeout_ms": "ms that a stream's timeout takes if the program gives none",
        "perf": "connection timing is reported to the program as JSON payload",
        "tls_trust_store": "whom to trust, one of 'trust_stores'; without it, whom the operating system trusts",
        "use_auth": "the authentication, one of the section 'auth'",
        "aws_region": "the metadata that names the AWS region",
        "aws_service": "the metadata that names the AWS service",
        "direct_proto_str": "metadata names that end in ':' are http headers",
        "server": "streams of this type listen",
        "server_cert": "the server's certificate, one of 'certs'",
        "server_key": "the server's private key, one of 'certs'",
        "server_max_clients": "clients of a server at a time; more wait until one ends (10000)",
        "server_max_head": "bytes of a request's head that a server takes (16384)",
        "server_max_fields": "header fields of a request that a server takes (128)",
        "server_max_body": "bytes of a request's body that a server takes (67108864)",
        "server_max_rate": "requests that a server takes in a second, of all clients (0: any number)",
        "server_idle_s": "seconds that a server waits for a client's next request (15; 0: for ever)",
        "server_stall_s": "seconds that a server waits for the next bytes of a message (20; 0: for ever)",
        "options": "options of the server's vhost",
        "swake_validity": "checks for proof of life may wake a suspended device",
        "rideshare": "the stream type whose payload may travel along",
        "payload_fmt": "name of the payload's format, for the program",
        "local_sink": "connects to a sink in the same process",
        "metadata": "names that the program sets and gets, and the header that each travels in",
        "proxy_buflen": "bytes that the proxy buffers for a client",
        "proxy_buflen_rxflow_on_above": "with more than this buffered the proxy stops reading",
        "proxy_buflen_rxflow_off_below": "with less than this buffered the proxy reads on",
        "client_buflen": "bytes that the proxy's client buffers",
        "client_buflen_rxflow_on_above": "with more than this buffered the client stops reading",
        "client_buflen_rxflow_off_below": "with less than this buffered the client reads on",
        "attr_priority": "priority of the packets, 0 to 6, or 7 for network management",
        "attr_low_latency": "asks the network for low latency",
        "attr_high_throughput": "asks the network for throughput",
        "attr_high_reliability": "asks the network for reliability",
        "attr_low_cost": "asks the network for low cost",
        "http_method": "the http method; GET if not given",
        "http_url": "the path of the request",
        "http_expect": "the only http status that counts as success; otherwise 200 to 299",
        "http_fail_redirect": "an http redirect is a failure, and the sign of a captive portal",
        "http_resp_map": "http statuses that the program gets as states of its own",
        "http_auth_header": "the header that carries the authentication token",
        "http_dsn_header": "the header that carries the device's serial number",
        "http_fwv_header": "the header that carries the firmware's version",
        "http_devtype_header": "the header that carries the device's type",
        "http_auth_preamble": "what goes before the token in its header, such as 'bearer '",
        "auth_hexify": "the token is sent in hexadecimal",
        "http_no_content_length": "no content-length is sent",
        "nghttp2_quirk_end_stream": "h2: the peer answers only after END_STREAM",
        "h2q_oflow_txcr": "h2: the peer sends more than it may",
        "http_multipart_ss_in": "incoming multipart bodies are taken apart",
        "http_multipart_name": "the request's body is a multipart section of this name",
        "http_multipart_filename": "file name of the multipart section",
        "http_multipart_content_type": "content type of the multipart section",
        "http_www_form_urlencoded": "the request's body is a URL-encoded form",
        "http_cookies": "the peer's cookies are kept and sent back",
        "ws_subprotocol": "the websocket subprotocol that is asked for",
        "ws_binary": "websocket messages are binary, not text",
        "ws_prioritize_reads": "reading goes before writing",
        "ws_permessage_deflate": "messages are compressed if the server agrees",
        "mqtt_topic": "the topic that messages are published to",
        "mqtt_subscribe": "the topic filter that is subscribed to",
        "mqtt_qos": "quality of service, 0 to 2",
        "mqtt_retain": "the broker retains what is published",
        "mqtt_keep_alive": "keep-alive in seconds (0: none)",
        "mqtt_clean_start": "the session starts clean",
        "mqtt_will_topic": "topic of the will",
        "mqtt_will_message": "message of the will",
        "mqtt_will_qos": "quality of service of the will",
        "mqtt_will_retain": "the broker retains the will",
        "mqtt_birth_topic": "topic of the message that is sent at connect",
        "mqtt_birth_message": "the message that is sent at connect",
        "mqtt_birth_qos": "its quality of service",
        "mqtt_birth_retain": "the broker retains it",
        "aws_iot": "the broker is AWS IoT: its limits are kept to",
    }
};

/// What is said about a key.
pub fn doc(section: &str, key: &str) -> Option<&'static str> {
    DOCS.iter().find(|doc| doc.section == section && doc.key == key).map(|doc| doc.text)
}

/// The schema of a key that takes something of its own kind.
pub fn special(section: &str, key: &str) -> Option<Value> {
    let text = json!({ "type": "string" });
    let pairs = |value: Value| json!({ "type": "array", "items": { "type": "object", "additionalProperties": value } });
    let number = |from: u32, to: u32| {
        json!({ "oneOf": [
            { "type": "integer", "minimum": from, "maximum": to },
            { "type": "string", "pattern": "^[0-9]+$" },
        ] })
    };
    Some(match (section, key) {
        ("", "schema-version") => number(0, u32::MAX),
        ("retry", "backoff") => json!({ "type": "array", "items": number(0, u32::MAX) }),
        ("" | "s", "via-socks5") => text,
        ("auth", "name" | "streamtype") | ("metrics", "name") => text,
        ("s", "port") => json!({ "oneOf": [
            { "type": "integer", "minimum": 0, "maximum": u16::MAX }, { "type": "string" },
        ] }),
        ("s", "protocol") => json!({ "enum": ["h1", "h2", "h3", "ws", "mqtt", "raw"] }),
        (
            "s",
            "retry" | "tls_trust_store" | "use_auth" | "server_cert" | "server_key" | "rideshare",
        ) => text,
        ("s", "http_method") => {
            json!({ "type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]*$" })
        }
        ("s", "http_expect") => number(0, 999),
        ("s", "metadata") => pairs(text),
        ("s", "options") => pairs(json!({ "type": ["string", "number", "boolean"] })),
        ("s", "http_resp_map") => {
            json!({ "type": "array", "items": { "type": "object",
                "propertyNames": { "pattern": "^[0-9]{1,3}$" },
                "additionalProperties": number(0, u16::MAX.into()) } })
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use securestreams::policy::{Takes, keys_of};

    use super::*;

    const SECTIONS: [&str; 5] = ["", "retry", "auth", "metrics", "s"];

    #[test]
    fn every_key_is_described_and_every_description_has_a_key() {
        for section in SECTIONS {
            let keys = keys_of(section);
            assert!(!keys.is_empty());
            for key in &keys {
                assert!(
                    doc(section, key.names[0]).is_some(),
                    "no text on {section}.{}",
                    key.names[0]
                );
                let own_kind = key.takes == Takes::Special;
                let schema = special(section, key.names[0]);
                assert_eq!(schema.is_some(), own_kind, "schema of {section}.{}", key.names[0]);
            }
            for doc in DOCS.iter().filter(|doc| doc.section == section) {
                assert!(
                    keys.iter().any(|key| key.names[0] == doc.key),
                    "no key {section}.{}",
                    doc.key
                );
            }
        }
    }
}
