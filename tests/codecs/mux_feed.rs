//! Feeds the decoder of channels in pieces and writes down what came out, in a form that does not
//! depend on the cuts. Shared with the fuzz target.

use securestreams::proto::mux::{Decoder, Frame};

/// What a decoder makes of pieces, payload put together, as text; up to the first error.
pub fn decoded<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
    let mut decoder = Decoder::default();
    let mut seen: Vec<String> = Vec::new();
    let mut payload: Option<(u8, Vec<u8>)> = None;
    for mut piece in pieces {
        loop {
            match decoder.next(&mut piece) {
                Ok(None) => break,
                Ok(Some(Frame::Head(channel))) => {
                    seen.extend(payload.replace((channel, Vec::new())).map(|p| format!("{p:?}")));
                }
                Ok(Some(Frame::Payload(channel, bytes))) => {
                    let (of, got) = payload.as_mut().expect("a head comes first");
                    assert_eq!(*of, channel);
                    got.extend_from_slice(bytes);
                }
                Ok(Some(other)) => {
                    seen.extend(payload.take().map(|p| format!("{p:?}")));
                    seen.push(format!("{other:?}"));
                }
                Err(e) => {
                    seen.extend(payload.take().map(|p| format!("{p:?}")));
                    seen.push(e.to_string());
                    return seen;
                }
            }
        }
    }
    seen.extend(payload.map(|p| format!("{p:?}")));
    seen
}
