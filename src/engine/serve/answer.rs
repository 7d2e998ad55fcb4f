//! The response's head, and the end of an exchange.

use crate::engine::conn::{ConnKey, Open};
use crate::engine::context::Context;
use crate::engine::life::Quietly;
use crate::engine::stream::{Link, Stream, StreamKey, Txn};
use crate::policy::Protocol;
use crate::proto::{BodyLen, Response, Reuse, Tid};
use crate::util::log;

/// What a program answers that never said how (the reference's default).
const NOT_FOUND: u16 = 404;
/// Those that can be said: of three digits, and final. Beyond 599 they are the program's own affair.
const STATUS: std::ops::RangeInclusive<u16> = 200..=999;
/// What the program says cannot be expressed.
pub(super) const INTERNAL_ERROR: u16 = 500;

impl Context {
    /// The program says how it answers the request under way: 0 is "200", others are the status.
    pub fn server_ack(&self, key: StreamKey, status: i32) {
        let mut core = self.core();
        let Some(stream) = core.streams.get_mut(key) else { return };
        let status = if status == 0 { 200 } else { status };
        match u16::try_from(status).ok().filter(|s| STATUS.contains(s)) {
            Some(status) => stream.txn.status = Some(status),
            None => {
                log::err!("{status} is no status to answer with: {INTERNAL_ERROR} instead");
                stream.txn.status = Some(INTERNAL_ERROR);
            }
        }
    }

    /// A request and its answer are complete. The next one may follow on the same connection.
    pub(in crate::engine) fn exchange_done(&self, conn: ConnKey, key: StreamKey) {
        let now = self.now();
        let again = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            let Some(open) = c.open() else { return };
            let again = open.speaks != Protocol::H2 && open.codec.reuse() != Reuse::Never;
            // a timeout of the program's may span several exchanges
            if again {
                core.next_request(conn, key, now);
            }
            again
        };
        if !again {
            self.let_go(key);
            self.link_down(key, Quietly::Yes);
        }
    }
}

impl super::super::context::Core {
    /// The stream waits for the next request.
    fn next_request(&mut self, conn: ConnKey, key: StreamKey, now: crate::util::Micros) {
        let Some(c) = self.conns.get_mut(conn) else { return };
        for (tid, bound) in &mut c.bound {
            if *bound == key {
                *tid = None;
            }
        }
        let Some(stream) = self.streams.get_mut(key) else { return };
        stream.txn = Txn::default();
        stream.tx_wanted = false;
        stream.tx_len = None;
        stream.link = Some(Link { conn, tid: None });
        let idle = stream.kind.serve.idle_s;
        if idle > 0 {
            self.await_client(conn, now + super::stall::seconds(idle));
        }
    }
}

/// Begins the answer of a stream that wants to send for the first time since its request.
pub(in crate::engine) fn begin_answer(open: &mut Open, stream: &mut Stream, tid: Tid) {
    stream.txn.answered = true;
    let kind = &stream.kind;
    let mut fields: Vec<(&str, &[u8])> = Vec::with_capacity(kind.metadata.len());
    for (i, def) in kind.metadata.iter().enumerate() {
        let value = stream.metadata.set_here(i).filter(|v| !v.is_empty());
        if let (Some(header), Some(value)) = (&def.header, value) {
            fields.push((header, value));
        }
    }
    fields.extend(stream.metadata.direct());
    let body = match stream.tx_len {
        Some(len) if !kind.http.no_content_length => BodyLen::Known(len),
        _ => BodyLen::Unknown,
    };
    let status = stream.txn.status.unwrap_or(NOT_FOUND);
    let answer = Response { status, fields: &fields, body };
    if let Err(e) = open.codec.respond(tid, &answer, &mut open.out) {
        log::err!(tag: stream.tag.clone(), "{e}: answered with {INTERNAL_ERROR} instead");
        let plain = Response { status: INTERNAL_ERROR, fields: &[], body: BodyLen::None };
        if let Err(e) = open.codec.respond(tid, &plain, &mut open.out) {
            log::err!(tag: stream.tag.clone(), "{e}");
        }
    }
}
