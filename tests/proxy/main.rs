//! The proxy, in this process, with clients that speak the protocol by hand.

#[path = "../fixtures/mod.rs"]
mod fixtures;
mod hostile;
mod joined;
mod memory;
mod serving;
mod tls;
mod world;
