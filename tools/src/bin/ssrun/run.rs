//! A context, one stream in it, and what comes of it.

use std::cell::{Cell, RefCell};
use std::io::{Read, Write as _};
use std::rc::Rc;
use std::time::Instant;

use securestreams::engine::{Context, ContextOptions, Handler, NewStream, StreamKey, TxAnswer};
use securestreams::policy::{Policy, Protocol, StreamType};
use securestreams::stream::{Flags, Ret, State};
use securestreams::util::clock::{Monotonic, SEC};
use securestreams::util::log;

use super::args::{Args, Send};
use super::shell::Shell;

/// The loop comes round at least this often, for progress and the timeout.
const TICK: u64 = SEC / 5;

/// Where what is sent comes from.
enum Source {
    Bytes(Vec<u8>),
    Reader(Box<dyn Read>),
}

/// What a listening stream and its clients have in common.
#[derive(Default)]
struct Clients {
    /// How many came.
    count: Cell<u32>,
    /// Those that are here.
    here: RefCell<Vec<Rc<Runner>>>,
    /// How many were served, and whether one of them came to `--until`.
    served: Cell<u32>,
    until: Cell<bool>,
}

/// The stream's callbacks.
struct Runner {
    args: Rc<Args>,
    kind: Rc<StreamType>,
    began: Instant,
    clients: Rc<Clients>,
    /// Of a client's stream on a listening one: its number and key.
    number: u32,
    key: Cell<Option<StreamKey>>,
    /// A client may be sent to.
    open: Cell<bool>,
    /// What is still to be sent of this round, and a byte read ahead to know the end.
    source: RefCell<Option<Source>>,
    ahead: RefCell<Vec<u8>>,
    begun: Cell<bool>,
    received: Cell<u64>,
    sent: Cell<u64>,
    /// How this round ended; `None` while it runs.
    ended: Cell<Option<bool>>,
    acknowledged: Cell<bool>,
}

/// A transaction protocol's round is over with DISCONNECTED or the acknowledgement; others run until the peer closes.
fn is_transactional(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::H1 | Protocol::H2 | Protocol::H3)
}

impl Runner {
    fn new(args: Rc<Args>, kind: Rc<StreamType>, clients: Rc<Clients>, number: u32) -> Self {
        Self {
            args,
            kind,
            began: Instant::now(),
            clients,
            number,
            key: Cell::new(None),
            open: Cell::new(false),
            source: RefCell::new(None),
            ahead: RefCell::default(),
            begun: Cell::new(false),
            received: Cell::new(0),
            sent: Cell::new(0),
            ended: Cell::new(None),
            acknowledged: Cell::new(false),
        }
    }

    fn is_client(&self) -> bool {
        self.number > 0
    }

    fn say(&self, text: &str) {
        if !self.args.quiet {
            let ms = self.began.elapsed().as_secs_f64() * 1000.0;
            match self.number {
                0 => eprintln!("{ms:9.1} ms  {text}"),
                number => eprintln!("{ms:9.1} ms  client {number}: {text}"),
            }
        }
    }

    fn end(&self, good: bool) {
        if self.ended.get().is_none() {
            self.ended.set(Some(good));
        }
    }

    /// Starts the next round's data.
    fn rewind(&self) -> Result<(), String> {
        let source = match &self.args.send {
            None => None,
            Some(Send::Text(text)) => Some(Source::Bytes(text.clone().into_bytes())),
            Some(Send::File(name)) if name == "-" && is_transactional(self.kind.protocol) => {
                // the request's head says how long its body is
                let mut all = Vec::new();
                std::io::stdin().read_to_end(&mut all).map_err(|e| format!("stdin: {e}"))?;
                Some(Source::Bytes(all))
            }
            Some(Send::File(name)) if name == "-" => {
                Some(Source::Reader(Box::new(std::io::stdin())))
            }
            Some(Send::File(name)) => {
                let file = std::fs::File::open(name).map_err(|e| format!("{name}: {e}"))?;
                Some(Source::Reader(Box::new(file)))
            }
        };
        *self.source.borrow_mut() = source;
        self.ahead.borrow_mut().clear();
        self.begun.set(false);
        self.acknowledged.set(false);
        self.ended.set(None);
        Ok(())
    }

    /// How many bytes will be sent, if that is known before.
    fn length(&self) -> Option<u64> {
        match (self.source.borrow().as_ref()?, self.args.send.as_ref()?) {
            (Source::Bytes(bytes), _) => Some(bytes.len() as u64),
            (Source::Reader(_), Send::Text(_)) => None,
            (Source::Reader(_), Send::File(name)) => {
                let meta = std::fs::metadata(name).ok()?;
                meta.is_file().then_some(meta.len())
            }
        }
    }

    /// Fills `ahead` with up to `len` bytes; false at the end of the source.
    fn read_ahead(&self, len: usize) -> std::io::Result<bool> {
        let mut ahead = self.ahead.borrow_mut();
        let mut source = self.source.borrow_mut();
        while ahead.len() < len {
            let n = match source.as_mut() {
                None => 0,
                Some(Source::Bytes(bytes)) => {
                    let n = bytes.len().min(len - ahead.len());
                    ahead.extend(bytes.drain(..n));
                    n
                }
                Some(Source::Reader(reader)) => {
                    let old = ahead.len();
                    ahead.resize(len, 0);
                    let n = reader.read(&mut ahead[old..]);
                    ahead.truncate(old + n.as_ref().copied().unwrap_or(0));
                    n?
                }
            };
            if n == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Runner {
    /// A client of a listening stream: http has it answered when the request is there, others may speak at once.
    fn client_state(&self, state: Option<State>) {
        match state {
            Some(State::ServerTxn) => {
                if self.args.send.is_none() {
                    // a request has an answer, if only an empty one
                    *self.source.borrow_mut() = Some(Source::Bytes(Vec::new()));
                }
                self.open.set(true);
            }
            Some(State::Connected) if !is_transactional(self.kind.protocol) => self.open.set(true),
            Some(State::Destroying) => {
                self.clients.served.set(self.clients.served.get() + 1);
                self.clients.here.borrow_mut().retain(|client| client.number != self.number);
            }
            _ => {}
        }
    }

    /// The clients that have something to be sent, and are ready for it.
    fn ready(&self) -> Vec<(StreamKey, Option<u64>)> {
        let ready = |client: &Rc<Self>| {
            let waits = client.open.get() && client.source.borrow().is_some();
            let key = client.key.get().filter(|_| waits)?;
            // the length is told once, with the first request
            Some((key, if client.begun.get() { None } else { client.length() }))
        };
        self.clients.here.borrow().iter().filter_map(ready).collect()
    }
}

impl Handler for Runner {
    fn state(&self, code: u32, _ordinal: u32) -> Ret {
        let state = State::ALL.iter().copied().find(|state| state.code() == code);
        let name =
            state.map_or(format!("state {code} of the policy"), |state| state.name().to_owned());
        self.say(&name);
        if self.args.until == Some(code) {
            self.end(true);
            self.clients.until.set(true);
            return Ret::DestroyMe;
        }
        if self.is_client() {
            self.client_state(state);
            return Ret::Ok;
        }
        let asked_until = self.args.until.is_some();
        match state {
            Some(State::QosAckRemote) => {
                self.acknowledged.set(true);
                // a message that was asked for is out, and nothing else ends such a stream
                let message_sent = self.args.send.is_some() && self.kind.protocol == Protocol::Mqtt;
                if message_sent && self.kind.mqtt.subscribe.is_none() && !asked_until {
                    self.end(true);
                }
            }
            Some(State::QosNackRemote | State::AllRetriesFailed | State::AuthFailed) => {
                self.end(false)
            }
            Some(State::Disconnected) => {
                let good = self.acknowledged.get() || !is_transactional(self.kind.protocol);
                self.end(good && !asked_until);
            }
            Some(State::Timeout) => {
                self.end(false);
                return Ret::DisconnectMe;
            }
            _ => {}
        }
        Ret::Ok
    }

    fn rx(&self, data: &[u8], flags: Flags) -> Ret {
        self.received.set(self.received.get() + data.len() as u64);
        if self.args.trace {
            eprintln!("rx {} ({})", bytes(data.len() as u64), names(flags));
        }
        if flags.contains(Flags::PERF_JSON) {
            self.say(&format!("perf {}", String::from_utf8_lossy(data)));
            return Ret::Ok;
        }
        let mut out = std::io::stdout().lock();
        if out.write_all(data).and_then(|()| out.flush()).is_err() {
            // whoever reads our output has gone
            self.end(false);
            return Ret::DisconnectMe;
        }
        Ret::Ok
    }

    fn tx(&self, _ordinal: u32, window: &mut [u8]) -> Option<TxAnswer> {
        let nothing = TxAnswer { ret: Ret::TxDontSend, len: 0, flags: Flags::empty() };
        if self.source.borrow().is_none() {
            return Some(nothing);
        }
        // a byte more than fits tells whether this is the end of it
        let more = match self.read_ahead(window.len() + 1) {
            Ok(more) => more,
            Err(error) => {
                eprintln!("ssrun: reading what is to be sent: {error}");
                self.end(false);
                return Some(TxAnswer { ret: Ret::DisconnectMe, ..nothing });
            }
        };
        let mut ahead = self.ahead.borrow_mut();
        let len = ahead.len().min(window.len());
        window[..len].copy_from_slice(&ahead[..len]);
        ahead.drain(..len);
        let mut flags = if self.begun.replace(true) { Flags::empty() } else { Flags::SOM };
        if !more {
            flags |= Flags::EOM;
            *self.source.borrow_mut() = None;
        }
        self.sent.set(self.sent.get() + len as u64);
        if self.args.trace {
            eprintln!("tx {} ({})", bytes(len as u64), names(flags));
        }
        Some(TxAnswer { ret: Ret::Ok, len, flags })
    }

    fn accept(&self) -> Option<Rc<dyn Handler>> {
        let number = self.clients.count.get() + 1;
        let (args, kind) = (Rc::clone(&self.args), Rc::clone(&self.kind));
        let client = Rc::new(Self {
            began: self.began,
            ..Self::new(args, kind, Rc::clone(&self.clients), number)
        });
        if let Err(message) = client.rewind() {
            eprintln!("ssrun: {message}");
            return None;
        }
        self.clients.count.set(number);
        self.clients.here.borrow_mut().push(Rc::clone(&client));
        Some(client)
    }

    fn made(&self, stream: StreamKey) -> bool {
        self.key.set(Some(stream));
        true
    }
}

/// The flags' names, as in `SOM | EOM`.
fn names(flags: Flags) -> String {
    flags.iter_names().map(|(name, _)| name).collect::<Vec<_>>().join(" | ")
}

/// Runs it; true if all went well.
pub fn run(policy: Rc<Policy>, args: Args) -> Result<bool, String> {
    let all = [
        log::Level::Err,
        log::Level::Warn,
        log::Level::Notice,
        log::Level::Info,
        log::Level::Debug,
    ];
    // why something fails is a notice
    let few = log::Level::Err.bit() | log::Level::Warn.bit();
    let few = if args.quiet { few } else { few | log::Level::Notice.bit() };
    log::set_levels(if args.trace {
        all.iter().fold(0, |bits, level| bits | level.bit())
    } else {
        few
    });
    let Some(kind) = policy.stream_type(&args.kind).cloned() else {
        let known: Vec<&str> = policy.streams.names().collect();
        return Err(format!("no stream type '{}'; there are: {}", args.kind, known.join(", ")));
    };
    let options = ContextOptions::default();
    let shell = Shell::new(&args)?;
    let cx = Context::new(Rc::clone(&policy), Box::new(Monotonic::new()), Box::new(shell), options)
        .map_err(|error| format!("no event loop: {error}"))?;
    let runner = Runner::new(Rc::new(args), Rc::clone(&kind), Rc::default(), 0);
    let runner = Rc::new(runner);
    // a listening stream has nothing to send itself: its clients' streams read stdin
    if !(kind.server && runner.args.send == Some(Send::File("-".into()))) {
        runner.rewind()?;
    }
    let new = NewStream {
        kind: Rc::clone(&kind),
        handler: Rc::clone(&runner) as Rc<dyn Handler>,
        peer_credit: None,
    };
    let key = cx.make(new).map_err(|error| error.to_string())?;
    for (name, value) in &runner.args.metadata {
        if cx.set_metadata(key, name, Box::new(value.clone().into_bytes())).is_err() {
            let known: Vec<&str> = kind.metadata.iter().map(|def| def.name.as_str()).collect();
            return Err(format!("no metadata '{name}'; there is: {}", known.join(", ")));
        }
    }
    if let Err(error) = cx.start(key) {
        return runner.ended.get().ok_or(error.to_string());
    }
    if kind.server {
        return serve(&cx, key, &runner);
    }
    let mut good = true;
    for round in 1..=runner.args.repeat {
        if round > 1 {
            runner.rewind()?;
            runner.say(&format!("round {round} of {}", runner.args.repeat));
        }
        good &= one_round(&cx, key, &runner)?;
    }
    cx.end();
    Ok(good)
}

fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

fn one_round(cx: &Context, key: StreamKey, runner: &Runner) -> Result<bool, String> {
    let began = Instant::now();
    // after a round, what is to be sent makes the next connection; without anything the request itself does
    match runner.length() {
        Some(len) => cx.request_tx_len(key, len),
        None => cx.request_tx(key),
    };
    let mut said = 0;
    while runner.ended.get().is_none() && cx.exists(key) {
        cx.turn(Some(TICK)).map_err(|error| error.to_string())?;
        if runner.source.borrow().is_some() && runner.begun.get() {
            cx.request_tx(key);
        }
        let seconds = began.elapsed().as_secs();
        if runner.args.progress && seconds > said {
            said = seconds;
            runner.say(&format!(
                "{} received, {} sent",
                bytes(runner.received.get()),
                runner.sent.get()
            ));
        }
        if runner.args.timeout_s.is_some_and(|limit| seconds >= u64::from(limit)) {
            runner.say("the time is up");
            runner.end(false);
        }
    }
    Ok(runner.ended.get().unwrap_or(false))
}

/// Serves as many clients as were asked for.
fn serve(cx: &Context, key: StreamKey, runner: &Runner) -> Result<bool, String> {
    let began = Instant::now();
    let mut good = true;
    while runner.clients.served.get() < runner.args.repeat && !runner.clients.until.get() && good {
        if !cx.exists(key) {
            return Err("it does not listen any more".into());
        }
        cx.turn(Some(TICK)).map_err(|error| error.to_string())?;
        for (client, len) in runner.ready() {
            if let Some(len) = len {
                if is_transactional(runner.kind.protocol) {
                    cx.server_ack(client, 0);
                }
                cx.request_tx_len(client, len);
            } else {
                cx.request_tx(client);
            }
        }
        if runner.args.timeout_s.is_some_and(|limit| began.elapsed().as_secs() >= u64::from(limit))
        {
            runner.say("the time is up");
            good = false;
        }
    }
    cx.end();
    Ok(good)
}
