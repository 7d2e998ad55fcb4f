//! Takes connections of clients, as far as the limits and the allow list let it.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use super::clients::{Clients, Who};
use super::greeting::Greeting;
use super::socket::SocketLink;
use super::{Home, Options, Peer};
use crate::engine::{Context, Plug, PlugKey, Wake};
use crate::net::{Accepted, Listener, Transport};
use crate::util::Micros;
use crate::util::clock::MS;
use crate::util::log;

/// Connections taken in one turn, so that streams get theirs.
const ACCEPTS_PER_TURN: usize = 64;

/// When the system has no room for another connection, it is asked again after this.
const ROOM_WAIT: Micros = 100 * MS;

/// A listening socket.
struct Listening {
    listener: RefCell<Listener>,
    home: Rc<dyn Home>,
    options: Rc<Options>,
    clients: Rc<Clients>,
    /// What links read into, in turns.
    scratch: Rc<RefCell<Vec<u8>>>,
}

/// Starts to listen.
///
/// # Errors
/// The system refused to watch the socket.
pub(super) fn start(
    cx: &Context,
    home: Rc<dyn Home>,
    listener: Listener,
    options: Options,
) -> io::Result<PlugKey> {
    let clients = Clients::new(options.limits);
    let port = Rc::new(Listening {
        listener: RefCell::new(listener),
        home,
        options: Rc::new(options),
        clients,
        scratch: Rc::default(),
    });
    let key = cx.plug(Rc::clone(&port) as Rc<dyn Plug>);
    let watched = cx.watch(key, port.listener.borrow_mut().source());
    if let Err(e) = watched {
        cx.unplug(key, None);
        return Err(e);
    }
    Ok(key)
}

impl Plug for Listening {
    fn turn(&self, cx: &Context, key: PlugKey, _: Wake) {
        for _ in 0..ACCEPTS_PER_TURN {
            let accepted = self.listener.borrow().accept();
            match accepted {
                Ok(Accepted::Connection(transport)) => self.admit(cx, transport),
                Ok(Accepted::Nobody) => return,
                Ok(Accepted::Lost) => {}
                Ok(Accepted::NoRoom(e)) => {
                    log::warn!("proxy: no room for another client: {e}");
                    cx.plug_timer(key, Some(cx.now() + ROOM_WAIT));
                    return;
                }
                Err(e) => {
                    log::err!("proxy: it listens no more: {e}");
                    cx.unplug(key, Some(self.listener.borrow_mut().source()));
                    return;
                }
            }
        }
        cx.poke(key);
    }

    // that was about one client: there may be more
    fn give_up(&self, cx: &Context, key: PlugKey) {
        cx.poke(key);
    }
}

impl Listening {
    fn admit(&self, cx: &Context, transport: Box<dyn Transport>) {
        let peer = transport.socket().and_then(self.options.peer_of);
        let name = name_of(&*transport, peer);
        if let Some(why) = self.barred(peer) {
            log::warn!("proxy: client {name} refused: {why}");
            return;
        }
        match self.clients.admit(who(&*transport, peer)) {
            Ok(share) => {
                let parts = (Rc::clone(&self.home), Rc::clone(&self.scratch));
                let options = &self.options;
                match &options.tls {
                    Some(store) => {
                        Greeting::start(cx, store, transport, name, parts, share, options);
                    }
                    None => SocketLink::start(cx, transport, name, parts, share, options),
                }
            }
            Err(why) => log::warn!("proxy: client {name} refused: {why}"),
        }
    }

    /// Why this peer may not be a client.
    fn barred(&self, peer: Option<Peer>) -> Option<String> {
        let allowed = self.options.allowed.as_ref()?;
        match peer {
            None => Some("the system does not know whose it is".to_owned()),
            Some(Peer { uid, .. }) if !allowed.contains(&uid) => {
                Some(format!("user {uid} is not on the allow list"))
            }
            Some(_) => None,
        }
    }
}

fn who(transport: &dyn Transport, peer: Option<Peer>) -> Who {
    if let Some(peer) = peer {
        return Who::Process(peer.pid);
    }
    match transport.peer().parse::<SocketAddr>() {
        Ok(address) => Who::Address(address.ip()),
        Err(_) => Who::Unknown,
    }
}

/// The client in logs.
fn name_of(transport: &dyn Transport, peer: Option<Peer>) -> String {
    match peer {
        Some(Peer { pid, uid }) => format!("pid {pid} (uid {uid})"),
        None => transport.peer(),
    }
}
