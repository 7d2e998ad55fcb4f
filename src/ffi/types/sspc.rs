#[repr(C)]
pub struct lws_sspc_handle {
    _private: [u8; 0],
}
