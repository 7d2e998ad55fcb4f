//! For builds without unwind tables (`scripts/embedded`): std's reader of backtraces is left out.
//!
//! Without tables there are no frames to be found, yet std's code that names them and reads debug information for it is
//! a tenth of a small library. Here the walk that it starts from ends at once, which lets the optimiser see that
//! nothing comes after it. A panic's message stays.
//!
//! Nobody else gets to see this function: it is hidden in the shared library, and `scripts/embedded` and CMake make it
//! local in the static one.

use std::ffi::{c_int, c_void};

/// `_URC_END_OF_STACK` of the Itanium C++ ABI: there are no more frames.
const END_OF_STACK: c_int = 5;

std::arch::global_asm!(".hidden _Unwind_Backtrace");

/// cbindgen:ignore
// SAFETY: of this name and type in that ABI, and it may find no frame. Hidden, so no other library's calls come here.
#[unsafe(no_mangle)]
#[allow(non_snake_case)]
extern "C" fn _Unwind_Backtrace(_for_each: *const c_void, _argument: *mut c_void) -> c_int {
    END_OF_STACK
}
