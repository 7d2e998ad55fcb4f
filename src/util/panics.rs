//! Panics that are caught: what they say, for the log.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `f`. If it panics: what the panic says. What `f` was working on may be half done.
///
/// # Errors
/// The panic's message.
pub fn caught<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(told)
}

// apart from `caught`, which is in every exported function
#[cold]
#[inline(never)]
fn told(payload: Box<dyn Any + Send>) -> String {
    let text = message(payload.as_ref()).to_owned();
    // its drop may panic as well; that ends here
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
    text
}

fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "panic without a message"
    }
}

#[cfg(test)]
mod tests {
    use super::caught;

    #[test]
    fn what_a_panic_says_is_told() {
        assert_eq!(caught(|| 7), Ok(7));
        assert_eq!(caught(|| panic!("text")), Err::<(), _>("text".to_owned()));
        assert_eq!(caught(|| panic!("text {}", 1)), Err::<(), _>("text 1".to_owned()));
        let other = caught(|| std::panic::panic_any(7_u8));
        assert_eq!(other, Err::<(), _>("panic without a message".to_owned()));
    }
}
