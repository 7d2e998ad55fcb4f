//! The life of a TLS connection.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};

use rustls::version::TLS13;
use rustls::{HandshakeKind, ProtocolVersion};
use securestreams::net::{Tls, Transport, TrustStore};

use crate::drive::{A_LOT, Driver, pattern};
use crate::pki::{LEAF, Pki};
use crate::serve::{BOTH, CHILD, Client, Server, accepted, config, echo, run_child, trust};

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
fn one_read_takes_many_records() {
    const RECORDS: usize = 40;
    let sent = pattern(RECORDS * 1000);
    let mut pki = Pki::new();
    let own = pki.make(LEAF, None);
    for (version, goodbye) in BOTH.into_iter().flat_map(|v| [(v, false), (v, true)]) {
        let (told, all_sent) = channel();
        let server = Server::start(config(&own, &[version]), 1, move |stream| {
            for record in pattern(RECORDS * 1000).chunks(1000) {
                stream.write_all(record)?;
                stream.flush()?;
            }
            if goodbye {
                stream.conn.send_close_notify();
                stream.flush()?;
            }
            told.send(()).unwrap();
            // open until the client goes
            stream.sock.read(&mut [0; 256]).map(|_| ())
        });
        let mut client = Client::connect(&trust(&[&own]), "localhost", server.addr).unwrap();
        all_sent.recv().unwrap();
        let (mut got, mut reads) = (Vec::new(), 0);
        let mut buf = vec![0; 64 * 1024];
        while got.len() < sent.len() {
            let n = client.driver.read(&mut client.tls, &mut buf).unwrap();
            got.extend_from_slice(&buf[..n]);
            reads += 1;
        }
        assert!(got == sent, "payload changed");
        assert!(reads <= RECORDS / 10, "{reads} reads");
        // an end that is known already makes no event any more
        assert_eq!(client.tls.drained(), !goodbye);
        if goodbye {
            assert_eq!(client.tls.read(&mut buf).unwrap(), 0);
        }
        drop(client);
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
