//! Who is connected, and how much each client has under way.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::{Rc, Weak};

/// How much clients may have, so that one of them cannot take what all need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Links of all clients together.
    pub links: usize,
    /// Links, and so streams, of one client.
    pub streams: usize,
    /// Bytes of one client that wait, in both directions of all of its streams.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { links: 4096, streams: 512, bytes: 64 << 20 }
    }
}

/// What clients are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// A process of this machine.
    Process(u32),
    /// Somebody on the network.
    Address(IpAddr),
    /// Nobody knows: all of these count as one.
    Unknown,
}

/// One client.
#[derive(Default)]
struct Client {
    streams: Cell<usize>,
    bytes: Cell<usize>,
}

/// All clients of a proxy.
pub(super) struct Clients {
    limits: Limits,
    links: Cell<usize>,
    known: RefCell<HashMap<Who, Weak<Client>>>,
}

impl Clients {
    pub fn new(limits: Limits) -> Rc<Self> {
        Rc::new(Self { limits, links: Cell::new(0), known: RefCell::default() })
    }

    /// A place for one more link.
    ///
    /// # Errors
    /// Why there is none.
    pub fn admit(self: &Rc<Self>, who: Who) -> Result<Share, String> {
        if self.links.get() >= self.limits.links {
            return Err(format!("{} links exist already", self.links.get()));
        }
        let client = self.client(who);
        let streams = client.streams.get();
        if streams >= self.limits.streams {
            return Err(format!("the client has {streams} streams already"));
        }
        client.streams.set(streams + 1);
        self.links.set(self.links.get() + 1);
        Ok(Share { clients: Rc::clone(self), client, who, bytes: Cell::new(0) })
    }

    fn client(&self, who: Who) -> Rc<Client> {
        let mut known = self.known.borrow_mut();
        if let Some(client) = known.get(&who).and_then(Weak::upgrade) {
            return client;
        }
        let client = Rc::<Client>::default();
        known.insert(who, Rc::downgrade(&client));
        client
    }
}

/// What one link has of its client's part. Given back when dropped.
pub(super) struct Share {
    clients: Rc<Clients>,
    client: Rc<Client>,
    who: Who,
    bytes: Cell<usize>,
}

impl Share {
    /// The link holds so many bytes now.
    ///
    /// # Errors
    /// Its client has more than it may.
    pub fn set_bytes(&self, bytes: usize) -> Result<(), String> {
        let all = self.client.bytes.get() + bytes - self.bytes.replace(bytes);
        self.client.bytes.set(all);
        let most = self.clients.limits.bytes;
        if all > most {
            return Err(format!("{all} bytes of the client wait, {most} may"));
        }
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let _ = self.set_bytes(0);
        self.client.streams.set(self.client.streams.get() - 1);
        self.clients.links.set(self.clients.links.get() - 1);
        if self.client.streams.get() == 0 {
            self.clients.known.borrow_mut().remove(&self.who);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Clients, Limits, Who};

    #[test]
    fn limits_hold_and_what_was_taken_comes_back() {
        let clients = Clients::new(Limits { links: 3, streams: 2, bytes: 100 });
        let (a, b) = (Who::Process(1), Who::Process(2));
        let first = clients.admit(a).expect("room");
        let second = clients.admit(a).expect("room");
        assert!(clients.admit(a).is_err_and(|e| e.contains("2 streams")));
        let other = clients.admit(b).expect("room");
        drop(other);
        assert_eq!(clients.known.borrow().len(), 1);
        let _other = clients.admit(b).expect("room again");
        assert!(clients.admit(Who::Unknown).is_err_and(|e| e.contains("3 links")));

        assert!(first.set_bytes(60).is_ok());
        assert!(second.set_bytes(60).is_err_and(|e| e.contains("120 bytes")));
        assert!(second.set_bytes(40).is_ok());
        drop(first);
        assert!(second.set_bytes(100).is_ok());
    }
}
