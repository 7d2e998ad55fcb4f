//! The loop and everything that lives on it: streams, connections, timers, the pool of idle
//! connections.
//!
//! A [`Context`] is shared by reference, all that changes is in its `Core` behind a `RefCell`,
//! and one rule keeps that sound: **no borrow of the core is held while a callback of the
//! program runs.** Every step borrows, changes, lets go, and only then speaks to the program;
//! afterwards it looks streams and connections up again by key, since any of them may be gone.
//! A call that the program makes inside a callback is then just another frame on the stack.
//!
//! | file | what it decides |
//! |---|---|
//! | `context` | making and ending a context, the shared core |
//! | `turn` | one turn of the loop: wait, timers, ready connections |
//! | `api` | what programs ask of streams |
//! | `life` | saying states, failing attempts, ending links, destroying |
//! | `dial` | from a stream's policy to a connection: reuse, resolve, race, proxy, TLS |
//! | `route` | where a connection leads: the key of sharing |
//! | `way` | what goes into that key: proxy, trust, certificates, credentials |
//! | `captive_portal` | the transaction that looks for the way to the internet |
//! | `auth` | signed requests, the fetching of a token |
//! | `fetch_policy` | the download of the policy by a stream of our own |
//! | `conn` | the connection object |
//! | `stream` | the stream object, and the program's side of it |
//! | `pump` | moving bytes between a connection and its streams |
//! | `part` | what becomes of a connection that a stream leaves |
//! | `send` | whose turn it is to send, and the `tx` callback |
//! | `http` | requests from policy and metadata; what a response means |
//! | `inner` | what streams of our own need beyond what programs may ask |
//! | `perf` | times of connecting and of the response, for streams that want to know |
//! | `multipart` | bodies of several parts, both ways |
//! | `cookies` | cookies in requests and responses |
//! | `fault` | panics in the turns of connections |
//! | `leave` | the orderly end of connections |
//! | `trace` | what happens on connections, for the log at its most talkative |
//! | `pool` | idle connections waiting for the next transaction |
//! | `shared` | connections that several streams use at the same time |
//! | `codecs` | codecs that may be left out of the library |
//! | `open` | which codec an open connection gets, and how streams start on it |
//! | `serve` | listening, connections that come in, requests and their answers |
//! | `plugs` | what else lives on the loop: listeners, links of proxied programs, adopted descriptors |
//! | `proxied` | what streams need that another process uses |
//! | `local` | streams that never leave the process: their turn in the loop |
//! | `sink` | sources and sinks |
//! | `bus` | system messages as streams |
//! | `file` | `file://` endpoints |
//! | `adopt` | descriptors that the program opened itself |
//! | `random` | bytes that nobody can foretell, for codecs |
//! | `timers` | the timer heap |

mod adopt;
mod api;
mod auth;
mod bus;
mod captive_portal;
mod codecs;
mod conn;
mod context;
mod cookies;
mod dial;
mod fault;
mod fetch_policy;
mod file;
mod http;
mod inner;
mod leave;
mod life;
mod local;
mod multipart;
#[cfg(test)]
#[path = "../../tests/fixtures/no_host.rs"]
pub mod no_host;
mod open;
mod part;
mod perf;
mod plugs;
mod pool;
mod proxied;
mod pump;
mod random;
mod route;
mod send;
mod serve;
mod shared;
mod sink;
mod stream;
pub mod timers;
mod trace;
mod turn;
mod way;

pub use crate::net::Direction;
pub use adopt::AdoptError;
pub use api::{CreateError, SetMetadataError};
pub use auth::{AMAZON_LOGIN, Token, TokenFetch};
pub use bus::BUS_HEADER_LEN;
pub use captive_portal::{CAPTIVE_PORTAL_DETECT, PortalProbe};
pub use context::{Context, ContextOptions, DeviceBlob, Host, MqttBlob};
pub use fetch_policy::{FETCH_POLICY, FetchError, PolicyFetch};
pub use inner::LinkTls;
pub use plugs::{Plug, PlugKey, Wake};
pub use serve::{Vhost, VhostTls};
pub use sink::{Sink, SinkError, SinkKey};
pub use stream::{Handler, NewStream, StreamKey, TxAnswer};
pub use timers::TimerKey;
pub use turn::TurnError;
