//! Chains of objects that are linked by one pointer each.

use crate::ffi::panic::guard;
use crate::ffi::types::{lws_list_ptr, lws_list_ptr_sort_func_t};

/// Puts the link `add` into the chain that begins at `*head`: in front of the first link that
/// `sort` finds not to be before it, or with `sort` NULL in front of all.
///
/// # Safety
/// Both are addresses of links, the chain is good; `sort` is callable with its links.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_list_ptr_insert(
    head: *mut lws_list_ptr,
    add: *mut lws_list_ptr,
    sort: lws_list_ptr_sort_func_t,
) {
    guard("lws_list_ptr_insert", (), || {
        let mut at = head;
        if head.is_null() || add.is_null() {
            return;
        }
        // SAFETY: as the caller promises; a link holds the address of the next.
        unsafe {
            if let Some(sort) = sort {
                while !(*at).is_null() && sort(add.cast(), *at) > 0 {
                    at = (*at).cast();
                }
            }
            *add = *at;
            *at = add.cast();
        }
    });
}
