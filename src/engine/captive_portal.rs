//! The transaction that finds out whether the internet can be reached: a stream of the type
//! `captive_portal_detect`. As with the policy's download, whoever began it asks whether it is
//! over.

use std::cell::Cell;
use std::rc::Rc;

use super::CreateError;
use super::context::Context;
use super::stream::{Handler, NewStream, StreamKey, TxAnswer};
use crate::stream::{Flags, Ret, State};
use crate::system::cpd::Connectivity;

/// The stream type that looks for captive portals.
pub const CAPTIVE_PORTAL_DETECT: &str = "captive_portal_detect";

/// A detection that was begun.
pub struct PortalProbe {
    key: StreamKey,
    prober: Rc<Prober>,
}

/// The stream's own side.
#[derive(Default)]
struct Prober {
    found: Cell<Connectivity>,
}

impl Handler for Prober {
    fn state(&self, code: u32, _ordinal: u32) -> Ret {
        let found = match State::ALL.into_iter().find(|s| s.code() == code) {
            Some(State::QosAckRemote) => Connectivity::Ok,
            Some(State::Timeout | State::AllRetriesFailed | State::Disconnected) => {
                Connectivity::NoInternet
            }
            _ => return Ret::Ok,
        };
        if self.found.get() == Connectivity::Unknown {
            self.found.set(found);
        }
        Ret::DestroyMe
    }

    fn rx(&self, _data: &[u8], _flags: Flags) -> Ret {
        Ret::Ok
    }

    fn tx(&self, _ordinal: u32, _window: &mut [u8]) -> Option<TxAnswer> {
        None
    }
}

impl Context {
    /// Begins a detection; `None` if the policy in force has no stream type for it.
    ///
    /// # Errors
    /// The stream cannot be made.
    pub fn begin_portal_probe(&self) -> Result<Option<PortalProbe>, CreateError> {
        let policy = self.policy();
        let Some(kind) = policy.stream_type(CAPTIVE_PORTAL_DETECT).map(Rc::clone) else {
            return Ok(None);
        };
        let prober = Rc::new(Prober::default());
        let handler = Rc::clone(&prober);
        let key = self.make(NewStream { kind, handler, peer_credit: None })?;
        self.start(key)?;
        if self.request_tx(key) == Ret::DestroyMe {
            self.destroy(key);
        }
        Ok(Some(PortalProbe { key, prober }))
    }

    /// What a detection found; [`Connectivity::Unknown`] while it runs.
    #[must_use]
    pub fn portal_probe_found(&self, probe: &PortalProbe) -> Connectivity {
        probe.prober.found.get()
    }

    /// Ends a detection: its stream is destroyed, if that has not happened yet.
    ///
    /// Not to be called in a callback of that stream.
    pub fn end_portal_probe(&self, probe: &PortalProbe) {
        self.destroy(probe.key);
    }
}
