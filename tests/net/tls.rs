//! Against a rustls server in a thread of its own.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};

use rustls::crypto::ring::default_provider;
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{
    HandshakeKind, ProtocolVersion, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    SupportedProtocolVersion,
};
use securestreams::net::{Identity, Tls, Transport, TrustError, TrustStore};

use crate::drive::{A_LOT, Driver, pattern, small_buffers, tcp};
use crate::pki::{Cert, Dates, LEAF, Pki, Spec};

type Stream = StreamOwned<ServerConnection, TcpStream>;

const BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

struct Server {
    addr: SocketAddr,
    thread: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Serves one connection after the other, `times` in all; ends at the first error.
    fn start(
        config: ServerConfig,
        times: usize,
        serve: impl Fn(&mut Stream) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        small_buffers(&listener);
        let addr = listener.local_addr().unwrap();
        let config = Arc::new(config);
        let thread = thread::spawn(move || {
            for _ in 0..times {
                let (socket, _) = listener.accept()?;
                let conn = ServerConnection::new(config.clone()).unwrap();
                let mut stream = StreamOwned::new(conn, socket);
                serve(&mut stream)?;
            }
            Ok(())
        });
        Self { addr, thread }
    }

    fn join(self) -> io::Result<()> {
        self.thread.join().unwrap()
    }
}

/// Sends everything back until the client says goodbye, then says goodbye.
fn echo(stream: &mut Stream) -> io::Result<()> {
    let mut buf = vec![0; 30_000];
    loop {
        match stream.read(&mut buf)? {
            0 => break,
            n => stream.write_all(&buf[..n])?,
        }
    }
    stream.conn.send_close_notify();
    stream.flush()
}

fn config(cert: &Cert, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(cert.chain(), cert.key())
        .unwrap()
}

fn trust(certs: &[&Cert]) -> Arc<TrustStore> {
    TrustStore::from_der(certs.iter().map(|c| &c.der[..])).unwrap()
}

struct Client {
    tls: Tls,
    driver: Driver,
}

impl Client {
    fn connect(trust: &TrustStore, host: &str, addr: SocketAddr) -> io::Result<Self> {
        Self::connect_with(trust, host, addr, &[], None)
    }

    fn connect_with(
        trust: &TrustStore,
        host: &str,
        addr: SocketAddr,
        alpn: &[&[u8]],
        identity: Option<&Arc<Identity>>,
    ) -> io::Result<Self> {
        let config = trust.client_config(alpn, identity).unwrap();
        let mut tls = Tls::client(config, host, tcp(addr))?;
        let mut driver = Driver::new(&mut tls);
        driver.handshake(&mut tls)?;
        Ok(Self { tls, driver })
    }

    /// Something there and back, and an orderly end.
    fn converse(mut self) -> io::Result<()> {
        self.driver.write_all(&mut self.tls, b"hello")?;
        assert_eq!(self.driver.read_exact(&mut self.tls, 5)?, b"hello");
        self.tls.shutdown();
        assert_eq!(self.driver.read_to_end(&mut self.tls)?, b"");
        Ok(())
    }
}

/// A whole conversation in both versions of TLS.
fn accepted(trust: &TrustStore, host: &str, cert: &Cert) {
    for version in BOTH {
        let server = Server::start(config(cert, &[version]), 1, echo);
        let client = Client::connect(trust, host, server.addr).unwrap();
        assert_eq!(client.tls.session().protocol_version(), Some(version.version));
        client.converse().unwrap();
        server.join().unwrap();
    }
}

/// The client's reason not to go on, the same in both versions of TLS; the server hears of it.
fn refused(trust: &TrustStore, host: &str, cert: &Cert) -> String {
    let reasons = BOTH.map(|version| {
        let server = Server::start(config(cert, &[version]), 1, echo);
        let e = Client::connect(trust, host, server.addr).err().expect("a refusal");
        assert_eq!(e.kind(), io::ErrorKind::InvalidData, "{e}");
        assert!(e.get_ref().is_some_and(|e| e.is::<rustls::Error>()), "{e:?}");
        let heard = server.join().unwrap_err().to_string();
        assert!(heard.starts_with("received fatal alert: "), "{heard}");
        // "expired" tells the time of the check
        e.to_string().split(" (").next().unwrap_or_default().to_owned()
    });
    let [first, second] = &reasons;
    assert!(first == second || first.contains("time"), "{reasons:?}");
    first.clone()
}

#[test]
fn a_ca_vouches_for_names_and_addresses() {
    let mut pki = Pki::new();
    let ca = pki.ca();
    let leaf = pki.make(LEAF, Some(&ca));
    accepted(&trust(&[&ca]), "localhost", &leaf);
    accepted(&trust(&[&ca]), "127.0.0.1", &leaf);
    let rsa = pki.make(Spec { rsa: true, ..LEAF }, Some(&ca));
    accepted(&trust(&[&ca]), "localhost", &rsa);
}

#[test]
fn an_intermediate_alone_is_trusted() {
    let mut pki = Pki::new();
    let root = pki.ca();
    let between = pki.make(Spec { cn: "Between", san: None, ca: true, ..LEAF }, Some(&root));
    let leaf = pki.make(LEAF, Some(&between));
    // the server sends its own certificate alone
    accepted(&trust(&[&between]), "localhost", &leaf);
    accepted(&trust(&[&root, &between]), "localhost", &leaf);
    let e = refused(&trust(&[&root]), "localhost", &leaf);
    assert_eq!(e, "invalid peer certificate: UnknownIssuer");
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let mut pki = Pki::new();
    let ca = pki.ca();
    let leaf = pki.make(LEAF, Some(&ca));
    let e = refused(&trust(&[&ca]), "elsewhere.test", &leaf);
    assert!(e.contains("not valid for name \"elsewhere.test\""), "{e}");
    let e = refused(&trust(&[&ca]), "127.0.0.2", &leaf);
    assert!(e.contains("not valid for name"), "{e}");
    // a CA's word does not make up for a name in the CN alone
    let bare = pki.make(Spec { san: None, ..LEAF }, Some(&ca));
    let e = refused(&trust(&[&ca]), "localhost", &bare);
    assert!(e.contains("not valid for name"), "{e}");
}

#[test]
fn a_stranger_is_refused() {
    let mut pki = Pki::new();
    let (ca, stranger) = (pki.ca(), pki.make(Spec { cn: "Other", ..crate::pki::CA }, None));
    let leaf = pki.make(LEAF, Some(&stranger));
    let e = refused(&trust(&[&ca]), "localhost", &leaf);
    assert_eq!(e, "invalid peer certificate: UnknownIssuer");
    let lone = pki.make(LEAF, None);
    let e = refused(&trust(&[&ca]), "localhost", &lone);
    assert_eq!(e, "invalid peer certificate: UnknownIssuer");
}

#[test]
fn dates_count_whoever_vouches() {
    let mut pki = Pki::new();
    let ca = pki.ca();
    let past = Spec { dates: Dates::Past, ..LEAF };
    let future = Spec { dates: Dates::Future, ..LEAF };
    let expired = pki.make(past, Some(&ca));
    let e = refused(&trust(&[&ca]), "localhost", &expired);
    assert!(e.contains("expired"), "{e}");
    let early = pki.make(future, Some(&ca));
    let e = refused(&trust(&[&ca]), "localhost", &early);
    assert!(e.contains("not valid yet"), "{e}");
    // pinned: by itself, as a CA, by its CN alone, signed by another
    for (spec, wanted) in [(past, "certificate expired"), (future, "certificate not valid yet")] {
        for spec in [spec, Spec { ca: true, ..spec }, Spec { san: None, ..spec }] {
            let own = pki.make(spec, None);
            let e = refused(&trust(&[&own]), "localhost", &own);
            assert!(e.contains(wanted), "{e}");
        }
        let signed = pki.make(spec, Some(&ca));
        let e = refused(&trust(&[&signed]), "localhost", &signed);
        assert!(e.contains(wanted), "{e}");
    }
}

#[test]
fn a_pinned_certificate_is_accepted() {
    let mut pki = Pki::new();
    let ca = pki.ca();
    for base in [LEAF, Spec { ca: true, ..LEAF }] {
        let with_san = pki.make(base, None);
        accepted(&trust(&[&ca, &with_san]), "localhost", &with_san);
        accepted(&trust(&[&with_san]), "127.0.0.1", &with_san);
        let cn_only = pki.make(Spec { san: None, ..base }, None);
        accepted(&trust(&[&cn_only]), "localhost", &cn_only);
        accepted(&trust(&[&cn_only]), "LOCALHOST", &cn_only);
        let wildcard = pki.make(Spec { cn: "*.device.test", san: None, ..base }, None);
        accepted(&trust(&[&wildcard]), "one.device.test", &wildcard);
        let address = pki.make(Spec { cn: "127.0.0.1", san: None, ..base }, None);
        accepted(&trust(&[&address]), "127.0.0.1", &address);
    }
    // signed by a CA that nobody trusts here
    let signed = pki.make(LEAF, Some(&ca));
    accepted(&trust(&[&signed]), "localhost", &signed);
}

#[test]
fn a_pinned_certificate_must_be_for_the_host() {
    let mut pki = Pki::new();
    for base in [LEAF, Spec { ca: true, ..LEAF }] {
        let with_san = pki.make(Spec { cn: "device.test", ..base }, None);
        let e = refused(&trust(&[&with_san]), "elsewhere.test", &with_san);
        assert!(e.contains("not valid for name \"elsewhere.test\""), "{e}");
        // where there is a SAN the CN says nothing
        let e = refused(&trust(&[&with_san]), "device.test", &with_san);
        assert!(e.contains("not valid for name \"device.test\""), "{e}");
        let cn_only = pki.make(Spec { cn: "device.test", san: None, ..base }, None);
        let e = refused(&trust(&[&cn_only]), "localhost", &cn_only);
        assert!(e.contains("not valid for name \"localhost\""), "{e}");
        assert!(e.contains("device.test"), "{e}");
    }
}

#[test]
fn a_pinned_certificate_is_that_very_one() {
    let mut pki = Pki::new();
    let spec = Spec { ca: true, ..LEAF };
    let (pinned, twin) = (pki.make(spec, None), pki.make(spec, None));
    let e = refused(&trust(&[&pinned]), "localhost", &twin);
    assert!(e.starts_with("invalid peer certificate: "), "{e}");
    // its bytes alone are no proof: the key must fit
    let thief = Cert { der: pinned.der.clone(), ..twin };
    let provider = default_provider();
    let key = provider.key_provider.load_private_key(thief.key()).unwrap();
    let stolen = Arc::new(rustls::sign::CertifiedKey::new(thief.chain(), key));
    for version in BOTH {
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(stolen.clone())));
        let server = Server::start(config, 1, echo);
        let e = Client::connect(&trust(&[&pinned]), "localhost", server.addr).err().unwrap();
        assert_eq!(e.to_string(), "invalid peer certificate: BadSignature");
        server.join().unwrap_err();
    }
}

#[test]
fn a_renewed_certificate_is_pinned_beside_the_old_one() {
    let mut pki = Pki::new();
    for spec in [LEAF, Spec { ca: true, ..LEAF }, Spec { san: None, ..LEAF }] {
        // of one name, so that each looks like the other's issuer
        let (old, new) = (pki.make(spec, None), pki.make(spec, None));
        let rsa = pki.make(Spec { rsa: true, ..spec }, None);
        for shown in [&old, &new, &rsa] {
            accepted(&trust(&[&old, &new, &rsa]), "localhost", shown);
        }
    }
    // the issuer's name alone is that of a CA that is trusted
    let (ca, namesake) = (pki.ca(), pki.ca());
    let leaf = pki.make(LEAF, Some(&namesake));
    accepted(&trust(&[&ca, &leaf]), "localhost", &leaf);
    let e = refused(&trust(&[&ca]), "localhost", &leaf);
    assert_eq!(e, "invalid peer certificate: BadSignature");
}

#[test]
fn a_pinned_certificate_must_be_for_servers() {
    let mut pki = Pki::new();
    for base in [LEAF, Spec { ca: true, ..LEAF }, Spec { san: None, ..LEAF }] {
        let client = pki.make(Spec { purpose: Some("clientAuth"), ..base }, None);
        let e = refused(&trust(&[&client]), "localhost", &client);
        assert!(e.starts_with("invalid peer certificate: "), "{e}");
        let server = pki.make(Spec { purpose: Some("serverAuth"), ..base }, None);
        accepted(&trust(&[&server]), "localhost", &server);
    }
}

#[test]
fn a_client_certificate_is_shown_when_asked_for() {
    let mut pki = Pki::new();
    let ca = pki.ca();
    let leaf = pki.make(LEAF, Some(&ca));
    let own = pki.make(Spec { cn: "device 7", san: None, ..LEAF }, Some(&ca));
    let demanding = |version| {
        let mut roots = RootCertStore::empty();
        roots.add(ca.chain().remove(0)).unwrap();
        let provider = Arc::new(default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(leaf.chain(), leaf.key())
            .unwrap()
    };
    let trust = trust(&[&ca]);
    let identity = Identity::from_pem(&own.pem(), &own.key_pem()).unwrap();
    let same = Identity::from_der(&[&own.der], own.key().secret_der()).unwrap();
    for version in BOTH {
        for identity in [&identity, &same] {
            let server = Server::start(demanding(version), 1, echo);
            let client =
                Client::connect_with(&trust, "localhost", server.addr, &[], Some(identity));
            client.unwrap().converse().unwrap();
            server.join().unwrap();
        }
        // without one: TLS 1.3 tells only after the handshake
        let server = Server::start(demanding(version), 1, echo);
        let e = Client::connect(&trust, "localhost", server.addr)
            .and_then(Client::converse)
            .expect_err("the server demands a certificate");
        let alerts = ["CertificateRequired", "HandshakeFailure"];
        let text = e.to_string();
        assert!(text.starts_with("received fatal alert: "), "{text}");
        assert!(alerts.iter().any(|a| text.contains(a)), "{text}");
        server.join().unwrap_err();
    }
}

#[test]
fn unusable_trust_and_identities_are_named() {
    let mut pki = Pki::new();
    let (one, two) = (pki.ca(), pki.make(LEAF, None));
    assert_eq!(TrustStore::from_der([]).err(), Some(TrustError::Empty));
    let e = TrustStore::from_der([&one.der[..], b"no certificate"]).unwrap_err();
    assert!(e.to_string().starts_with("certificate 1 of the trust store: "), "{e}");
    assert_eq!(TrustStore::from_pem(b"nothing").err(), Some(TrustError::Empty));
    let e = Identity::from_pem(&one.pem(), &two.key_pem()).unwrap_err();
    assert!(e.to_string().starts_with("own certificate: "), "{e}");
    let e = Identity::from_pem(&one.pem(), b"").unwrap_err();
    assert!(e.to_string().starts_with("own certificate: private key: "), "{e}");
    let e = Identity::from_pem(b"", &one.key_pem()).unwrap_err();
    assert_eq!(e.to_string(), "own certificate: no certificate");
    let config = trust(&[&one]).client_config(&[], None).unwrap();
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let e = Tls::client(config, "not a name", tcp(addr)).unwrap_err();
    assert_eq!(e.kind(), io::ErrorKind::InvalidInput);
    assert!(e.to_string().starts_with("TLS host name \"not a name\": "), "{e}");
}

#[test]
fn configurations_are_shared() {
    let mut pki = Pki::new();
    let own = pki.make(LEAF, None);
    let trust = TrustStore::from_pem(&own.pem()).unwrap();
    let identity = Identity::from_pem(&own.pem(), &own.key_pem()).unwrap();
    let plain = trust.client_config(&[], None).unwrap();
    assert!(Arc::ptr_eq(&plain, &trust.client_config(&[], None).unwrap()));
    let h2 = trust.client_config(&[b"h2"], None).unwrap();
    assert!(!Arc::ptr_eq(&plain, &h2));
    let known = trust.client_config(&[b"h2"], Some(&identity)).unwrap();
    assert!(!Arc::ptr_eq(&known, &h2));
    assert!(Arc::ptr_eq(&known, &trust.client_config(&[b"h2"], Some(&identity)).unwrap()));
}

#[test]
fn the_protocol_is_negotiated() {
    let mut pki = Pki::new();
    let own = pki.make(LEAF, None);
    let trust = trust(&[&own]);
    let offer = |wanted: &[&[u8]]| {
        let mut config = config(&own, &BOTH);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let server = Server::start(config, 1, echo);
        let client = Client::connect_with(&trust, "localhost", server.addr, wanted, None);
        let alpn = client.map(|c| {
            let alpn = c.tls.alpn().map(<[u8]>::to_vec);
            c.converse().unwrap();
            alpn
        });
        let _ = server.join();
        alpn.map_err(|e| e.to_string())
    };
    assert_eq!(offer(&[b"http/1.1"]), Ok(Some(b"http/1.1".to_vec())));
    assert_eq!(offer(&[b"http/1.1", b"h2"]), Ok(Some(b"h2".to_vec())));
    assert_eq!(offer(&[]), Ok(None));
    let e = offer(&[b"mqtt"]).unwrap_err();
    assert_eq!(e, "received fatal alert: NoApplicationProtocol");
}

#[test]
fn sessions_are_resumed() {
    let mut pki = Pki::new();
    let own = pki.make(LEAF, None);
    for version in BOTH {
        let trust = trust(&[&own]);
        let server = Server::start(config(&own, &[version]), 4, echo);
        let kind = |alpn: &[&[u8]], trust: &TrustStore| {
            let client = Client::connect_with(trust, "localhost", server.addr, alpn, None).unwrap();
            let kind = client.tls.session().handshake_kind();
            client.converse().unwrap();
            kind
        };
        assert_eq!(kind(&[], &trust), Some(HandshakeKind::Full));
        assert_eq!(kind(&[], &trust), Some(HandshakeKind::Resumed));
        // one store for all configurations of the same trust ...
        assert_eq!(kind(&[b"http/1.1"], &trust), Some(HandshakeKind::Resumed));
        // ... and none for another's
        let stranger = self::trust(&[&own]);
        assert_eq!(kind(&[], &stranger), Some(HandshakeKind::Full));
        server.join().unwrap();
    }
}

#[test]
fn large_payloads_pass_whole() {
    let mut pki = Pki::new();
    let own = pki.make(LEAF, None);
    for version in BOTH {
        let (go, wait) = channel();
        let server = Server::start(config(&own, &[version]), 1, move |stream| {
            stream.conn.complete_io(&mut stream.sock)?;
            wait.recv().unwrap();
            echo(stream)
        });
        let mut client = Client::connect(&trust(&[&own]), "localhost", server.addr).unwrap();
        let sent = pattern(A_LOT);
        let Client { tls, driver } = &mut client;
        let back = driver.echo(tls, &sent, || go.send(()).unwrap()).unwrap();
        assert!(back == sent, "payload changed");
        tls.shutdown();
        assert_eq!(driver.read_to_end(tls).unwrap(), b"");
        server.join().unwrap();
    }
}

#[test]
fn a_reader_that_sleeps_bounds_the_writer() {
    let mut pki = Pki::new();
    let own = pki.make(LEAF, None);
    let (go, wait) = channel::<usize>();
    let server = Server::start(config(&own, &BOTH), 1, move |stream| {
        stream.conn.complete_io(&mut stream.sock)?;
        let len = wait.recv().unwrap();
        let mut all = vec![0; len];
        stream.read_exact(&mut all)?;
        assert!(all == pattern(len), "payload changed");
        Ok(())
    });
    let mut client = Client::connect(&trust(&[&own]), "localhost", server.addr).unwrap();
    let all = pattern(A_LOT);
    let mut sent = 0;
    let e = loop {
        match client.tls.write(&all[sent..]) {
            Ok(n) => sent += n,
            Err(e) => break e,
        }
        assert!(sent < all.len(), "the writer is not held back");
    };
    assert_eq!(e.kind(), io::ErrorKind::WouldBlock);
    assert!(!client.tls.flush().unwrap(), "records wait");
    go.send(sent).unwrap();
    client.driver.write_all(&mut client.tls, b"").unwrap();
    assert!(client.tls.flush().unwrap());
    server.join().unwrap();
}

#[test]
fn a_key_update_is_answered() {
    let mut pki = Pki::new();
    let own = pki.make(LEAF, None);
    let server = Server::start(config(&own, &[&TLS13]), 1, |stream| {
        stream.write_all(b"old key,")?;
        // asks the client to renew its keys too
        stream.conn.refresh_traffic_keys().unwrap();
        stream.write_all(b"new key")?;
        stream.flush()?;
        echo(stream)
    });
    let mut client = Client::connect(&trust(&[&own]), "localhost", server.addr).unwrap();
    assert_eq!(client.driver.read_exact(&mut client.tls, 15).unwrap(), b"old key,new key");
    client.converse().unwrap();
    server.join().unwrap();
}

#[test]
fn after_the_goodbye_nothing_is_sent() {
    let mut pki = Pki::new();
    let own = pki.make(LEAF, None);
    let server = Server::start(config(&own, &BOTH), 1, echo);
    let mut client = Client::connect(&trust(&[&own]), "localhost", server.addr).unwrap();
    client.tls.shutdown();
    client.tls.shutdown();
    assert_eq!(client.tls.write(b"late").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(client.driver.read_to_end(&mut client.tls).unwrap(), b"");
    server.join().unwrap();
}

#[test]
fn an_end_without_goodbye_is_an_error() {
    let mut pki = Pki::new();
    let own = pki.make(LEAF, None);
    for version in BOTH {
        let server = Server::start(config(&own, &[version]), 1, |stream| {
            stream.write_all(b"half a")?;
            stream.flush()
        });
        let mut client = Client::connect(&trust(&[&own]), "localhost", server.addr).unwrap();
        assert_eq!(client.driver.read_exact(&mut client.tls, 6).unwrap(), b"half a");
        let e = client.driver.read(&mut client.tls, &mut [0; 9]).unwrap_err();
        assert_eq!(e.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(e.to_string(), "peer closed the connection without TLS close_notify");
        server.join().unwrap();
    }
}

#[test]
fn payload_before_a_failure_is_delivered() {
    let mut pki = Pki::new();
    let own = pki.make(LEAF, None);
    let server = Server::start(config(&own, &BOTH), 1, |stream| {
        stream.write_all(b"good")?;
        stream.flush()?;
        // no TLS record at all
        stream.sock.write_all(&[0xff; 64])
    });
    let addr = server.addr;
    let mut client = Client::connect(&trust(&[&own]), "localhost", addr).unwrap();
    // both are there before the first read
    server.join().unwrap();
    assert_eq!(client.driver.read_exact(&mut client.tls, 4).unwrap(), b"good");
    for _ in 0..2 {
        let e = client.driver.read(&mut client.tls, &mut [0; 9]).unwrap_err();
        assert_eq!(e.kind(), io::ErrorKind::InvalidData, "{e}");
        assert!(e.to_string().starts_with("received corrupt message"), "{e}");
    }
    assert_eq!(client.tls.write(b"x").unwrap_err().kind(), io::ErrorKind::InvalidData);
}

/// Answers the first bytes with `reply`, then closes.
fn rude_server(reply: &'static [u8]) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        assert!(peer.read(&mut [0; 4096]).unwrap() > 0);
        peer.write_all(reply).unwrap();
    });
    (addr, thread)
}

#[test]
fn handshake_failures_say_why() {
    let mut pki = Pki::new();
    let trust = trust(&[&pki.ca()]);
    for (reply, kind, text) in [
        (
            &b""[..],
            io::ErrorKind::UnexpectedEof,
            "peer closed the connection during the TLS handshake",
        ),
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            io::ErrorKind::InvalidData,
            "received corrupt message of type InvalidContentType",
        ),
        (
            b"\x15\x03\x03\x00\x02\x02\x28",
            io::ErrorKind::InvalidData,
            "received fatal alert: HandshakeFailure",
        ),
    ] {
        let (addr, thread) = rude_server(reply);
        let e = Client::connect(&trust, "localhost", addr).err().unwrap();
        thread.join().unwrap();
        assert_eq!((e.kind(), e.to_string().as_str()), (kind, text));
    }
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let e = Client::connect(&trust, "localhost", addr).err().unwrap();
    assert_eq!(e.kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn both_sides_are_ours() {
    let mut pki = Pki::new();
    let own = pki.make(LEAF, None);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let config = Arc::new(config(&own, &BOTH));
    let server = thread::spawn(move || {
        let (peer, from) = listener.accept().unwrap();
        peer.set_nonblocking(true).unwrap();
        let peer = mio::net::TcpStream::from_std(peer);
        let tcp = securestreams::net::TcpTransport::established(peer, from);
        let mut tls = Tls::server(config, Box::new(tcp)).unwrap();
        let mut driver = Driver::new(&mut tls);
        driver.handshake(&mut tls).unwrap();
        let all = driver.read_to_end(&mut tls).unwrap();
        driver.write_all(&mut tls, &all).unwrap();
        tls.shutdown();
    });
    let mut client = Client::connect(&trust(&[&own]), "localhost", addr).unwrap();
    assert_eq!(client.tls.session().protocol_version(), Some(ProtocolVersion::TLSv1_3));
    // the client ends its side first, and still hears the answer
    client.driver.write_all(&mut client.tls, b"to the end").unwrap();
    client.tls.shutdown();
    assert_eq!(client.driver.read_to_end(&mut client.tls).unwrap(), b"to the end");
    server.join().unwrap();
}

const CHILD: &str = "SECURESTREAMS_TEST_CHILD";

/// Runs one test of this program with other environment variables, which are read once a
/// process.
fn run_child(test: &str, envs: &[(&str, &std::path::Path)]) {
    let out = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(CHILD, "1")
        .env_remove("SSL_CERT_DIR")
        .envs(envs.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn session_keys_are_logged_on_request() {
    let mut pki = Pki::new();
    if std::env::var_os(CHILD).is_some() {
        let own = pki.make(LEAF, None);
        return accepted(&trust(&[&own]), "localhost", &own);
    }
    let log = pki.path("keys.log");
    run_child("tls::session_keys_are_logged_on_request", &[("SSLKEYLOGFILE", &log)]);
    let text = std::fs::read_to_string(log).unwrap();
    assert!(text.contains("CLIENT_TRAFFIC_SECRET_0 "), "{text}");
    assert!(text.contains("CLIENT_RANDOM "), "{text}");
}

#[test]
fn the_systems_store_is_read_once() {
    const LEAF_FILE: &str = "SECURESTREAMS_TEST_FOLDER";
    let mut pki = Pki::new();
    if std::env::var_os(CHILD).is_some() {
        let folder = std::path::PathBuf::from(std::env::var_os(LEAF_FILE).unwrap());
        let leaf = Cert {
            cert_file: folder.join("2.pem"),
            key_file: folder.join("2.key"),
            der: std::fs::read(folder.join("leaf.der")).unwrap(),
        };
        let system = TrustStore::system().unwrap();
        accepted(&system, "localhost", &leaf);
        assert!(Arc::ptr_eq(&system, &TrustStore::system().unwrap()));
        // the system's store pins nothing: a stranger stays one
        let lone = pki.make(LEAF, None);
        let e = refused(&system, "localhost", &lone);
        assert_eq!(e, "invalid peer certificate: UnknownIssuer");
        return;
    }
    let ca = pki.ca();
    let leaf = pki.make(LEAF, Some(&ca));
    std::fs::write(pki.path("leaf.der"), &leaf.der).unwrap();
    let folder = pki.path("");
    run_child(
        "tls::the_systems_store_is_read_once",
        &[("SSL_CERT_FILE", &ca.cert_file), (LEAF_FILE, &folder)],
    );
}

#[test]
fn an_empty_system_store_is_an_error() {
    let pki = Pki::new();
    if std::env::var_os(CHILD).is_some() {
        let e = TrustStore::system().unwrap_err();
        assert!(e.to_string().starts_with("the system's trust store: "), "{e}");
        return;
    }
    let missing = pki.path("missing.pem");
    run_child("tls::an_empty_system_store_is_an_error", &[("SSL_CERT_FILE", &missing)]);
}
