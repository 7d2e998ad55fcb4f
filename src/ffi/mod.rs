//! The C boundary: the exported functions, one file a noun. Everything below it is safe
//! Rust; nothing imports this module.

pub mod base64;
pub mod blob;
pub mod cmdline;
pub mod dll2;
pub mod genhash;
pub mod getaddrinfo;
pub mod humanize;
pub mod json_simple;
pub mod log;
pub mod misc;
pub mod panic;
mod ptr;
pub mod purify;
pub mod random;
pub mod retry;
pub mod ser;
pub mod services;
pub mod smd;
pub mod state;
pub mod string;
pub mod time;
pub mod types;
pub mod variadic;
