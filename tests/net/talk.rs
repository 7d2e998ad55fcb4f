//! Feeding the talks with proxies: whole and byte by byte is the same. Shared with the fuzz target.

use securestreams::net::{Talk, Turn};

/// What a talk makes of an input: what it sends, and how it ends.
#[derive(Debug, PartialEq, Eq)]
pub struct Story {
    sent: Vec<u8>,
    pub end: Option<Result<usize, String>>,
}

/// Feeds pieces; `end` counts the bytes taken in all.
fn tell<'a>(mut talk: impl Talk, pieces: impl IntoIterator<Item = &'a [u8]>) -> Story {
    let (mut sent, mut held, mut taken) = (Vec::new(), Vec::new(), 0);
    talk.open(&mut sent);
    for piece in pieces {
        held.extend_from_slice(piece);
        loop {
            match talk.hear(&held, &mut sent) {
                Ok(Turn::More) => break,
                Ok(Turn::Took(n)) => {
                    assert!(n > 0 && n <= held.len());
                    held.drain(..n);
                    taken += n;
                }
                Ok(Turn::Done(n)) => {
                    assert!(n <= held.len());
                    return Story { sent, end: Some(Ok(taken + n)) };
                }
                Err(why) => return Story { sent, end: Some(Err(why)) },
            }
        }
    }
    Story { sent, end: None }
}

pub fn same_whole_and_bytewise<T: Talk>(make: impl Fn() -> T, input: &[u8]) -> Story {
    let whole = tell(make(), [input]);
    let bytewise = tell(make(), input.chunks(1));
    assert_eq!(whole.end.is_some(), bytewise.end.is_some(), "{input:?}");
    match (&whole.end, &bytewise.end) {
        // how much of a broken answer is seen decides on the words
        (Some(Err(_)), Some(Err(_))) => {}
        _ => assert_eq!(whole, bytewise, "{input:?}"),
    }
    whole
}
