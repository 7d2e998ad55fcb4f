//! The C boundary: the exported functions, one file a noun. Everything below it is safe
//! Rust; nothing imports this module.

mod auth;
pub mod aws;
pub mod base64;
pub mod blob;
pub mod cmdline;
pub mod context;
pub mod cpd;
mod deferred;
pub mod dll2;
pub mod genhash;
pub mod getaddrinfo;
#[cfg(feature = "helpers")]
pub mod helpers;
pub mod humanize;
pub mod json_simple;
pub mod log;
pub mod misc;
pub mod mux;
#[cfg(securestreams_no_backtrace)]
mod no_backtrace;
mod objects;
pub mod own_loop;
pub mod panic;
pub mod policy;
mod policy_fetch;
mod policy_static;
mod policy_structs;
pub mod policy_text;
mod policy_words;
mod proxies;
pub mod proxy;
mod ptr;
pub mod purify;
pub mod random;
mod registry;
pub mod retry;
pub mod ser;
pub mod services;
pub mod smd;
pub mod ss;
pub mod sspc;
pub mod state;
pub mod string;
pub mod sul;
pub mod time;
pub mod types;
pub mod variadic;
pub mod vhost;
pub mod wsi;

pub use policy_words::known_header;
