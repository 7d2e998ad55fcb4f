//! The TLS handshake with a client, before it has a link.

use std::cell::RefCell;
use std::rc::Rc;

use super::Options;
use super::clients::Share;
use super::socket::{Parts, SocketLink};
use crate::engine::{Context, Plug, PlugKey, Wake};
use crate::net::{ServerStore, Tls, Transport};
use crate::util::clock::SEC;
use crate::util::{Micros, log};

/// How long a client may take to agree on TLS.
pub const HANDSHAKE_TIMEOUT: Micros = 10 * SEC;

/// What clients are called in reasons.
const PEER: &str = "the client";

/// A client that has connected.
struct Client {
    transport: Box<dyn Transport>,
    name: String,
    parts: Parts,
    share: Share,
}

/// Its handshake.
pub(super) struct Greeting {
    /// Gone once it is over.
    client: RefCell<Option<Client>>,
    options: Rc<Options>,
}

impl Greeting {
    /// Begins it.
    pub fn start(
        cx: &Context,
        store: &ServerStore,
        transport: Box<dyn Transport>,
        name: String,
        parts: Parts,
        share: Share,
        options: &Rc<Options>,
    ) {
        let tls = match Tls::server(store.config(), transport) {
            Ok(tls) => tls.with(PEER),
            Err(e) => return log::err!("proxy: client {name}: TLS: {e}"),
        };
        let client = Client { transport: Box::new(tls), name, parts, share };
        let greeting =
            Rc::new(Self { client: RefCell::new(Some(client)), options: Rc::clone(options) });
        let key = cx.plug(Rc::clone(&greeting) as Rc<dyn Plug>);
        let mut client = greeting.client.borrow_mut();
        let watched = client.as_mut().map(|c| cx.watch(key, c.transport.source()));
        if let Some(Err(e)) = watched {
            log::err!("proxy: a client is refused: {e}");
            cx.unplug(key, None);
            return;
        }
        cx.plug_timer(key, Some(cx.now() + options.handshake_timeout));
        cx.poke(key);
    }

    /// Why it is over without success, or whether it is with success.
    fn shake(&self, late: bool) -> Result<bool, String> {
        let mut client = self.client.borrow_mut();
        let Some(client) = client.as_mut() else { return Ok(false) };
        match client.transport.handshake() {
            Ok(false) if late => Err(format!(
                "TLS: {PEER} did not agree on it in {} ms",
                self.options.handshake_timeout / 1000
            )),
            other => other.map_err(|e| e.to_string()),
        }
    }
}

impl Plug for Greeting {
    fn turn(&self, cx: &Context, key: PlugKey, wake: Wake) {
        let shaken = self.shake(wake.timer);
        if let Ok(false) = shaken {
            return;
        }
        let Some(mut client) = self.client.borrow_mut().take() else { return };
        if let Err(why) = &shaken {
            log::warn!("proxy: client {} refused: {why}", client.name);
            client.transport.shutdown();
        }
        cx.unplug(key, Some(client.transport.source()));
        if shaken.is_ok() {
            let Client { transport, name, parts, share } = client;
            SocketLink::start(cx, transport, name, parts, share, &self.options);
        }
    }

    fn give_up(&self, cx: &Context, key: PlugKey) {
        let mut client = self.client.borrow_mut().take();
        cx.unplug(key, client.as_mut().map(|c| c.transport.source()));
    }
}
