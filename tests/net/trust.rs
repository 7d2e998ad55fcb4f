//! Which certificates are trusted, and which are not.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use securestreams::net::{Identity, TRUST_LOOK_EVERY, Tls, TrustError, TrustStore};
use securestreams::util::crypto::tls::default_provider;

use crate::drive::tcp;
use crate::pki::{Cert, Dates, LEAF, Pki, Spec};
use crate::serve::{BOTH, CHILD, Client, Server, accepted, echo, refused, run_child, trust};

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
        let system = TrustStore::system(0).unwrap();
        accepted(&system, "localhost", &leaf);
        assert!(Arc::ptr_eq(&system, &TrustStore::system(0).unwrap()));
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
        "trust::the_systems_store_is_read_once",
        &[("SSL_CERT_FILE", &ca.cert_file), (LEAF_FILE, &folder)],
    );
}

#[test]
fn a_changed_system_store_is_read_again() {
    if std::env::var_os(CHILD).is_some() {
        let file = std::path::PathBuf::from(std::env::var_os("SSL_CERT_FILE").unwrap());
        let mut pki = Pki::new();
        let (first, second) = (pki.ca(), pki.ca());
        let leaf = pki.make(LEAF, Some(&second));
        std::fs::write(&file, first.pem()).unwrap();
        let before = TrustStore::system(0).unwrap();
        refused(&before, "localhost", &leaf);
        std::fs::write(&file, second.pem()).unwrap();
        // it is not looked at all the time
        assert!(Arc::ptr_eq(&before, &TrustStore::system(TRUST_LOOK_EVERY - 1).unwrap()));
        let after = TrustStore::system(TRUST_LOOK_EVERY).unwrap();
        accepted(&after, "localhost", &leaf);
        assert!(Arc::ptr_eq(&after, &TrustStore::system(3 * TRUST_LOOK_EVERY).unwrap()));
        // what cannot be read changes nothing
        std::fs::write(&file, "").unwrap();
        assert!(Arc::ptr_eq(&after, &TrustStore::system(5 * TRUST_LOOK_EVERY).unwrap()));
        return;
    }
    let pki = Pki::new();
    let file = pki.path("store.pem");
    run_child("trust::a_changed_system_store_is_read_again", &[("SSL_CERT_FILE", &file)]);
}

#[test]
fn an_empty_system_store_is_an_error() {
    let pki = Pki::new();
    if std::env::var_os(CHILD).is_some() {
        let e = TrustStore::system(0).unwrap_err();
        assert!(e.to_string().starts_with("the system's trust store: "), "{e}");
        return;
    }
    let missing = pki.path("missing.pem");
    run_child("trust::an_empty_system_store_is_an_error", &[("SSL_CERT_FILE", &missing)]);
}
