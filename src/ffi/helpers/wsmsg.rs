//! Messages in pieces from several sources, put together so that one list gets whole ones.

use std::ffi::{c_int, c_uint};

use super::buflist::{
    last, lws_buflist_append_segment, lws_buflist_destroy_all_segments, move_all,
};
use crate::ffi::panic::guard;
use crate::ffi::types::{LWSSS_FLAG_EOM, lws_buflist, lws_wsmsg_info};
use crate::util::log;

/// Keeps a copy of the piece of a message in `info`. When it ends its message, the message is
/// moved to the end of the list at `head_upstream`. Returns 0, or -1 as
/// [`lws_buflist_append_segment`] or if `info` lacks a list.
///
/// # Safety
/// `info` is live and its pointers are good; `private_source_idx` is inside `private_heads`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_wsmsg_append(info: *mut lws_wsmsg_info) -> c_int {
    guard("lws_wsmsg_append", -1, || {
        // SAFETY: as the caller promises.
        unsafe {
            let Some(info) = info.as_ref() else { return -1 };
            let index = usize::try_from(info.private_source_idx).ok();
            let lists = !info.private_heads.is_null() && !info.head_upstream.is_null();
            let Some(index) = index.filter(|_| lists) else {
                log::err!("lws_wsmsg_append: no list for source {}", info.private_source_idx);
                return -1;
            };
            let own = info.private_heads.add(index);
            if lws_buflist_append_segment(own, info.buf, info.len) < 0 {
                return -1;
            }
            let complete = info.ss_flags & LWSSS_FLAG_EOM as c_uint != 0;
            if let Some(piece) = last(own).as_mut() {
                piece.goes_on = !complete;
            }
            let blocked = last(info.head_upstream).as_ref().is_some_and(|piece| piece.goes_on);
            if complete && !blocked {
                move_all(own, info.head_upstream);
            }
            0
        }
    })
}

/// Frees what the lists of `count_private_heads` sources hold, of messages that were not
/// complete.
///
/// # Safety
/// `private_heads` has that many lists.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_wsmsg_destroy(
    private_heads: *mut *mut lws_buflist,
    count_private_heads: usize,
) {
    if private_heads.is_null() {
        return;
    }
    for index in 0..count_private_heads {
        // SAFETY: as the caller promises.
        unsafe { lws_buflist_destroy_all_segments(private_heads.add(index)) };
    }
}
