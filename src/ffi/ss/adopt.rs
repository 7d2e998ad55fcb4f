//! Descriptors that the program opened itself as the connection of a stream.

use std::ffi::c_int;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use super::super::types::{lws_sock_file_fd_type, lws_ss_handle};
use super::with_stream;
use crate::engine::Direction;
use crate::util::log;

/// Connects a raw stream to a descriptor, `fd`, that is open already: one end of a pipe, a
/// terminal, a socket. CONNECTING and CONNECTED are said before this returns; then what can be
/// read comes as rx, what tx gives is written, and the other side's end is DISCONNECTED.
///
/// Returns 0, and the descriptor is the stream's, which makes it non-blocking and closes it with
/// the link. Or 1: if it is no open descriptor, or the stream is not raw by its policy or has a
/// connection, it stays the caller's; if the system cannot wait for it (a regular file) or the
/// program answered not OK to CONNECTING or CONNECTED, it is closed. Legal in callbacks.
///
/// `SIGPIPE` is ignored from here on unless the program has a handler of its own: the other end of
/// a pipe may go at any time.
///
/// # Safety
/// `ss` came from this library; the descriptor is the caller's to give away.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_adopt_raw(
    ss: *mut lws_ss_handle,
    fd: lws_sock_file_fd_type,
) -> c_int {
    with_stream("lws_ss_adopt_raw", ss, 1, |cx, key| {
        // SAFETY: both members of the union are the number.
        let fd = unsafe { fd.filefd };
        if let Err(e) = cx.engine.may_adopt(key) {
            log::err!("lws_ss_adopt_raw: descriptor {fd}: {e}");
            return 1;
        }
        let direction = match unblock(fd) {
            Ok(direction) => direction,
            Err(e) => {
                log::err!("lws_ss_adopt_raw: descriptor {fd}: {e}");
                return 1;
            }
        };
        ignore_sigpipe();
        // SAFETY: the descriptor is open, and the caller gives it away.
        let descriptor = unsafe { OwnedFd::from_raw_fd(fd) };
        match cx.engine.adopt(key, descriptor, direction) {
            Ok(()) => 0,
            Err(e) => {
                log::err!("lws_ss_adopt_raw: descriptor {fd}: {e}");
                1
            }
        }
    })
}

/// Makes a descriptor non-blocking, if it is one, and tells what it was opened for.
pub(in super::super) fn unblock(fd: RawFd) -> io::Result<Direction> {
    // SAFETY: no memory is involved.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    // SAFETY: as above.
    if flags < 0 || unsafe { libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK) } < 0 {
        return Err(io::Error::last_os_error());
    }
    let writes_only = flags & libc::O_ACCMODE == libc::O_WRONLY;
    Ok(if writes_only { Direction::WritesOnly } else { Direction::Reads })
}

/// Writing to a pipe that nobody reads is an error, not the program's death.
pub(in super::super) fn ignore_sigpipe() {
    // SAFETY: the struct is plain data, and only the default is exchanged for another.
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGPIPE, std::ptr::null(), &raw mut now) == 0
            && now.sa_sigaction == libc::SIG_DFL
        {
            libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        }
    }
}
