//! What TLS can reach, as the features say: servers that openssl holds to one key exchange, cipher, kind of key or
//! version. Without `tls-wide`, those that know only X25519, ChaCha20 or Ed25519 are out of reach, and the log says so;
//! without `tls12`, those that know only TLS 1.2. Runs with every combination of features.

mod fixtures;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Once;

use fixtures::certs::certs;
use fixtures::{Outcome, compile, policy, run, scratch};

const WIDE: bool = cfg!(feature = "tls-wide");
const NARROW: &str = "ChaCha20-Poly1305, X25519 and Ed25519 (tls-wide)";
const TLS12: bool = cfg!(feature = "tls12");

/// `openssl s_server` that answers requests with a page about the connection. Ended when dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(certificate: &str, options: &str) -> Self {
        static MORE: Once = Once::new();
        MORE.call_once(|| {
            certs().add("rsa", "rsa:2048");
            certs().add("ed25519", "ed25519");
        });
        let mut child = Command::new("openssl")
            .args(["s_server", "-www", "-accept", "127.0.0.1:0", "-cert"])
            .arg(certs().pem(certificate))
            .arg("-key")
            .arg(certs().key(certificate))
            .args(options.split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl runs");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let port = loop {
            let line = lines.next().expect("openssl says where it listens").expect("text");
            if let Some((_, port)) = line.strip_prefix("ACCEPT ").and_then(|a| a.rsplit_once(':')) {
                break port.parse().expect("a port");
            }
        };
        // what it says later must not block it
        std::thread::spawn(move || lines.count());
        Self { child, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn fetch(certificate: &str, options: &str) -> Outcome {
    let server = Server::start(certificate, options);
    let stream = format!(
        "{{\"hello\": {{\"endpoint\": \"localhost\", \"port\": {}, \"opportunistic\": true, \"protocol\": \"h1\", \
         \"http_method\": \"GET\", \"http_url\": \"/\", \"tls\": true, \"tls_trust_store\": \"store\", \
         \"retry\": \"default\"}}}}",
        server.port
    );
    let file = policy(&scratch("tls"), &[("store", &certs().der64("ca"))], &[stream]);
    run(&compile("c-examples/hello_world.c"), &["--policy", file.to_str().expect("UTF-8")])
}

/// The page says what openssl and the library agreed on.
#[track_caller]
fn reached(certificate: &str, options: &str, cipher: &str) {
    let got = fetch(certificate, options);
    got.expect_code(0);
    assert!(got.stdout.contains(&format!("Cipher is {cipher}")), "{options}: {got}");
}

/// The log says with what alert, and what this library has not.
#[track_caller]
fn refused(certificate: &str, options: &str, alert: &str, missing: &str) {
    let got = fetch(certificate, options);
    got.expect_code(1);
    assert!(got.lines().contains(&"state LWSSSCS_ALL_RETRIES_FAILED"), "{options}: {got}");
    let reason = format!(
        "unreachable: received fatal alert: {alert}; not built into this library: {missing}\n"
    );
    assert!(got.stderr.contains(&reason), "{options}: no '{reason}' in {got}");
}

#[test]
fn aes_gcm_on_the_curves_of_the_web() {
    for (group, cipher) in
        [("P-256", "TLS_AES_128_GCM_SHA256"), ("P-384", "TLS_AES_256_GCM_SHA384")]
    {
        for certificate in ["good", "rsa"] {
            let options = format!("-tls1_3 -groups {group} -ciphersuites {cipher}");
            reached(certificate, &options, cipher);
        }
    }
}

#[test]
fn wide_cryptography() {
    for (certificate, options, cipher) in [
        ("good", "-tls1_3 -groups X25519", "TLS_AES_256_GCM_SHA384"),
        (
            "good",
            "-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256",
            "TLS_CHACHA20_POLY1305_SHA256",
        ),
        ("ed25519", "-tls1_3", "TLS_AES_256_GCM_SHA384"),
    ] {
        if WIDE {
            reached(certificate, options, cipher);
        } else {
            refused(certificate, options, "HandshakeFailure", NARROW);
        }
    }
}

#[test]
fn tls_1_2() {
    let aes = "ECDHE-ECDSA-AES128-GCM-SHA256";
    let web = format!("-tls1_2 -groups P-256 -cipher {aes}");
    for (options, cipher, wide) in [
        (&*web, aes, false),
        ("-tls1_2 -groups X25519", "ECDHE-ECDSA-AES256-GCM-SHA384", true),
        ("-tls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305", true),
    ] {
        if !TLS12 {
            refused("good", options, "ProtocolVersion", "TLS 1.2 (tls12)");
        } else if wide && !WIDE {
            refused("good", options, "HandshakeFailure", NARROW);
        } else {
            reached("good", options, cipher);
        }
    }
}
