//! Where received frames end (RFC 9113 4.1).

use super::MAX_FRAME;

/// Bytes of a frame's header.
pub(super) const HEADER: usize = 9;

/// Types of frames that we look at ourselves.
pub(super) mod kind {
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const PRIORITY: u8 = 2;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
}

/// A complete frame, or one that is too large to be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub kind: u8,
    pub flags: u8,
    /// 0: the connection.
    pub stream: u32,
    /// As far as it is there.
    pub payload: &'a [u8],
}

/// Moves bytes from the front of `input` to `frame` until that holds a whole frame. `false`:
/// more are needed, and `input` is empty. A frame larger than we announced counts as whole with
/// its header: whoever reads it will say what is wrong.
pub(super) fn collect(frame: &mut Vec<u8>, input: &mut &[u8]) -> bool {
    if !move_up_to(frame, input, HEADER) {
        return false;
    }
    let length = u32::from_be_bytes([0, frame[0], frame[1], frame[2]]);
    length > MAX_FRAME || move_up_to(frame, input, HEADER + length as usize)
}

/// Whether all of the frame that [`collect`] has put together is there: it was not too large.
pub(super) fn is_whole(frame: &[u8]) -> bool {
    frame
        .first_chunk::<3>()
        .is_some_and(|&[a, b, c]| frame.len() == HEADER + u32::from_be_bytes([0, a, b, c]) as usize)
}

/// The frame that [`collect`] has put together.
pub(super) fn parse(frame: &[u8]) -> Option<Frame<'_>> {
    let (header, payload) = frame.split_at_checked(HEADER)?;
    let stream = u32::from_be_bytes([header[5], header[6], header[7], header[8]]) & (u32::MAX >> 1);
    Some(Frame { kind: header[3], flags: header[4], stream, payload })
}

fn move_up_to(frame: &mut Vec<u8>, input: &mut &[u8], size: usize) -> bool {
    let n = size.saturating_sub(frame.len()).min(input.len());
    let (now, later) = input.split_at(n);
    frame.extend_from_slice(now);
    *input = later;
    frame.len() >= size
}

#[cfg(test)]
mod tests {
    use super::{Frame, collect, parse};

    #[test]
    fn frames_are_found_in_any_cut() {
        let bytes = b"\0\0\x02\x08\x01\x80\0\0\x05hi\0\0\0\x04\x01\0\0\0\0";
        let whole = Frame { kind: 8, flags: 1, stream: 5, payload: b"hi" };
        for piece in 1..bytes.len() {
            let (mut frame, mut seen) = (Vec::new(), 0);
            for mut input in bytes.chunks(piece) {
                while collect(&mut frame, &mut input) {
                    seen += 1;
                    if seen == 1 {
                        assert_eq!(parse(&frame), Some(whole));
                    } else {
                        assert_eq!(parse(&frame).map(|f| f.payload), Some(&b""[..]));
                    }
                    frame.clear();
                }
                assert!(input.is_empty());
            }
            assert_eq!((seen, frame.len()), (2, 0));
        }
    }

    #[test]
    fn too_large_a_frame_is_not_waited_for() {
        let mut frame = Vec::new();
        let mut input = &b"\xff\xff\xff\0\0\0\0\0\x01more"[..];
        assert!(collect(&mut frame, &mut input));
        assert_eq!(input, b"more");
    }
}
