//! Small things with no knowledge of the rest: the outgoing buffer, the clock type, the
//! engine's logging, the choice of cryptography. Nothing here imports another module of ours.

mod buf;
pub mod built;
pub mod clock;
pub mod crypto;
pub mod log;
pub mod panics;
pub mod proxy;

pub use buf::TxBuf;
pub use clock::Micros;
