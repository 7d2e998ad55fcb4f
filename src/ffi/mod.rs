//! The C boundary: the exported functions, one file a noun. Everything below it is safe
//! Rust; nothing imports this module.

pub mod panic;
pub mod types;
