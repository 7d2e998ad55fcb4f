//! The opening handshake as a server answers it (RFC 6455 4.2.2).

use super::super::serve::{Asked, Upgrade};
use super::super::{ProtoError, ProtoErrorKind};
use super::ServerOptions;
use super::extension::{Deflating, accept_offer, read_list};
use super::handshake::{accept_of, items, values};

/// What a server grants: the fields of its 101, and what was agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    accept: String,
    subprotocol: Option<String>,
    extensions: Option<String>,
    pub(super) deflate: Option<Deflating>,
}

impl Accepted {
    /// The fields of the 101, beside those that are the codec's own.
    #[must_use]
    pub fn fields(&self) -> Vec<(&str, &[u8])> {
        let mut fields = vec![("Sec-WebSocket-Accept", self.accept.as_bytes())];
        if let Some(name) = &self.subprotocol {
            fields.push(("Sec-WebSocket-Protocol", name.as_bytes()));
        }
        if let Some(text) = &self.extensions {
            fields.push(("Sec-WebSocket-Extensions", text.as_bytes()));
        }
        fields
    }

    /// The subprotocol that was taken: the first of the client's that is among ours. `None`: the
    /// client asked for none, or for others, and may still be served without.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Whether messages may be compressed.
    #[must_use]
    pub fn compresses(&self) -> bool {
        self.deflate.is_some()
    }
}

/// Answers `asked`, whose upgrade was found to be a valid one. Send
/// [`Accepted::fields`] with status 101 and give the connection to a
/// [`WsServer`](super::WsServer).
///
/// # Errors
/// It does not ask for WebSocket, or its `Sec-WebSocket-Extensions` is malformed: that is to be
/// answered with status 400 (RFC 6455 9.1).
pub fn accept(asked: &Asked, options: &ServerOptions) -> Result<Accepted, ProtoError> {
    let Some(Upgrade::WebSocket) = asked.upgrade else {
        let detail = "ws: the request does not ask for it";
        return Err(ProtoError::new(ProtoErrorKind::BadRequest, detail));
    };
    let key = asked.fields.get("sec-websocket-key").unwrap_or_default().trim_ascii();
    let ours = options.subprotocols.as_deref().unwrap_or_default();
    let wanted = values(&asked.fields, "sec-websocket-protocol").flat_map(items);
    let taken = wanted.filter(|w| !w.is_empty()).find(|w| items(ours.as_bytes()).any(|o| o == *w));
    let mut agreed = None;
    for list in values(&asked.fields, "sec-websocket-extensions") {
        let list = std::str::from_utf8(list).map_err(|_| malformed("not text"))?;
        let offers = read_list(list).map_err(|why| malformed(&why))?;
        agreed = agreed.or_else(|| offers.iter().find_map(accept_offer));
    }
    let agreed = agreed.filter(|_| options.deflate);
    Ok(Accepted {
        accept: accept_of(key),
        subprotocol: taken.map(|name| String::from_utf8_lossy(name).into_owned()),
        extensions: agreed.map(|deflating| deflating.answer()),
        deflate: agreed,
    })
}

fn malformed(why: &str) -> ProtoError {
    ProtoError::new(ProtoErrorKind::Malformed, format!("ws: sec-websocket-extensions: {why}"))
}
