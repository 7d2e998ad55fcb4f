//! libwebsockets Secure Streams for existing C programs.
//!
//! Programs use the C API in `include/`; this crate is the engine behind it. `unsafe` is
//! allowed in the `ffi` module alone.
#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(not(feature = "tls-ring"))]
compile_error!("TLS needs the feature tls-ring");

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
