//! Panics stop at the C boundary.

use crate::util::log;
use crate::util::panics::caught;

/// Runs `f`, the body of the exported function `name`. If it panics, the panic is logged at
/// error level and `on_panic` is returned in its place: the program lives on.
///
/// What `f` was working on may be half done; the caller drops the object concerned.
pub fn guard<R>(name: &str, on_panic: R, f: impl FnOnce() -> R) -> R {
    caught(f).unwrap_or_else(|text| {
        report(name, &text);
        on_panic
    })
}

// apart from `guard`, which is in every exported function
#[cold]
#[inline(never)]
fn report(name: &str, text: &str) {
    // the sink may panic as well; that ends here
    drop(caught(|| log::err!("{name}: internal error: {text}")));
}

#[cfg(test)]
mod tests {
    use super::guard;

    #[test]
    fn a_result_passes_through() {
        assert_eq!(guard("f", -1, || 7), 7);
    }

    #[test]
    fn a_panic_becomes_the_given_result() {
        assert_eq!(guard("f", -1, || -> i32 { panic!("test") }), -1);
        let owned = String::from("test");
        assert_eq!(guard("f", -1, move || -> i32 { std::panic::panic_any(owned) }), -1);
        assert_eq!(guard("f", -1, || -> i32 { std::panic::panic_any(7_u8) }), -1);
    }

    #[test]
    fn a_panic_while_dropping_the_payload_is_contained() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        assert_eq!(guard("f", -1, || -> i32 { std::panic::panic_any(Bomb) }), -1);
    }
}
