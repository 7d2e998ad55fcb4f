//! Sans-IO codecs, fed from byte strings.

mod feed;
mod h1_framing;
mod h1_malformed;
mod h1_request;
mod h1_reuse;
mod h1_send;
mod raw;
