//! MQTT 3.1.1 client (OASIS standard, 29 October 2014; numbers like 3.3.1 are its chapters): one
//! session that several streams share, each with a topic to publish to, a filter to subscribe to,
//! or both.
//!
//! | file | what |
//! |---|---|
//! | `topic.rs` | checks topic names and filters, matches one against the other |
//! | `encode.rs` | writes packets |
//! | `decode.rs` | parses packets, all but the payload, which is passed through |
//! | `session.rs` | [`Session`]: what outlives a connection, above all unacknowledged messages |
//! | `client.rs` | [`Mqtt`], the machine behind [`Codec`](super::Codec) |
//! | `streams.rs` | its streams: subscribing, birth, becoming ready, leaving |
//! | `publish.rs` | its sending side: messages in pieces, acknowledgements |
//! | `deliver.rs` | its receiving side: one message to every stream whose filter matches |
//!
//! While a message goes out in pieces nothing may come between them: packets of the codec's own
//! wait, and other streams have no credit.

mod client;
mod decode;
mod deliver;
mod encode;
mod publish;
mod session;
mod streams;
mod topic;

pub use client::Mqtt;
pub use session::Session;
pub use topic::{check_filter, check_name, matches};

/// Bytes of payload that one window takes at most.
pub const MAX_WINDOW: usize = 64 * 1024;
/// Bytes of a packet behind its fixed header at most (2.2.3).
pub const MAX_REMAINING: u64 = 268_435_455;
/// Bytes of a string or a will message at most (1.5.3, 3.1.3.3).
pub const MAX_STRING: usize = 65_535;
/// Bytes of a client id at most, as in the reference.
pub const MAX_CLIENT_ID: usize = 128;
/// Bytes of a topic at most with [`Connect::aws_iot`].
pub const MAX_AWS_TOPIC: usize = 256;
/// Slashes in a topic at most with [`Connect::aws_iot`]; topics of its own (`$aws/...`) may have
/// [`AWS_RESERVED_SLASHES`] more.
pub const MAX_AWS_SLASHES: usize = 7;
/// See [`MAX_AWS_SLASHES`].
pub const AWS_RESERVED_SLASHES: usize = 3;
/// Streams on a connection at most.
pub const MAX_STREAMS: usize = 1024;
/// Messages on their way to the broker at most; a stream has no credit until one is acknowledged.
pub const MAX_IN_FLIGHT: usize = 256;
/// Bytes of unacknowledged messages that a session keeps for sending them again at most. A
/// message beyond that is lost with its connection, and [`Nacked`](super::Event::Nacked).
pub const MAX_KEPT: usize = 1024 * 1024;
/// Bytes of the codec's own packets that wait for the end of a message at most.
pub const MAX_WAITING: usize = 256 * 1024;

/// Quality of service (4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Qos {
    /// At most once: acknowledged by nobody.
    #[default]
    AtMostOnce = 0,
    /// At least once: acknowledged by PUBACK.
    AtLeastOnce = 1,
    /// Exactly once: PUBREC, PUBREL, PUBCOMP.
    ExactlyOnce = 2,
}

impl Qos {
    /// From its number, 0 to 2.
    #[must_use]
    pub fn from_number(n: u8) -> Option<Self> {
        match n {
            0 => Some(Self::AtMostOnce),
            1 => Some(Self::AtLeastOnce),
            2 => Some(Self::ExactlyOnce),
            _ => None,
        }
    }
}

/// A whole message: a will or a birth.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Where it is published.
    pub topic: &'a str,
    /// What it says, at most [`MAX_STRING`] bytes.
    pub payload: &'a [u8],
    /// How surely it arrives.
    pub qos: Qos,
    /// Whether the broker keeps it for later subscribers.
    pub retain: bool,
}

/// How a session is opened (3.1). Cannot be printed, because of the password.
#[derive(Clone, Copy, Default)]
pub struct Connect<'a> {
    /// Names the session; empty: the broker makes a name up, and the session is not kept.
    pub client_id: &'a str,
    /// For brokers that ask who it is.
    pub username: Option<&'a str>,
    /// Any bytes. Needs a user name (3.1.2.9).
    pub password: Option<&'a [u8]>,
    /// Seconds without a packet after which the broker may give up; 0: never.
    pub keep_alive_s: u16,
    /// Starts afresh, and keeps nothing when the connection goes.
    pub clean_start: bool,
    /// Published by the broker if the connection goes without a goodbye.
    pub will: Option<Message<'a>>,
    /// Keeps to the limits of AWS IoT: [`MAX_AWS_TOPIC`], [`MAX_AWS_SLASHES`], no QoS 2.
    pub aws_iot: bool,
}

/// Where a stream publishes to.
#[derive(Clone, Copy, Debug)]
pub struct Publish<'a> {
    /// The topic.
    pub topic: &'a str,
    /// How surely messages arrive.
    pub qos: Qos,
    /// Whether the broker keeps the last message for later subscribers.
    pub retain: bool,
}

/// What a stream wants of the session. Borrowed for the one call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Open<'a> {
    /// A number that stays with the stream over reconnects: acknowledgements of messages that
    /// are sent again go to the transaction which has it then.
    pub owner: u64,
    /// The topic filter to subscribe to, and the best quality of service to receive.
    pub subscribe: Option<(&'a str, Qos)>,
    /// Where it publishes.
    pub publish: Option<Publish<'a>>,
    /// Published before the stream is ready, by the first such stream of a connection alone.
    pub birth: Option<Message<'a>>,
}
