//! Feeds bodies of several parts, shared with the fuzz target `multipart`.

use securestreams::stream::Flags;
use securestreams::stream::http::multipart::Parser;
use std::ops::ControlFlow;

/// Messages with what flags they had.
pub type Messages = Vec<(Vec<u8>, Flags)>;

/// The messages in a body that arrives in these cuts. Each begins once and ends once.
pub fn feed<'i>(boundary: &str, cuts: impl IntoIterator<Item = &'i [u8]>) -> Messages {
    let mut parser = Parser::new(boundary);
    let mut whole = Messages::new();
    let (mut fed, mut given) = (0, 0);
    let mut sink = |data: &[u8], flags: Flags| {
        given += data.len();
        match whole.last_mut() {
            Some((bytes, all)) if !flags.contains(Flags::SOM) => {
                assert!(!all.contains(Flags::EOM), "a piece without start of message");
                bytes.extend_from_slice(data);
                *all |= flags;
            }
            last => {
                assert!(last.is_none_or(|(_, all)| all.contains(Flags::EOM)), "no end of message");
                assert!(flags.contains(Flags::SOM), "no start of the first message");
                whole.push((data.to_vec(), flags));
            }
        }
        ControlFlow::Continue(())
    };
    for cut in cuts {
        fed += cut.len();
        assert!(parser.feed(cut, &mut sink).is_continue());
    }
    assert!(parser.finish(&mut sink).is_continue());
    assert!(given <= fed, "{given} bytes of payload in {fed}");
    let last = whole.last().expect("one message at least");
    assert!(last.1.contains(Flags::EOM), "the last message does not end");
    let groups = whole.iter().filter(|(_, f)| f.contains(Flags::RELATED_END)).count();
    assert!(groups <= 1 && (groups == 0 || last.1.contains(Flags::RELATED_END)));
    whole
}

/// Whole, byte by byte, and cut at one place: all are read alike.
pub fn check(boundary: &str, body: &[u8], cut: usize) -> Messages {
    let whole = feed(boundary, [body]);
    assert_eq!(whole, feed(boundary, body.chunks(1)), "byte by byte: {body:?}");
    let (a, b) = body.split_at(cut.min(body.len()));
    assert_eq!(whole, feed(boundary, [a, b]), "cut at {cut}: {body:?}");
    whole
}
