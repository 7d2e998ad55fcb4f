//! The operating system's trust store: read once, and again when it has changed.

use std::fs::Metadata;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::trust::{TrustError, TrustStore};
use crate::util::clock::SEC;
use crate::util::{Micros, log};

/// How long the store on disk is taken for unchanged without looking.
pub const LOOK_EVERY: Micros = 5 * SEC;

/// What the store was made from, as far as its metadata tell.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark(Vec<(PathBuf, Option<Stamp>)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    len: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(meta: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            len: meta.len(),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }
}

impl Mark {
    /// Of the places that the environment names, else of those of the system. The content of
    /// folders counts by the time at which names came and went, which is how tools change them.
    fn now() -> Self {
        let named = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let (mut file, mut dirs) = (named("SSL_CERT_FILE"), Vec::new());
        if let Some(list) = std::env::var_os("SSL_CERT_DIR") {
            dirs.extend(std::env::split_paths(&list));
        }
        if file.is_none() && dirs.is_empty() {
            let system = openssl_probe::probe();
            (file, dirs) = (system.cert_file, system.cert_dir);
        }
        let stamped = |path: PathBuf| {
            let stamp = std::fs::metadata(&path).ok().map(|meta| Stamp::of(&meta));
            (path, stamp)
        };
        Self(file.into_iter().chain(dirs).map(stamped).collect())
    }
}

struct Loaded {
    store: Arc<TrustStore>,
    mark: Mark,
    looked: Micros,
}

static SYSTEM: Mutex<Option<Loaded>> = Mutex::new(None);

/// The store, shared by the whole process. It is looked at once in a while; if it has changed it
/// is read, and if that does not work the one that was there stays in use.
pub(super) fn system(now: Micros) -> Result<Arc<TrustStore>, TrustError> {
    let mut system = SYSTEM.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(loaded) = &mut *system {
        if now.saturating_sub(loaded.looked) < LOOK_EVERY {
            return Ok(Arc::clone(&loaded.store));
        }
        loaded.looked = now;
        let mark = Mark::now();
        if mark == loaded.mark {
            return Ok(Arc::clone(&loaded.store));
        }
        match TrustStore::load_system() {
            Ok(store) => (loaded.store, loaded.mark) = (store, mark),
            // tools write it anew in several steps: it is looked at again
            Err(e) => log::warn!("{e}: the one read before stays in use"),
        }
        return Ok(Arc::clone(&loaded.store));
    }
    // before the reading: a change while it is read is seen next time
    let mark = Mark::now();
    let store = TrustStore::load_system()?;
    *system = Some(Loaded { store: Arc::clone(&store), mark, looked: now });
    Ok(store)
}
