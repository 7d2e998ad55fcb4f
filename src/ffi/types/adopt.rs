//! Adopting descriptors that the program opened itself.

use core::ffi::{c_char, c_void};

use super::base::{lws, lws_filefd_type, lws_sockfd_type, lws_vhost};

c_enum! {
    /// What kind of descriptor is adopted, and how it is to be treated. Values are or-ed together.
    pub enum lws_adoption_kind: lws_adoption_type {
        /// A descriptor that is not a socket.
        LWS_ADOPT_RAW_FILE_DESC = 0,
        /// A socket that speaks HTTP.
        LWS_ADOPT_HTTP = 1,
        /// The descriptor is a socket.
        LWS_ADOPT_SOCKET = 2,
        /// Start TLS on it.
        LWS_ADOPT_ALLOW_SSL = 4,
        /// The socket is a datagram socket.
        LWS_ADOPT_FLAG_UDP = 16,
        /// The connection belongs to a raw proxy.
        LWS_ADOPT_FLAG_RAW_PROXY = 32,
        /// `LWS_ADOPT_SOCKET` with `LWS_ADOPT_FLAG_UDP`.
        LWS_ADOPT_RAW_SOCKET_UDP = 18,
    }
}

/// A socket or a file descriptor.
#[repr(C)]
#[derive(Clone, Copy)]
pub union lws_sock_file_fd {
    /// The socket.
    pub sockfd: lws_sockfd_type,
    /// The file descriptor.
    pub filefd: lws_filefd_type,
}

/// The C name of `lws_sock_file_fd`.
pub type lws_sock_file_fd_type = lws_sock_file_fd;

/// Arguments of `lws_adopt_descriptor_vhost_via_info`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_adopt_desc {
    /// The vhost that takes the descriptor.
    pub vh: *mut lws_vhost,
    /// What is adopted (`LWS_ADOPT_...`).
    pub r#type: lws_adoption_type,
    /// The descriptor; it is ours from here on, also on failure.
    pub fd: lws_sock_file_fd_type,
    /// Name of the vhost's protocol to bind to, or NULL for its first.
    pub vh_prot_name: *const c_char,
    /// The connection that this one belongs to, or NULL.
    pub parent: *mut lws,
    /// The program's own pointer, see `lws_get_opaque_user_data`.
    pub opaque: *mut c_void,
    /// Name for fault injection rules; has no effect here.
    pub fi_wsi_name: *const c_char,
}

/// The C name of `lws_adopt_desc`.
pub type lws_adopt_desc_t = lws_adopt_desc;
