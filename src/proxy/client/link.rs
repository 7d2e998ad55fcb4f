//! The way to the proxy: a raw stream of the engine, nailed up, that carries the protocol.

use std::rc::Rc;

use crate::engine::{Context, CreateError, Handler, NewStream, StreamKey};
use crate::policy::{CONCEAL_FOREVER, Protocol, Retry, StreamType, Template};
use crate::proto::sss::PAYLOAD_HEAD;

/// Where the proxy listens unless the program says otherwise.
#[cfg(target_os = "linux")]
pub const DEFAULT_SOCKET: &str = "+@proxy.ss.lws";
/// Where the proxy listens unless the program says otherwise.
#[cfg(not(target_os = "linux"))]
pub const DEFAULT_SOCKET: &str = "+/tmp/proxy.ss.lws";

/// Milliseconds between attempts to reach the proxy.
pub const RETRY_MS: u32 = 1000;

/// Milliseconds that a proxy may take to say whether it knows the stream type.
pub const ANSWER_MS: u32 = 3000;

/// What `tx` is offered at first, in bytes: as many as with the reference.
pub const ROOM: usize = 4061;

/// The group in the tags of proxied streams.
const TAG_GROUP: &str = "SSPcli";

/// The name of both stream types.
const KIND: &str = "link to the proxy";

/// Where the proxy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A unix socket: `+path`, or `+@name` in Linux's abstract namespace.
    Unix(String),
    /// By TCP.
    Tcp {
        /// Name or address.
        host: String,
        /// Its port.
        port: u16,
        /// The local address, or the network interface, that the link comes from.
        bind: Option<String>,
    },
}

impl Default for Place {
    fn default() -> Self {
        Place::Unix(DEFAULT_SOCKET.to_owned())
    }
}

/// The stream type of what only has its life in the engine: the program brings the link.
fn without_link() -> StreamType {
    StreamType { opportunistic: true, protocol: Protocol::Raw, ..StreamType::new(KIND) }
}

/// The stream type of links: no policy has it.
fn kind(place: &Place) -> StreamType {
    let mut kind = StreamType::new(KIND);
    let (endpoint, port, bind) = match place {
        Place::Unix(name) => (name, 0, None),
        Place::Tcp { host, port, bind } => (host, *port, bind.clone()),
    };
    kind.bind = bind;
    kind.endpoint = Template::literal(endpoint);
    kind.port = port;
    kind.protocol = Protocol::Raw;
    kind.nailed_up = true;
    kind.retry = Some(Rc::new(Retry {
        name: kind.name.clone(),
        backoff_ms: vec![RETRY_MS],
        conceal: CONCEAL_FOREVER,
        ..Retry::default()
    }));
    kind
}

/// Makes the engine's side of a proxied stream called `name`; [`Context::start`] begins its life.
/// Without a `place` the program brings the link.
///
/// # Errors
/// As of [`Context::make`].
pub fn make(
    engine: &Context,
    place: Option<&Place>,
    name: &str,
    handler: Rc<dyn Handler>,
) -> Result<StreamKey, CreateError> {
    let kind = Rc::new(place.map_or_else(without_link, kind));
    let key = engine.make(NewStream { kind, handler, peer_credit: None })?;
    engine.set_tag(key, TAG_GROUP, name);
    engine.set_first_room(key, PAYLOAD_HEAD + ROOM);
    Ok(key)
}
