//! Panics in the turns of connections: each is the end of its connection, and of nothing else. What
//! a peer sends may find a mistake in a codec, but not stop the loop that serves everybody.

use super::conn::{ConnKey, Stage};
use super::context::Context;
use super::stream::StreamKey;
use crate::util::log;
use crate::util::panics::caught;

/// What the streams of such a connection are told in the log.
const WHY: &str = "internal error";

impl Context {
    /// Gives a connection its turn. A panic in it ends the connection as a broken socket would: its
    /// streams are DISCONNECTED.
    ///
    /// That is sound because borrows of the core end with the unwinding, none is held while the
    /// program is called, and a panic does not get through frames of C: what may be half done is this
    /// connection.
    pub(super) fn contained(&self, conn: ConnKey, turn: impl FnOnce(&Self)) {
        if !survives("in the turn of one connection, which is given up", || turn(self)) {
            self.has_panicked(conn);
        }
    }

    #[cold]
    #[inline(never)]
    fn has_panicked(&self, conn: ConnKey) {
        survives("while it was given up", || self.give_up(conn));
        self.destroy_doomed();
    }

    fn give_up(&self, conn: ConnKey) {
        // the codec is not asked again, and nothing that is half done goes out
        let codec = {
            let mut core = self.core();
            let Some(c) = core.conns.get_mut(conn) else { return };
            match std::mem::replace(&mut c.stage, Stage::Moving) {
                Stage::Open(open) => {
                    c.stage = Stage::Handshake(open.transport);
                    Some(open.codec)
                }
                stage @ (Stage::Resolving(_)
                | Stage::Racing(_)
                | Stage::Handshake(_)
                | Stage::Moving) => {
                    c.stage = stage;
                    None
                }
            }
        };
        for key in self.close(conn) {
            survives("while a stream was told so", || self.link_lost(key, WHY));
        }
        drop(codec);
    }

    /// Destroys streams that waited for the return of a callback that has not returned, and those that came in whose
    /// callback it was.
    fn destroy_doomed(&self) {
        let doomed: Vec<StreamKey> = {
            let core = self.core();
            let doomed = core.streams.iter().filter(|(_, s)| s.doomed && s.depth == 0);
            doomed.map(|(key, _)| key).collect()
        };
        for key in doomed {
            survives("while a stream was destroyed", || self.destroy_now(key));
        }
    }
}

/// What a codec has to say while a stream parts from it, or the connection ends. A panic in it keeps neither from that,
/// whosoever wants it: the program, a timer, another stream.
pub(super) fn in_parting<R>(f: impl FnOnce() -> R) -> Option<R> {
    caught(f).map_err(|text| report("where a connection is left", &text)).ok()
}

/// Whether `f` gets to its end. A panic is logged, with where it was.
fn survives(place: &str, f: impl FnOnce()) -> bool {
    caught(f).map_err(|text| report(place, &text)).is_ok()
}

#[cold]
#[inline(never)]
fn report(place: &str, text: &str) {
    log::err!("internal error {place}: {text}");
}

#[cfg(all(test, feature = "raw"))]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::rc::Rc;
    use std::time::{Duration, Instant};

    use super::super::no_host::NoHost;
    use super::super::{Context, ContextOptions, Handler, NewStream, StreamKey, TxAnswer};
    use crate::proto::{Codec, Event, Head, ProtoError, Request, Reuse, Tid, TxWindow};
    use crate::stream::{Flags, Ret, State};
    use crate::util::clock::{MS, SEC, Virtual};
    use crate::util::{Micros, TxBuf};

    /// A codec that breaks down whatever is asked of it that the loop asks for by itself.
    struct Faulty;

    impl Codec for Faulty {
        fn start(&mut self, _: &Request<'_>, _: &mut TxBuf) -> Result<Tid, ProtoError> {
            unreachable!("its transaction was started by another")
        }
        fn receive<'b>(
            &mut self,
            _: &mut &'b [u8],
            out: &mut TxBuf,
            _: Micros,
        ) -> Result<Option<Event<'b>>, ProtoError> {
            out.push(b"half a message");
            panic!("a test of what a panic ends")
        }
        fn receive_eof(&mut self) -> Result<Option<Event<'static>>, ProtoError> {
            panic!("a test of what a panic ends")
        }
        fn head(&self, _: Tid) -> Option<&Head> {
            None
        }
        fn response_started(&self, _: Tid) -> bool {
            panic!("a test of what a panic ends")
        }
        fn tx_window(&self, _: Tid) -> Option<TxWindow> {
            None
        }
        fn tx_commit(
            &mut self,
            _: Tid,
            _: &mut TxBuf,
            _: usize,
            _: bool,
            _: bool,
        ) -> Result<(), ProtoError> {
            Ok(())
        }
        fn abandon(&mut self, _: Tid, _: &mut TxBuf) -> Reuse {
            panic!("a test of what a panic ends")
        }
        fn reuse(&self) -> Reuse {
            Reuse::Never
        }
        fn ping(&mut self, _: &mut TxBuf) -> bool {
            panic!("a test of what a panic ends")
        }
        fn next_deadline(&self) -> Option<Micros> {
            Some(0)
        }
        fn on_deadline(&mut self, _: &mut TxBuf, _: Micros) -> Result<(), ProtoError> {
            panic!("a test of what a panic ends")
        }
        fn take_session(&mut self) -> Option<crate::proto::mqtt::Session> {
            panic!("a test of what a panic ends")
        }
    }

    #[derive(Default)]
    struct Program {
        states: RefCell<Vec<State>>,
        got: Cell<usize>,
        breaks_down_in_rx: Cell<bool>,
        /// As a listener: what it accepts breaks down when this is said.
        accepts_who_breaks_down: Option<State>,
        breaks_down: Option<State>,
    }

    impl Handler for Program {
        fn state(&self, code: u32, _: u32) -> Ret {
            self.states.borrow_mut().extend(State::ALL.into_iter().filter(|s| s.code() == code));
            let breaks_down = self.breaks_down.is_some_and(|s| s.code() == code);
            assert!(!breaks_down, "a test of what a panic ends");
            if code == State::Timeout.code() { Ret::DisconnectMe } else { Ret::Ok }
        }
        fn accept(&self) -> Option<Rc<dyn Handler>> {
            Some(Rc::new(Self { breaks_down: self.accepts_who_breaks_down, ..Self::default() }))
        }
        fn made(&self, _: StreamKey) -> bool {
            true
        }
        fn rx(&self, data: &[u8], _: Flags) -> Ret {
            assert!(!self.breaks_down_in_rx.get(), "a test of what a panic ends");
            self.got.set(self.got.get() + data.len());
            Ret::Ok
        }
        fn tx(&self, _: u32, _: &mut [u8]) -> Option<TxAnswer> {
            None
        }
    }

    /// Two raw streams, connected.
    struct World {
        cx: Context,
        clock: Rc<Virtual>,
        listener: TcpListener,
        streams: Vec<(StreamKey, Rc<Program>, TcpStream)>,
    }

    impl World {
        fn new() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
            let port = listener.local_addr().expect("an address").port();
            let text = format!(
                r#"{{"s":[{{"s":{{"endpoint":"127.0.0.1","port":{port},"protocol":"raw","opportunistic":true}}}}]}}"#
            );
            let policy = crate::policy::parse(text.as_bytes()).policy.expect("a policy");
            let clock = Rc::new(Virtual::default());
            let options = ContextOptions::default();
            let cx = Context::new(
                Rc::new(policy),
                Box::new(Rc::clone(&clock)),
                Box::new(NoHost),
                options,
            );
            let mut world =
                Self { cx: cx.expect("a context"), clock, listener, streams: Vec::new() };
            for _ in 0..2 {
                let kind = Rc::clone(world.cx.policy().stream_type("s").expect("the type"));
                let program = Rc::new(Program::default());
                let handler = Rc::clone(&program) as Rc<dyn Handler>;
                let new = NewStream { kind, handler, peer_credit: None };
                let key = world.cx.make(new).expect("a stream");
                world.cx.start(key).expect("a stream");
                let peer = world.connect(key, &program);
                world.streams.push((key, program, peer));
            }
            world
        }

        fn connect(&self, key: StreamKey, program: &Program) -> TcpStream {
            let _ = self.cx.client_connect(key);
            self.until(|| program.said(State::Connected));
            self.listener.accept().expect("the stream").0
        }

        fn until(&self, done: impl Fn() -> bool) {
            let limit = Instant::now() + Duration::from_secs(10);
            while !done() {
                assert!(Instant::now() < limit, "never happened");
                self.cx.turn(Some(10 * MS)).expect("a turn that goes on");
            }
        }

        fn break_codec(&self, at: usize) {
            let mut core = self.cx.core();
            let core = &mut *core;
            let link = core.streams[self.streams[at].0].link.expect("a link");
            core.conns[link.conn].open().expect("an open one").codec = Box::new(Faulty);
        }

        /// The first stream's connection has ended, and nothing was sent on it; the other one
        /// goes on, and the first may connect again.
        fn check_that_only_the_first_ended(&mut self) {
            let (key, program, peer) = &mut self.streams[0];
            assert_eq!(program.states.borrow().last(), Some(&State::Disconnected));
            let mut sent = Vec::new();
            let _ = peer.read_to_end(&mut sent);
            assert_eq!(sent, b"");
            assert_eq!(self.cx.core().conns.len(), 1);
            program.states.borrow_mut().clear();
            program.breaks_down_in_rx.set(false);
            let (key, program) = (*key, Rc::clone(program));
            let again = self.connect(key, &program);
            self.streams[0].2 = again;
            for (_, program, peer) in &mut self.streams {
                program.got.set(0);
                peer.write_all(b"hello").expect("a connection");
            }
            for (_, program, _) in &self.streams {
                self.until(|| program.got.get() == 5);
            }
            for (key, ..) in &self.streams {
                self.cx.destroy(*key);
                assert!(!self.cx.exists(*key));
            }
        }
    }

    impl Program {
        fn said(&self, state: State) -> bool {
            self.states.borrow().contains(&state)
        }
    }

    #[test]
    fn a_codec_that_panics_ends_its_connection_and_nothing_else() {
        let mut world = World::new();
        world.break_codec(0);
        world.streams[0].2.write_all(b"anything").expect("a connection");
        world.until(|| world.streams[0].1.said(State::Disconnected));
        world.check_that_only_the_first_ended();
    }

    #[test]
    fn so_does_one_that_panics_at_its_time() {
        let mut world = World::new();
        world.break_codec(0);
        let conn = world.cx.core().streams[world.streams[0].0].link.expect("a link").conn;
        let due = super::super::context::Timer::Codec(conn);
        world.cx.core().timers.schedule(SEC, due);
        world.clock.advance(2 * SEC);
        world.until(|| world.streams[0].1.said(State::Disconnected));
        world.check_that_only_the_first_ended();
    }

    #[test]
    fn a_stream_is_parted_from_a_codec_that_panics_at_that() {
        let mut world = World::new();
        world.break_codec(0);
        world.cx.start_timeout(world.streams[0].0, 1);
        world.clock.advance(SEC);
        world.until(|| world.streams[0].1.said(State::Timeout));
        world.check_that_only_the_first_ended();

        let mut world = World::new();
        world.break_codec(0);
        let (key, program, _) = &world.streams[0];
        world.cx.destroy(*key);
        assert_eq!(program.states.borrow().last(), Some(&State::Destroying));
        assert_eq!(world.cx.streams(), [world.streams[1].0]);
        assert_eq!(world.cx.core().conns.len(), 1);
        world.streams[1].2.write_all(b"hello").expect("a connection");
        world.until(|| world.streams[1].1.got.get() == 5);
    }

    #[test]
    fn so_does_a_handler_that_panics_and_its_frame_is_none_any_more() {
        let mut world = World::new();
        world.streams[0].1.breaks_down_in_rx.set(true);
        world.streams[0].2.write_all(b"anything").expect("a connection");
        world.until(|| world.streams[0].1.said(State::Disconnected));
        world.check_that_only_the_first_ended();
    }

    #[test]
    #[cfg(feature = "server")]
    fn a_client_of_a_server_whose_stream_breaks_down_is_let_go_and_the_port_stays() {
        for state in [State::Creating, State::Connecting, State::Connected, State::Disconnected] {
            let text =
                br#"{"s":[{"s":{"endpoint":"127.0.0.1","port":0,"protocol":"raw","server":true}}]}"#;
            let policy = Rc::new(crate::policy::parse(text).policy.expect("a policy"));
            let clock = Box::new(Rc::new(Virtual::default()));
            let cx = Context::new(policy, clock, Box::new(NoHost), ContextOptions::default());
            let cx = cx.expect("a context");
            let kind = Rc::clone(cx.policy().stream_type("s").expect("the type"));
            let handler =
                Rc::new(Program { accepts_who_breaks_down: Some(state), ..Program::default() });
            let new = NewStream { kind, handler, peer_credit: None };
            let key = cx.make(new).expect("a stream");
            cx.start(key).expect("it listens");
            let port = cx.listen_port("s").expect("a port");
            for _ in 0..2 {
                let mut client = TcpStream::connect(("127.0.0.1", port)).expect("the port");
                client.set_nonblocking(true).expect("an option");
                if state == State::Disconnected {
                    client.shutdown(std::net::Shutdown::Write).expect("a connection");
                }
                let limit = Instant::now() + Duration::from_secs(10);
                let mut closed = false;
                while !closed {
                    assert!(Instant::now() < limit, "never happened: {state:?}");
                    cx.turn(Some(10 * MS)).expect("a turn that goes on");
                    closed = !matches!(client.read(&mut [0; 9]),
                        Err(e) if e.kind() == std::io::ErrorKind::WouldBlock);
                }
                assert_eq!(cx.core().conns.len(), 0, "{state:?}");
                assert_eq!(cx.streams(), [key], "{state:?}");
            }
            cx.end();
        }
    }
}
