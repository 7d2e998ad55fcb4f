//! Rings.

/// A ring of equal elements. Opaque.
#[repr(C)]
pub struct lws_ring {
    _private: [u8; 0],
}
