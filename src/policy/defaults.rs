//! The policy that is in force if the program gives none.

use super::model::Policy;
use super::parser::parse;

/// `__default` is for programs that bring their endpoint along as metadata; the other type serves
/// the detection of captive portals.
const TEXT: &str = r##"{
  "release": "1",
  "product": "securestreams built-in",
  "schema-version": 1,
  "retry": [ { "default": {
    "backoff": [1000, 2000, 3000, 5000, 10000],
    "conceal": 5,
    "jitterpc": 20,
    "svalidping": 30,
    "svalidhup": 35
  } } ],
  "s": [
    { "__default": {
      "endpoint": "${endpoint}", "port": 443, "protocol": "h2", "tls": true,
      "http_method": "GET", "http_url": "", "allow_redirects": true,
      "nghttp2_quirk_end_stream": true, "h2q_oflow_txcr": true,
      "metadata": [ { "endpoint": "" }, { "acc": "accept:" }, { "ua": "user-agent:" } ],
      "direct_proto_str": true, "opportunistic": true, "retry": "default", "timeout_ms": 2000
    } },
    { "captive_portal_detect": {
      "endpoint": "connectivitycheck.android.com", "port": 80, "protocol": "h1",
      "http_method": "GET", "http_url": "generate_204", "opportunistic": true,
      "http_expect": 204, "http_fail_redirect": true
    } }
  ]
}"##;

/// The built-in policy.
pub fn default_policy() -> Policy {
    parse(TEXT.as_bytes()).policy.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{MetadataDef, Protocol, SMD_STREAM_TYPE};

    #[test]
    fn the_text_has_no_mistakes() {
        let outcome = parse(TEXT.as_bytes());
        assert_eq!(outcome.errors, []);
        assert_eq!(outcome.warnings, []);
    }

    #[test]
    fn what_is_in_it() {
        let policy = default_policy();
        assert_eq!(policy.streams.len(), 2);
        let default = policy.stream_type("__default").expect("__default");
        assert_eq!(default.endpoint.to_string(), "${endpoint}");
        assert_eq!((default.port, default.protocol, default.tls), (443, Protocol::H2, true));
        assert_eq!(default.trust_store, None);
        assert!(default.opportunistic && default.allow_redirects && default.direct_proto_str);
        assert_eq!(default.timeout_ms, 2000);
        let retry = default.retry.as_ref().expect("retry");
        assert_eq!(retry.backoff_ms, [1000, 2000, 3000, 5000, 10_000]);
        assert_eq!((retry.conceal, retry.jitter_pc), (5, 20));
        let def = |name: &str, header: Option<&str>| MetadataDef {
            name: name.to_owned(),
            header: header.map(str::to_owned),
        };
        let expected =
            [def("endpoint", None), def("acc", Some("accept")), def("ua", Some("user-agent"))];
        assert_eq!(default.metadata, expected);
        let portal = policy.stream_type("captive_portal_detect").expect("captive_portal_detect");
        assert_eq!((portal.port, portal.protocol, portal.tls), (80, Protocol::H1, false));
        assert_eq!(portal.http.expect, Some(204));
        assert!(portal.http.fail_redirect);
        assert!(policy.stream_type(SMD_STREAM_TYPE).is_some());
    }
}
