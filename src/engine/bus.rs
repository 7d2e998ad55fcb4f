//! Streams of the type `_lws_smd`: system messages as payload, each behind
//! [`BUS_HEADER_LEN`] bytes (class, then timestamp in microseconds, 64 bits each, big-endian).

use super::context::Context;
use super::local::Local;
use super::stream::StreamKey;
use crate::stream::Flags;
use crate::system::smd::Class;
use crate::util::log;

/// Bytes in front of each message.
pub const BUS_HEADER_LEN: usize = 16;

impl Context {
    /// Registers the stream with the system's messages: for the classes that its peer credit names.
    pub(super) fn bind_bus(&self, key: StreamKey) -> Result<(), String> {
        let filter = self.core().streams.get(key).and_then(|s| s.peer_credit).unwrap_or(0);
        let Some(peer) = self.host.bus_join(key, filter) else {
            return Err("there are no system messages here".into());
        };
        if let Some(stream) = self.core().streams.get_mut(key) {
            stream.local = Some(Local::Bus(peer));
        }
        Ok(())
    }

    /// A message for a stream, header and payload.
    pub fn bus_message(&self, key: StreamKey, message: &[u8]) {
        let ret = self.give_rx(key, message, Flags::SOM | Flags::EOM);
        let _ = self.obey(key, ret);
    }

    /// The peer that stands for the stream among the system's messages.
    #[must_use]
    pub fn bus_peer(&self, key: StreamKey) -> Option<crate::system::smd::PeerId> {
        let core = self.core();
        match core.streams.get(key)?.local.as_ref()? {
            Local::Bus(peer) => Some(*peer),
            Local::Pair(_) | Local::File(_) => None,
        }
    }

    /// Sends what a stream's `tx` gave.
    pub(super) fn send_to_bus(&self, message: &[u8]) {
        let Some((header, payload)) = message.split_at_checked(BUS_HEADER_LEN) else {
            return log::warn!(
                "a system message of {} bytes is shorter than its header of {BUS_HEADER_LEN}",
                message.len()
            );
        };
        let mut class = [0; 8];
        class.copy_from_slice(&header[..8]);
        // the upper half of the field has no classes
        let class = (u64::from_be_bytes(class) & u64::from(Class::MAX)) as Class;
        if let Err(e) = self.host.bus_send(class, payload) {
            log::warn!("system message of class {class:#x} not sent: {e}");
        }
    }
}
