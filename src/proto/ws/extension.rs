//! Negotiation of permessage-deflate (RFC 7692 7.1).

const NAME: &str = "permessage-deflate";
const SERVER_RESETS: &str = "server_no_context_takeover";
const CLIENT_RESETS: &str = "client_no_context_takeover";
const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";
const LARGEST: &str = "15";
/// Of a window, in bits.
const WINDOW_BITS: std::ops::RangeInclusive<u8> = 8..=15;

/// How a client offers permessage-deflate. What we compress always has a window of 32 KiB;
/// the server may choose a smaller one for its side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeflateOffer {
    /// Demands that the server compresses each message by itself.
    pub server_no_context_takeover: bool,
    /// We compress each message by itself.
    pub client_no_context_takeover: bool,
}

/// What was agreed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deflating {
    /// The peer compresses each message by itself.
    pub peer_resets: bool,
    /// We do.
    pub we_reset: bool,
}

impl Deflating {
    /// As a server's answer, which says what was agreed of both sides.
    pub(super) fn answer(self) -> String {
        let both = DeflateOffer {
            server_no_context_takeover: self.we_reset,
            client_no_context_takeover: self.peer_resets,
        };
        both.text()
    }
}

/// Reads one of a client's offers. `None`: it is none that we can take up (RFC 7692 5.1, 7.1).
pub(super) fn accept_offer(offer: &str) -> Option<Deflating> {
    let mut parts = offer.split(';').map(str::trim);
    if parts.next() != Some(NAME) {
        return None;
    }
    let mut seen: Vec<&str> = Vec::new();
    for part in parts {
        let (param, value) = split_param(part);
        if seen.contains(&param) {
            return None;
        }
        seen.push(param);
        match (param, value) {
            (SERVER_RESETS | CLIENT_RESETS | CLIENT_BITS, None) => {}
            (CLIENT_BITS, Some(bits)) if is_window(bits) => {}
            // what we compress always has the largest window
            (SERVER_BITS, Some(LARGEST)) => {}
            _ => return None,
        }
    }
    Some(Deflating {
        peer_resets: seen.contains(&CLIENT_RESETS),
        we_reset: seen.contains(&SERVER_RESETS),
    })
}

fn split_param(part: &str) -> (&str, Option<&str>) {
    match part.split_once('=') {
        Some((param, value)) => (param.trim_end(), Some(unquoted(value.trim_start()))),
        None => (part, None),
    }
}

impl DeflateOffer {
    /// As the value of `Sec-WebSocket-Extensions`.
    pub(super) fn text(self) -> String {
        let mut text = NAME.to_owned();
        let wanted = [
            (self.server_no_context_takeover, SERVER_RESETS),
            (self.client_no_context_takeover, CLIENT_RESETS),
        ];
        for (_, param) in wanted.iter().filter(|(asked, _)| *asked) {
            text.push_str("; ");
            text.push_str(param);
        }
        text
    }

    /// Reads the server's answer, the one extension that it names.
    ///
    /// # Errors
    /// It is not an answer to this offer: what is wrong with it.
    pub(super) fn agreed(self, answer: &str) -> Result<Deflating, String> {
        let mut parts = answer.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        if name != NAME {
            return Err(format!("extension {name:?} was not offered"));
        }
        let mut seen: Vec<&str> = Vec::new();
        for part in parts {
            let (param, value) = split_param(part);
            if seen.contains(&param) {
                return Err(format!("{NAME}: parameter {param:?} twice"));
            }
            seen.push(param);
            match (param, value) {
                (SERVER_RESETS | CLIENT_RESETS, None) => {}
                (SERVER_BITS, Some(bits)) if is_window(bits) => {}
                _ => return Err(format!("{NAME}: parameter {part:?} was not offered")),
            }
        }
        let peer_resets = seen.contains(&SERVER_RESETS);
        if self.server_no_context_takeover && !peer_resets {
            return Err(format!("{NAME}: the server did not agree to {SERVER_RESETS}"));
        }
        let we_reset = self.client_no_context_takeover || seen.contains(&CLIENT_RESETS);
        Ok(Deflating { peer_resets, we_reset })
    }
}

/// A value may be a token or the same in quotes (RFC 6455 9.1).
fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value)
}

/// Decimal, no leading zeros.
fn is_window(bits: &str) -> bool {
    bits.parse::<u8>().is_ok_and(|n| WINDOW_BITS.contains(&n) && n.to_string() == bits)
}
