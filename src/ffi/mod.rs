//! The C boundary: one file a noun.
pub mod types;
