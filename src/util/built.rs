//! Which optional parts this library has, as cargo's features say.
//!
//! The code of a part that is left out is compiled all the same, so that no combination of
//! features breaks unseen. Where the way into it is closed by its constant here, the compiler and
//! the linker leave out all that lies behind. Only modules that bring crates of their own along
//! (`proto::h2`, `proto::ws`) are not compiled without their feature.

/// Streams over h2.
pub const H2: bool = cfg!(feature = "h2");
/// Streams over ws.
pub const WS: bool = cfg!(feature = "ws");
/// Streams over mqtt.
pub const MQTT: bool = cfg!(feature = "mqtt");
/// Streams of bare bytes.
pub const RAW: bool = cfg!(feature = "raw");
/// Streams that listen.
pub const SERVER: bool = cfg!(feature = "server");
/// Streams that another process carries out.
pub const PROXY: bool = cfg!(feature = "proxy");
