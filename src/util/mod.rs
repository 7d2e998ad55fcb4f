//! Small things with no knowledge of the rest: the outgoing buffer, the clock type.
//! Nothing here imports another module of ours.

mod buf;
pub mod clock;

pub use buf::TxBuf;
pub use clock::Micros;
