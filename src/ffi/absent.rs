//! Functions of parts that are not built into the library: each says so in the log and fails.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

use super::panic::guard;
use super::types::{lws, lws_adopt_desc, lws_vhost};
use crate::util::log;

/// Says that the caller's connection handle cannot be one of ours.
fn no_connection(caller: &str, wsi: *const lws) {
    log::err!("{caller}: {wsi:p} is no connection: handles of connections are not given out");
}

/// The vhost of a connection. Handles of connections are not given out by this library: logs that
/// and returns NULL.
///
/// # Safety
/// None needed: nothing is followed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_get_vhost(wsi: *mut lws) -> *mut lws_vhost {
    guard("lws_get_vhost", null_mut(), || {
        no_connection("lws_get_vhost", wsi);
        null_mut()
    })
}

/// The program's pointer at a connection. Handles of connections are not given out by this library:
/// logs that and returns NULL.
///
/// # Safety
/// None needed: nothing is followed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_get_opaque_user_data(wsi: *const lws) -> *mut c_void {
    guard("lws_get_opaque_user_data", null_mut(), || {
        no_connection("lws_get_opaque_user_data", wsi);
        null_mut()
    })
}

/// Sets the program's pointer at a connection. Handles of connections are not given out by this
/// library: logs that and does nothing.
///
/// # Safety
/// None needed: nothing is followed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_set_opaque_user_data(wsi: *mut lws, data: *mut c_void) {
    let _ = data;
    guard("lws_set_opaque_user_data", (), || no_connection("lws_set_opaque_user_data", wsi));
}

/// Asks for a callback when a connection can be written to. Handles of connections are not given
/// out by this library: logs that and returns -1.
///
/// # Safety
/// None needed: nothing is followed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_callback_on_writable(wsi: *mut lws) -> c_int {
    guard("lws_callback_on_writable", -1, || {
        no_connection("lws_callback_on_writable", wsi);
        -1
    })
}

/// Whether a connection cannot be written to now. Handles of connections are not given out by this
/// library: logs that and returns 1, as for one that cannot.
///
/// # Safety
/// None needed: nothing is followed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_send_pipe_choked(wsi: *mut lws) -> c_int {
    guard("lws_send_pipe_choked", 1, || {
        no_connection("lws_send_pipe_choked", wsi);
        1
    })
}

/// Takes a descriptor over as a connection. That is not built into this library: logs that, closes
/// the descriptor, as whenever it cannot be taken over, and returns NULL.
///
/// # Safety
/// `info` is NULL or good; its descriptor is the caller's to give away.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_adopt_descriptor_vhost_via_info(
    info: *const lws_adopt_desc,
) -> *mut lws {
    guard("lws_adopt_descriptor_vhost_via_info", null_mut(), || {
        log::err!(
            "lws_adopt_descriptor_vhost_via_info: taking over descriptors is not built into this \
             library"
        );
        // SAFETY: the caller promises a good struct, and gives the descriptor away.
        if let Some(info) = unsafe { info.as_ref() } {
            // SAFETY: as above; both members of the union are the number.
            unsafe { libc::close(info.fd.filefd) };
        }
        null_mut()
    })
}
