//! Http as streams see it: requests made of policy, metadata and blobs, and what a response
//! means (specification: "http transport").

use std::rc::Rc;
use std::time::SystemTime;

use super::auth::Unsigned;
use super::conn::{Conn, ConnKey};
use super::context::{Context, DeviceBlob, Timer};
use super::cookies::cookies_for;
use super::life::{Failure, Fate, Quietly};
use super::open::bind_tid;
use super::route::{Place, Target, fill};
use super::stream::{Stream, StreamKey, tag_with_path};
use crate::policy::{Protocol, StreamType};
use crate::proto::{BodyLen, Head, Request, Reuse, Tid};
use crate::stream::http::multipart::Framing;
use crate::stream::http::{self, Url};
use crate::stream::{Input, Phase, Ret};
use crate::util::{Micros, log};

/// Redirects that are followed in one transaction.
const MAX_REDIRECTS: u8 = 5;
/// The connection speaks ws from now on.
const SWITCHING_PROTOCOLS: u16 = 101;
/// 503 and 429: the attempt failed, and the server may say when to come back.
const COME_BACK_LATER: [u16; 2] = [503, 429];

/// A request, owned: the parts that [`Request`] borrows.
pub(super) struct Parts {
    method: String,
    authority: String,
    path: String,
    fields: Vec<(String, Vec<u8>)>,
    body: BodyLen,
    framing: Option<Framing>,
}

impl Parts {
    /// Lends itself as a codec's request.
    pub fn with<R>(&self, f: impl FnOnce(&Request<'_>) -> R) -> R {
        let fields: Vec<(&str, &[u8])> =
            self.fields.iter().map(|(n, v)| (n.as_str(), v.as_slice())).collect();
        f(&Request {
            method: &self.method,
            authority: &self.authority,
            path: &self.path,
            fields: &fields,
            body: self.body,
        })
    }

    /// The path, for the stream's tag.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl Context {
    /// The request of a stream that is about to start its transaction.
    pub(super) fn request(&self, key: StreamKey, speaks: Protocol) -> Result<Parts, String> {
        let core = self.core();
        let stream = core.streams.get(key).ok_or("the stream is gone")?;
        let kind = &stream.kind;
        let target = stream.txn.target.as_ref().ok_or("the stream has no target")?;
        let method = if speaks == Protocol::Ws { "GET".to_owned() } else { method_of(stream) };
        let path = match &target.path {
            Some(path) => path.clone(),
            None => fill(kind, &stream.metadata, &kind.http.url).map_err(|e| e.to_string())?,
        };
        let path = http::request_target(&path).map_err(|e| format!("http_url: {e}"))?;
        let mut body = body_of(stream, &method, speaks);
        let mut fields = self.fields(stream, &method);
        let authority = host_of(&mut fields, stream).unwrap_or_else(|| target.authority());
        let framing = self.framing(stream, &method, body)?;
        if let Some(framing) = &framing {
            // without its boundary nobody could read the body: it goes before the program's own
            set_field(&mut fields, "content-type", framing.content_type().as_bytes());
            if let BodyLen::Known(len) = body {
                body = BodyLen::Known(len + framing.len_left() as u64);
            }
        }
        let has_some = fields.iter().any(|(n, _)| n.eq_ignore_ascii_case("cookie"));
        if kind.http.cookies && !has_some {
            let cookies = cookies_for(core.jar.as_ref(), target, &path);
            fields.extend(cookies.map(|c| ("cookie".to_owned(), c.into_bytes())));
        }
        if kind.is_signed() && !stream.txn.elsewhere {
            let (authority, method, path) = (&*authority, &*method, &*path);
            let unsigned = Unsigned { authority, method, path, body, tls: target.tls };
            self.sign(stream, &unsigned, &mut fields)?;
        }
        Ok(Parts { body, fields, framing, authority, method, path })
    }

    /// The request's header fields: device facts and credentials first, then metadata, then what
    /// the program set by name.
    fn fields(&self, stream: &Stream, method: &str) -> Vec<(String, Vec<u8>)> {
        let kind = &stream.kind;
        let mut fields = Vec::new();
        if let (Some(name), false) = (&kind.http.auth_header, stream.txn.elsewhere) {
            fields.push((name.clone(), self.credentials(kind)));
        }
        let device = [
            (&kind.http.dsn_header, DeviceBlob::Serial),
            (&kind.http.fwv_header, DeviceBlob::FirmwareVersion),
            (&kind.http.devtype_header, DeviceBlob::Type),
        ];
        for (header, blob) in device {
            if let Some(name) = header {
                fields.push((name.clone(), self.host.device_blob(blob).unwrap_or_default()));
            }
        }
        if kind.http.www_form_urlencoded && has_body_method(method) {
            let form = b"application/x-www-form-urlencoded".to_vec();
            fields.push(("content-type".to_owned(), form));
        }
        for (i, def) in kind.metadata.iter().enumerate() {
            if let (Some(header), Some(value)) = (&def.header, stream.metadata.declared(i))
                && !(stream.txn.elsewhere && is_credential(header))
                && length_of(header, value).is_none()
            {
                set_field(&mut fields, header, value);
            }
        }
        for (name, value) in stream.metadata.direct() {
            if !(stream.txn.elsewhere && is_credential(name)) && length_of(name, value).is_none() {
                set_field(&mut fields, name, value);
            }
        }
        fields
    }

    /// The value of the auth header: preamble and token, as far as there is one.
    fn credentials(&self, kind: &StreamType) -> Vec<u8> {
        // the blob of a key that signs is none of a token
        let index = kind.auth.as_ref().filter(|_| !kind.is_signed()).map_or(0, |a| a.blob);
        let token = self.host.auth_blob(index).unwrap_or_default();
        let mut value = kind.http.auth_preamble.clone().unwrap_or_default().into_bytes();
        if kind.http.auth_hexify {
            for byte in token {
                value.extend_from_slice(format!("{byte:02x}").as_bytes());
            }
        } else {
            value.extend_from_slice(&token);
        }
        value
    }

    /// Starts a stream's request on an open connection.
    pub(super) fn start_request(&self, conn: ConnKey, key: StreamKey, speaks: Protocol) {
        if let Some(stream) = self.core().streams.get_mut(key)
            && stream.tx_len.is_none()
        {
            stream.tx_len = announced(stream);
        }
        let parts = match self.request(key, speaks) {
            Ok(parts) => parts,
            Err(e) => return self.fail_transaction(key, &Failure::from(e)),
        };
        let now = self.now();
        let started = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            let Some(open) = c.open() else { return };
            let started = parts.with(|req| open.codec.start(req, &mut open.out));
            if let Ok(tid) = started {
                if let Some(timer) = c.deadline.take() {
                    core.timers.cancel(timer);
                }
                bind_tid(c, key, tid);
                if let Some(stream) = core.streams.get_mut(key) {
                    stream.txn.asked = Some(now);
                    stream.started(conn, tid, &parts, speaks);
                    stream.txn.framing = parts.framing.clone().map(Box::new);
                    stream.txn.asked_path = stream.kind.http.cookies.then(|| parts.path.clone());
                    if let (Some(bytes), Some(open)) = (stream.peer_credit, c.open()) {
                        open.codec.limit_peer(tid, bytes);
                    }
                    if !stream.kind.long_poll {
                        let due = now + self.options.response_timeout;
                        let timer = core.timers.schedule(due, Timer::Response(key));
                        stream.response_timer = Some(timer);
                    }
                }
                core.queue(conn);
            }
            started
        };
        if let Err(e) = started {
            return self.fail_transaction(key, &Failure::from(e));
        }
        self.announce_body(key, &parts.method);
    }

    /// The response's head is there.
    pub(super) fn response(&self, conn: ConnKey, key: StreamKey, tid: Tid, status: u16) {
        {
            let mut core = self.core();
            let timer = core.streams.get_mut(key).and_then(|s| s.response_timer.take());
            core.cancel(timer);
        }
        self.keep_cookies(conn, key, tid);
        if status == SWITCHING_PROTOCOLS {
            return self.link_up(key);
        }
        if http::is_redirect(status) {
            return self.redirected(conn, key, tid, status);
        }
        if self.report_perf(key, Some(status)) == Fate::Gone || !self.linked(key, conn) {
            return;
        }
        if COME_BACK_LATER.contains(&status) {
            let wait = self.with_head(conn, tid, come_back_after).unwrap_or(0);
            let reason = format!("http status {status}");
            let failure = Failure { at_least: wait, answered: true, ..reason.into() };
            return self.fail_transaction(key, &failure);
        }
        if self.kind(key).is_some_and(|k| k.protocol == Protocol::Ws) {
            let failure = format!("http status {status} instead of an upgrade");
            return self.fail_transaction(key, &Failure::from(failure));
        }
        let (mapped, tag, good) = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(stream) = core.streams.get_mut(key) else { return };
            let kind = Rc::clone(&stream.kind);
            stream.txn.good = match kind.http.expect {
                Some(expected) => status == expected,
                None => (200..300).contains(&status),
            };
            let open = core.conns.get_mut(conn).and_then(Conn::open);
            if let Some(head) = open.as_ref().and_then(|o| o.codec.head(tid)) {
                for (i, def) in kind.metadata.iter().enumerate() {
                    let value = def.header.as_ref().and_then(|h| head.get(h));
                    // an empty field says nothing: what the program set stays
                    if let Some(value) = value.filter(|v| !v.is_empty()) {
                        stream.metadata.receive(&kind, i, value);
                    }
                }
            }
            (kind.http.mapped_state(status), Rc::clone(&stream.tag), stream.txn.good)
        };
        if !good {
            log::notice!(tag: tag, "http status {status}");
        }
        if let Some(state) = mapped {
            let ret = self.say_user_state(key, u32::from(state));
            if ret == Ret::DisconnectMe && self.phase(key) == Some(Phase::Connecting) {
                let reason = format!("the program refused http status {status}");
                return self.fail_transaction(key, &Failure::from(reason));
            }
            if self.obey(key, ret) == Fate::Gone || !self.linked(key, conn) {
                return;
            }
        }
        self.link_up(key);
        self.expect_parts(conn, key, tid);
    }

    /// Looks at the head of a response.
    pub(super) fn with_head<R>(
        &self,
        conn: ConnKey,
        tid: Tid,
        f: impl FnOnce(&Head) -> R,
    ) -> Option<R> {
        let mut core = self.core();
        let open = core.conns.get_mut(conn)?.open()?;
        open.codec.head(tid).map(f)
    }

    /// A redirect: followed where the policy allows it and it names a place, else the attempt
    /// failed.
    fn redirected(&self, conn: ConnKey, key: StreamKey, tid: Tid, status: u16) {
        let location = self.with_head(conn, tid, |h| h.get("location").map(<[u8]>::to_vec));
        let Some(location) = location.flatten() else {
            let reason = format!("http status {status} without a location");
            return self.fail_transaction(key, &Failure::from(reason));
        };
        if self.kind(key).is_some_and(|k| k.http.fail_redirect) {
            self.host.captive_portal();
        }
        match self.redirect_target(key, status, &location) {
            Ok(()) => {
                // what is left of this response is of no interest
                self.let_go(key);
                self.attempt(key);
            }
            Err(reason) => self.fail_transaction(key, &Failure::from(reason)),
        }
    }

    /// Sets where a redirect leads, or says why it is not followed.
    fn redirect_target(&self, key: StreamKey, status: u16, location: &[u8]) -> Result<(), String> {
        let shown = String::from_utf8_lossy(location).into_owned();
        let mut core = self.core();
        let stream = core.streams.get_mut(key).ok_or("the stream is gone")?;
        let refuse = |why: &str| Err(format!("http status {status} to {shown}: {why}"));
        if stream.kind.http.fail_redirect || !stream.kind.allow_redirects {
            return refuse("the policy does not allow redirects");
        }
        if stream.txn.redirects >= MAX_REDIRECTS {
            return refuse("too many redirects");
        }
        let from = stream.txn.target.take().ok_or("the stream has no target")?;
        let base = match base_url(stream, &from) {
            Ok(base) => base,
            Err(e) => return refuse(&e),
        };
        let url = match http::redirect(&base, Some(location)) {
            Ok(url) => url,
            Err(e) => return refuse(&e.to_string()),
        };
        let same_host = url.host == base.host && url.port_or_default() == base.port_or_default();
        let method = method_of(stream);
        if http::method_after(status, &method) != method {
            stream.txn.as_get = true;
        } else if stream.txn.body_begun {
            return refuse("the request's body is gone, it cannot be sent again");
        }
        stream.txn.redirects += 1;
        stream.txn.elsewhere |= !same_host;
        // a unix socket stays what it is
        let place = match &from.place {
            Place::Unix(_) if same_host => from.place,
            Place::Unix(_) | Place::Net(..) => {
                let port = url.port_or_default().unwrap_or(if url.is_tls() { 443 } else { 80 });
                Place::Net(url.host.clone(), port)
            }
        };
        let target = Target { place, tls: url.is_tls(), path: Some(url.path) };
        stream.txn.target = Some(Box::new(target));
        let tag = Rc::clone(&stream.tag);
        drop(core);
        log::info!(tag: tag, "http status {status}: redirected to {shown}");
        Ok(())
    }

    /// The end of an http message is the end of the transaction: the program is still told whether
    /// that was a success, as by the reference. The link goes anyway; the stream, if it is to, goes
    /// then, over h2 without a word about the success. `false`: other protocols obey at once.
    pub(super) fn answered_at_the_end(&self, conn: ConnKey, key: StreamKey, ret: Ret) -> bool {
        let mut core = self.core();
        let Some(open) = core.conns.get_mut(conn).and_then(Conn::open) else { return false };
        let waits = match open.speaks {
            Protocol::H1 | Protocol::H3 => true,
            Protocol::H2 => ret != Ret::DestroyMe,
            Protocol::Ws | Protocol::Raw | Protocol::Mqtt => false,
        };
        if waits && let Some(stream) = core.streams.get_mut(key) {
            stream.txn.then_destroy = ret == Ret::DestroyMe;
        }
        waits
    }

    /// Request and response are complete: ACK or NACK, then DISCONNECTED.
    pub(super) fn transaction_done(&self, conn: ConnKey, key: StreamKey) {
        let (good, lingers, then_destroy) = {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return };
            let timeout = stream.timeout_timer.take();
            let lingers = stream.txn.redirects > 0 || stream.txn.fell_back;
            let facts = (stream.txn.good, lingers, stream.txn.then_destroy);
            core.cancel(timeout);
            facts
        };
        let input = if good { Input::Acked } else { Input::Nacked };
        for state in self.advance(key, input).unwrap_or(&[]) {
            let ret = self.say(key, *state);
            if self.obey_quietly(key, ret) == Fate::Gone || !self.linked(key, conn) {
                return;
            }
        }
        if !then_destroy && lingers && self.linger(conn, key) {
            return;
        }
        self.finish(key);
        if then_destroy {
            let _ = self.obey(key, Ret::DestroyMe);
        }
    }

    /// After a redirect, and where h2 fell back to h1, the reference says DISCONNECTED only when
    /// the link closes, and programs see it: the link is kept that long here too. `false`: it is closing anyway.
    fn linger(&self, conn: ConnKey, key: StreamKey) -> bool {
        let due = self.now() + self.options.idle_timeout;
        let mut core = self.core();
        let core = &mut *core;
        let Some(c) = core.conns.get_mut(conn) else { return false };
        if c.open().is_none_or(|o| o.codec.reuse() != Reuse::Idle) {
            return false;
        }
        let timer = core.timers.schedule(due, Timer::ConnDeadline(conn));
        let old = c.deadline.replace(timer);
        if let Some(timer) = old {
            core.timers.cancel(timer);
        }
        if let Some(stream) = core.streams.get_mut(key) {
            stream.lingering = true;
            stream.tx_wanted = false;
        }
        true
    }

    /// A transaction is over: the connection goes back to the pool, the stream is told.
    pub(super) fn finish(&self, key: StreamKey) {
        self.let_go(key);
        self.link_down(key, Quietly::Yes);
    }
}

impl Stream {
    /// The transaction has been started.
    fn started(&mut self, conn: ConnKey, tid: Tid, parts: &Parts, speaks: Protocol) {
        self.link = Some(super::stream::Link { conn, tid: Some(tid) });
        let over_tls = self.txn.target.as_ref().is_some_and(|t| t.tls);
        let wants_h2 = self.kind.protocol == Protocol::H2;
        self.txn.fell_back = speaks == Protocol::H1 && wants_h2 && over_tls;
        self.tx_wanted = match speaks {
            // an h2 request gets one tx unasked
            Protocol::H2 => true,
            Protocol::Ws => self.tx_wanted,
            // parts need no length to be asked for
            _ => self.tx_len.is_some() || parts.framing.is_some(),
        };
        self.tag = tag_with_path(&self.tag, parts.path());
    }
}

fn method_of(stream: &Stream) -> String {
    match &stream.kind.http.method {
        Some(_) | None if stream.txn.as_get => "GET".to_owned(),
        Some(method) => method.clone(),
        None => "GET".to_owned(),
    }
}

/// Whether requests of this method carry what `tx` provides.
pub(super) fn has_body_method(method: &str) -> bool {
    matches!(method, "POST" | "PUT" | "PATCH")
}

/// The length that a field of metadata announces, if it is a `content-length`: it is taken as that
/// of `request_tx_len`, and the codec writes the field.
fn length_of(header: &str, value: &[u8]) -> Option<u64> {
    if !header.eq_ignore_ascii_case("content-length") {
        return None;
    }
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

/// The length of the body that the stream's metadata announces; not 0.
fn announced(stream: &Stream) -> Option<u64> {
    let declared = stream.kind.metadata.iter().enumerate();
    let declared = declared
        .filter_map(|(i, def)| length_of(def.header.as_ref()?, stream.metadata.declared(i)?))
        .next();
    let direct = || stream.metadata.direct().find_map(|(name, value)| length_of(name, value));
    declared.or_else(direct).filter(|len| *len > 0)
}

/// Whether the stream's request may carry what `tx` provides. A length among the metadata is the program's word that there
/// is a body, whatever the method.
pub(super) fn may_send_body(stream: &Stream, method: &str) -> bool {
    has_body_method(method) || announced(stream).is_some()
}

/// How the body goes out. Without a length announced by `request_tx_len` there is none.
fn body_of(stream: &Stream, method: &str, speaks: Protocol) -> BodyLen {
    if speaks == Protocol::Ws {
        return BodyLen::None;
    }
    let has_body = may_send_body(stream, method);
    if speaks == Protocol::H2 && !stream.txn.as_get {
        return match stream.tx_len {
            Some(len) if has_body && !stream.kind.http.no_content_length => BodyLen::Known(len),
            // h2 frames its end: nothing need be announced. A request that the program may yet
            // send on is left open, but for servers that wait for its end
            _ if has_body || !stream.kind.http.quirk_end_stream => BodyLen::Unknown,
            _ => BodyLen::None,
        };
    }
    match stream.tx_len {
        Some(_) if !has_body || stream.txn.as_get => BodyLen::None,
        Some(_) if stream.kind.http.no_content_length => BodyLen::Unframed,
        Some(len) => BodyLen::Known(len),
        // of a body in parts nobody but us could know the length
        None if has_body && !stream.txn.as_get && stream.kind.http.is_multipart_out() => {
            BodyLen::Unframed
        }
        None => BodyLen::None,
    }
}

/// The host that the program's metadata names instead of the one that is connected to.
fn host_of(fields: &mut Vec<(String, Vec<u8>)>, stream: &Stream) -> Option<String> {
    let at = fields.iter().position(|(name, _)| name.eq_ignore_ascii_case("host"))?;
    let (_, value) = fields.remove(at);
    // a redirect to elsewhere names its own
    String::from_utf8(value).ok().filter(|_| !stream.txn.elsewhere)
}

/// Fields that are meant for the host that was asked first, not for the one it redirects to (RFC
/// 9110 15.4).
fn is_credential(name: &str) -> bool {
    ["authorization", "proxy-authorization", "cookie", "x-amz-security-token"]
        .iter()
        .any(|field| name.eq_ignore_ascii_case(field))
}

/// A field of this name is sent once: the later one wins.
pub(super) fn set_field(fields: &mut Vec<(String, Vec<u8>)>, name: &str, value: &[u8]) {
    match fields.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
        Some(field) => field.1 = value.to_vec(),
        None => fields.push((name.to_owned(), value.to_vec())),
    }
}

/// The URL that was asked for.
fn base_url(stream: &Stream, target: &Target) -> Result<Url, String> {
    let (host, port) = match &target.place {
        Place::Net(host, port) => (host.clone(), Some(*port)),
        Place::Unix(_) => ("localhost".to_owned(), None),
    };
    let path = match &target.path {
        Some(path) => path.clone(),
        None => fill(&stream.kind, &stream.metadata, &stream.kind.http.url)
            .map_err(|e| e.to_string())?,
    };
    Ok(Url {
        scheme: if target.tls { "https" } else { "http" }.to_owned(),
        host: host.to_ascii_lowercase(),
        port,
        path: http::request_target(&path).map_err(|e| e.to_string())?,
    })
}

/// The wait that the server asks for.
fn come_back_after(head: &Head) -> Micros {
    let wait = head.get("retry-after").and_then(|value| {
        // the calendar's time, for a server that names a date
        http::retry_after(value, head.get("date"), SystemTime::now())
    });
    wait.map_or(0, |w| u64::try_from(w.as_micros()).unwrap_or(Micros::MAX / 4))
}
