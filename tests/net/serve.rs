//! A rustls server in a thread of its own, and a client of ours against it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use securestreams::net::{Identity, Tls, Transport, TrustStore};
use securestreams::util::crypto::tls::default_provider;

use crate::drive::{Driver, small_buffers, tcp};
use crate::pki::Cert;

pub type Stream = StreamOwned<ServerConnection, TcpStream>;

pub const BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

pub struct Server {
    pub addr: SocketAddr,
    thread: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Serves one connection after the other, `times` in all; ends at the first error.
    pub fn start(
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

    pub fn join(self) -> io::Result<()> {
        self.thread.join().unwrap()
    }
}

/// Sends everything back until the client says goodbye, then says goodbye.
pub fn echo(stream: &mut Stream) -> io::Result<()> {
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

pub fn config(cert: &Cert, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(cert.chain(), cert.key())
        .unwrap()
}

pub fn trust(certs: &[&Cert]) -> Arc<TrustStore> {
    TrustStore::from_der(certs.iter().map(|c| &c.der[..])).unwrap()
}

pub struct Client {
    pub tls: Tls,
    pub driver: Driver,
}

impl Client {
    pub fn connect(trust: &TrustStore, host: &str, addr: SocketAddr) -> io::Result<Self> {
        Self::connect_with(trust, host, addr, &[], None)
    }

    pub fn connect_with(
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
    pub fn converse(mut self) -> io::Result<()> {
        self.driver.write_all(&mut self.tls, b"hello")?;
        assert_eq!(self.driver.read_exact(&mut self.tls, 5)?, b"hello");
        self.tls.shutdown();
        assert_eq!(self.driver.read_to_end(&mut self.tls)?, b"");
        Ok(())
    }
}

/// A whole conversation in both versions of TLS.
pub fn accepted(trust: &TrustStore, host: &str, cert: &Cert) {
    for version in BOTH {
        let server = Server::start(config(cert, &[version]), 1, echo);
        let client = Client::connect(trust, host, server.addr).unwrap();
        assert_eq!(client.tls.session().protocol_version(), Some(version.version));
        client.converse().unwrap();
        server.join().unwrap();
    }
}

/// The client's reason not to go on, the same in both versions of TLS; the server hears of it.
pub fn refused(trust: &TrustStore, host: &str, cert: &Cert) -> String {
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

pub const CHILD: &str = "SECURESTREAMS_TEST_CHILD";

/// Runs one test of this program with other environment variables, which are read once a
/// process.
pub fn run_child(test: &str, envs: &[(&str, &std::path::Path)]) {
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
