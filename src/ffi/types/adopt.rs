use core::ffi::{c_char, c_void};

use super::base::{lws, lws_filefd_type, lws_sockfd_type, lws_vhost};

c_enum! {
    pub enum lws_adoption_type {
        LWS_ADOPT_RAW_FILE_DESC = 0,
        LWS_ADOPT_HTTP = 1,
        LWS_ADOPT_SOCKET = 2,
        LWS_ADOPT_ALLOW_SSL = 4,
        LWS_ADOPT_FLAG_UDP = 16,
        LWS_ADOPT_FLAG_RAW_PROXY = 32,
        LWS_ADOPT_RAW_SOCKET_UDP = 18,
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union lws_sock_file_fd {
    pub sockfd: lws_sockfd_type,
    pub filefd: lws_filefd_type,
}

pub type lws_sock_file_fd_type = lws_sock_file_fd;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_adopt_desc {
    pub vh: *mut lws_vhost,
    pub r#type: lws_adoption_type,
    pub fd: lws_sock_file_fd_type,
    pub vh_prot_name: *const c_char,
    pub parent: *mut lws,
    pub opaque: *mut c_void,
    pub fi_wsi_name: *const c_char,
}

pub type lws_adopt_desc_t = lws_adopt_desc;
