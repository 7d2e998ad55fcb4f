//! Packets to the broker. What comes in has been checked; lengths fit.

use zeroize::Zeroizing;

use super::super::{ProtoError, ProtoErrorKind};
use super::topic::{check_aws, check_name};
use super::{Connect, MAX_CLIENT_ID, MAX_STRING, Message, Qos};

/// Types and flags of packets that have no others (2.2.1, 2.2.2).
pub(super) const PUBACK: u8 = 0x40;
pub(super) const PUBREC: u8 = 0x50;
pub(super) const PUBREL: u8 = 0x62;
pub(super) const PUBCOMP: u8 = 0x70;
pub(super) const PINGREQ: [u8; 2] = [0xc0, 0];
pub(super) const DISCONNECT: [u8; 2] = [0xe0, 0];
const CONNECT: u8 = 0x10;
const SUBSCRIBE: u8 = 0x82;
const UNSUBSCRIBE: u8 = 0xa2;
const PUBLISH: u8 = 0x30;

/// Bytes of a fixed header at most.
pub(super) const MAX_FIXED: usize = 5;
/// The packet's "MQTT" and protocol level 4 (3.1.2.1, 3.1.2.2).
const PROTOCOL: [u8; 7] = [0, 4, b'M', b'Q', b'T', b'T', 4];

/// CONNECT (3.1). It may hold a password, so it is wiped when dropped.
pub(super) fn connect(c: &Connect<'_>) -> Result<Zeroizing<Vec<u8>>, ProtoError> {
    check_connect(c)?;
    let mut flags = 0;
    if c.clean_start || c.client_id.is_empty() {
        flags |= 0x02;
    }
    if let Some(will) = &c.will {
        flags |= 0x04 | (will.qos as u8) << 3 | u8::from(will.retain) << 5;
    }
    flags |= u8::from(c.password.is_some()) << 6 | u8::from(c.username.is_some()) << 7;

    // of the right size from the start: what grows leaves copies behind
    let strings = [
        c.client_id.len(),
        c.will.map_or(0, |w| 2 + w.topic.len() + 2 + w.payload.len()),
        c.username.map_or(0, |u| 2 + u.len()),
        c.password.map_or(0, |p| 2 + p.len()),
    ];
    let len = PROTOCOL.len() + 1 + 2 + 2 + strings.iter().sum::<usize>();
    let mut packet = Zeroizing::new(Vec::with_capacity(MAX_FIXED + len));
    let body = &mut *packet;
    fixed_header(body, CONNECT, len);
    body.extend_from_slice(&PROTOCOL);
    body.push(flags);
    body.extend_from_slice(&c.keep_alive_s.to_be_bytes());
    string(body, c.client_id.as_bytes());
    if let Some(will) = &c.will {
        string(body, will.topic.as_bytes());
        string(body, will.payload);
    }
    if let Some(username) = c.username {
        string(body, username.as_bytes());
    }
    if let Some(password) = c.password {
        string(body, password);
    }
    Ok(packet)
}

fn check_connect(c: &Connect<'_>) -> Result<(), ProtoError> {
    let bad = |why: String| Err(ProtoError::new(ProtoErrorKind::BadRequest, why));
    if c.client_id.len() > MAX_CLIENT_ID {
        let n = c.client_id.len();
        return bad(format!("client id of {n} bytes, where {MAX_CLIENT_ID} are the most"));
    }
    let texts = [("client id", Some(c.client_id)), ("user name", c.username)];
    for (what, text) in texts {
        if text.is_some_and(|t| t.contains('\0')) {
            return bad(format!("{what} with a NUL"));
        }
    }
    if c.password.is_some() && c.username.is_none() {
        return bad("a password without a user name".to_owned());
    }
    let lengths =
        [("user name", c.username.map(str::len)), ("password", c.password.map(<[u8]>::len))];
    for (what, len) in lengths {
        if let Some(n) = len.filter(|n| *n > MAX_STRING) {
            return bad(format!("{what} of {n} bytes, where {MAX_STRING} are the most"));
        }
    }
    c.will.as_ref().map_or(Ok(()), |will| check_message("will", will, c.aws_iot))
}

/// Checks a will or birth.
pub(super) fn check_message(what: &str, m: &Message<'_>, aws: bool) -> Result<(), ProtoError> {
    check_name(m.topic)?;
    if aws {
        check_aws(m.topic)?;
        check_aws_qos(m.qos)?;
    }
    if m.payload.len() > MAX_STRING {
        let detail =
            format!("{what} of {} bytes, where {MAX_STRING} are the most", m.payload.len());
        return Err(ProtoError::new(ProtoErrorKind::BadRequest, detail));
    }
    Ok(())
}

/// AWS IoT closes connections that ask for QoS 2.
pub(super) fn check_aws_qos(qos: Qos) -> Result<(), ProtoError> {
    match qos {
        Qos::AtMostOnce | Qos::AtLeastOnce => Ok(()),
        Qos::ExactlyOnce => {
            Err(ProtoError::new(ProtoErrorKind::BadRequest, "AWS IoT has no QoS 2"))
        }
    }
}

/// SUBSCRIBE for one filter (3.8).
pub(super) fn subscribe(id: u16, filter: &str, qos: Qos) -> Vec<u8> {
    let mut packet = with_filter(SUBSCRIBE, id, filter, 1);
    packet.push(qos as u8);
    packet
}

/// UNSUBSCRIBE for one filter (3.10).
pub(super) fn unsubscribe(id: u16, filter: &str) -> Vec<u8> {
    with_filter(UNSUBSCRIBE, id, filter, 0)
}

fn with_filter(first: u8, id: u16, filter: &str, more: usize) -> Vec<u8> {
    let len = 2 + 2 + filter.len() + more;
    let mut packet = Vec::with_capacity(MAX_FIXED + len);
    fixed_header(&mut packet, first, len);
    packet.extend_from_slice(&id.to_be_bytes());
    string(&mut packet, filter.as_bytes());
    packet
}

/// What stands in front of a message's payload (3.3).
#[derive(Clone, Copy, Debug)]
pub(super) struct PublishHead<'a> {
    pub topic: &'a str,
    pub qos: Qos,
    pub retain: bool,
    /// Sent before, on a connection that was lost.
    pub dup: bool,
    /// Not used at QoS 0.
    pub id: u16,
}

impl PublishHead<'_> {
    /// Bytes between the fixed header and the payload.
    pub fn variable_len(&self) -> usize {
        2 + self.topic.len() + if self.qos == Qos::AtMostOnce { 0 } else { 2 }
    }

    /// Writes everything in front of `payload` bytes.
    pub fn write(&self, payload: usize, to: &mut Vec<u8>) {
        let first =
            PUBLISH | u8::from(self.dup) << 3 | (self.qos as u8) << 1 | u8::from(self.retain);
        fixed_header(to, first, self.variable_len() + payload);
        string(to, self.topic.as_bytes());
        if self.qos != Qos::AtMostOnce {
            to.extend_from_slice(&self.id.to_be_bytes());
        }
    }
}

/// PUBACK, PUBREC, PUBREL or PUBCOMP.
pub(super) fn ack(first: u8, id: u16) -> [u8; 4] {
    let [high, low] = id.to_be_bytes();
    [first, 2, high, low]
}

fn fixed_header(to: &mut Vec<u8>, first: u8, mut len: usize) {
    to.push(first);
    loop {
        let digit = (len & 0x7f) as u8;
        len >>= 7;
        to.push(if len > 0 { digit | 0x80 } else { digit });
        if len == 0 {
            return;
        }
    }
}

fn string(to: &mut Vec<u8>, bytes: &[u8]) {
    let len = u16::try_from(bytes.len()).expect("strings were checked to fit");
    to.extend_from_slice(&len.to_be_bytes());
    to.extend_from_slice(bytes);
}
