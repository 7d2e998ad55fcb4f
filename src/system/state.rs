//! The states of the system that a context goes through on its way to being operational.

/// A state, in the order of the way up; the values are those of the C API's `LWS_SYSTATE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum SystemState {
    /// Nothing is known yet.
    Unknown,
    /// The context was just created.
    ContextCreated,
    /// Just before privileges are given up.
    PrePrivDrop,
    /// Protocols are initialised: the library works.
    Initialized,
    /// Input is read from stdin.
    CollectingStdin,
    /// The network interfaces that exist are known.
    IfaceColdplug,
    /// An interface has an address.
    Dhcp,
    /// Captive portals are looked for without a valid clock.
    CpdPreTime,
    /// The clock is right.
    TimeValid,
    /// Captive portals are looked for with a valid clock.
    CpdPostTime,
    /// The policy is there.
    PolicyValid,
    /// The device has an identity.
    Registered,
    /// The first token is there.
    Auth1,
    /// The second token is there.
    Auth2,
    /// Updates that are done once are done.
    OneTimeUpdates,
    /// Everything works.
    Operational,
    /// The policy is being exchanged.
    PolicyInvalid,
    /// The context is being destroyed.
    ContextDestroying,
    /// An update that stops everything else is waited for.
    AwaitingModalUpdating,
    /// An update that stops everything else runs.
    ModalUpdating,
}

impl SystemState {
    /// All states, by their value.
    pub const ALL: [Self; 20] = [
        Self::Unknown,
        Self::ContextCreated,
        Self::PrePrivDrop,
        Self::Initialized,
        Self::CollectingStdin,
        Self::IfaceColdplug,
        Self::Dhcp,
        Self::CpdPreTime,
        Self::TimeValid,
        Self::CpdPostTime,
        Self::PolicyValid,
        Self::Registered,
        Self::Auth1,
        Self::Auth2,
        Self::OneTimeUpdates,
        Self::Operational,
        Self::PolicyInvalid,
        Self::ContextDestroying,
        Self::AwaitingModalUpdating,
        Self::ModalUpdating,
    ];

    /// The name that logs and system messages use.
    #[must_use]
    pub const fn name(self) -> &'static std::ffi::CStr {
        match self {
            Self::Unknown => c"undef",
            Self::ContextCreated => c"CONTEXT_CREATED",
            Self::PrePrivDrop => c"PRE_PRIV_DROP",
            Self::Initialized => c"INITIALIZED",
            Self::CollectingStdin => c"COLLECTING_STDIN",
            Self::IfaceColdplug => c"IFACE_COLDPLUG",
            Self::Dhcp => c"DHCP",
            Self::CpdPreTime => c"CPD_PRE_TIME",
            Self::TimeValid => c"TIME_VALID",
            Self::CpdPostTime => c"CPD_POST_TIME",
            Self::PolicyValid => c"POLICY_VALID",
            Self::Registered => c"REGISTERED",
            Self::Auth1 => c"AUTH1",
            Self::Auth2 => c"AUTH2",
            Self::OneTimeUpdates => c"ONE_TIME_UPDATES",
            Self::Operational => c"OPERATIONAL",
            Self::PolicyInvalid => c"POLICY_INVALID",
            Self::ContextDestroying => c"DESTROYING",
            Self::AwaitingModalUpdating => c"AWAITING_MODAL_UPDATING",
            Self::ModalUpdating => c"MODAL_UPDATING",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SystemState;

    #[test]
    fn values_follow_the_table() {
        for (value, state) in SystemState::ALL.into_iter().enumerate() {
            assert_eq!(state as i32, i32::try_from(value).unwrap(), "{:?}", state.name());
        }
        assert_eq!(SystemState::Operational as i32, 15);
    }
}
