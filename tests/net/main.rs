//! The transports, name resolution and connecting, against real sockets on loopback.

mod connect;
mod dns;
mod drive;
mod pki;
mod serve;
mod talk;
mod tls;
mod tls_openssl;
mod trust;
mod tunnel;
mod unix;
