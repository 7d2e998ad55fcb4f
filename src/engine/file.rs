//! Streams whose endpoint is `file://` and a path: the file's bytes come as rx, SOM on the first
//! and EOM on the last, and CONNECTED stays until the stream is destroyed or disconnects. Nothing
//! is written.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;

use super::context::Context;
use super::life::{Fate, Quietly};
use super::local::Local;
use super::route::fill;
use super::stream::StreamKey;
use crate::stream::Flags;
use crate::util::log;

/// What an endpoint that is a file begins with.
const SCHEME: &str = "file://";

/// Bytes read at once.
const LUMP: usize = 16 * 1024;

/// A file that is being read.
pub(super) struct Reading {
    file: File,
    len: u64,
    pos: u64,
    /// EOM was given.
    done: bool,
}

impl Reading {
    fn open(path: &str) -> Result<Self, String> {
        // without waiting: a pipe's name must not stop the loop
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path);
        let file = file.map_err(|e| format!("{path}: {e}"))?;
        let about = file.metadata().map_err(|e| format!("{path}: {e}"))?;
        if !about.is_file() {
            return Err(format!("{path}: not a regular file"));
        }
        Ok(Self { file, len: about.len(), pos: 0, done: false })
    }

    /// Whether the last of it was given.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The next lump and its flags, or why there is none.
    fn read(&mut self, lump: &mut [u8]) -> Result<(usize, Flags), String> {
        let n = loop {
            match self.file.read(lump) {
                Ok(n) => break n,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e.to_string()),
            }
        };
        if n == 0 && self.pos < self.len {
            return Err("it became shorter while it was read".into());
        }
        let mut flags = Flags::empty();
        flags.set(Flags::SOM, self.pos == 0);
        // what grew since it was opened stays out
        let n = n.min(usize::try_from(self.len - self.pos).unwrap_or(usize::MAX));
        self.pos += n as u64;
        self.done = self.pos == self.len;
        flags.set(Flags::EOM, self.done);
        Ok((n, flags))
    }
}

impl Context {
    /// The path that the stream's endpoint names, if it is a file. To be asked once the endpoint
    /// was found not to be a host.
    pub(super) fn file_endpoint(&self, key: StreamKey) -> Option<String> {
        let core = self.core();
        let stream = core.streams.get(key)?;
        if stream.txn.target.is_some() {
            return None;
        }
        let endpoint = fill(&stream.kind, &stream.metadata, &stream.kind.endpoint).ok()?;
        endpoint.strip_prefix(SCHEME).map(str::to_owned)
    }

    /// Opens the stream's file.
    pub(super) fn bind_file(&self, key: StreamKey, path: &str) -> Result<(), String> {
        let reading = Reading::open(path)?;
        if let Some(stream) = self.core().streams.get_mut(key) {
            stream.local = Some(Local::File(reading));
        }
        Ok(())
    }

    /// One lump to the program.
    pub(super) fn read_file(&self, key: StreamKey, window: &mut Vec<u8>) {
        if window.len() < LUMP {
            window.resize(LUMP, 0);
        }
        let lump = {
            let mut core = self.core();
            let local = core.streams.get_mut(key).and_then(|s| s.local.as_mut());
            let Some(Local::File(reading)) = local else { return };
            reading.read(&mut window[..LUMP])
        };
        match lump {
            Ok((n, flags)) => {
                let ret = self.give_rx(key, &window[..n], flags);
                if self.obey(key, ret) == Fate::Lives {
                    self.want_turn(key);
                }
            }
            Err(e) => {
                log::warn!("reading the stream's file: {e}");
                self.drop_link(key, Quietly::Yes);
            }
        }
    }
}
