//! For peers that grant the protocol's maximum of credit and then more (`h2q_oflow_txcr`):
//! follows what they grant and cuts the excess, which the crate would have to treat as an error
//! (RFC 9113 6.9.1).

use std::collections::HashMap;

use super::frames::{HEADER, kind, parse};

/// The largest window that there is.
const MAX: i64 = i32::MAX as i64;
/// What a connection starts with, and streams before SETTINGS.
const DEFAULT: i64 = 65_535;
/// SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113 6.5.2).
const INITIAL_WINDOW_SIZE: u16 = 4;
/// Bytes of one setting.
const SETTING: usize = 6;
/// Flag of a SETTINGS frame that only acknowledges ours.
const ACK: u8 = 1;

/// What we may send.
pub(super) struct Windows {
    initial: i64,
    connection: i64,
    streams: HashMap<u32, i64>,
}

impl Windows {
    pub fn new() -> Self {
        Self { initial: DEFAULT, connection: DEFAULT, streams: HashMap::new() }
    }

    pub fn opened(&mut self, stream: u32) {
        self.streams.insert(stream, self.initial);
    }

    pub fn closed(&mut self, stream: u32) {
        self.streams.remove(&stream);
    }

    pub fn sent(&mut self, stream: u32, bytes: usize) {
        let bytes = i64::try_from(bytes).unwrap_or(MAX);
        self.connection -= bytes;
        if let Some(window) = self.streams.get_mut(&stream) {
            *window -= bytes;
        }
    }

    /// Takes notice of a received frame and cuts what it grants too much. `false`: nothing is
    /// left of it, the frame is to be dropped.
    pub fn mend(&mut self, bytes: &mut [u8]) -> bool {
        let Some(frame) = parse(bytes) else { return true };
        match frame.kind {
            kind::SETTINGS if frame.flags & ACK == 0 => {
                self.settings(frame.payload);
                true
            }
            kind::WINDOW_UPDATE => {
                let Ok(grant) = <[u8; 4]>::try_from(frame.payload) else { return true };
                let grant = i64::from(u32::from_be_bytes(grant) & (u32::MAX >> 1));
                let Some(cut) = self.granted(frame.stream, grant) else { return true };
                bytes[HEADER..].copy_from_slice(&cut.to_be_bytes());
                cut > 0
            }
            _ => true,
        }
    }

    fn settings(&mut self, payload: &[u8]) {
        for s in payload.chunks_exact(SETTING) {
            if u16::from_be_bytes([s[0], s[1]]) == INITIAL_WINDOW_SIZE {
                let value = i64::from(u32::from_be_bytes([s[2], s[3], s[4], s[5]]));
                let change = value - self.initial;
                self.initial = value;
                self.streams.values_mut().for_each(|window| *window += change);
            }
        }
    }

    /// How much of `grant` there is room for; `None` if that is not ours to say.
    fn granted(&mut self, stream: u32, grant: i64) -> Option<u32> {
        let window = match stream {
            0 => &mut self.connection,
            _ => self.streams.get_mut(&stream)?,
        };
        if grant == 0 {
            return None;
        }
        let cut = grant.min(MAX - *window).max(0);
        *window += cut;
        u32::try_from(cut).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Windows;

    fn update(stream: u8, grant: u32) -> Vec<u8> {
        let mut frame = vec![0, 0, 4, 8, 0, 0, 0, 0, stream];
        frame.extend_from_slice(&grant.to_be_bytes());
        frame
    }

    fn left(windows: &mut Windows, stream: u8, grant: u32) -> Option<u32> {
        let mut frame = update(stream, grant);
        windows.mend(&mut frame).then(|| u32::from_be_bytes(frame[9..].try_into().unwrap()))
    }

    #[test]
    fn excess_is_cut() {
        let mut w = Windows::new();
        assert_eq!(left(&mut w, 0, 10), Some(10));
        assert_eq!(left(&mut w, 0, 0x7fff_ffff), Some(0x7fff_ffff - 65_545));
        assert_eq!(left(&mut w, 0, 5), None);
        w.sent(1, 3);
        assert_eq!(left(&mut w, 0, 5), Some(3));
    }

    #[test]
    fn streams_start_with_what_settings_say() {
        let mut w = Windows::new();
        w.opened(1);
        let mut settings = vec![0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff];
        assert!(w.mend(&mut settings));
        w.opened(3);
        for stream in [1, 3] {
            assert_eq!(left(&mut w, stream, 1), None);
            w.sent(stream.into(), 7);
            assert_eq!(left(&mut w, stream, 100), Some(7));
            w.closed(stream.into());
            assert_eq!(left(&mut w, stream, 100), Some(100), "not ours");
        }
    }

    #[test]
    fn wrong_frames_are_left_to_the_crate() {
        let mut w = Windows::new();
        assert_eq!(left(&mut w, 0, 0), Some(0));
        assert!(w.mend(&mut [0, 0, 2, 8, 0, 0, 0, 0, 0, 1, 1]));
        assert!(w.mend(&mut [0, 0, 2, 4, 0, 0, 0, 0, 0, 0, 4]));
        assert!(w.mend(&mut []));
    }
}
