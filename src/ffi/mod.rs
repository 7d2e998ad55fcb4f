//! (coming)

pub mod getaddrinfo;
