//! Sans-IO codecs, fed from byte strings.

#[path = "../fixtures/mod.rs"]
mod fixtures;

mod feed;
mod h1_framing;
mod h1_malformed;
mod h1_request;
mod h1_reuse;
mod h1_send;
mod h2_feed;
mod h2_peers;
mod h2_receive;
mod h2_send;
mod h2_server;
mod raw;
