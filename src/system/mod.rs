//! What surrounds streams: system blobs (secrets and identity that a device hands to the
//! library), system messages between the parts of a program, the system's states, the cookies
//! that are kept for all streams, what is known about the way to the internet, signatures of
//! requests.

pub mod blob;
pub mod cookies;
pub mod cpd;
pub mod sigv4;
pub mod smd;
pub mod state;
