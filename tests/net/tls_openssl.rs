//! Against OpenSSL's own server.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use rustls::ProtocolVersion;
use securestreams::net::{Identity, Tls, Transport, TrustStore};

use crate::drive::{Driver, tcp};
use crate::pki::{Cert, LEAF, Pki, Spec};

/// `openssl s_server` that sends each line back turned round. Gone when dropped.
struct Server {
    child: Child,
    addr: SocketAddr,
}

impl Server {
    fn start(cert: &Cert, args: &[&str]) -> Self {
        let mut child = Command::new("openssl")
            .args(["s_server", "-rev", "-accept", "127.0.0.1:0"])
            .arg("-cert")
            .arg(&cert.cert_file)
            .arg("-key")
            .arg(&cert.key_file)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl runs");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let addr = loop {
            let line = lines.next().expect("openssl says where it listens").unwrap();
            if let Some(addr) = line.strip_prefix("ACCEPT ") {
                break addr.parse().unwrap();
            }
        };
        // what it says later must not block it
        std::thread::spawn(move || lines.count());
        Self { child, addr }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn connect(
    server: &Server,
    trust: &TrustStore,
    identity: Option<&std::sync::Arc<Identity>>,
) -> std::io::Result<(Tls, Driver)> {
    let config = trust.client_config(&[b"http/1.1"], identity).unwrap();
    let mut tls = Tls::client(config, "localhost", tcp(server.addr)).unwrap();
    let mut driver = Driver::new(&mut tls);
    driver.handshake(&mut tls)?;
    Ok((tls, driver))
}

fn converse(tls: &mut Tls, driver: &mut Driver) -> std::io::Result<()> {
    driver.write_all(tls, b"abc\n")?;
    assert_eq!(driver.read_exact(tls, 4)?, b"cba\n");
    Ok(())
}

#[test]
fn both_versions_and_kinds_of_key() {
    let mut pki = Pki::new();
    let ca = pki.ca();
    let trust = TrustStore::from_pem(&ca.pem()).unwrap();
    for rsa in [false, true] {
        let leaf = pki.make(Spec { rsa, ..LEAF }, Some(&ca));
        for (flag, version) in
            [("-tls1_2", ProtocolVersion::TLSv1_2), ("-tls1_3", ProtocolVersion::TLSv1_3)]
        {
            let server = Server::start(&leaf, &[flag, "-alpn", "http/1.1"]);
            let (mut tls, mut driver) = connect(&server, &trust, None).unwrap();
            assert_eq!(tls.session().protocol_version(), Some(version));
            assert_eq!(tls.alpn(), Some(&b"http/1.1"[..]));
            converse(&mut tls, &mut driver).unwrap();
            tls.shutdown();
        }
    }
}

#[test]
fn a_pinned_ca_as_server() {
    let mut pki = Pki::new();
    let own = pki.make(Spec { ca: true, san: None, ..LEAF }, None);
    let trust = TrustStore::from_pem(&own.pem()).unwrap();
    for flag in ["-tls1_2", "-tls1_3"] {
        let server = Server::start(&own, &[flag]);
        let (mut tls, mut driver) = connect(&server, &trust, None).unwrap();
        converse(&mut tls, &mut driver).unwrap();
    }
}

#[test]
fn a_client_certificate_is_demanded() {
    let mut pki = Pki::new();
    let ca = pki.ca();
    let leaf = pki.make(LEAF, Some(&ca));
    let own = pki.make(Spec { cn: "device 7", san: None, ..LEAF }, Some(&ca));
    let identity = Identity::from_pem(&own.pem(), &own.key_pem()).unwrap();
    let trust = TrustStore::from_pem(&ca.pem()).unwrap();
    for flag in ["-tls1_2", "-tls1_3"] {
        let ca_file = ca.cert_file.to_str().unwrap();
        let args = [flag, "-Verify", "1", "-verify_return_error", "-CAfile", ca_file];
        let server = Server::start(&leaf, &args);
        let (mut tls, mut driver) = connect(&server, &trust, Some(&identity)).unwrap();
        converse(&mut tls, &mut driver).unwrap();
        drop(tls);
        let e = connect(&server, &trust, None)
            .and_then(|(mut tls, mut driver)| converse(&mut tls, &mut driver))
            .unwrap_err();
        assert!(e.to_string().starts_with("received fatal alert: "), "{e}");
    }
}

#[test]
fn no_common_version() {
    let mut pki = Pki::new();
    let own = pki.make(LEAF, None);
    let trust = TrustStore::from_pem(&own.pem()).unwrap();
    let server = Server::start(&own, &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]);
    let e = connect(&server, &trust, None).err().unwrap();
    assert_eq!(e.to_string(), "received fatal alert: ProtocolVersion");
}
