//! Why a TLS connection failed, in words that say which side refused what.

use std::io;

use rustls::{AlertDescription as Alert, Error};

/// rustls's error, where the other side is `peer`.
pub(super) fn reason(peer: &str, e: &Error) -> String {
    match e {
        Error::AlertReceived(alert) => refused(peer, *alert),
        Error::InvalidCertificate(why) => {
            format!("TLS: the certificate of {peer} is refused: {why}")
        }
        Error::NoCertificatesPresented => format!("TLS: {peer} shows no certificate"),
        Error::InvalidMessage(_) => format!("TLS: {peer} does not speak it: {e}"),
        other => format!("TLS with {peer}: {other}"),
    }
}

/// The peer's alert.
fn refused(peer: &str, alert: Alert) -> String {
    let why = match alert {
        Alert::CertificateRequired => "it wants a certificate, and none was shown",
        Alert::UnknownCA => "it does not trust who has signed the certificate of this side",
        Alert::CertificateExpired => "for it the certificate of this side is not in date",
        Alert::CertificateRevoked => "for it the certificate of this side is revoked",
        Alert::BadCertificate
        | Alert::CertificateUnknown
        | Alert::UnsupportedCertificate
        | Alert::AccessDenied => "it does not accept the certificate of this side",
        _ => "it does not go on",
    };
    format!("TLS: {peer} refuses: {why} ({alert:?})")
}

/// A refusal that may come from what is left out of the library, with what that is.
pub(super) fn left_out(e: &Error) -> Option<String> {
    let part = match e {
        Error::AlertReceived(Alert::HandshakeFailure) if !cfg!(feature = "tls-wide") => {
            "ChaCha20-Poly1305, X25519 and Ed25519 (tls-wide)"
        }
        Error::AlertReceived(Alert::ProtocolVersion) if !cfg!(feature = "tls12") => {
            "TLS 1.2 (tls12)"
        }
        _ => return None,
    };
    Some(format!("{e}; not built into this library: {part}"))
}

/// The transport ended before TLS was agreed on.
pub(super) fn broken_off(peer: &str, e: &io::Error) -> Option<String> {
    match e.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => Some(format!(
            "TLS: {peer} ended the connection in the handshake, if it has TLS at all: {e}"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Alert, Error, broken_off, left_out, reason};
    use rustls::{CertificateError, InvalidMessage};
    use std::io;

    #[test]
    fn reasons_say_which_side_and_why() {
        let why = |e: Error| reason("the proxy", &e);
        let expired = why(Error::InvalidCertificate(CertificateError::Expired));
        assert!(expired.starts_with("TLS: the certificate of the proxy is refused: "), "{expired}");
        assert_eq!(
            why(Error::AlertReceived(Alert::CertificateRequired)),
            "TLS: the proxy refuses: it wants a certificate, and none was shown (CertificateRequired)"
        );
        assert!(why(Error::AlertReceived(Alert::InternalError)).contains("(InternalError)"));
        assert!(why(InvalidMessage::InvalidContentType.into()).contains("does not speak it"));
        assert!(why(Error::DecryptError).starts_with("TLS with the proxy: "));
    }

    #[test]
    fn what_is_left_out_is_told() {
        let of = |alert| left_out(&Error::AlertReceived(alert)).is_some();
        assert_eq!(of(Alert::HandshakeFailure), !cfg!(feature = "tls-wide"));
        assert_eq!(of(Alert::ProtocolVersion), !cfg!(feature = "tls12"));
        assert!(!of(Alert::UnknownCA));
    }

    #[test]
    fn only_ends_are_ends() {
        let of = |kind: io::ErrorKind| broken_off("the proxy", &kind.into());
        assert!(of(io::ErrorKind::ConnectionReset).is_some_and(|t| t.contains("the proxy ended")));
        assert_eq!(of(io::ErrorKind::WouldBlock), None);
    }
}
