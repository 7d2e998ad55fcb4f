//! Streams that live in a proxy.

/// A stream that the proxy runs for us. Opaque.
#[repr(C)]
pub struct lws_sspc_handle {
    _private: [u8; 0],
}
