//! Bytes that nobody can foretell, in small portions without a system call for each.

use std::cell::RefCell;
use std::rc::Rc;

use super::codecs::Random;
use crate::util::crypto::rand::{SecureRandom, SystemRandom};

/// Bytes that the system is asked for at once: the masks of many frames.
const AT_ONCE: usize = 256;

/// Bytes of the system's that were not given out yet.
struct Store {
    bytes: [u8; AT_ONCE],
    used: usize,
}

/// A source for any number of codecs.
pub(super) fn source() -> Random {
    let system = SystemRandom::new();
    let store = RefCell::new(Store { bytes: [0; AT_ONCE], used: AT_ONCE });
    Rc::new(move |bytes| {
        if bytes.len() > AT_ONCE {
            return system.fill(bytes).is_ok();
        }
        let store = &mut *store.borrow_mut();
        if bytes.len() > AT_ONCE - store.used {
            // nothing is given out unless all of it is fresh
            store.used = AT_ONCE;
            if system.fill(&mut store.bytes).is_err() {
                return false;
            }
            store.used = 0;
        }
        let end = store.used + bytes.len();
        bytes.copy_from_slice(&store.bytes[store.used..end]);
        // not to be found in memory once it is in use
        store.bytes[store.used..end].fill(0);
        store.used = end;
        true
    })
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE, source};

    #[test]
    fn no_portion_comes_twice_or_empty() {
        let random = source();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..AT_ONCE {
            let mut bytes = [0; 12];
            assert!(random(&mut bytes));
            assert_ne!(bytes, [0; 12]);
            assert!(seen.insert(bytes));
        }
    }

    #[test]
    fn portions_of_any_size() {
        let random = source();
        for len in [AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 4 * AT_ONCE] {
            let mut bytes = vec![0; len];
            assert!(random(&mut bytes));
            assert!(bytes.chunks(16).all(|c| c.len() < 16 || c.iter().any(|b| *b != 0)), "{len}");
        }
    }
}
