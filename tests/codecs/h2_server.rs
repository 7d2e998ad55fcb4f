//! Against an independent decoder of what we send: the server of the same crate, in memory.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::h2_feed::{Client, Seen, request};
use bytes::Bytes;
use h2::server::{Builder, Connection, SendResponse};
use h2::{RecvStream, SendStream};
use http::HeaderMap;
use securestreams::proto::h2::Options;
use securestreams::proto::{BodyLen, Codec, Request, Reuse, Tid};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

#[derive(Default)]
struct Wire {
    to_server: Vec<u8>,
    to_client: Vec<u8>,
}

#[derive(Clone, Default)]
struct End(Arc<Mutex<Wire>>);

impl AsyncRead for End {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let bytes = &mut self.0.lock().unwrap().to_server;
        let n = bytes.len().min(buf.remaining());
        if n == 0 {
            return Poll::Pending;
        }
        buf.put_slice(&bytes[..n]);
        bytes.drain(..n);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.0.lock().unwrap().to_client.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Sends every body back, with its length as a trailer.
struct Echo {
    head: http::request::Parts,
    body: RecvStream,
    respond: SendResponse<Bytes>,
    send: Option<SendStream<Bytes>>,
    length: usize,
    waiting: Bytes,
}

impl Echo {
    /// `false`: done.
    fn work(&mut self, cx: &mut Context<'_>) -> bool {
        let send = self.send.get_or_insert_with(|| {
            let mut response = http::Response::new(());
            let path = self.head.uri.path().try_into().unwrap();
            response.headers_mut().insert("x-path", path);
            self.respond.send_response(response, false).unwrap()
        });
        loop {
            if self.waiting.is_empty() {
                match self.body.poll_data(cx) {
                    Poll::Pending => return true,
                    Poll::Ready(Some(data)) => {
                        self.waiting = data.unwrap();
                        self.length += self.waiting.len();
                        let n = self.waiting.len();
                        self.body.flow_control().release_capacity(n).unwrap();
                    }
                    Poll::Ready(None) => {
                        let mut trailers = HeaderMap::new();
                        trailers.insert("x-length", self.length.into());
                        send.send_trailers(trailers).unwrap();
                        return false;
                    }
                }
            }
            send.reserve_capacity(self.waiting.len());
            let n = send.capacity().min(self.waiting.len());
            if n == 0 && !self.waiting.is_empty() {
                return true;
            }
            send.send_data(self.waiting.split_to(n), false).unwrap();
        }
    }
}

struct Server {
    end: End,
    connection: Connection<End, Bytes>,
    echoes: Vec<Echo>,
    heads: Vec<http::request::Parts>,
    most: usize,
}

/// A client and a server that know each other.
fn pair(client: &mut Client, max_streams: u32) -> Server {
    let end = End::default();
    client.start(&request("GET")).unwrap();
    end.0.lock().unwrap().to_server.extend(client.written());
    let mut handshake =
        pin!(Builder::new().max_concurrent_streams(max_streams).handshake(end.clone()));
    let cx = &mut Context::from_waker(Waker::noop());
    let Poll::Ready(connection) = handshake.as_mut().poll(cx) else { panic!("no handshake") };
    let mut server = Server {
        end,
        connection: connection.unwrap(),
        echoes: Vec::new(),
        heads: Vec::new(),
        most: 0,
    };
    server.exchange(client);
    server.heads.clear();
    client.seen.clear();
    server
}

impl Server {
    /// Carries bytes until there are none.
    fn exchange(&mut self, client: &mut Client) {
        loop {
            self.end.0.lock().unwrap().to_server.extend(client.written());
            let cx = &mut Context::from_waker(Waker::noop());
            while let Poll::Ready(Some(accepted)) = self.connection.poll_accept(cx) {
                let (request, respond) = accepted.unwrap();
                let (head, body) = request.into_parts();
                self.heads.push(head.clone());
                let (length, waiting) = (0, Bytes::new());
                self.echoes.push(Echo { head, body, respond, send: None, length, waiting });
            }
            self.most = self.most.max(self.echoes.len());
            self.echoes.retain_mut(|e| e.work(cx));
            let _ = self.connection.poll_accept(cx).map(|a| assert!(a.is_none(), "left over"));
            let bytes = std::mem::take(&mut self.end.0.lock().unwrap().to_client);
            client.feed(&bytes);
            if bytes.is_empty() && client.out.is_empty() {
                return;
            }
        }
    }
}

#[test]
fn requests_arrive_as_they_were_made() {
    for (tls, scheme) in [(true, "https"), (false, "http")] {
        let mut c = Client::new(Options { tls, ..Options::default() });
        let mut server = pair(&mut c, 10);
        let fields: &[(&str, &[u8])] = &[
            ("Content-Type", b"text/plain"),
            ("X-Two", b"1"),
            ("x-two", b"2"),
            ("Authorization", b"Bearer x"),
            ("latin", b" \xe9 "),
            ("Connection", b"close"),
            ("Upgrade", b"h3"),
            ("TE", b"gzip"),
        ];
        let body = BodyLen::Known(3);
        let authority = "h.example:8443";
        let path = "/p?q=%20";
        let tid = c.start(&Request { method: "PUT", authority, path, fields, body }).unwrap();
        c.send(tid, b"abc", false);
        server.exchange(&mut c);
        let head = &server.heads[0];
        assert_eq!(head.method, "PUT");
        assert_eq!(head.uri.to_string(), format!("{scheme}://h.example:8443/p?q=%20"));
        let mut got: Vec<(&str, &[u8])> =
            head.headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
        got.sort_unstable();
        let expected: [(&str, &[u8]); 6] = [
            ("authorization", b"Bearer x"),
            ("content-length", b"3"),
            ("content-type", b"text/plain"),
            ("latin", b"\xe9"),
            ("x-two", b"1"),
            ("x-two", b"2"),
        ];
        assert_eq!(got, expected);
        assert_eq!(c.last(), Some(&Seen::End(tid.0)));
    }
}

#[test]
fn large_bodies_both_ways_with_trailers() {
    let mut c = Client::new(Options::default());
    let mut server = pair(&mut c, 10);
    let body: Vec<u8> = (0..1_000_000_u32).map(|i| (i / 251) as u8).collect();
    let tids: Vec<Tid> = (0..3)
        .map(|_| c.start(&Request { body: BodyLen::Unknown, ..request("POST") }).unwrap())
        .collect();
    let mut at = vec![0; tids.len()];
    while tids.iter().any(|t| c.codec.tx_window(*t).is_some()) {
        let before = at.clone();
        for (tid, at) in tids.iter().zip(&mut at) {
            if c.codec.tx_window(*tid).is_some() {
                *at += c.send(*tid, &body[*at..], true);
                server.exchange(&mut c);
            }
        }
        assert_ne!(before, at, "stuck");
    }
    server.exchange(&mut c);
    for tid in tids {
        assert!(c.payload(tid.0) == body, "damaged on the way");
        let sum = ("x-length".to_owned(), body.len().to_string());
        assert!(c.seen.contains(&Seen::Trailers(tid.0, vec![sum])));
        assert!(c.seen.contains(&Seen::End(tid.0)));
    }
    assert_eq!(c.codec.reuse(), Reuse::Idle);
}

#[test]
fn ten_thousand_requests_on_one_connection() {
    const MOST: u32 = 32;
    let mut c = Client::new(Options::default());
    let mut server = pair(&mut c, MOST);
    let (mut started, mut ended) = (0, 0);
    while ended < 10_000 {
        while started < 10_000 && !matches!(c.codec.reuse(), Reuse::Shared(0)) {
            let path = format!("/{started}");
            c.start(&Request { path: &path, ..request("GET") }).unwrap();
            started += 1;
        }
        server.exchange(&mut c);
        ended += c.seen.iter().filter(|s| matches!(s, Seen::End(_))).count();
        let bad = c.seen.iter().find(|s| matches!(s, Seen::Reset(..) | Seen::Refused(..)));
        assert_eq!(bad, None);
        c.seen.clear();
    }
    assert_eq!(server.heads.len(), 10_000);
    assert_eq!(server.most, MOST as usize);
}

#[test]
fn a_closing_server_lets_finish() {
    let mut c = Client::new(Options::default());
    let mut server = pair(&mut c, 10);
    let tid = c.start(&Request { body: BodyLen::Unknown, ..request("POST") }).unwrap();
    server.exchange(&mut c);
    server.connection.graceful_shutdown();
    server.exchange(&mut c);
    assert_eq!(c.codec.reuse(), Reuse::Never);
    c.send(tid, b"still here", true);
    server.exchange(&mut c);
    assert_eq!(c.payload(tid.0), b"still here");
    assert_eq!(c.last(), Some(&Seen::End(tid.0)));
}
