//! What a request tells the program, and upgrades to ws.

use std::borrow::Cow;
use std::rc::Rc;

use super::answer::INTERNAL_ERROR;
use super::choose::Choice;
use super::path::{decode, plain_path};
use super::stall::{seconds, stalls_at};
use crate::engine::codecs::ws;
use crate::engine::conn::{Conn, ConnKey};
use crate::engine::context::{Context, Core};
use crate::engine::http::has_body_method;
use crate::engine::life::Fate;
use crate::engine::open::bind_tid;
use crate::engine::stream::{Link, Stream, StreamKey, Txn, tag_with_path};
use crate::policy::{Protocol, StreamType};
use crate::proto::{Asked, BodyLen, ProtoErrorKind, Response, Tid, Upgrade};
use crate::stream::{Input, Phase};
use crate::util::{built, log};

/// What the client asks for cannot be understood.
const BAD_REQUEST: u16 = 400;
/// Who is asked is not to be had on this connection (RFC 9110 15.5.20).
const MISDIRECTED: u16 = 421;
/// More requests came in a second than the policy allows.
const TOO_MANY_REQUESTS: u16 = 429;
/// The server speaks ws only.
const UPGRADE_REQUIRED: u16 = 426;

/// What follows from a request's head.
struct Noted {
    /// What the connection is to become.
    upgrade: Option<Upgrade>,
    /// Nothing but that is served here.
    ws_only: bool,
    /// Its method is one of those that send a body, but there is none: programs that answer at the
    /// body's end are told of one.
    empty_body: bool,
}

impl Context {
    /// A request's head is there: SERVER_TXN, or SERVER_UPGRADE.
    pub(in crate::engine) fn asked(&self, conn: ConnKey, tid: Tid) {
        if !self.within_budget(conn) {
            return self.refuse(conn, tid, TOO_MANY_REQUESTS);
        }
        if !self.core().names_a_path(conn, tid) {
            return self.refuse(conn, tid, BAD_REQUEST);
        }
        let choice = self.core().choose(conn, tid);
        let listener = match choice {
            Some(Choice::Stream(listener)) => listener,
            Some(Choice::Elsewhere) | None => return self.refuse(conn, tid, MISDIRECTED),
        };
        let Some(key) = self.stream_for(conn, tid, listener) else { return };
        let Some(noted) = self.note_request(conn, key, tid) else { return };
        if noted.upgrade.is_some() {
            return self.upgrade(conn, key, tid);
        }
        if noted.ws_only {
            return self.refuse(conn, tid, UPGRADE_REQUIRED);
        }
        if self.phase(key) == Some(Phase::Connecting) {
            self.link_up(key);
        }
        if !self.linked(key, conn) {
            return;
        }
        let lives = self.tell(key, Input::Asked) == Fate::Lives;
        if lives && noted.empty_body && self.linked(key, conn) {
            self.deliver(conn, tid, &[], true, true);
        }
    }

    /// Says what follows from an input. Whether the stream is still there.
    fn tell(&self, key: StreamKey, input: Input) -> Fate {
        for state in self.advance(key, input).unwrap_or(&[]) {
            let ret = self.say(key, *state);
            if self.obey(key, ret) == Fate::Gone {
                return Fate::Gone;
            }
        }
        Fate::Lives
    }

    fn within_budget(&self, conn: ConnKey) -> bool {
        let now = self.now();
        let mut core = self.core();
        let core = &mut *core;
        let max = core.listener_of(conn).and_then(|l| core.streams.get(l));
        let max = max.map(|s| s.kind.serve.max_rate);
        let Some(served) = core.conns.get(conn).and_then(|c| c.served.as_ref()) else {
            return false;
        };
        let Some(port) = core.ports.get_mut(served.port) else { return true };
        port.budget.take(now, max.unwrap_or(0))
    }

    /// The stream that a request belongs to: the connection's, or a new one (on h2 for each).
    fn stream_for(&self, conn: ConnKey, tid: Tid, listener: StreamKey) -> Option<StreamKey> {
        let speaks = self.core().conns.get_mut(conn)?.open()?.speaks;
        if speaks == Protocol::H2 {
            return self.accept_stream(conn, Some(tid), listener);
        }
        self.leave_for(conn, listener);
        let bound = self.core().conns.get(conn)?.bound.first().map(|(_, key)| *key);
        let Some(key) = bound else { return self.accept_stream(conn, Some(tid), listener) };
        let mut core = self.core();
        let core = &mut *core;
        let c = core.conns.get_mut(conn)?;
        bind_tid(c, key, tid);
        core.streams.get_mut(key)?.link = Some(Link { conn, tid: Some(tid) });
        Some(key)
    }

    /// Gives the stream what the request says.
    fn note_request(&self, conn: ConnKey, key: StreamKey, tid: Tid) -> Option<Noted> {
        let now = self.now();
        let mut core = self.core();
        let core = &mut *core;
        let c = core.conns.get_mut(conn)?;
        let stream = core.streams.get_mut(key)?;
        let asked = c.open()?.codec.request(tid)?;
        stream.txn = Txn::default();
        stream.tx_wanted = false;
        stream.tx_len = None;
        stream.note(asked);
        let no_body = matches!(asked.body, BodyLen::None | BodyLen::Known(0));
        let noted = Noted {
            upgrade: asked.upgrade.filter(|_| offers_ws(&stream.kind)),
            ws_only: stream.kind.protocol == Protocol::Ws,
            empty_body: no_body && has_body_method(&asked.method),
        };
        if let Some(served) = &mut c.served {
            served.rx_due = None;
            if !no_body {
                let stall = seconds(stream.kind.serve.stall_s);
                served.body_goes_on(tid, stalls_at(now, stall));
                core.arm(conn);
            }
        }
        Some(noted)
    }

    /// Answers without asking the program.
    pub(super) fn refuse(&self, conn: ConnKey, tid: Tid, status: u16) {
        let mut core = self.core();
        let Some(c) = core.conns.get_mut(conn) else { return };
        if let Some(served) = &mut c.served {
            served.ask_again = true;
        }
        let Some(open) = c.open() else { return };
        log::info!("a request is answered with status {status}");
        let answer = Response { status, fields: &[], body: BodyLen::None };
        if let Err(e) = open.codec.respond(tid, &answer, &mut open.out) {
            log::err!("{e}");
        }
        core.queue(conn);
    }

    /// The client asks for ws, and the policy offers it.
    fn upgrade(&self, conn: ConnKey, key: StreamKey, tid: Tid) {
        if !self.speak_ws(conn, key, tid) || self.tell(key, Input::Upgraded) == Fate::Gone {
            return;
        }
        if self.linked(key, conn) && self.phase(key) == Some(Phase::Connecting) {
            self.link_up(key);
        }
    }

    /// Grants the upgrade and changes the codec. `false`: it was refused.
    fn speak_ws(&self, conn: ConnKey, key: StreamKey, tid: Tid) -> bool {
        let granted = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(stream) = core.streams.get(key) else { return false };
            let Some(open) = core.conns.get_mut(conn).and_then(Conn::open) else { return false };
            ws::grant(open, &stream.kind, tid)
        };
        match &granted {
            Ok(()) => {}
            Err(e) if e.kind == ProtoErrorKind::Malformed => {
                log::info!("{e}");
                self.refuse(conn, tid, BAD_REQUEST);
            }
            Err(e) => {
                log::err!("{e}");
                self.refuse(conn, tid, INTERNAL_ERROR);
            }
        }
        granted.is_ok()
    }
}

impl Core {
    /// Whether this is an http request whose method sends no body.
    pub(in crate::engine) fn asks_without_body(&mut self, conn: ConnKey, tid: Tid) -> bool {
        let open = self.conns.get_mut(conn).and_then(Conn::open);
        let http = open.filter(|o| matches!(o.speaks, Protocol::H1 | Protocol::H2));
        let asked = http.and_then(|o| o.codec.request(tid));
        asked.is_some_and(|asked| !has_body_method(&asked.method))
    }

    /// Whether a request's target has a path that can be decoded.
    fn names_a_path(&mut self, conn: ConnKey, tid: Tid) -> bool {
        let open = self.conns.get_mut(conn).and_then(Conn::open);
        let target = open.and_then(|o| o.codec.request(tid)).map(|asked| asked.target.as_str());
        let path = target.map(|t| t.split_once('?').map_or(t, |(path, _)| path));
        path.is_some_and(|path| plain_path(path).is_some())
    }
}

/// Whether a listening stream takes upgrades to ws.
pub(super) fn offers_ws(kind: &StreamType) -> bool {
    built::WS && (kind.ws.subprotocol.is_some() || kind.protocol == Protocol::Ws)
}

impl Stream {
    /// Metadata from a request: `method`, `path` (decoded, and without detours) and `auth` by these names, what the query gives
    /// by the names of other metadata, and header fields as the policy maps them.
    fn note(&mut self, asked: &Asked) {
        let kind = Rc::clone(&self.kind);
        self.metadata.forget_received();
        let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
        self.tag = tag_with_path(&self.tag, path);
        for (i, def) in kind.metadata.iter().enumerate() {
            let named = match def.name.as_str() {
                "method" => Some(Cow::Borrowed(asked.method.as_bytes())),
                "path" => plain_path(path),
                "auth" => asked.fields.get("authorization").map(Cow::Borrowed),
                name => argument(query, name).map(Cow::Owned),
            };
            let header = || def.header.as_ref().and_then(|h| asked.fields.get(h));
            if let Some(value) = named.as_deref().or_else(header) {
                self.metadata.receive(&kind, i, value);
            }
        }
    }
}

/// The value of an argument in a query, decoded.
fn argument(query: &str, name: &str) -> Option<Vec<u8>> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(key) == name.as_bytes()).then(|| decoded(value))
    })
}

fn decoded(text: &str) -> Vec<u8> {
    let spaced: Vec<u8> = text.bytes().map(|b| if b == b'+' { b' ' } else { b }).collect();
    decode(&spaced).collect()
}

/// Whether a request on a connection is not answered completely: then a client that has closed its
/// side still gets that.
pub(super) fn owes_an_answer(c: &mut Conn) -> bool {
    let any = c.bound.iter().any(|(tid, _)| tid.is_some());
    any && c.open().is_some_and(|o| matches!(o.speaks, Protocol::H1 | Protocol::H2))
}

#[cfg(test)]
mod tests {
    use super::argument;

    #[test]
    fn arguments_are_found_by_whole_names_and_decoded() {
        let query = "aq=1&q=a%20b+c&q=2&flag&%71z=3";
        assert_eq!(argument(query, "q").as_deref(), Some(&b"a b c"[..]));
        assert_eq!(argument(query, "flag").as_deref(), Some(&b""[..]));
        assert_eq!(argument(query, "qz").as_deref(), Some(&b"3"[..]));
        assert_eq!(argument(query, "z"), None);
        assert_eq!(argument("", "q"), None);
    }
}
