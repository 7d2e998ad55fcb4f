//! The policy: the JSON database that says how streams of each type connect.
//!
//! JSON text comes in (whole or in chunks), a typed and checked [`Policy`] goes out, or errors that
//! say where they are. Nothing here does I/O.
//!
//! On the way: `json` reads the text into a tree that knows its lines and columns, `build` walks the
//! tree section by section with the tables of `keys` (one row a key), `values` and `special` turn
//! values into fields, `check` judges what needs the whole, `parser` is the way in. `write` goes the
//! other way, and `describe` shows the tables to tools.

mod build;
mod check;
mod defaults;
#[cfg(feature = "tools")]
mod describe;
mod error;
mod json;
mod keys;
mod model;
mod named;
mod nearest;
mod parser;
#[cfg(test)]
mod reference_test;
mod special;
mod template;
#[cfg(test)]
mod tests;
mod trust;
mod values;
#[cfg(feature = "tools")]
mod write;

pub use defaults::default_policy;
#[cfg(feature = "tools")]
pub use describe::{KeyInfo, Takes, keys_of};
pub use error::{Diag, Kind, MAX_DIAGS, Pos, Severity};
pub use json::{MAX_DEPTH, MAX_TEXT, MAX_VALUES};
pub use keys::SCHEMA_VERSION;
pub use model::*;
pub use named::{HasName, Named};
pub use parser::{
    Outcome, Parser, Progress, Rules, looks_like_text, parse, parse_overlay, parse_overlay_with,
    parse_with,
};
pub use special::{MAX_BACKOFF, MAX_METADATA, MAX_OPTIONS, MAX_RESP_MAP};
pub use template::{ExpandError, MAX_EXPANDED, Template, Unterminated};
pub use trust::{DerKind, MAX_DER, kind as der_kind};
#[cfg(feature = "tools")]
pub use write::{InForce, stream_keys, to_text};
