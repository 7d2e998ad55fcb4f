//! What a context keeps for the helper functions that take a `struct lws_context *`: blobs, SMD
//! and the state manager. The context attaches them when it is made and detaches them when it goes;
//! a handle that is not attached is refused.

use std::collections::HashMap;
use std::ffi::c_char;
use std::ptr::null_mut;
use std::sync::{Arc, PoisonError, RwLock};

use super::types::{
    LWS_SYSBLOB_TYPE_COUNT, LWS_SYSTATE_CONTEXT_CREATED, LWSSMDCL_SYSTEM_STATE, lws_context,
    lws_context_creation_info, lws_dll2_owner, lws_state_manager, lws_system_ops,
};
use crate::system::blob::BlobStore;
use crate::system::smd::{Limits, Smd};
use crate::system::state::SystemState;
use crate::util::log;

/// What a context keeps for the helpers. The order of a context's life:
///
/// 1. [`log::install`](super::log::install), [`Services::from_info`], [`attach`];
/// 2. `early_smd_cb` by [`lws_smd_register`](super::smd::lws_smd_register), the notifiers of
///    `register_notifier_list` by
///    [`lws_state_reg_notifier_list`](super::state::lws_state_reg_notifier_list) on
///    [`Services::manager`];
/// 3. the way up by
///    [`lws_state_transition_steps`](super::state::lws_state_transition_steps);
/// 4. each turn of the loop, [`Smd::deliver_pending`];
/// 5. at the end [`remove_notifiers`](super::state::remove_notifiers) and [`detach`].
pub struct Services {
    /// The system blobs.
    pub blobs: BlobStore,
    /// System messages; usable from any thread.
    pub smd: Smd,
    manager: Box<Manager>,
    ops: *const lws_system_ops,
    command_line: CommandLine,
}

/// The program's command line as it gave it to us.
#[derive(Clone, Copy, Debug)]
pub struct CommandLine {
    /// `info->argc`
    pub argc: std::ffi::c_int,
    /// `info->argv`, which the program keeps alive.
    pub argv: *const *const c_char,
}

/// The state manager that programs get a pointer to, and the names it points to.
struct Manager {
    manager: std::cell::UnsafeCell<lws_state_manager>,
    _names: Box<[*const c_char]>,
}

// SAFETY: blobs and SMD are thread-safe. The state manager, the ops and the command line are only
// touched on the context's own thread, which is the rule for the functions that reach them.
unsafe impl Send for Services {}
// SAFETY: as above.
unsafe impl Sync for Services {}

impl Services {
    /// The services of `context`, whose state is `CONTEXT_CREATED`, with the system ops and the
    /// command line that the program gave. `wake` makes the event loop come round and is called
    /// from any thread.
    #[must_use]
    pub fn new(
        context: *mut lws_context,
        limits: Limits,
        ops: *const lws_system_ops,
        command_line: CommandLine,
        wake: Box<dyn Fn() + Send + Sync>,
    ) -> Arc<Self> {
        Arc::new(Self {
            blobs: BlobStore::new(LWS_SYSBLOB_TYPE_COUNT as usize),
            smd: Smd::new(limits, wake),
            manager: Manager::new(context),
            ops,
            command_line,
        })
    }

    /// [`new`](Self::new) with what `info` says: SMD limits (their defaults for 0), system ops,
    /// command line.
    #[must_use]
    pub fn from_info(
        context: *mut lws_context,
        info: &lws_context_creation_info,
        wake: Box<dyn Fn() + Send + Sync>,
    ) -> Arc<Self> {
        let defaults = Limits::default();
        let limits = Limits {
            depth: match info.smd_queue_depth {
                0 => defaults.depth,
                depth => usize::from(depth),
            },
            ttl_us: if info.smd_ttl_us > 0 { info.smd_ttl_us } else { defaults.ttl_us },
        };
        let command_line = CommandLine { argc: info.argc, argv: info.argv.cast_const() };
        Self::new(context, limits, info.system_ops, command_line, wake)
    }

    /// The context's state manager; it stays at this address as long as the services live.
    #[must_use]
    pub fn manager(&self) -> *mut lws_state_manager {
        self.manager.manager.get()
    }

    /// The system ops that the program gave, or NULL.
    #[must_use]
    pub fn ops(&self) -> *const lws_system_ops {
        self.ops
    }

    /// The command line that the program gave.
    #[must_use]
    pub fn command_line(&self) -> CommandLine {
        self.command_line
    }
}

impl Manager {
    fn new(context: *mut lws_context) -> Box<Self> {
        let mut names: Box<[_]> = SystemState::ALL.iter().map(|s| s.name().as_ptr()).collect();
        let manager = lws_state_manager {
            notify_list: lws_dll2_owner { tail: null_mut(), head: null_mut(), count: 0 },
            context,
            parent: context.cast(),
            smd_class: LWSSMDCL_SYSTEM_STATE as u32,
            state_names: names.as_mut_ptr(),
            name: c"system".as_ptr(),
            state: LWS_SYSTATE_CONTEXT_CREATED,
        };
        Box::new(Self { manager: manager.into(), _names: names })
    }
}

static CONTEXTS: RwLock<Option<HashMap<usize, Arc<Services>>>> = RwLock::new(None);

/// Makes the services reachable through the handle.
pub fn attach(context: *const lws_context, services: Arc<Services>) {
    let mut contexts = CONTEXTS.write().unwrap_or_else(PoisonError::into_inner);
    contexts.get_or_insert_default().insert(context as usize, services);
}

/// Ends that. The services themselves live on while somebody holds them.
pub fn detach(context: *const lws_context) {
    let mut contexts = CONTEXTS.write().unwrap_or_else(PoisonError::into_inner);
    let gone = contexts.as_mut().and_then(|c| c.remove(&(context as usize)));
    drop(contexts);
    drop(gone);
}

/// The services of a context, or `None` if the handle is stale or NULL. Says nothing.
#[must_use]
pub fn find(context: *const lws_context) -> Option<Arc<Services>> {
    let contexts = CONTEXTS.read().unwrap_or_else(PoisonError::into_inner);
    contexts.as_ref()?.get(&(context as usize)).cloned()
}

/// The services of a context for the exported function `caller`; logs if there are none.
pub(super) fn of(caller: &str, context: *const lws_context) -> Option<Arc<Services>> {
    let found = find(context);
    if found.is_none() {
        log::err!("{caller}: {context:p} is no context (destroyed already?)");
    }
    found
}

/// The first context's services that `wanted` accepts.
pub(super) fn any(wanted: impl Fn(&Services) -> bool) -> Option<Arc<Services>> {
    let contexts = CONTEXTS.read().unwrap_or_else(PoisonError::into_inner);
    contexts.as_ref()?.values().find(|services| wanted(services)).cloned()
}

#[cfg(test)]
pub(super) mod test {
    use std::ffi::c_char;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{CommandLine, Services, attach, detach};
    use crate::ffi::types::lws_context;
    use crate::system::smd::Limits;

    /// A handle with services behind it, as a context has.
    pub(crate) struct TestContext {
        handle: Box<u64>,
        pub(crate) services: Arc<Services>,
        pub(crate) woken: Arc<AtomicUsize>,
    }

    impl TestContext {
        pub(crate) fn new() -> Self {
            Self::with_command_line(CommandLine { argc: 0, argv: std::ptr::null() })
        }

        pub(crate) fn with_command_line(command_line: CommandLine) -> Self {
            let handle = Box::new(0);
            let address = std::ptr::from_ref(&*handle).cast_mut().cast();
            let woken = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&woken);
            let wake = Box::new(move || {
                count.fetch_add(1, Ordering::Relaxed);
            });
            let ops = std::ptr::null();
            let limits = Limits::default();
            let services = Services::new(address, limits, ops, command_line, wake);
            attach(address, Arc::clone(&services));
            Self { handle, services, woken }
        }

        pub(crate) fn handle(&self) -> *mut lws_context {
            std::ptr::from_ref(&*self.handle).cast_mut().cast()
        }
    }

    impl Drop for TestContext {
        fn drop(&mut self) {
            detach(self.handle());
        }
    }

    /// A command line of constant strings, with its pointers.
    pub(crate) fn arguments(texts: &[&'static std::ffi::CStr]) -> Vec<*const c_char> {
        texts.iter().map(|t| t.as_ptr()).collect()
    }
}
