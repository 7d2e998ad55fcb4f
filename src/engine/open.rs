//! A transport is up: which codec speaks on it, and how the streams that waited for it start.

use std::rc::Rc;

use super::codecs;
use super::conn::{Conn, ConnKey, Open, Stage};
use super::context::{Context, Timer};
use super::dial::Sharing;
use super::life::Failure;
use super::route::fill;
use super::stream::{Link, StreamKey};
use crate::policy::{self, Protocol, StreamType, Template};
use crate::proto::mqtt::{self, Mqtt, Qos};
use crate::proto::{BodyLen, Codec, Request, Reuse, Tid, h1, raw};
use crate::stream::Metadata;
use crate::util::{TxBuf, built};

impl Context {
    /// The handshake is done: the codec is chosen, and the streams that wait start.
    pub(super) fn open(&self, conn: ConnKey) {
        if self.is_served(conn) {
            return self.open_served(conn);
        }
        let now = self.now();
        let Some((route, alpn, first)) = self.handshaken(conn) else { return };
        if route.tls.is_some() {
            self.note_step(conn, |times, now| times.secured = Some(now));
        }
        let speaks = match route.protocol {
            Protocol::H2 if route.tls.is_some() && alpn.as_deref() != Some(b"h2") => Protocol::H1,
            other => other,
        };
        let secure = if route.tls.is_some() { " over TLS" } else { "" };
        self.trace(conn, format_args!("open: {speaks:?}{secure}"));
        let reads_first = self.kind(first).is_some_and(|k| k.ws.prioritize_reads);
        let codec = match self.codec(speaks, &route, first) {
            Ok(codec) => codec,
            Err(e) => return self.conn_failed(conn, &Failure::from(e)),
        };
        {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            let Stage::Handshake(transport) = std::mem::replace(&mut c.stage, Stage::Moving) else {
                return;
            };
            let out = TxBuf::new();
            let open = Open { transport, codec, out, speaks, reads_first, unflushed: false };
            c.stage = Stage::Open(Box::new(open));
            c.alive = now;
            for timer in [c.deadline.take(), c.race.take()].into_iter().flatten() {
                core.timers.cancel(timer);
            }
            match (route.protocol, speaks) {
                (Protocol::H2, Protocol::H1) => {
                    c.shared = false;
                    core.shared.remove(conn);
                    core.shared.note_h1_only(Rc::clone(&route));
                }
                (Protocol::H2, _) => core.shared.note_h2(&route),
                _ => {}
            }
            core.queue(conn);
        }
        if speaks == Protocol::H1 && route.protocol == Protocol::H2 {
            self.disband(conn, &route);
        }
        self.start_waiting(conn);
    }

    /// What of a connection decides on its codec.
    fn handshaken(
        &self,
        conn: ConnKey,
    ) -> Option<(Rc<super::route::Route>, Option<Vec<u8>>, StreamKey)> {
        let core = self.core();
        let c = core.conns.get(conn)?;
        let Stage::Handshake(transport) = &c.stage else { return None };
        let (_, first) = c.bound.first()?;
        Some((Rc::clone(&c.route), transport.alpn().map(<[u8]>::to_vec), *first))
    }

    /// The connection turned out to be h1: it is the first stream's alone, the others get their
    /// own.
    fn disband(&self, conn: ConnKey, route: &Rc<super::route::Route>) {
        let others: Vec<StreamKey> = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            let others = c.bound.drain(1..).map(|(_, s)| s).collect::<Vec<_>>();
            for key in &others {
                if let Some(stream) = core.streams.get_mut(*key) {
                    stream.link = None;
                }
            }
            others
        };
        for key in others {
            if self.lives(key) {
                self.connect(key, (**route).clone(), Sharing::Quietly);
            }
        }
    }

    fn codec(
        &self,
        speaks: Protocol,
        route: &super::route::Route,
        first: StreamKey,
    ) -> Result<Box<dyn Codec>, String> {
        let kind = self.kind(first).ok_or("the stream is gone")?;
        let codec: Option<Box<dyn Codec>> = match speaks {
            Protocol::Raw if built::RAW => Some(Box::new(raw::Raw::new())),
            Protocol::H1 => Some(Box::new(h1::H1::new())),
            Protocol::H2 => codecs::h2::client(route.tls.is_some(), &kind),
            Protocol::Ws => codecs::ws::client(&kind, self.random_source()),
            Protocol::Mqtt if built::MQTT => {
                Some(Box::new(self.mqtt_session(&kind, first, route)?))
            }
            Protocol::Raw | Protocol::Mqtt | Protocol::H3 => None,
        };
        codec.ok_or_else(|| format!("{} is not built into this library", speaks.name()))
    }

    /// An mqtt session as the policy of the stream that opens it says.
    fn mqtt_session(
        &self,
        kind: &StreamType,
        first: StreamKey,
        route: &super::route::Route,
    ) -> Result<Mqtt, String> {
        let login = route.mqtt.as_deref().ok_or("the connection is not for mqtt")?;
        let (will_topic, will_message) = {
            let core = self.core();
            let stream = core.streams.get(first).ok_or("the stream is gone")?;
            let fill = |t: &Option<Template>| filled(kind, &stream.metadata, t.as_ref());
            (fill(&kind.mqtt.will_topic)?, fill(&kind.mqtt.will_message)?)
        };
        let session = self.core().sessions.take(route);
        let connect = mqtt::Connect {
            client_id: login.client_id.as_deref().unwrap_or(""),
            username: login.username.as_deref(),
            password: login.password.as_deref(),
            keep_alive_s: kind.mqtt.keep_alive_s,
            clean_start: kind.mqtt.clean_start || login.client_id.is_none(),
            will: will_topic.as_deref().map(|topic| mqtt::Message {
                topic,
                payload: will_message.as_deref().unwrap_or("").as_bytes(),
                qos: qos(kind.mqtt.will_qos),
                retain: kind.mqtt.will_retain,
            }),
            aws_iot: kind.mqtt.aws_iot,
        };
        Mqtt::new(&connect, session).map_err(|e| e.to_string())
    }

    /// Starts the streams that wait for an open connection, in order, as far as it takes them.
    pub(super) fn start_waiting(&self, conn: ConnKey) {
        if self.is_served(conn) {
            return;
        }
        loop {
            let next = {
                let mut core = self.core();
                let Some(c) = core.conns.get_mut(conn) else { return };
                let waiting = c.bound.iter().find(|(tid, _)| tid.is_none()).map(|(_, s)| *s);
                waiting.zip(c.open().map(|o| o.codec.reuse()))
            };
            let Some((key, reuse)) = next else { return };
            match reuse {
                Reuse::Idle | Reuse::Shared(1..) => self.start_transaction(conn, key),
                Reuse::Shared(0) | Reuse::Busy => return,
                Reuse::Never => {
                    self.move_on(conn, key);
                    continue;
                }
            }
            // whoever did not start must not be asked for ever
            let stuck = {
                let core = self.core();
                let bound = core.conns.get(conn).map(|c| &c.bound);
                bound.is_some_and(|b| b.iter().any(|(tid, s)| *s == key && tid.is_none()))
            };
            if stuck {
                return;
            }
        }
    }

    /// A stream that waits for a connection which takes no more gets another one.
    fn move_on(&self, conn: ConnKey, key: StreamKey) {
        let route = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            c.unbind(key);
            if let Some(stream) = core.streams.get_mut(key) {
                stream.link = None;
            }
            (*c.route).clone()
        };
        self.connect(key, route, Sharing::Quietly);
        if self.core().conns.get(conn).is_some_and(|c| c.bound.is_empty()) {
            self.close(conn);
        }
    }

    /// Starts the transaction of a stream that is bound to an open connection. A request waits for
    /// the next turn if the program is still in the call that connects: it may announce a length
    /// or set metadata next.
    pub(super) fn start_transaction(&self, conn: ConnKey, key: StreamKey) {
        let speaks = match self.core().conns.get_mut(conn).and_then(Conn::open) {
            Some(open) => open.speaks,
            None => return,
        };
        match speaks {
            Protocol::Raw => self.start_raw(conn, key),
            Protocol::Mqtt => self.start_topics(conn, key),
            Protocol::H1 | Protocol::H2 | Protocol::H3 | Protocol::Ws => {
                let in_call = self.core().streams.get(key).is_some_and(|s| s.in_call);
                if in_call {
                    self.core().queue(conn);
                } else {
                    self.start_request(conn, key, speaks);
                }
            }
        }
    }

    fn start_raw(&self, conn: ConnKey, key: StreamKey) {
        let none =
            Request { method: "", authority: "", path: "", fields: &[], body: BodyLen::None };
        let started = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            let Some(open) = c.open() else { return };
            let started = open.codec.start(&none, &mut open.out);
            if let (Ok(tid), Some(stream)) = (&started, core.streams.get_mut(key)) {
                bind_tid(c, key, *tid);
                stream.link = Some(Link { conn, tid: Some(*tid) });
                // a raw stream gets one tx unasked, right after CONNECTED
                stream.tx_wanted = true;
            }
            started
        };
        match started {
            Ok(_) => self.link_up(key),
            Err(e) => self.fail_attempt(key, &Failure::from(e)),
        }
        self.core().queue(conn);
    }

    fn start_topics(&self, conn: ConnKey, key: StreamKey) {
        let now = self.now();
        let started = self.topics_of(key).and_then(|topics| {
            let mut core = self.core();
            let core = &mut *core;
            let c = core.conns.get_mut(conn).ok_or("the connection is gone")?;
            let open = c.open().ok_or("the connection is not open")?;
            let topics = topics.lend(key);
            let tid = open.codec.start_topics(&topics, &mut open.out).map_err(|e| e.to_string())?;
            bind_tid(c, key, tid);
            if let Some(stream) = core.streams.get_mut(key) {
                stream.link = Some(Link { conn, tid: Some(tid) });
                // a stream that publishes gets one tx unasked, right after CONNECTED
                stream.tx_wanted |= stream.kind.mqtt.topic.is_some();
                let due = now + self.options.response_timeout;
                stream.response_timer = Some(core.timers.schedule(due, Timer::Response(key)));
            }
            core.queue(conn);
            Ok(())
        });
        match started {
            // on a session that is up it is ready at once
            Ok(()) => {
                self.consume(conn, &[]);
            }
            Err(e) => self.fail_transaction(key, &Failure::from(e)),
        }
    }

    /// What a stream wants of an mqtt session.
    fn topics_of(&self, key: StreamKey) -> Result<Topics, String> {
        let core = self.core();
        let stream = core.streams.get(key).ok_or("the stream is gone")?;
        let (kind, m) = (&stream.kind, &stream.kind.mqtt);
        let fill = |t: &Option<Template>| filled(kind, &stream.metadata, t.as_ref());
        Ok(Topics {
            subscribe: fill(&m.subscribe)?.filter(|t| !t.is_empty()),
            publish: fill(&m.topic)?.filter(|t| !t.is_empty()),
            birth: fill(&m.birth_topic)?.filter(|t| !t.is_empty()),
            birth_message: fill(&m.birth_message)?.unwrap_or_default(),
            policy: m.clone(),
        })
    }
}

/// The topics of a stream with metadata filled in, owned.
struct Topics {
    subscribe: Option<String>,
    publish: Option<String>,
    birth: Option<String>,
    birth_message: String,
    policy: policy::Mqtt,
}

impl Topics {
    fn lend(&self, key: StreamKey) -> mqtt::Open<'_> {
        use slotmap::Key;
        let m = &self.policy;
        mqtt::Open {
            owner: key.data().as_ffi(),
            subscribe: self.subscribe.as_deref().map(|t| (t, qos(m.qos))),
            publish: self.publish.as_deref().map(|topic| mqtt::Publish {
                topic,
                qos: qos(m.qos),
                retain: m.retain,
            }),
            birth: self.birth.as_deref().map(|topic| mqtt::Message {
                topic,
                payload: self.birth_message.as_bytes(),
                qos: qos(m.birth_qos),
                retain: m.birth_retain,
            }),
        }
    }
}

/// The policy checked the number.
fn qos(number: u8) -> Qos {
    Qos::from_number(number).unwrap_or_default()
}

fn filled(
    kind: &StreamType,
    metadata: &Metadata,
    template: Option<&Template>,
) -> Result<Option<String>, String> {
    template.map(|t| fill(kind, metadata, t).map_err(|e| e.to_string())).transpose()
}

/// Ties a transaction to its stream.
pub(super) fn bind_tid(c: &mut Conn, key: StreamKey, tid: Tid) {
    for (t, s) in &mut c.bound {
        if *s == key {
            *t = Some(tid);
        }
    }
}
