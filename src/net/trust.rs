//! Whom to trust: a policy's certificates or the system's, and the TLS configurations made
//! from them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, ResolvesClientCert, Resumption,
    WebPkiServerVerifier,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, KeyLogFile, RootCertStore, SignatureScheme};

use super::crypto::provider;
use super::identity::Identity;
use super::verify::PinningVerifier;
use crate::util::Micros;

/// Servers whose sessions a trust store remembers, for each client identity.
const MAX_SESSIONS: usize = 32;

/// TLS configurations that a trust store keeps; the oldest makes room.
const MAX_CONFIGS: usize = 32;

/// Why certificates or keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustError {
    /// There is no certificate to trust.
    Empty,
    /// A certificate cannot be read.
    Certificate {
        /// Which, counted from 0.
        index: usize,
        /// Why not.
        why: String,
    },
    /// The system's store holds nothing of use.
    System(String),
    /// The own certificate or key is of no use.
    Identity(String),
    /// rustls refuses the combination.
    Config(String),
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("trust store without certificates"),
            Self::Certificate { index, why } => {
                write!(f, "certificate {index} of the trust store: {why}")
            }
            Self::System(why) => write!(f, "the system's trust store: {why}"),
            Self::Identity(why) => write!(f, "own certificate: {why}"),
            Self::Config(why) => write!(f, "TLS configuration: {why}"),
        }
    }
}

impl std::error::Error for TrustError {}

/// Certificates to trust, with the sessions and configurations that depend on them. Each
/// policy's trust store is to be one of these, kept as long as the policy: configurations
/// and TLS sessions are shared by all that use the same store.
pub struct TrustStore {
    verifier: Arc<dyn ServerCertVerifier>,
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    configs: Vec<(Key, Arc<ClientConfig>)>,
    clients: Vec<Client>,
}

/// What configurations that differ in ALPN alone share. rustls resumes a session only with
/// the very verifier and client certificate resolver that it was made with.
#[derive(Clone)]
struct Client {
    identity: Option<Arc<Identity>>,
    resolver: Arc<dyn ResolvesClientCert>,
    sessions: Arc<dyn ClientSessionStore>,
}

impl Client {
    fn new(identity: Option<&Arc<Identity>>) -> Self {
        Self {
            identity: identity.cloned(),
            resolver: match identity {
                Some(identity) => identity.resolver(),
                None => Arc::new(Anonymous),
            },
            sessions: Arc::new(ClientSessionMemoryCache::new(MAX_SESSIONS)),
        }
    }
}

/// Has no certificate to show.
#[derive(Debug)]
struct Anonymous;

impl ResolvesClientCert for Anonymous {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

struct Key {
    alpn: Vec<Vec<u8>>,
    identity: Option<Arc<Identity>>,
}

impl Key {
    fn is(&self, alpn: &[&[u8]], identity: Option<&Arc<Identity>>) -> bool {
        self.alpn == alpn && same(self.identity.as_ref(), identity)
    }
}

fn same(a: Option<&Arc<Identity>>, b: Option<&Arc<Identity>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

impl fmt::Debug for TrustStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustStore").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

impl TrustStore {
    /// Trusts these certificates (DER; roots, intermediates, a server's own): what any of
    /// them has signed, and each of them when the server shows that very one. Such a pinned
    /// certificate may be signed by anybody, be a CA, and name its host in the common name
    /// alone; nothing else is relaxed.
    ///
    /// # Errors
    /// The list is empty, or one of them cannot be read.
    pub fn from_der<'a>(
        certs: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Arc<Self>, TrustError> {
        Self::pinning(certs.into_iter().map(|c| CertificateDer::from(c.to_vec())).collect())
    }

    /// As [`from_der`](Self::from_der), from a PEM text with one certificate or more.
    ///
    /// # Errors
    /// As for `from_der`, or the PEM is broken.
    pub fn from_pem(certs: &[u8]) -> Result<Arc<Self>, TrustError> {
        Self::pinning(from_pem(certs)?)
    }

    fn pinning(certs: Vec<CertificateDer<'static>>) -> Result<Arc<Self>, TrustError> {
        let mut roots = RootCertStore::empty();
        for (index, cert) in certs.iter().enumerate() {
            roots
                .add(cert.clone())
                .map_err(|e| TrustError::Certificate { index, why: e.to_string() })?;
        }
        let chain = chain_verifier(roots)?;
        Ok(Self::new(Arc::new(PinningVerifier::new(chain, certs))))
    }

    /// Trusts what the operating system trusts: read from disk the first time, shared by the
    /// whole process, and read again if it has changed. It is looked at every
    /// [`TRUST_LOOK_EVERY`](super::TRUST_LOOK_EVERY) at most; `now` is the time in microseconds.
    ///
    /// # Errors
    /// The system has no store, or nothing in it can be read. The next call tries again.
    pub fn system(now: Micros) -> Result<Arc<Self>, TrustError> {
        super::system_trust::system(now)
    }

    pub(super) fn load_system() -> Result<Arc<Self>, TrustError> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let why = match found.errors.first() {
                Some(e) => e.to_string(),
                None => "no certificates found".to_owned(),
            };
            return Err(TrustError::System(why));
        }
        Ok(Self::new(chain_verifier(roots)?))
    }

    fn new(verifier: Arc<dyn ServerCertVerifier>) -> Arc<Self> {
        Arc::new(Self { verifier, cache: Mutex::default() })
    }

    /// The configuration for a client that offers `alpn` (most wanted first; empty offers
    /// none) and answers a request for a certificate with `identity`. The same arguments
    /// give the same configuration as long as the store remembers it.
    ///
    /// Session keys go to the file that `SSLKEYLOGFILE` names in the environment, if set.
    ///
    /// # Errors
    /// rustls refuses the combination.
    pub fn client_config(
        &self,
        alpn: &[&[u8]],
        identity: Option<&Arc<Identity>>,
    ) -> Result<Arc<ClientConfig>, TrustError> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, config)) = cache.configs.iter().find(|(key, _)| key.is(alpn, identity)) {
            return Ok(config.clone());
        }
        let alpn: Vec<_> = alpn.iter().map(|p| p.to_vec()).collect();
        let config = self.build(alpn.clone(), cache.client(identity))?;
        make_room(&mut cache.configs, MAX_CONFIGS);
        cache.configs.push((Key { alpn, identity: identity.cloned() }, config.clone()));
        Ok(config)
    }

    fn build(&self, alpn: Vec<Vec<u8>>, client: Client) -> Result<Arc<ClientConfig>, TrustError> {
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|e| TrustError::Config(e.to_string()))?
            // only what PinningVerifier relaxes
            .dangerous()
            .with_custom_certificate_verifier(self.verifier.clone())
            .with_client_cert_resolver(client.resolver);
        config.alpn_protocols = alpn;
        config.resumption = Resumption::store(client.sessions);
        config.key_log = Arc::new(KeyLogFile::new());
        Ok(Arc::new(config))
    }
}

/// The certificates of a PEM text, in DER.
///
/// # Errors
/// The PEM is broken, or there is none.
pub fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, TrustError> {
    let certs = from_pem(pem)?;
    if certs.is_empty() {
        return Err(TrustError::Empty);
    }
    Ok(certs.into_iter().map(|c| c.as_ref().to_vec()).collect())
}

fn from_pem(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let broken = |(index, cert): (usize, Result<_, rustls::pki_types::pem::Error>)| {
        cert.map_err(|e| TrustError::Certificate { index, why: e.to_string() })
    };
    CertificateDer::pem_slice_iter(text).enumerate().map(broken).collect()
}

impl Cache {
    fn client(&mut self, identity: Option<&Arc<Identity>>) -> Client {
        if let Some(known) = self.clients.iter().find(|c| same(c.identity.as_ref(), identity)) {
            return known.clone();
        }
        let client = Client::new(identity);
        make_room(&mut self.clients, MAX_CONFIGS);
        self.clients.push(client.clone());
        client
    }
}

fn make_room<T>(list: &mut Vec<T>, max: usize) {
    if list.len() >= max {
        list.remove(0);
    }
}

fn chain_verifier(roots: RootCertStore) -> Result<Arc<WebPkiServerVerifier>, TrustError> {
    if roots.is_empty() {
        return Err(TrustError::Empty);
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|e| TrustError::Config(e.to_string()))
}
