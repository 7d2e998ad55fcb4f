//! What surrounds streams: system blobs (secrets and identity that a device hands to the
//! library), system messages between the parts of a program, the system's states.

pub mod blob;
pub mod cookies;
pub mod cpd;
pub mod smd;
pub mod state;
