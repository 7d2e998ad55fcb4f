//! Addresses of hosts and networks, as text and in `lws_sockaddr46`.

use std::ffi::{c_char, c_int};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::ffi::panic::guard;
use crate::ffi::ptr::{bytes, c_bytes, put_c_string};
use crate::util::log;

/// A v4 or v6 address with its port, as the system's calls take them; the header has it by hand.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(non_camel_case_types, reason = "the name of the C API")]
pub union lws_sockaddr46 {
    /// If the family is `AF_INET6`.
    pub sa6: libc::sockaddr_in6,
    /// If the family is `AF_INET`.
    pub sa4: libc::sockaddr_in,
}

/// Bytes of a MAC address.
const MAC: usize = 6;

/// A v4 address; zeros may lead its numbers.
fn parse_v4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut numbers = text.split('.');
    for octet in &mut octets {
        let number = numbers.next()?;
        let digits = (1..=3).contains(&number.len()) && number.bytes().all(|c| c.is_ascii_digit());
        *octet = number.parse().ok().filter(|_| digits)?;
    }
    numbers.next().is_none().then_some(octets.into())
}

fn parse(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    parse_v4(text).map(IpAddr::V4).or_else(|| text.parse().ok().map(IpAddr::V6))
}

/// The address in a struct; `None` if it is of another family.
///
/// # Safety
/// `sa46` is NULL or live, with as much of it initialised as its family has.
unsafe fn address(sa46: *const lws_sockaddr46) -> Option<IpAddr> {
    // SAFETY: as the caller promises; the family is at the same place in both.
    unsafe {
        let sa46 = sa46.as_ref()?;
        match c_int::from(sa46.sa4.sin_family) {
            libc::AF_INET => Some(Ipv4Addr::from(sa46.sa4.sin_addr.s_addr.to_ne_bytes()).into()),
            libc::AF_INET6 => Some(Ipv6Addr::from(sa46.sa6.sin6_addr.s6_addr).into()),
            _ => None,
        }
    }
}

/// Puts an address into a struct; the port becomes 0.
///
/// # Safety
/// `sa46` can be written.
unsafe fn put_address(sa46: *mut lws_sockaddr46, address: IpAddr) {
    // SAFETY: as the caller promises; all zero is a value of both.
    unsafe {
        sa46.write_bytes(0, 1);
        match address {
            IpAddr::V4(v4) => {
                (*sa46).sa4.sin_family = libc::AF_INET as libc::sa_family_t;
                (*sa46).sa4.sin_addr.s_addr = u32::from_ne_bytes(v4.octets());
            }
            IpAddr::V6(v6) => {
                (*sa46).sa6.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                (*sa46).sa6.sin6_addr.s6_addr = v6.octets();
            }
        }
    }
}

fn as_v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    }
}

/// Writes the bytes of the address `ads`, a v4 or v6 one without a port, to `result`, which has
/// room for `max_len` bytes. Returns how many these are, 4 or 16; below 0 if it is no address or
/// there is no room.
///
/// # Safety
/// `ads` is NUL-terminated or NULL, `result` has that room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_parse_numeric_address(
    ads: *const c_char,
    result: *mut u8,
    max_len: usize,
) -> c_int {
    guard("lws_parse_numeric_address", -1, || {
        // SAFETY: as the caller promises.
        unsafe {
            let address = c_bytes(ads).and_then(parse);
            let put = |octets: &[u8]| {
                if result.is_null() || octets.len() > max_len {
                    return -1;
                }
                std::ptr::copy_nonoverlapping(octets.as_ptr(), result, octets.len());
                octets.len() as c_int
            };
            match address {
                Some(IpAddr::V4(v4)) => put(&v4.octets()),
                Some(IpAddr::V6(v6)) => put(&v6.octets()),
                None => -1,
            }
        }
    })
}

/// Sets `sa46` to the address `ads`, with port 0. Returns 0, or -1 if it is no address; `sa46` is
/// zero then.
///
/// # Safety
/// `ads` is NUL-terminated or NULL, `sa46` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sa46_parse_numeric_address(
    ads: *const c_char,
    sa46: *mut lws_sockaddr46,
) -> c_int {
    guard("lws_sa46_parse_numeric_address", -1, || {
        // SAFETY: as the caller promises.
        unsafe {
            if sa46.is_null() {
                return -1;
            }
            sa46.write_bytes(0, 1);
            let Some(address) = c_bytes(ads).and_then(parse) else { return -1 };
            put_address(sa46, address);
            0
        }
    })
}

/// Sets `sa46` to the address in front of the `/` of `cidr`, and `*len` to the number behind it;
/// without one to 32 or 128. Returns 0, or -1 if it is no address.
///
/// # Safety
/// `cidr` is NUL-terminated or NULL, the others can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_parse_cidr(
    cidr: *const c_char,
    sa46: *mut lws_sockaddr46,
    len: *mut c_int,
) -> c_int {
    guard("lws_parse_cidr", -1, || {
        // SAFETY: as the caller promises.
        unsafe {
            let Some(text) = c_bytes(cidr).filter(|_| !sa46.is_null() && !len.is_null()) else {
                return -1;
            };
            let mut parts = text.splitn(2, |&c| c == b'/');
            let Some(address) = parts.next().and_then(parse) else {
                sa46.write_bytes(0, 1);
                return -1;
            };
            put_address(sa46, address);
            let said = parts.next().map(|said| {
                std::str::from_utf8(said).ok().and_then(|said| said.parse().ok()).unwrap_or(0)
            });
            *len = said.unwrap_or(if address.is_ipv4() { 32 } else { 128 });
            0
        }
    })
}

/// Whether `sa46` is a v6 address that stands for a v4 one (`::ffff:a.b.c.d`): 1 if so, else 0.
///
/// # Safety
/// `sa46` is NULL or set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sa46_is_ipv4_mapped(sa46: *const lws_sockaddr46) -> c_int {
    // SAFETY: as the caller promises.
    let address = unsafe { address(sa46) };
    c_int::from(matches!(address, Some(IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_some()))
}

/// Compares the addresses of `sa46a` and `sa46b`, where a v4 address is the same as the v6 one
/// that stands for it. Returns 0 if they are the same.
///
/// # Safety
/// Both are NULL or set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sa46_compare_ads(
    sa46a: *const lws_sockaddr46,
    sa46b: *const lws_sockaddr46,
) -> c_int {
    // SAFETY: as the caller promises.
    let both = unsafe { address(sa46a).zip(address(sa46b)) };
    c_int::from(both.is_none_or(|(a, b)| as_v6(a) != as_v6(b)))
}

/// Whether the address `sa46a` is in the network whose addresses begin with the `net_len` bits of
/// `sa46_net`: 0 if it is, else 1. If one is a v4 address and the other is not, its v6 form is
/// looked at.
///
/// # Safety
/// Both are NULL or set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sa46_on_net(
    sa46a: *const lws_sockaddr46,
    sa46_net: *const lws_sockaddr46,
    net_len: c_int,
) -> c_int {
    // the bits that a v4 network's v6 form has in front
    const IN_FRONT: u32 = 96;
    // SAFETY: as the caller promises.
    let Some((a, net)) = (unsafe { address(sa46a).zip(address(sa46_net)) }) else { return 1 };
    let front = if net.is_ipv4() { IN_FRONT } else { 0 };
    let bits = u32::try_from(net_len).unwrap_or(0).saturating_add(front).min(u128::BITS);
    let differ = as_v6(a).to_bits() ^ as_v6(net).to_bits();
    c_int::from(differ.leading_zeros() < bits)
}

/// Writes the address of the `size` bytes of `ads`, 4 or 16, to `buf`, which has room for `len`
/// bytes, as text with a NUL. Returns its length, or -1 if it does not fit or `size` is another.
///
/// # Safety
/// The pointers have that many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_write_numeric_address(
    ads: *const u8,
    size: c_int,
    buf: *mut c_char,
    len: usize,
) -> c_int {
    guard("lws_write_numeric_address", -1, || {
        // SAFETY: as the caller promises.
        unsafe {
            let octets = bytes(ads, usize::try_from(size).unwrap_or(0));
            let v4 = <[u8; 4]>::try_from(octets).ok().map(IpAddr::from);
            let address = v4.or_else(|| <[u8; 16]>::try_from(octets).ok().map(IpAddr::from));
            address.map_or(-1, |address| write(&address.to_string(), buf, len))
        }
    })
}

/// Writes a text if it fits.
///
/// # Safety
/// `buf` is NULL or has `len` writable bytes.
unsafe fn write(text: &str, buf: *mut c_char, len: usize) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { put_c_string(buf, if text.len() < len { len } else { len.min(1) }, text.as_bytes()) };
    if buf.is_null() || text.len() >= len { -1 } else { text.len() as c_int }
}

/// [`lws_write_numeric_address`] for `sa46`. If that is no address but zero or a unix socket, the
/// text says so; for other families it does too, and -1 is returned.
///
/// # Safety
/// `sa46` is set; `buf` has room for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sa46_write_numeric_address(
    sa46: *mut lws_sockaddr46,
    buf: *mut c_char,
    len: usize,
) -> c_int {
    guard("lws_sa46_write_numeric_address", -1, || {
        // SAFETY: as the caller promises.
        unsafe {
            let Some(this) = sa46.as_ref() else { return -1 };
            if let Some(address) = address(sa46) {
                return write(&address.to_string(), buf, len);
            }
            match c_int::from(this.sa4.sin_family) {
                libc::AF_UNSPEC => write("(unset)", buf, len),
                libc::AF_UNIX => write("(unix skt)", buf, len),
                family => {
                    write(&format!("(AF{family} unsupp)"), buf, len);
                    -1
                }
            }
        }
    })
}

/// Writes the six bytes of the MAC address `ads`, `XX:XX:XX:XX:XX:XX` in hexadecimal, to
/// `result_6_bytes`. Returns 0, below 0 if it is none.
///
/// # Safety
/// `ads` is NUL-terminated or NULL, the result can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_parse_mac(ads: *const c_char, result_6_bytes: *mut u8) -> c_int {
    guard("lws_parse_mac", -1, || {
        // SAFETY: as the caller promises.
        let text = unsafe { c_bytes(ads) }.and_then(|text| std::str::from_utf8(text).ok());
        let Some(mac) = text.and_then(mac).filter(|_| !result_6_bytes.is_null()) else {
            log::err!("lws_parse_mac: {} is no MAC address", text.unwrap_or("this"));
            return -1;
        };
        // SAFETY: as the caller promises.
        unsafe { std::ptr::copy_nonoverlapping(mac.as_ptr(), result_6_bytes, MAC) };
        0
    })
}

fn mac(text: &str) -> Option<[u8; MAC]> {
    let mut mac = [0; MAC];
    let mut pairs = text.split(':');
    for byte in &mut mac {
        let pair = pairs.next().filter(|pair| pair.len() == 2)?;
        let hex = pair.bytes().all(|c| c.is_ascii_hexdigit());
        *byte = u8::from_str_radix(pair, 16).ok().filter(|_| hex)?;
    }
    pairs.next().is_none().then_some(mac)
}

/// Whether the text `ads` is an address of this machine's loopback, of a private network or of
/// one link: 1 if so, else 0.
///
/// # Safety
/// `ads` is NUL-terminated or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_is_lan_address(ads: *const c_char) -> c_int {
    guard("lws_is_lan_address", 0, || {
        // SAFETY: as the caller promises.
        let address = unsafe { c_bytes(ads) }.and_then(parse);
        c_int::from(address.is_some_and(|address| match address.to_canonical() {
            IpAddr::V4(v4) => v4.is_private() || v4.is_loopback(),
            IpAddr::V6(v6) => {
                v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback()
            }
        }))
    })
}

/// Whether `ads` is `localhost`, `localhost4`, `localhost6`, `127.0.0.1` or `::1`: 1 if so, else
/// 0.
///
/// # Safety
/// `ads` is NUL-terminated or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_is_local_address(ads: *const c_char) -> c_int {
    // SAFETY: as the caller promises.
    let text = unsafe { c_bytes(ads) };
    let local = ["localhost", "localhost4", "localhost6", "127.0.0.1", "::1"];
    c_int::from(text.is_some_and(|text| local.iter().any(|l| l.as_bytes() == text)))
}
