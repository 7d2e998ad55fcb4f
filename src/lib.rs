//! libwebsockets Secure Streams for existing C programs.
//!
//! Programs use the C API in `include/`; this crate is the engine behind it. `unsafe` is
//! allowed in the `ffi` module alone.
#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(not(any(feature = "tls-ring", feature = "tls-aws-lc")))]
compile_error!("TLS needs one of the features tls-ring and tls-aws-lc: none is chosen");

pub mod engine;
#[allow(unsafe_code)]
pub mod ffi;
pub mod net;
pub mod policy;
pub mod proto;
pub mod proxy;
pub mod stream;
pub mod system;
pub mod util;

// shared test code names the crate from outside
#[cfg(test)]
extern crate self as securestreams;
