//! Negotiation of permessage-deflate (RFC 7692 7.1).

use std::borrow::Cow;

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

/// An extension as it stands in a list of them.
pub(super) struct Named<'a> {
    name: &'a str,
    params: Vec<(&'a str, Option<Cow<'a, str>>)>,
}

/// Reads a list of extensions (RFC 6455 9.1). Elements may be empty, and so may the whole.
///
/// # Errors
/// The element that does not conform to the grammar.
pub(super) fn read_list(list: &str) -> Result<Vec<Named<'_>>, String> {
    // no comma can be inside an element: a quoted value, too, has to be a token
    let elements = list.split(',').map(str::trim_ascii).filter(|e| !e.is_empty());
    elements.map(|e| read(e).ok_or_else(|| format!("malformed extension {e:?}"))).collect()
}

fn read(element: &str) -> Option<Named<'_>> {
    let mut parts = element.split(';').map(str::trim_ascii);
    let name = parts.next().filter(|name| is_token(name))?;
    let param = |part| {
        let (param, value) = split_param(part);
        let fine = is_token(param) && value.as_deref().is_none_or(is_token);
        fine.then_some((param, value))
    };
    Some(Named { name, params: parts.map(param).collect::<Option<_>>()? })
}

/// Whether a word needs no quotes in a header field (RFC 9110 5.6.2).
pub(super) fn is_token(word: &str) -> bool {
    let legal = |b: u8| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&b);
    !word.is_empty() && word.bytes().all(legal)
}

/// Takes up one of a client's offers. `None`: it is none that we can (RFC 7692 5.1, 7.1).
pub(super) fn accept_offer(offer: &Named<'_>) -> Option<Deflating> {
    if offer.name != NAME {
        return None;
    }
    let mut seen: Vec<&str> = Vec::new();
    for (param, value) in &offer.params {
        if seen.contains(param) {
            return None;
        }
        seen.push(param);
        match (*param, value.as_deref()) {
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

fn split_param(part: &str) -> (&str, Option<Cow<'_, str>>) {
    match part.split_once('=') {
        Some((param, value)) => (param.trim_ascii_end(), Some(unquoted(value.trim_ascii_start()))),
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

    /// Reads the server's answer, one of the extensions that it names.
    ///
    /// # Errors
    /// It is not an answer to this offer: what is wrong with it.
    pub(super) fn agreed(self, answer: &Named<'_>) -> Result<Deflating, String> {
        let name = answer.name;
        if name != NAME {
            return Err(format!("extension {name:?} was not offered"));
        }
        let mut seen: Vec<&str> = Vec::new();
        for (param, value) in &answer.params {
            if seen.contains(param) {
                return Err(format!("{NAME}: parameter {param:?} twice"));
            }
            seen.push(param);
            match (*param, value.as_deref()) {
                (SERVER_RESETS | CLIENT_RESETS, None) => {}
                (SERVER_BITS, Some(bits)) if is_window(bits) => {}
                (_, value) => {
                    let value = value.map(|v| format!("={v}")).unwrap_or_default();
                    return Err(format!("{NAME}: parameter {param}{value} was not offered"));
                }
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

/// A value may be a token or the same in quotes (RFC 6455 9.1), where a backslash stands in front
/// of what is meant.
fn unquoted(value: &str) -> Cow<'_, str> {
    let inside = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    let Some(inside) = inside.filter(|v| v.contains('\\')) else {
        return Cow::Borrowed(inside.unwrap_or(value));
    };
    let mut chars = inside.chars();
    let meant = std::iter::from_fn(|| match chars.next() {
        // one at the end is left, and is no token
        Some('\\') => Some(chars.next().unwrap_or('\\')),
        other => other,
    });
    Cow::Owned(meant.collect())
}

/// Decimal, no leading zeros.
fn is_window(bits: &str) -> bool {
    bits.parse::<u8>().is_ok_and(|n| WINDOW_BITS.contains(&n) && n.to_string() == bits)
}
