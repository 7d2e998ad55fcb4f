//! Proxies that answer as a script says: refusals, answers in pieces, payload behind the answer.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use securestreams::net::{HttpConnect, MAX_ANSWER, Proxy, ProxyKind, Socks5, Transport, Tunnel};
use securestreams::util::proxy::{Credentials, ProxyAddress};

use crate::drive::{Driver, tcp};
use crate::talk::same_whole_and_bytewise;

struct Scripted {
    addr: SocketAddr,
    thread: JoinHandle<Vec<Vec<u8>>>,
}

/// For each step: so many bytes are awaited, then these are sent, one by one if `bytewise`.
/// Afterwards everything up to the end comes back too.
fn scripted(steps: Vec<(usize, Vec<u8>)>, bytewise: bool) -> Scripted {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let (mut socket, _): (TcpStream, _) = listener.accept().unwrap();
        socket.set_nodelay(true).unwrap();
        let mut heard = Vec::new();
        for (len, answer) in steps {
            let mut bytes = vec![0; len];
            socket.read_exact(&mut bytes).unwrap();
            heard.push(bytes);
            let size = if bytewise { 1 } else { answer.len().max(1) };
            for piece in answer.chunks(size) {
                if socket.write_all(piece).is_err() {
                    break;
                }
                if bytewise {
                    thread::yield_now();
                }
            }
        }
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        // a client that refuses the answer resets the connection
        let _ = socket.read_to_end(&mut rest);
        heard.push(rest);
        heard
    });
    Scripted { addr, thread }
}

impl Scripted {
    fn connect(&self, kind: ProxyKind, who: &str, host: &str) -> io::Result<(Tunnel, Driver)> {
        let address = ProxyAddress::parse(&format!("{who}{}", self.addr), None).unwrap();
        let proxy = Proxy { kind, address };
        let mut tunnel =
            Tunnel::new(&proxy, host, 443, tcp(self.addr)).map_err(io::Error::other)?;
        let mut driver = Driver::new(&mut tunnel);
        driver.handshake(&mut tunnel)?;
        Ok((tunnel, driver))
    }

    /// What the client says when it gives up, without the address.
    fn refusal(self, kind: ProxyKind, who: &str) -> String {
        let e = self.connect(kind, who, "name.example").map(drop).unwrap_err().to_string();
        self.thread.join().unwrap();
        let kind = if kind == ProxyKind::Http { "http" } else { "SOCKS5" };
        let front = format!("{kind} proxy {}: ", self.addr);
        let why = e.strip_prefix(&front).unwrap_or_else(|| panic!("{e}"));
        why.strip_prefix("name.example:443: ").unwrap_or(why).to_owned()
    }
}

const GREETING: &[u8] = &[5, 1, 0];
const OK: &[u8] = &[5, 0, 0, 1, 127, 0, 0, 1, 0, 80];

fn socks_request(kind: u8, address: &[u8]) -> Vec<u8> {
    [&[5, 1, 0, kind], address, &[1, 187]].concat()
}

#[test]
fn socks5_sends_names_and_addresses() {
    let name = [&[12], &b"name.example"[..]].concat();
    for (host, request) in [
        ("name.example", socks_request(3, &name)),
        ("10.1.2.3", socks_request(1, &[10, 1, 2, 3])),
        ("::1", socks_request(4, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
    ] {
        for reply in [OK, &[5, 0, 0, 3, 1, b'x', 0, 1], &[&[5, 0, 0, 4], &[0; 18][..]].concat()] {
            for bytewise in [false, true] {
                let reply = [reply, b"early"].concat();
                let proxy = scripted(vec![(3, vec![5, 0]), (request.len(), reply)], bytewise);
                let (mut tunnel, mut driver) = proxy.connect(ProxyKind::Socks5, "", host).unwrap();
                driver.write_all(&mut tunnel, b"payload").unwrap();
                assert_eq!(driver.read_to_end(&mut tunnel).unwrap(), b"early");
                tunnel.shutdown();
                let heard = proxy.thread.join().unwrap();
                assert_eq!(heard, [GREETING, &request, b"payload"]);
            }
        }
    }
}

#[test]
fn socks5_with_a_password() {
    let name = [&[12], &b"name.example"[..]].concat();
    let request = socks_request(3, &name);
    let login = b"\x01\x02me\x06secret";
    for bytewise in [false, true] {
        let steps = vec![(4, vec![5, 2]), (login.len(), vec![1, 0]), (request.len(), OK.to_vec())];
        let proxy = scripted(steps, bytewise);
        let (mut tunnel, driver) =
            proxy.connect(ProxyKind::Socks5, "me:secret@", "name.example").unwrap();
        assert!(!tunnel.has_buffered());
        tunnel.shutdown();
        drop((tunnel, driver));
        let heard = proxy.thread.join().unwrap();
        assert_eq!(heard, [&[5, 2, 2, 0], &login[..], &request, b""]);
    }
    // offered, but not wanted
    let proxy = scripted(vec![(4, vec![5, 0]), (request.len(), OK.to_vec())], false);
    let connected = proxy.connect(ProxyKind::Socks5, "me:secret@", "name.example").map(drop);
    connected.unwrap();
    proxy.thread.join().unwrap();
}

#[test]
fn socks5_refusals_have_reasons() {
    let methods = |answer: &[u8], who: &str| {
        let greeting = if who.is_empty() { 3 } else { 4 };
        scripted(vec![(greeting, answer.to_vec())], false).refusal(ProxyKind::Socks5, who)
    };
    assert_eq!(methods(&[5, 0xff], ""), "it wants a user name and a password");
    assert_eq!(methods(&[5, 0xff], "me:x@"), "it takes no user name and password");
    assert_eq!(methods(&[5, 2], ""), "it chose authentication method 2, not offered");
    assert_eq!(methods(b"HTTP/1.1 400", ""), "its answer begins with 0x48: not a SOCKS5 proxy");
    assert_eq!(methods(b"", ""), "it closed the connection without an answer");
    let login = |answer: &[u8]| {
        let steps = vec![(4, vec![5, 2]), (6, answer.to_vec())];
        scripted(steps, false).refusal(ProxyKind::Socks5, "me:x@")
    };
    assert_eq!(login(&[1, 1]), "it refuses user name and password");
    assert_eq!(login(&[5, 0]), "its answer to the password is of version 5");
    let reply = |answer: &[u8]| {
        let steps = vec![(3, vec![5, 0]), (19, answer.to_vec())];
        scripted(steps, false).refusal(ProxyKind::Socks5, "")
    };
    let failure = |code| reply(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(failure(1), "general failure");
    assert_eq!(failure(2), "its rules do not allow this connection");
    assert_eq!(failure(3), "network unreachable");
    assert_eq!(failure(4), "host unreachable");
    assert_eq!(failure(5), "the host refused the connection");
    assert_eq!(failure(6), "the host did not answer in time (TTL expired)");
    assert_eq!(failure(7), "it does not know how to connect");
    assert_eq!(failure(8), "it does not know this type of address");
    assert_eq!(failure(99), "failure 99");
    assert_eq!(reply(&[5, 0, 0, 9, 0]), "its answer has an address of type 9");
    assert_eq!(reply(&OK[..7]), "it closed the connection without an answer");
    assert!(Socks5::new(&"x".repeat(256), 1, None).is_err());
}

/// The engine takes a read that leaves room for the end of what there is.
#[test]
fn a_read_gives_what_came_behind_the_answer_and_what_is_in_the_socket() {
    let banner = vec![b'x'; 5000];
    let reply = [OK, &banner].concat();
    let request = socks_request(1, &[10, 1, 2, 3]);
    let proxy = scripted(vec![(3, vec![5, 0]), (request.len(), reply)], false);
    let (mut tunnel, _driver) = proxy.connect(ProxyKind::Socks5, "", "10.1.2.3").unwrap();
    tunnel.shutdown();
    proxy.thread.join().unwrap();
    let mut room = vec![0; 8192];
    assert_eq!(tunnel.read(&mut room).unwrap(), banner.len());
    assert_eq!(room[..banner.len()], banner);
    assert_eq!(tunnel.read(&mut room).unwrap(), 0);
}

fn connect_request(more: &str) -> String {
    format!("CONNECT name.example:443 HTTP/1.1\r\nHost: name.example:443\r\n{more}\r\n")
}

#[test]
fn http_connect() {
    for (answer, more, who) in [
        ("HTTP/1.1 200 OK\r\n\r\n", "", ""),
        ("HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n", "", ""),
        ("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 Fine\r\n\r\n", "", ""),
        ("HTTP/1.1 200 OK\r\n\r\n", "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n", "me:secret@"),
    ] {
        for bytewise in [false, true] {
            let request = connect_request(more);
            let reply = format!("{answer}early").into_bytes();
            let proxy = scripted(vec![(request.len(), reply)], bytewise);
            let (mut tunnel, mut driver) =
                proxy.connect(ProxyKind::Http, who, "name.example").unwrap();
            driver.write_all(&mut tunnel, b"payload").unwrap();
            assert_eq!(driver.read_to_end(&mut tunnel).unwrap(), b"early");
            tunnel.shutdown();
            let heard = proxy.thread.join().unwrap();
            assert_eq!(heard, [request.as_bytes(), b"payload"]);
        }
    }
}

#[test]
fn http_refusals_have_reasons() {
    let refused = |answer: &str| {
        let step = (connect_request("").len(), answer.as_bytes().to_vec());
        scripted(vec![step], false).refusal(ProxyKind::Http, "")
    };
    assert_eq!(
        refused("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n"),
        "http status 407 No, it wants Basic realm=\"x\""
    );
    assert_eq!(refused("HTTP/1.1 403 Forbidden\r\n\r\n"), "http status 403 Forbidden");
    assert_eq!(refused("HTTP/1.1 101 Hm\r\n\r\n"), "http status 101 Hm");
    assert_eq!(refused("HTTP/1.1 302 Found\r\n\r\n"), "http status 302 Found");
    assert!(refused("SSH-2.0-x\r\n").starts_with("its answer is not http: "));
    assert_eq!(refused("HTTP/1.1 200 OK\r\n"), "it closed the connection without an answer");
    let endless = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(2 * MAX_ANSWER));
    assert_eq!(refused(&endless), "its answer is too long");
    assert!(HttpConnect::new("a b", 1, None).is_err());
    assert!(HttpConnect::new("a\r\nb", 1, None).is_err());
}

#[test]
fn nobody_at_the_proxys_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let address = ProxyAddress::parse(&addr.to_string(), None).unwrap();
    let proxy = Proxy { kind: ProxyKind::Http, address };
    let mut tunnel = Tunnel::new(&proxy, "name.example", 1, tcp(addr)).unwrap();
    let e = Driver::new(&mut tunnel).handshake(&mut tunnel).unwrap_err();
    assert_eq!(e.kind(), io::ErrorKind::ConnectionRefused, "{e}");
}

/// Thousands of answers, each a good one with some bytes changed, cut or doubled.
#[test]
fn mutated_answers() {
    let mut x = 7u64;
    let mut random = move |below: usize| {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x % below as u64) as usize
    };
    let who = || Some(Credentials { user: "me".into(), password: "x".into() });
    let seeds: [&[u8]; 4] = [
        &[&[5, 0], OK].concat(),
        &[&[5, 2, 1, 0], OK].concat(),
        b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\nVia: a\r\n\r\n",
        b"HTTP/1.0 407 No\r\nProxy-Authenticate: Basic\r\n\r\n",
    ];
    let mut done = 0;
    for n in 0..20_000 {
        let mut input = seeds[n % seeds.len()].to_vec();
        for _ in 0..random(4) {
            let at = random(input.len());
            match random(4) {
                0 => input[at] = random(256) as u8,
                1 => input[at] ^= 1 << random(8),
                2 => input.truncate(at.max(1)),
                _ => input.insert(at, random(256) as u8),
            }
        }
        let story = if n % seeds.len() < 2 {
            same_whole_and_bytewise(|| Socks5::new("h", 1, who()).unwrap(), &input)
        } else {
            same_whole_and_bytewise(|| HttpConnect::new("h", 1, who().as_ref()).unwrap(), &input)
        };
        done += usize::from(matches!(story.end, Some(Ok(_))));
    }
    assert!(done > 1000, "{done}");
}
