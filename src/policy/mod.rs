//! The policy: the JSON database that says how streams of each type connect.
//!
//! JSON text comes in (whole or in chunks), a typed and checked [`Policy`] goes out, or errors that
//! say where they are. Nothing here does I/O.

mod model;
mod named;
mod template;

pub use model::*;
pub use named::{HasName, Named};
pub use template::{ExpandError, MAX_EXPANDED, Template, Unterminated};
