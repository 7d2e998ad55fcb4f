//! The life of a stream.

pub mod http;
