//! Two sides of a link with channels, stepped in virtual time; the link loses, delays and cuts.

use std::collections::{BTreeMap, VecDeque};

use securestreams::proto::mux::{Event, Mux, Side, Timing, payload_head};

pub const SEC: u64 = 1_000_000;
pub const TIMING: Timing = Timing { ping_interval: 10 * SEC, grace: 2 * SEC };

/// A side with what it has been told.
pub struct End {
    pub mux: Mux,
    pub ups: usize,
    pub downs: Vec<String>,
    pub opened: Vec<u8>,
    pub refused: Vec<u8>,
    pub closed: Vec<u8>,
    pub got: BTreeMap<u8, Vec<u8>>,
    /// Payload that waits for its turn.
    pub queued: BTreeMap<u8, VecDeque<Vec<u8>>>,
    /// Whether the peer's channels are taken.
    pub takes: bool,
}

impl End {
    pub fn new(side: Side) -> Self {
        Self {
            mux: Mux::new(side, TIMING, 0),
            ups: 0,
            downs: Vec::new(),
            opened: Vec::new(),
            refused: Vec::new(),
            closed: Vec::new(),
            got: BTreeMap::new(),
            queued: BTreeMap::new(),
            takes: true,
        }
    }

    pub fn queue(&mut self, channel: u8, bytes: &[u8]) {
        self.queued.entry(channel).or_default().push_back(bytes.to_vec());
        self.mux.want_write(channel);
    }

    /// What it has to say at the moment.
    pub fn speak(&mut self, now: u64) -> Vec<u8> {
        let mut out = Vec::new();
        self.mux.control(&mut out, 2048, now, 1_000_000_000 + now);
        while let Some(channel) = self.mux.next_writer() {
            let queue = self.queued.entry(channel).or_default();
            if let Some(bytes) = queue.pop_front() {
                let len = u16::try_from(bytes.len()).expect("short");
                out.extend_from_slice(&payload_head(channel, len));
                out.extend_from_slice(&bytes);
            }
            if !queue.is_empty() {
                self.mux.want_write(channel);
            }
        }
        out
    }

    pub fn hear(&mut self, mut bytes: &[u8], now: u64) {
        while let Some(event) = self.mux.receive(&mut bytes, now) {
            match event {
                Event::Up => self.ups += 1,
                Event::Down(why) => self.fall(why),
                Event::Asked(channel) if self.takes => {
                    self.got.insert(channel, Vec::new());
                    self.mux.accept(channel);
                }
                Event::Asked(channel) => self.mux.close(channel),
                Event::Opened(channel) => {
                    self.got.insert(channel, Vec::new());
                    self.opened.push(channel);
                }
                Event::Refused(channel) => self.refused.push(channel),
                Event::Closed(channel) => self.closed.push(channel),
                Event::Payload(channel, bytes) => {
                    let got = self.got.get_mut(&channel).expect("payload of an open channel");
                    got.extend_from_slice(bytes);
                }
            }
        }
        assert!(bytes.is_empty(), "all is taken");
    }

    fn fall(&mut self, why: String) {
        self.downs.push(why);
        self.got.clear();
        self.queued.clear();
    }

    pub fn pass_time(&mut self, now: u64) {
        while let Some(event) = self.mux.on_deadline(now) {
            match event {
                Event::Down(why) => self.fall(why),
                Event::Refused(channel) => self.refused.push(channel),
                other => panic!("{other:?} by time alone"),
            }
        }
    }
}

/// A client, a proxy, and what is between them.
pub struct Pair {
    pub client: End,
    pub proxy: End,
    pub now: u64,
}

impl Pair {
    pub fn new() -> Self {
        Self { client: End::new(Side::Client), proxy: End::new(Side::Proxy), now: 0 }
    }

    /// Lets both talk until neither has anything to say; `link` is what becomes of their words.
    pub fn talk(&mut self, link: &mut dyn FnMut(Vec<u8>) -> Vec<Vec<u8>>) {
        for _ in 0..1000 {
            let (up, down) = (self.client.speak(self.now), self.proxy.speak(self.now));
            if up.is_empty() && down.is_empty() {
                return;
            }
            link(up).iter().for_each(|piece| self.proxy.hear(piece, self.now));
            link(down).iter().for_each(|piece| self.client.hear(piece, self.now));
        }
        panic!("they do not come to an end");
    }

    /// The same over a link that does no harm.
    pub fn settle(&mut self) {
        self.talk(&mut |words| vec![words]);
    }

    /// Lets time pass in steps of a quarter of a second.
    pub fn pass(&mut self, us: u64, link: &mut dyn FnMut(Vec<u8>) -> Vec<Vec<u8>>) {
        let until = self.now + us;
        while self.now < until {
            self.now += SEC / 4;
            self.client.pass_time(self.now);
            self.proxy.pass_time(self.now);
            self.talk(link);
        }
    }
}
