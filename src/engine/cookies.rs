//! Cookies of streams whose policy says `http_cookies`.

use std::time::SystemTime;

use super::conn::{Conn, ConnKey};
use super::context::{Context, ContextOptions};
use super::route::{Place, Target};
use super::stream::StreamKey;
use crate::proto::Tid;
use crate::system::cookies::{Jar, Origin};
use crate::util::log;

/// The jar that a context's settings name. One that cannot be read is left alone.
pub(super) fn open_jar(options: &ContextOptions) -> Option<Jar> {
    let (file, limits) = options.cookies.as_ref()?;
    match Jar::open(file, limits.clone(), SystemTime::now()) {
        Ok(jar) => Some(jar),
        Err(e) => {
            log::err!("cookies: {}: {e}: there are none in this context", file.display());
            None
        }
    }
}

fn origin<'a>(target: &'a Target, path: &'a str) -> Origin<'a> {
    let host = match &target.place {
        Place::Net(host, _) => host.as_str(),
        Place::Unix(_) => "localhost",
    };
    Origin { host, path, secure: target.tls }
}

/// The cookies for a request.
pub(super) fn cookies_for(jar: Option<&Jar>, target: &Target, path: &str) -> Option<String> {
    jar?.get(&origin(target, path), SystemTime::now())
}

impl Context {
    /// Keeps the cookies of a response, and writes the file if that changed any.
    pub(super) fn keep_cookies(&self, conn: ConnKey, key: StreamKey, tid: Tid) {
        let mut core = self.core();
        let core = &mut *core;
        let (Some(stream), Some(jar)) = (core.streams.get(key), &mut core.jar) else { return };
        let (Some(target), Some(path)) = (&stream.txn.target, &stream.txn.asked_path) else {
            return;
        };
        let open = core.conns.get_mut(conn).and_then(Conn::open);
        let Some(head) = open.as_ref().and_then(|o| o.codec.head(tid)) else { return };
        let now = SystemTime::now();
        let mut changed = false;
        for (_, value) in head.iter().filter(|(n, _)| n.eq_ignore_ascii_case(b"set-cookie")) {
            changed |= jar.set(&origin(target, path), value, now);
        }
        if changed && let Err(e) = jar.save() {
            log::err!("cookies: they cannot be written: {e}");
        }
    }
}
