//! What a proxy may be told, beyond what libwebsockets knows.

use core::ffi::{c_char, c_uint};

/// Rules for the clients of a proxy, see `lws_ss_proxy_create_ruled`. A member that is 0 or NULL
/// leaves the default. A type of this library alone.
#[repr(C)]
pub struct lws_ss_proxy_rules {
    /// Users (by number) whose programs may be clients; NULL: all. It is about unix sockets: over
    /// TCP it lets no one in.
    pub uids: *const u32,
    /// How many there are.
    pub count_uids: usize,
    /// Links of all clients together (4096).
    pub max_links: c_uint,
    /// Streams of one client (512): a process, or on TCP an address.
    pub max_streams_per_client: c_uint,
    /// Bytes of one client that wait at the proxy (64 MiB).
    pub max_bytes_per_client: usize,
    /// Permissions of the socket's file (0660).
    pub socket_mode: c_uint,
}

/// TLS on the TCP links between clients and a proxy, see `lws_ss_proxy_create_tls` and
/// `lws_sspc_link_tls`. The files are in PEM. A type of this library alone.
#[repr(C)]
pub struct lws_ss_link_tls {
    /// Who signs the certificates of the other side. The proxy's side: NULL if clients need to show
    /// none.
    pub ca_filepath: *const c_char,
    /// The own certificate, with what leads to its authority behind it. The client's side: NULL if it
    /// has none.
    pub cert_filepath: *const c_char,
    /// Its private key, not encrypted.
    pub key_filepath: *const c_char,
    /// The client's side: the name or address that the proxy's certificate must bear; NULL: the one
    /// that the link goes to.
    pub name: *const c_char,
}
