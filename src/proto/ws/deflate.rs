//! The DEFLATE streams of permessage-deflate (RFC 7692 7.2), in pieces: however much a few bytes
//! inflate to, no more than [`MAX_HELD`] bytes of it stand in memory beside the window.

use miniz_oxide::deflate::core::CompressorOxide;
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
use miniz_oxide::inflate::core::{DecompressorOxide, TINFL_LZ_DICT_SIZE, decompress_with_limit};
use miniz_oxide::{DataFormat, MZFlush};

use super::MAX_HELD;
use super::extension::Deflating;
use super::frame::Fail;

/// What a sender takes off a message's end and the receiver puts back.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
/// An empty message, or a message's end with nothing in it (7.2.3.6).
const NOTHING: u8 = 0;
/// Of 0 to 10: more is slower for little.
const LEVEL: u8 = 6;
const WINDOW_BITS: u8 = 15;

/// Both directions.
pub(super) struct Deflate {
    pub receiving: Inflater,
    pub sending: Deflater,
}

impl Deflate {
    pub fn new(agreed: Deflating) -> Self {
        Self {
            receiving: Inflater {
                resets: agreed.peer_resets,
                machine: None,
                at: 0,
                more: false,
                tail: 0,
            },
            sending: Deflater { resets: agreed.we_reset, machine: None, bytes: Vec::new() },
        }
    }
}

/// The receiving direction. Its memory is taken with the first compressed message.
pub(super) struct Inflater {
    resets: bool,
    machine: Option<Box<Machine>>,
    /// Where in the window the next byte goes.
    at: usize,
    /// There is more to come out without anything put in.
    more: bool,
    /// How much of the tail has been put in.
    tail: usize,
}

/// The last output is the window that what follows refers to.
struct Machine {
    state: DecompressorOxide,
    window: [u8; TINFL_LZ_DICT_SIZE],
}

/// What one step did.
pub(super) struct Inflated {
    /// Bytes of input that were taken.
    pub used: usize,
    /// The message is complete.
    pub ended: bool,
}

impl Inflater {
    /// A message begins.
    pub fn begin(&mut self) {
        self.more = false;
        self.tail = 0;
        if let (true, Some(machine)) = (self.resets, &mut self.machine) {
            machine.state.init();
        }
    }

    /// Whether there is more to come out of what was put in.
    pub fn more(&self) -> bool {
        self.more
    }

    /// Inflates some of `input` into `output`, whose old content is dropped. `last`: nothing of
    /// this message follows `input`.
    pub fn step(
        &mut self,
        input: &[u8],
        last: bool,
        output: &mut Vec<u8>,
    ) -> Result<Inflated, Fail> {
        output.clear();
        let used = if input.is_empty() { 0 } else { self.run(input, output)? };
        if used < input.len() || !last {
            if input.is_empty() && self.more {
                self.run(input, output)?;
            }
            return Ok(Inflated { used, ended: false });
        }
        while output.is_empty() && (self.more || self.tail < TAIL.len()) {
            self.tail += self.run(&TAIL[self.tail..], output)?;
        }
        Ok(Inflated { used, ended: self.tail == TAIL.len() && !self.more })
    }

    /// One run of the machine; how many bytes it took.
    fn run(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<usize, Fail> {
        let machine = self.machine.get_or_insert_with(Machine::new);
        let room = MAX_HELD.min(TINFL_LZ_DICT_SIZE - self.at);
        let (status, used, made) = decompress_with_limit(
            &mut machine.state,
            input,
            &mut machine.window,
            self.at,
            room,
            TINFL_FLAG_HAS_MORE_INPUT,
        );
        output.extend_from_slice(&machine.window[self.at..self.at + made]);
        self.at = (self.at + made) % TINFL_LZ_DICT_SIZE;
        self.more = status == TINFLStatus::HasMoreOutput;
        match status {
            TINFLStatus::NeedsMoreInput | TINFLStatus::HasMoreOutput => Ok(used),
            // a block marked as the stream's last: others may follow all the same (7.2.3.4), and
            // the window holds for them too
            TINFLStatus::Done => {
                machine.state.init();
                Ok(used)
            }
            _ => Err(Fail::protocol("a compressed message can't be inflated")),
        }
    }

    /// Bytes of memory held.
    fn memory(&self) -> usize {
        self.machine.as_ref().map_or(0, |_| size_of::<Machine>())
    }
}

impl Machine {
    fn new() -> Box<Self> {
        Box::new(Self { state: DecompressorOxide::new(), window: [0; TINFL_LZ_DICT_SIZE] })
    }
}

/// The sending direction. Its memory is taken with the first message.
pub(super) struct Deflater {
    resets: bool,
    machine: Option<Box<CompressorOxide>>,
    bytes: Vec<u8>,
}

impl Deflater {
    /// Compresses a piece of a message, for a frame of its own. `None`: the compressor failed,
    /// which it has no reason to.
    pub fn piece(&mut self, data: &[u8], som: bool, eom: bool) -> Option<&mut [u8]> {
        let machine = self.machine.get_or_insert_with(|| {
            let strategy = miniz_oxide::deflate::core::CompressionStrategy::Default;
            Box::new(CompressorOxide::with_params(DataFormat::Raw, LEVEL, strategy, WINDOW_BITS))
        });
        if som && self.resets {
            machine.reset();
        }
        self.bytes.clear();
        if data.is_empty() {
            if eom {
                self.bytes.push(NOTHING);
            }
            return Some(&mut self.bytes);
        }
        self.bytes.resize(bound(data.len()), 0);
        let done = deflate(machine, data, &mut self.bytes, MZFlush::Sync);
        self.bytes.truncate(done.bytes_written);
        if done.status.is_err() || done.bytes_consumed < data.len() {
            return None;
        }
        if eom {
            // the flush has put it there
            let len = self.bytes.strip_suffix(&TAIL)?.len();
            self.bytes.truncate(len);
        }
        Some(&mut self.bytes)
    }

    fn memory(&self) -> usize {
        self.machine.as_ref().map_or(0, |_| size_of::<CompressorOxide>()) + self.bytes.capacity()
    }
}

impl Deflate {
    /// Bytes of memory held, but for what the compressor holds behind pointers of its own.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.receiving.memory() + self.sending.memory()
    }
}

/// More than `len` bytes can ever become, the flush included.
fn bound(len: usize) -> usize {
    128 + len + len / 8
}
