//! Bodies of several parts, mutated: nothing panics, and however they are cut they are read alike.

use super::multipart_feed::check;

/// How many mutations of each body.
const ROUNDS: usize = 1500;

const BODIES: [&[u8]; 4] = [
    b"--B\r\na: 1\r\n\r\none\r\n--B\r\n\r\ntwo\r\n--B--\r\nepilogue",
    b"preamble\r\n--B \t\r\n\r\n\r\n--Bx\r\n--B-\r\n--B\r\r\n--B--",
    b"\r\r\n\r\n--\r\n--B\r\n-\r\n--B --\r\n--B",
    b"--B--",
];

#[test]
fn mutated_bodies() {
    // xorshift: the same in every run
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    let mut ended = 0;
    for body in BODIES {
        check("B", body, 3);
        for _ in 0..ROUNDS {
            let mut bytes = body.to_vec();
            for _ in 0..=random(4) {
                let at = random(bytes.len() + 1);
                match random(4) {
                    0 if at < bytes.len() => {
                        bytes.remove(at);
                    }
                    1 => bytes.truncate(at),
                    _ => bytes.insert(at, b"\r\n--B \tx"[random(8)]),
                }
            }
            let cut = random(bytes.len() + 1);
            let messages = check("B", &bytes, cut);
            ended += usize::from(messages.len() > 1);
        }
    }
    // most mutations leave delimiters that are found
    assert!(ended > ROUNDS, "{ended}");
}
