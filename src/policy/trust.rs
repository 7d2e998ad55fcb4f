//! `certs[]`: base64 to DER, and what kind of DER it is.
//!
//! Only the outermost layers of the DER are looked at, so that a mistake is reported with its place
//! in the policy; the TLS library checks the rest.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The most bytes of DER in one entry.
pub const MAX_DER: usize = 64 * 1024;

/// Padding may be missing, as in many hand-made policies.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// What a piece of DER is, as far as its outer layers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DerKind {
    /// An X.509 certificate (RFC 5280 section 4.1).
    Certificate,
    /// A private key: PKCS#8, PKCS#1 or SEC1.
    PrivateKey,
    /// Some other sequence.
    Other,
}

/// Why an entry of `certs[]` is not usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertError {
    /// Not base64: the character, and its index in the text.
    Base64(char, usize),
    /// The length of the base64 text is impossible.
    Base64Length,
    /// Not a DER sequence, or one that ends too early.
    NotDer,
    /// Bytes follow the DER.
    TrailingBytes(usize),
    /// Longer than [`MAX_DER`].
    TooBig,
}

impl fmt::Display for CertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base64(c, at) => write!(f, "not base64: {c:?} at character {at}"),
            Self::Base64Length => f.write_str("not base64: it ends inside a group"),
            Self::NotDer => f.write_str("not DER, or cut short"),
            Self::TrailingBytes(count) => write!(f, "{count} bytes follow the DER"),
            Self::TooBig => write!(f, "longer than {MAX_DER} bytes"),
        }
    }
}

/// The base64 inside PEM's armour (RFC 7468) and where it begins; without armour, the text itself.
fn inside_armour(text: &str) -> (usize, &str) {
    let find = || {
        let (label, rest) = text.trim_start().strip_prefix("-----BEGIN ")?.split_once("-----")?;
        let body = rest.trim_end().strip_suffix("-----")?.strip_suffix(label)?;
        Some((text.len() - rest.len(), body.strip_suffix("-----END ")?))
    };
    find().unwrap_or((0, text))
}

/// Decodes base64 (standard or URL alphabet, white space skipped, padding optional, PEM's armour
/// around it or not) that must be one DER sequence.
pub fn decode(text: &str) -> Result<Vec<u8>, CertError> {
    let (start, text) = inside_armour(text);
    let mut clean = Vec::with_capacity(text.len());
    for (at, c) in (start..).zip(text.chars()) {
        match c {
            ' ' | '\t' | '\r' | '\n' => {}
            '-' => clean.push(b'+'),
            '_' => clean.push(b'/'),
            'A'..='Z' | 'a'..='z' | '0'..='9' | '+' | '/' | '=' => clean.push(c as u8),
            _ => return Err(CertError::Base64(c, at)),
        }
    }
    if clean.len() / 4 * 3 > MAX_DER {
        return Err(CertError::TooBig);
    }
    let der = BASE64.decode(&clean).map_err(|_| CertError::Base64Length)?;
    let (tag, _, rest) = element(&der).ok_or(CertError::NotDer)?;
    match (tag, rest.len()) {
        (SEQUENCE, 0) => Ok(der),
        (SEQUENCE, more) => Err(CertError::TrailingBytes(more)),
        _ => Err(CertError::NotDer),
    }
}

/// What this DER is.
pub fn kind(der: &[u8]) -> DerKind {
    let Some((SEQUENCE, content, _)) = element(der) else {
        return DerKind::Other;
    };
    let mut tags = Vec::with_capacity(4);
    let mut rest = content;
    while let Some((tag, _, after)) = element(rest) {
        tags.push(tag);
        rest = after;
        if tags.len() == 4 {
            break;
        }
    }
    match tags.as_slice() {
        [SEQUENCE, SEQUENCE, BIT_STRING] if rest.is_empty() => DerKind::Certificate,
        [INTEGER, _, ..] => DerKind::PrivateKey,
        _ => DerKind::Other,
    }
}

/// The tag and content of the first DER element, and what follows it (X.690 section 8.1, definite
/// lengths only).
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut len = usize::from(first);
    if first >= 0x80 {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let (digits, after) = rest.split_at_checked(count)?;
        len = digits.iter().fold(0, |len, &digit| (len << 8) | usize::from(digit));
        rest = after;
    }
    let (content, rest) = rest.split_at_checked(len)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_kinds() {
        let cert = [0x30, 0x07, 0x30, 0x00, 0x30, 0x00, 0x03, 0x01, 0x00];
        assert_eq!(kind(&cert), DerKind::Certificate);
        let key = [0x30, 0x05, 0x02, 0x01, 0x00, 0x30, 0x00];
        assert_eq!(kind(&key), DerKind::PrivateKey);
        assert_eq!(kind(&[0x30, 0x00]), DerKind::Other);
        assert_eq!(kind(&[0x04, 0x00]), DerKind::Other);
        assert_eq!(kind(&[]), DerKind::Other);
    }

    #[test]
    fn base64_is_read_leniently() {
        let der = vec![0x30, 0x03, 0x02, 0x01, 0xfb];
        for text in ["MAMCAfs=", "MAMCAfs", " MAM\nCA\tfs= "] {
            assert_eq!(decode(text), Ok(der.clone()), "{text:?}");
        }
        let armoured = "\n-----BEGIN X KEY-----\nMAMC\nAfs=\n-----END X KEY-----\n";
        assert_eq!(decode(armoured), Ok(der));
        assert_eq!(decode(&armoured.replace("Afs", "A!s")), Err(CertError::Base64('!', 29)));
        assert!(decode(&armoured.replace("END X", "END Y")).is_err());
        assert_eq!(decode("MAMC!fs="), Err(CertError::Base64('!', 4)));
        assert_eq!(decode("MAMCA"), Err(CertError::Base64Length));
        assert_eq!(decode(""), Err(CertError::NotDer));
        assert_eq!(decode("AAAA"), Err(CertError::NotDer));
        assert_eq!(decode("MAQCAfs="), Err(CertError::NotDer));
        assert_eq!(decode("MAICAfs="), Err(CertError::TrailingBytes(1)));
        assert_eq!(decode(&"A".repeat(MAX_DER * 2)), Err(CertError::TooBig));
    }

    #[test]
    fn huge_lengths_do_not_overflow() {
        assert_eq!(element(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0]), None);
        assert_eq!(element(&[0x30, 0x85, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(element(&[0x30, 0x80]), None);
    }
}
