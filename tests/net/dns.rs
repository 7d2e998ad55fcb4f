use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};

use mio::{Events, Poll, Token, Waker};
use securestreams::net::{
    Answer, DNS_TTL, Lookup, LookupError, LookupErrorKind, LookupFn, LookupId, MAX_QUEUED,
    Resolver, std_lookup,
};

use crate::drive::{PATIENCE, uninterrupted};

struct Fixture {
    poll: Poll,
    resolver: Resolver,
    waker: Arc<Waker>,
}

impl Fixture {
    fn new(lookup: LookupFn) -> Self {
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(7)).unwrap());
        Self { poll, resolver: Resolver::new(waker.clone(), lookup), waker }
    }

    fn pending(&mut self, host: &str) -> LookupId {
        match self.resolver.start(host, 80, 0).unwrap() {
            Lookup::Pending(id) => id,
            Lookup::Ready(addrs) => panic!("{host} answered at once: {addrs:?}"),
        }
    }

    fn answer(&mut self) -> (LookupId, Answer) {
        let mut events = Events::with_capacity(4);
        loop {
            if let Some(answer) = self.resolver.poll(0) {
                return answer;
            }
            uninterrupted(&mut self.poll, &mut events);
            assert!(events.iter().any(|e| e.token() == Token(7)), "no wake-up");
        }
    }
}

fn addr(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn never(host: &str, _: u16) -> Answer {
    panic!("{host} needs no look-up")
}

#[test]
fn numbers_need_no_lookup() {
    let mut f = Fixture::new(never);
    assert_eq!(f.resolver.start("127.0.0.1", 80, 0), Ok(Lookup::Ready(vec![addr(80)])));
    let v6 = Lookup::Ready(vec!["[::1]:9".parse().unwrap()]);
    assert_eq!(f.resolver.start("::1", 9, 0), Ok(v6));
    let v6 = Lookup::Ready(vec!["[::1]:9".parse().unwrap()]);
    assert_eq!(f.resolver.start("[::1]", 9, 0), Ok(v6));
    assert_eq!(Arc::weak_count(&f.waker), 0, "a helper was started");
}

#[test]
fn what_is_no_name_is_refused() {
    let mut f = Fixture::new(never);
    for bad in ["", ".", "a b", "a\0b", "a\n", &"a".repeat(254)] {
        let e = f.resolver.start(bad, 80, 0).unwrap_err();
        assert_eq!(e.kind, LookupErrorKind::Other, "{bad:?}");
        assert!(e.detail.starts_with("host name"), "{e}");
    }
}

#[test]
fn the_system_answers() {
    let mut f = Fixture::new(std_lookup);
    let id = f.pending("localhost");
    let (of, answer) = f.answer();
    assert_eq!(of, id);
    assert!(answer.unwrap().iter().all(|a| a.ip().is_loopback() && a.port() == 80));
}

fn scripted(host: &str, port: u16) -> Answer {
    match host {
        "missing" => Err(LookupError::new(LookupErrorKind::NotFound, "missing: no such name")),
        "bare" => Ok(Vec::new()),
        "broken" => panic!("as the test wants it"),
        _ => Ok(vec![addr(port)]),
    }
}

#[test]
fn answers_come_in_order_each_with_its_error() {
    let mut f = Fixture::new(scripted);
    let ids: Vec<_> = ["a", "missing", "bare", "broken", "b"].map(|h| f.pending(h)).into();
    let answers: Vec<_> = ids.iter().map(|_| f.answer()).collect();
    assert_eq!(answers.iter().map(|a| a.0).collect::<Vec<_>>(), ids);
    let kinds: Vec<_> = answers.into_iter().map(|(_, a)| a.map_err(|e| e.kind)).collect();
    assert_eq!(
        kinds,
        [
            Ok(vec![addr(80)]),
            Err(LookupErrorKind::NotFound),
            Err(LookupErrorKind::NoAddress),
            Err(LookupErrorKind::Other),
            Ok(vec![addr(80)]),
        ]
    );
}

/// A look-up that says when it runs, and waits for leave to end. One for each test, since a
/// `LookupFn` is a plain function.
struct Gate {
    entered: Sender<()>,
    leave: Mutex<Receiver<()>>,
}

impl Gate {
    fn install(cell: &OnceLock<Self>) -> (Receiver<()>, Sender<()>) {
        let (entered, has_entered) = channel();
        let (may_leave, leave) = channel();
        assert!(cell.set(Self { entered, leave: Mutex::new(leave) }).is_ok());
        (has_entered, may_leave)
    }

    fn pass(cell: &OnceLock<Self>, host: &str, port: u16) -> Answer {
        if host.starts_with("slow") {
            let gate = cell.get().unwrap();
            gate.entered.send(()).unwrap();
            gate.leave.lock().unwrap().recv().unwrap();
        }
        Ok(vec![addr(port)])
    }
}

#[test]
fn cancelled_lookups_are_not_reported() {
    static GATE: OnceLock<Gate> = OnceLock::new();
    let (entered, leave) = Gate::install(&GATE);
    let mut f = Fixture::new(|host, port| Gate::pass(&GATE, host, port));
    let running = f.pending("slow");
    entered.recv_timeout(PATIENCE).unwrap();
    let queued = f.pending("queued");
    let kept = f.pending("kept");
    f.resolver.cancel(running);
    f.resolver.cancel(queued);
    leave.send(()).unwrap();
    assert_eq!(f.answer().0, kept);
    assert_eq!(f.resolver.poll(0), None);
}

#[test]
fn an_answer_that_waits_can_be_cancelled() {
    let mut f = Fixture::new(scripted);
    let first = f.pending("a");
    let second = f.pending("b");
    assert_eq!(f.answer().0, first);
    f.resolver.cancel(second);
    let third = f.pending("c");
    assert_eq!(f.answer().0, third);
}

#[test]
fn the_queue_is_bounded() {
    static GATE: OnceLock<Gate> = OnceLock::new();
    let (entered, leave) = Gate::install(&GATE);
    let mut f = Fixture::new(|host, port| Gate::pass(&GATE, host, port));
    f.pending("slow");
    entered.recv_timeout(PATIENCE).unwrap();
    for _ in 0..MAX_QUEUED {
        f.pending("waits");
    }
    let e = f.resolver.start("too-many", 80, 0).unwrap_err();
    assert!(e.detail.starts_with("too-many: "), "{e}");
    leave.send(()).unwrap();
    for _ in 0..=MAX_QUEUED {
        f.answer().1.unwrap();
    }
    f.pending("fits-again");
}

/// Tells when the thread that holds it ends.
struct Farewell(Cell<Option<Sender<()>>>);

impl Drop for Farewell {
    fn drop(&mut self) {
        if let Some(s) = self.0.take() {
            let _ = s.send(());
        }
    }
}

thread_local! {
    static FAREWELL: Farewell = const { Farewell(Cell::new(None)) };
}

#[test]
fn dropping_waits_for_nobody_and_ends_the_helper() {
    static GATE: OnceLock<Gate> = OnceLock::new();
    static ENDED: Mutex<Option<Sender<()>>> = Mutex::new(None);
    let (entered, leave) = Gate::install(&GATE);
    let (ended, has_ended) = channel();
    *ENDED.lock().unwrap() = Some(ended);
    let mut f = Fixture::new(|host, port| {
        FAREWELL.with(|f| f.0.set(ENDED.lock().unwrap().take()));
        Gate::pass(&GATE, host, port)
    });
    f.pending("slow");
    f.pending("never-looked-up");
    entered.recv_timeout(PATIENCE).unwrap();
    // would hang here if it waited: the look-up ends only when the line after says so
    drop(f);
    leave.send(()).unwrap();
    has_ended.recv_timeout(PATIENCE).unwrap();
    assert!(entered.try_recv().is_err(), "the queue was worked off after the drop");
}

#[test]
fn an_idle_helper_ends_with_its_resolver() {
    static ENDED: Mutex<Option<Sender<()>>> = Mutex::new(None);
    let (ended, has_ended) = channel();
    *ENDED.lock().unwrap() = Some(ended);
    let mut f = Fixture::new(|_, port| {
        FAREWELL.with(|f| f.0.set(ENDED.lock().unwrap().take()));
        Ok(vec![addr(port)])
    });
    f.pending("a");
    f.answer().1.unwrap();
    drop(f);
    has_ended.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn answers_are_used_again_for_a_while() {
    static ASKED: Mutex<Vec<u16>> = Mutex::new(Vec::new());
    fn lookup(_: &str, port: u16) -> Answer {
        ASKED.lock().unwrap().push(port);
        Ok(vec![addr(port)])
    }
    let mut f = Fixture::new(lookup);
    let id = f.pending("name");
    assert_eq!(f.answer(), (id, Ok(vec![addr(80)])));
    assert_eq!(f.resolver.start("name", 81, DNS_TTL - 1), Ok(Lookup::Ready(vec![addr(81)])));
    assert!(matches!(f.resolver.start("other", 80, 0), Ok(Lookup::Pending(_))));
    f.answer().1.unwrap();
    f.resolver.forget("name");
    assert!(matches!(f.resolver.start("name", 82, 0), Ok(Lookup::Pending(_))));
    f.answer().1.unwrap();
    assert!(matches!(f.resolver.start("name", 83, DNS_TTL), Ok(Lookup::Pending(_))));
    f.answer().1.unwrap();
    assert_eq!(*ASKED.lock().unwrap(), [80, 80, 82, 83]);
}

#[test]
fn who_asks_the_same_gets_the_same_answer() {
    static GATE: OnceLock<Mutex<Receiver<()>>> = OnceLock::new();
    static ASKED: Mutex<Vec<String>> = Mutex::new(Vec::new());
    fn lookup(host: &str, port: u16) -> Answer {
        ASKED.lock().unwrap().push(host.to_owned());
        GATE.get().unwrap().lock().unwrap().recv().unwrap();
        Ok(vec![addr(port)])
    }
    let (open, gate) = channel();
    GATE.set(Mutex::new(gate)).unwrap();
    let mut f = Fixture::new(lookup);
    let ids = [f.pending("a"), f.pending("a"), f.pending("b"), f.pending("a")];
    open.send(()).unwrap();
    open.send(()).unwrap();
    let mut heard: Vec<_> = (0..4).map(|_| f.answer().0).collect();
    heard.sort_by_key(|id| ids.iter().position(|i| i == id));
    assert_eq!(heard, ids);
    assert_eq!(*ASKED.lock().unwrap(), ["a", "b"]);
}
