//! The opening handshake as a client makes it (RFC 6455 4.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::h1::H1;
use super::super::{BodyLen, Codec, Head, ProtoError, ProtoErrorKind, Request, Tid};
use super::extension::{Deflating, is_token, read_list};
use super::frames::{bad, no_random};
use super::{Options, Random};
use crate::util::TxBuf;
use crate::util::crypto::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// RFC 6455 1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Fields that a program may not set by itself.
const OWN: [&str; 7] = [
    "upgrade",
    "connection",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
    "sec-websocket-accept",
];

/// All that is needed until the connection is open.
pub(super) struct Handshake {
    pub h1: H1,
    options: Options,
    /// What the server must answer to our key.
    accept: String,
}

impl Handshake {
    pub fn new(options: Options) -> Self {
        Self { h1: H1::new(), options, accept: String::new() }
    }

    pub fn binary(&self) -> bool {
        self.options.binary
    }

    /// Writes the request.
    pub fn start(
        &mut self,
        req: &Request<'_>,
        random: &Random,
        out: &mut TxBuf,
    ) -> Result<Tid, ProtoError> {
        for (name, _) in req.fields {
            if OWN.iter().any(|own| name.eq_ignore_ascii_case(own)) {
                let detail = format!("field {name:?}: belongs to the ws handshake itself");
                return Err(bad(detail));
            }
        }
        let mut nonce = [0; 16];
        if !random(&mut nonce) {
            return Err(no_random());
        }
        let key = STANDARD.encode(nonce);
        let extensions = self.options.deflate.map(|offer| offer.text());
        let mut fields: Vec<(&str, &[u8])> = vec![
            ("Upgrade", b"websocket"),
            ("Connection", b"Upgrade"),
            ("Sec-WebSocket-Key", key.as_bytes()),
            ("Sec-WebSocket-Version", b"13"),
        ];
        if let Some(list) = &self.options.subprotocols {
            check_subprotocols(list)?;
            fields.push(("Sec-WebSocket-Protocol", list.as_bytes()));
        }
        if let Some(text) = &extensions {
            fields.push(("Sec-WebSocket-Extensions", text.as_bytes()));
        }
        fields.extend_from_slice(req.fields);
        let get = Request { method: "GET", body: BodyLen::None, fields: &fields, ..*req };
        self.accept = accept_of(key.as_bytes());
        self.h1.start(&get, out)
    }

    /// Checks a 101; what was agreed about compression.
    pub fn check(&self, head: &Head) -> Result<Option<Deflating>, ProtoError> {
        let upgrade = only(head, "upgrade")?;
        if !upgrade.is_some_and(|v| v.eq_ignore_ascii_case("websocket")) {
            return Err(refused("upgrade", upgrade.unwrap_or("(none)")));
        }
        let connection = |v: &[u8]| items(v).any(|i| i.eq_ignore_ascii_case(b"upgrade"));
        if !values(head, "connection").any(connection) {
            return Err(refused("connection", "no \"upgrade\" in it"));
        }
        let accept = only(head, "sec-websocket-accept")?;
        if accept != Some(&self.accept) {
            return Err(refused("sec-websocket-accept", accept.unwrap_or("(none)")));
        }
        if let Some(taken) = only(head, "sec-websocket-protocol")? {
            let asked = self.options.subprotocols.as_deref().unwrap_or_default();
            if taken.is_empty() || !items(asked.as_bytes()).any(|i| i == taken.as_bytes()) {
                return Err(refused("sec-websocket-protocol", taken));
            }
        }
        let Some(answer) = only(head, "sec-websocket-extensions")?.filter(|a| !a.is_empty()) else {
            return Ok(None);
        };
        let wrong = |why: String| refused("sec-websocket-extensions", &why);
        let named = read_list(answer).map_err(wrong)?;
        match (self.options.deflate, &named[..]) {
            (_, []) => Ok(None),
            (Some(offer), [one]) => offer.agreed(one).map(Some).map_err(wrong),
            (None, [..]) | (Some(_), [_, _, ..]) => Err(wrong(format!("{answer} was not offered"))),
        }
    }
}

fn check_subprotocols(list: &str) -> Result<(), ProtoError> {
    if list.split(',').map(str::trim).all(is_token) {
        return Ok(());
    }
    Err(bad(format!("ws subprotocols {list:?}: not a list of tokens with commas between")))
}

/// The answer to a `Sec-WebSocket-Key` (RFC 6455 4.2.2).
pub(super) fn accept_of(key: &[u8]) -> String {
    let text = [key, GUID].concat();
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &text))
}

pub(super) fn values<'h>(head: &'h Head, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
    head.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, v)| v)
}

/// The value of a field that may come once at most.
fn only<'h>(head: &'h Head, name: &'h str) -> Result<Option<&'h str>, ProtoError> {
    let mut found = values(head, name);
    let Some(value) = found.next() else { return Ok(None) };
    if found.next().is_some() {
        return Err(refused(name, "more than one"));
    }
    match std::str::from_utf8(value.trim_ascii()) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(refused(name, "not text")),
    }
}

pub(super) fn items(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|&b| b == b',').map(<[u8]>::trim_ascii)
}

fn refused(name: &str, what: &str) -> ProtoError {
    let detail = format!("ws handshake: answer 101, but {name}: {what}");
    ProtoError::new(ProtoErrorKind::Malformed, detail)
}

#[cfg(test)]
mod tests {
    use super::accept_of;

    #[test]
    fn accept_as_in_rfc_6455_1_3() {
        assert_eq!(accept_of(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
