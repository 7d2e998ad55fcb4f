//! C-visible types, by the noun they belong to; layouts are fixed and those of libwebsockets 5.0.0.
#![allow(non_camel_case_types, non_snake_case, missing_docs)]
/// Declares a C enum: an integer alias for Rust and one constant a value.
///
/// C code may hand over any integer where the header says `enum`, so Rust must not receive
/// it as a Rust `enum`. `scripts/headers` turns the same text into a C enum.
macro_rules! c_enum {
    ($(#[$d:meta])* pub enum $name:ident { $($(#[$vd:meta])* $v:ident = $n:literal,)* }) => {
        c_enum! { $(#[$d])* pub enum $name: $name { $($(#[$vd])* $v = $n,)* } }
    };
    ($(#[$d:meta])* pub enum $tag:ident: $name:ident { $($(#[$vd:meta])* $v:ident = $n:literal,)* }) => {
        $(#[$d])* pub type $name = ::core::ffi::c_int;
        $($(#[$vd])* pub const $v: $name = $n;)*
    };
}
mod adopt;
pub use self::adopt::*;
mod base;
pub use self::base::*;
mod base64;
pub use self::base64::*;
mod callbacks;
pub use self::callbacks::*;
mod context;
pub use self::context::*;
mod dll2;
pub use self::dll2::*;
mod evlib;
pub use self::evlib::*;
mod ext;
pub use self::ext::*;
mod genhash;
pub use self::genhash::*;
mod http;
pub use self::http::*;
mod lejp;
pub use self::lejp::*;
mod log;
pub use self::log::*;
mod metrics;
pub use self::metrics::*;
mod misc;
pub use self::misc::*;
mod policy;
pub use self::policy::*;
mod protocols;
pub use self::protocols::*;
mod quic;
pub use self::quic::*;
mod retry;
pub use self::retry::*;
mod smd;
pub use self::smd::*;
mod ss;
pub use self::ss::*;
mod sspc;
pub use self::sspc::*;
mod state;
pub use self::state::*;
mod sul;
pub use self::sul::*;
mod system;
pub use self::system::*;
mod tokenize;
pub use self::tokenize::*;
mod txp;
pub use self::txp::*;
mod vfs;
pub use self::vfs::*;
