//! The server's side of TLS: configurations from a policy's certificate and key, and which one
//! answers where several share a port.

use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::{
    Acceptor, NoServerSessionStorage, ParsedCertificate, ServerSessionMemoryCache,
    WebPkiClientVerifier,
};
use rustls::{KeyLogFile, RootCertStore, ServerConfig};

use super::crypto::provider;
use super::tls::{Below, tls_error};
use super::{Identity, Tls, Transport, TrustError};
use crate::util::crypto::tls::Ticketer;

/// Sessions that a server remembers for clients that know no tickets.
const MAX_SESSIONS: usize = 1024;

/// What texts in PEM start with.
const PEM: &[u8] = b"-----";

/// What a server shows, and how it speaks TLS.
#[derive(Clone)]
pub struct ServerStore {
    /// The name that it goes by beside those in its certificate.
    name: String,
    certificate: CertificateDer<'static>,
    config: Arc<ServerConfig>,
}

impl fmt::Debug for ServerStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerStore").field("name", &self.name).finish_non_exhaustive()
    }
}

impl ServerStore {
    /// From a certificate and its key in DER (PKCS #8, PKCS #1 or SEC 1), or a chain and its key in
    /// PEM. With `trust`, clients
    /// must show a certificate that one of these has signed. `alpn` is what is spoken, most
    /// wanted first. `name` is a name that clients may ask for, beside those of the certificate.
    ///
    /// Session keys go to the file that `SSLKEYLOGFILE` names in the environment, if set.
    ///
    /// # Errors
    /// A certificate or the key cannot be read, or they do not belong together.
    pub fn new<'a>(
        name: &str,
        certificate: &[u8],
        key: &[u8],
        trust: Option<impl IntoIterator<Item = &'a [u8]>>,
        alpn: &[&[u8]],
    ) -> Result<Self, TrustError> {
        let (identity, own) = if certificate.starts_with(PEM) {
            let own = CertificateDer::from_pem_slice(certificate)
                .map_err(|e| TrustError::Identity(format!("certificate: {e}")))?;
            (Identity::from_pem(certificate, key)?, own)
        } else {
            let own = CertificateDer::from(certificate.to_vec());
            (Identity::from_der(&[certificate], key)?, own)
        };
        let failed = |e: &dyn fmt::Display| TrustError::Config(e.to_string());
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|e| failed(&e))?;
        let builder = match trust {
            None => builder.with_no_client_auth(),
            Some(certs) => {
                let roots = Arc::new(roots(certs)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
                builder.with_client_cert_verifier(verifier.build().map_err(|e| failed(&e))?)
            }
        };
        let mut config = builder.with_cert_resolver(identity.resolver());
        config.alpn_protocols = alpn.iter().map(|p| p.to_vec()).collect();
        config.key_log = Arc::new(KeyLogFile::new());
        match Ticketer::new() {
            Ok(ticketer) => {
                config.ticketer = ticketer;
                config.session_storage = ServerSessionMemoryCache::new(MAX_SESSIONS);
            }
            // without randomness nothing may be resumed
            Err(_) => config.session_storage = Arc::new(NoServerSessionStorage {}),
        }
        Ok(Self { name: name.to_owned(), certificate: own, config: Arc::new(config) })
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        self.config.clone()
    }

    /// Which of several is meant by a client that asks for `name`: see [`Self::find`], else the
    /// first.
    #[must_use]
    pub fn choose(stores: &[Self], name: Option<&str>) -> usize {
        name.and_then(|name| Self::find(stores, name)).unwrap_or(0)
    }

    /// Which of several goes by `name`: the one that is called so, else one whose certificate is
    /// for it, else the one in whose domain it is.
    #[must_use]
    pub fn find(stores: &[Self], name: &str) -> Option<usize> {
        let certified = |s: &Self| {
            let Ok(name) = ServerName::try_from(name) else { return false };
            let parsed = ParsedCertificate::try_from(&s.certificate);
            parsed.is_ok_and(|cert| verify_server_name(&cert, &name).is_ok())
        };
        let names = || stores.iter().map(|s| s.name.as_str());
        called(names(), name)
            .or_else(|| stores.iter().position(certified))
            .or_else(|| above(names(), name))
    }
}

/// Which of several servers is called `host`, whatever the case.
pub fn called<'a>(mut names: impl Iterator<Item = &'a str>, host: &str) -> Option<usize> {
    names.position(|name| name.eq_ignore_ascii_case(host))
}

/// Which of several servers has a name that `host` is a part of: `example.com` for
/// `www.example.com`.
pub fn above<'a>(mut names: impl Iterator<Item = &'a str>, host: &str) -> Option<usize> {
    let (host, end) = (host.as_bytes(), host.len());
    names.position(|name| {
        let dot = end.checked_sub(name.len() + 1).filter(|dot| *dot > 0 && !name.is_empty());
        dot.is_some_and(|dot| {
            host[dot] == b'.' && host[dot + 1..].eq_ignore_ascii_case(name.as_bytes())
        })
    })
}

fn roots<'a>(certs: impl IntoIterator<Item = &'a [u8]>) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    for (index, cert) in certs.into_iter().enumerate() {
        roots
            .add(CertificateDer::from(cert.to_vec()))
            .map_err(|e| TrustError::Certificate { index, why: e.to_string() })?;
    }
    if roots.is_empty() { Err(TrustError::Empty) } else { Ok(roots) }
}

/// A connection whose client has yet to say which of several servers it wants; TLS from then on.
pub struct ServerTls {
    stores: Rc<[ServerStore]>,
    state: State,
}

enum State {
    Hello(Acceptor, Box<dyn Transport>),
    Open(Tls),
    /// Only for the moment between the two, and after a failure.
    Moving,
}

impl ServerTls {
    /// Over `io`, for one of `stores`, of which there is at least one.
    #[must_use]
    pub fn new(stores: Rc<[ServerStore]>, io: Box<dyn Transport>) -> Self {
        Self { stores, state: State::Hello(Acceptor::default(), io) }
    }

    /// Reads until the client has said whom it wants.
    fn hello(&mut self) -> io::Result<bool> {
        let State::Hello(acceptor, io) = &mut self.state else { return Ok(true) };
        let accepted = loop {
            match acceptor.accept() {
                Ok(Some(accepted)) => break accepted,
                Ok(None) => {}
                Err((e, mut alert)) => {
                    // best effort: the peer may be gone
                    let _ = alert.write(&mut Below(&mut **io));
                    return Err(tls_error(e));
                }
            }
            match acceptor.read_tls(&mut Below(&mut **io)) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(e) => return Err(e),
            }
        };
        let wanted = ServerStore::choose(&self.stores, accepted.client_hello().server_name());
        let Some(store) = self.stores.get(wanted) else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "no server is left on this port"));
        };
        let conn = accepted.into_connection(store.config());
        let State::Hello(_, mut io) = std::mem::replace(&mut self.state, State::Moving) else {
            return Err(closed());
        };
        match conn {
            Ok(conn) => {
                self.state = State::Open(Tls::accepted(conn, io));
                Ok(true)
            }
            Err((e, mut alert)) => {
                let _ = alert.write(&mut Below(&mut *io));
                self.state = State::Hello(Acceptor::default(), io);
                Err(tls_error(e))
            }
        }
    }

    fn open(&mut self) -> io::Result<&mut Tls> {
        match &mut self.state {
            State::Open(tls) => Ok(tls),
            State::Hello(..) | State::Moving => Err(closed()),
        }
    }

    fn below(&self) -> Option<&dyn Transport> {
        match &self.state {
            State::Hello(_, io) => Some(&**io),
            State::Open(tls) => Some(tls),
            State::Moving => None,
        }
    }
}

fn closed() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

impl Transport for ServerTls {
    fn handshake(&mut self) -> io::Result<bool> {
        Ok(self.hello()? && self.open()?.handshake()?)
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.open()?.read(buf)
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.open()?.write(buf)
    }

    fn write_vectored(&mut self, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.open()?.write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<bool> {
        self.open()?.flush()
    }

    fn has_buffered(&self) -> bool {
        self.below().is_some_and(Transport::has_buffered)
    }

    fn drained(&self) -> bool {
        self.below().is_some_and(Transport::drained)
    }

    fn shutdown(&mut self) {
        match &mut self.state {
            State::Hello(_, io) => io.shutdown(),
            State::Open(tls) => tls.shutdown(),
            State::Moving => {}
        }
    }

    fn alpn(&self) -> Option<&[u8]> {
        self.below().and_then(Transport::alpn)
    }

    fn server_name(&self) -> Option<&str> {
        self.below().and_then(Transport::server_name)
    }

    fn source(&mut self) -> &mut dyn mio::event::Source {
        match &mut self.state {
            State::Hello(_, io) => io.source(),
            State::Open(tls) => tls.source(),
            State::Moving => unreachable!("the state moves within one call only"),
        }
    }

    fn peer(&self) -> String {
        self.below().map_or_else(String::new, Transport::peer)
    }
}
