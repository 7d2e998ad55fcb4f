//! The life of a stream, as pure logic: its states and what may follow what ([`life`]), the
//! retry schedule ([`retry`]), metadata, what an http response means for it ([`http`]), and what
//! programs may return from a callback. Nothing here knows a socket, a clock or C; the engine
//! asks these tables and acts on the answers.

pub mod http;
pub mod life;
pub mod metadata;
pub mod retry;
pub mod state;

pub use life::{Input, Phase};
pub use metadata::Metadata;
pub use state::{Flags, Ret, State};
