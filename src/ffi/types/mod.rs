//! The types that C programs see, one file a noun.
//!
//! Layouts are fixed (no `cfg` inside a struct) and are those of libwebsockets 5.0.0 in the
//! profile that `tests/abi/baseline.json` was read from; `tests/abi_layout.rs` and
//! `tests/abi_c.rs` hold them there. `scripts/headers` makes `include/` from these files, so the
//! comments here are the comments that C programmers read.
//!
//! Notation that `scripts/headers` knows, because cbindgen has none for it:
//!
//! - `c_enum!` is a C `enum` in the header, and an integer with constants in Rust;
//! - a line that ends in `// Rust only` is left out of the header, with the comment above it;
//! - a line that begins with `//C` is in the header only (bit-fields, function types).
#![allow(non_camel_case_types, non_snake_case, reason = "the names are those of the C API")]

/// Declares a C `enum`: in Rust an integer type and one constant a value.
///
/// C code may hand over any integer where the header says `enum`, so Rust must never receive
/// it as a Rust `enum`. Written as `pub enum tag { ... }` for `enum tag`, or as
/// `pub enum tag: name { ... }` if the C API has a typedef `name` for it.
macro_rules! c_enum {
    ($(#[$d:meta])* pub enum $name:ident { $($(#[$vd:meta])* $v:ident = $n:literal,)* }) => {
        c_enum! { $(#[$d])* pub enum $name: $name { $($(#[$vd])* $v = $n,)* } }
    };
    ($(#[$d:meta])* pub enum $tag:ident: $name:ident {
        $($(#[$vd:meta])* $v:ident = $n:literal,)*
    }) => {
        $(#[$d])*
        pub type $name = ::core::ffi::c_int;
        $($(#[$vd])* pub const $v: $name = $n;)*
    };
}

mod adopt;
mod base;
mod base64;
mod buflist;
#[allow(missing_docs, reason = "the names of the values say all there is")]
mod callbacks;
mod chunks;
mod context;
mod dll2;
mod evlib;
mod ext;
mod genhash;
#[allow(missing_docs, reason = "the names of the values say all there is")]
mod http;
mod lejp;
mod log;
mod metrics;
mod misc;
mod policy;
mod protocols;
mod quic;
mod retry;
mod rings;
mod smd;
mod ss;
mod ss_proxy;
mod sspc;
mod state;
mod sul;
mod system;
mod tokenize;
mod txp;
mod uri;
mod vfs;

pub use self::adopt::*;
pub use self::base::*;
pub use self::base64::*;
pub use self::buflist::*;
pub use self::callbacks::*;
pub use self::chunks::*;
pub use self::context::*;
pub use self::dll2::*;
pub use self::evlib::*;
pub use self::ext::*;
pub use self::genhash::*;
pub use self::http::*;
pub use self::lejp::*;
pub use self::log::*;
pub use self::metrics::*;
pub use self::misc::*;
pub use self::policy::*;
pub use self::protocols::*;
pub use self::quic::*;
pub use self::retry::*;
pub use self::rings::*;
pub use self::smd::*;
pub use self::ss::*;
pub use self::ss_proxy::*;
pub use self::sspc::*;
pub use self::state::*;
pub use self::sul::*;
pub use self::system::*;
pub use self::tokenize::*;
pub use self::txp::*;
pub use self::uri::*;
pub use self::vfs::*;
