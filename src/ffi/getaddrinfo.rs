//! The system's name look-up by `getaddrinfo` itself: the standard library hides why a
//! look-up failed, and streams tell a name that does not exist from a name server that
//! cannot be reached.

use std::ffi::{CStr, CString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::{io, mem, ptr};

use libc::{addrinfo, c_int, sockaddr, sockaddr_in, sockaddr_in6};

use crate::net::{Answer, LookupError, LookupErrorKind};

/// Looks `host` up, blocking; the addresses come in the system's order (RFC 6724), each with
/// `port`. For [`Resolver::new`](crate::net::Resolver::new).
///
/// # Errors
/// The look-up failed; the kind says how.
pub fn lookup(host: &str, port: u16) -> Answer {
    let name = CString::new(host).map_err(|_| {
        LookupError::new(LookupErrorKind::Other, format!("{host:?}: a NUL in a host name"))
    })?;
    let list = List::of(&name)
        .map_err(|code| LookupError::new(kind(code), format!("{host}: {}", text(code))))?;
    Ok(list.addresses(port))
}

/// A result list, freed when dropped.
struct List(*mut addrinfo);

impl List {
    fn of(name: &CStr) -> Result<Self, c_int> {
        // SAFETY: `addrinfo` is integers and pointers, for which all zeroes is a value, and
        // the one that stands for "no wish".
        let mut hints: addrinfo = unsafe { mem::zeroed() };
        hints.ai_family = libc::AF_UNSPEC;
        hints.ai_socktype = libc::SOCK_STREAM;
        let mut first = ptr::null_mut();
        // SAFETY: `name` ends in NUL, a null service is allowed, and `hints` and `first`
        // outlive the call.
        let code = unsafe { libc::getaddrinfo(name.as_ptr(), ptr::null(), &hints, &mut first) };
        if code == 0 { Ok(Self(first)) } else { Err(code) }
    }

    fn addresses(&self, port: u16) -> Vec<SocketAddr> {
        let mut found = Vec::new();
        let mut next = self.0;
        // SAFETY: `next` is null or an entry of the list, which lives as long as `self`.
        while let Some(entry) = unsafe { next.as_ref() } {
            // SAFETY: `ai_addr` is null or points to `ai_addrlen` bytes of the same list.
            found.extend(unsafe { address(entry.ai_addr, entry.ai_addrlen as usize, port) });
            next = entry.ai_next;
        }
        found
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: `getaddrinfo` made the list, and nobody else frees it.
            unsafe { libc::freeaddrinfo(self.0) };
        }
    }
}

/// The address at `at`, with `port`; `None` for a family that is not IP.
///
/// # Safety
/// `at` is null or points to `len` readable bytes that start with a socket address.
unsafe fn address(at: *const sockaddr, len: usize, port: u16) -> Option<SocketAddr> {
    if at.is_null() || len < mem::size_of::<sockaddr>() {
        return None;
    }
    // SAFETY: not null and long enough; `read_unaligned` asks for no alignment.
    let family = c_int::from(unsafe { at.read_unaligned() }.sa_family);
    match family {
        libc::AF_INET if len >= mem::size_of::<sockaddr_in>() => {
            // SAFETY: the family says what it is, and it is long enough.
            let v4 = unsafe { at.cast::<sockaddr_in>().read_unaligned() };
            let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some(SocketAddr::new(IpAddr::V4(ip), port))
        }
        libc::AF_INET6 if len >= mem::size_of::<sockaddr_in6>() => {
            // SAFETY: the family says what it is, and it is long enough.
            let v6 = unsafe { at.cast::<sockaddr_in6>().read_unaligned() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            Some(SocketAddr::V6(SocketAddrV6::new(ip, port, v6.sin6_flowinfo, v6.sin6_scope_id)))
        }
        _ => None,
    }
}

fn kind(code: c_int) -> LookupErrorKind {
    match code {
        libc::EAI_NONAME => LookupErrorKind::NotFound,
        #[cfg(target_env = "gnu")]
        libc::EAI_NODATA => LookupErrorKind::NoAddress,
        libc::EAI_AGAIN | libc::EAI_FAIL | libc::EAI_SYSTEM => LookupErrorKind::Unreachable,
        _ => LookupErrorKind::Other,
    }
}

fn text(code: c_int) -> String {
    if code == libc::EAI_SYSTEM {
        return io::Error::last_os_error().to_string();
    }
    // SAFETY: takes any code, and returns a text that lives as long as the process.
    let text = unsafe { libc::gai_strerror(code) };
    if text.is_null() {
        return format!("error {code}");
    }
    // SAFETY: not null, and ends in NUL.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::{kind, lookup};
    use crate::net::LookupErrorKind;

    #[test]
    fn the_hosts_file_is_asked() {
        let found = lookup("localhost", 81).unwrap();
        assert!(found.iter().all(|a| a.ip().is_loopback() && a.port() == 81), "{found:?}");
        assert!(!found.is_empty());
    }

    #[test]
    fn numbers_and_scopes_are_understood() {
        assert_eq!(lookup("127.0.0.9", 5).unwrap(), ["127.0.0.9:5".parse().unwrap()]);
        assert_eq!(lookup("::1", 5).unwrap(), ["[::1]:5".parse().unwrap()]);
    }

    #[test]
    fn an_impossible_name_does_not_exist() {
        // a label above 63 characters is refused before any server is asked
        let name = format!("{}.invalid", "a".repeat(64));
        let e = lookup(&name, 1).unwrap_err();
        assert_eq!(e.kind, LookupErrorKind::NotFound, "{e}");
        assert!(e.detail.starts_with(&name), "{e}");
        assert_eq!(lookup("a\0b", 1).unwrap_err().kind, LookupErrorKind::Other);
    }

    #[test]
    fn codes_are_told_apart() {
        assert_eq!(kind(libc::EAI_NONAME), LookupErrorKind::NotFound);
        assert_eq!(kind(libc::EAI_AGAIN), LookupErrorKind::Unreachable);
        assert_eq!(kind(libc::EAI_MEMORY), LookupErrorKind::Other);
    }
}
