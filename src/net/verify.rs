//! The check of a server's certificate against a policy's trust store.
//!
//! rustls refuses a CA certificate that a server shows as its own, and a certificate that
//! names its host in the common name alone. Self-signed certificates of that kind, pinned in
//! the policy, are common on devices and accepted by the reference.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::x509::Leaf;

/// rustls's own verifier, and one exception: a peer whose certificate is byte for byte one
/// of the trust store's is accepted, whoever signed it, if it is in date, may be used for a
/// server, and is for the host by its subject alternative names or, only where it has none,
/// by its common name. The peer proves that it holds the key either way.
#[derive(Debug)]
pub(super) struct PinningVerifier {
    chain: Arc<WebPkiServerVerifier>,
    pinned: Vec<CertificateDer<'static>>,
}

impl PinningVerifier {
    pub(super) fn new(
        chain: Arc<WebPkiServerVerifier>,
        pinned: Vec<CertificateDer<'static>>,
    ) -> Self {
        Self { chain, pinned }
    }
}

impl ServerCertVerifier for PinningVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = &self.chain;
        chain
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .or_else(|e| {
                if !self.pinned.contains(end_entity) {
                    return Err(e);
                }
                verify_pinned(end_entity, server_name, now)?;
                Ok(ServerCertVerified::assertion())
            })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// The certificate's own properties: who signed it does not matter, for the policy holds
/// its very bytes.
fn verify_pinned(
    cert: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<(), Error> {
    let parsed = ParsedCertificate::try_from(cert)?;
    let leaf = Leaf::parse(cert).map_err(|_| CertificateError::BadEncoding)?;
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if seconds < leaf.not_before {
        let not_before = unix_time(leaf.not_before);
        return Err(CertificateError::NotValidYetContext { time: now, not_before }.into());
    }
    if seconds > leaf.not_after {
        let not_after = unix_time(leaf.not_after);
        return Err(CertificateError::ExpiredContext { time: now, not_after }.into());
    }
    if !leaf.for_servers {
        return Err(CertificateError::InvalidPurpose.into());
    }
    if leaf.has_alternative_names {
        return verify_server_name(&parsed, name);
    }
    if leaf.common_names.iter().any(|cn| common_name_is(cn, name)) {
        return Ok(());
    }
    Err(CertificateError::NotValidForNameContext {
        expected: name.to_owned(),
        presented: leaf.common_names.iter().map(|cn| format!("CN={cn}")).collect(),
    }
    .into())
}

/// Dates before 1970 become its start: they are for the error's text only.
fn unix_time(seconds: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// Whether a common name is for this host: the same without case, or `*.` in the place of
/// its first label, or the same address.
fn common_name_is(cn: &str, name: &ServerName<'_>) -> bool {
    match name {
        ServerName::DnsName(host) => dns_name_matches(cn, host.as_ref()),
        ServerName::IpAddress(ip) => cn.parse::<IpAddr>() == Ok(IpAddr::from(*ip)),
        _ => false,
    }
}

fn dns_name_matches(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    match pattern.strip_prefix("*.") {
        None => pattern.eq_ignore_ascii_case(host),
        // a wildcard right below the root would be for a whole top-level domain
        Some(parent) => host
            .split_once('.')
            .is_some_and(|(_, rest)| rest.contains('.') && parent.eq_ignore_ascii_case(rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::dns_name_matches;

    #[test]
    fn common_names_match_whole_or_by_one_label() {
        assert!(dns_name_matches("Device.Local", "device.local"));
        assert!(dns_name_matches("device.local", "device.local."));
        assert!(dns_name_matches("*.example.com", "a.example.com"));
        assert!(!dns_name_matches("*.example.com", "example.com"));
        assert!(!dns_name_matches("*.example.com", "a.b.example.com"));
        assert!(!dns_name_matches("*.com", "example.com"));
        assert!(!dns_name_matches("*", "localhost"));
        assert!(!dns_name_matches("", "localhost"));
    }
}
