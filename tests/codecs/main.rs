//! Sans-IO codecs, fed from byte strings.

mod feed;
mod h1_framing;
mod h1_malformed;
mod h1_request;
mod h1_reuse;
mod h1_send;
mod raw;
mod ws_deflate;
mod ws_feed;
mod ws_frames;
mod ws_handshake;
mod ws_peer;
mod ws_send;
