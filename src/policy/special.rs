//! The keys that are more than a typed value.

use std::ops::RangeInclusive;
use std::rc::Rc;

use super::error::{Kind, Severity, quoted};
use super::json::{Member, Node, Value};
use super::model::{Cert, MetadataDef, Protocol, Retry, StreamType};
use super::trust::{self, DerKind};
use super::values::{Scope, is_token_byte};
use crate::util::proxy::ProxyAddress;

/// The most metadata names of one stream type.
pub const MAX_METADATA: usize = 255;

/// The most entries of one `http_resp_map`.
pub const MAX_RESP_MAP: usize = 256;

/// The most `options` of one stream type.
pub const MAX_OPTIONS: usize = 256;

/// The most delays of one `backoff`.
pub const MAX_BACKOFF: usize = 256;

/// http status codes; 0 stands for none.
pub const STATUS: RangeInclusive<u16> = 0..=999;

/// MQTT's levels of service.
pub const QOS: RangeInclusive<u8> = 0..=2;

/// States below this one are the library's own.
const USER_STATES: u16 = 1000;

/// The name of an `auth` or `metrics` entry.
pub fn name(scope: &mut Scope<'_>, field: &mut String, member: &Member) {
    if let Some(text) = scope.text(member) {
        text.clone_into(field);
    }
}

pub fn backoff(scope: &mut Scope<'_>, retry: &mut Retry, member: &Member) {
    let Value::Array(items) = &member.node.value else {
        return scope.wrong_type(member, "an array of numbers");
    };
    if items.len() > MAX_BACKOFF {
        let message = format_args!("more than {MAX_BACKOFF} delays");
        return scope.error(Kind::TooBig, member, message);
    }
    let delay = |item: &Node| scope.int(&item_of(member, item), 0..=u32::MAX);
    retry.backoff_ms = items.iter().filter_map(delay).collect();
}

pub fn protocol(scope: &mut Scope<'_>, stream: &mut StreamType, member: &Member) {
    let Some(name) = scope.text(member) else {
        return;
    };
    let Some(protocol) = Protocol::from_name(name) else {
        return scope.build.diags.unknown(
            (Severity::Error, Kind::BadValue),
            scope.place.key(&member.key),
            member.node.pos,
            ("unknown protocol", name),
            Protocol::ALL.into_iter().map(Protocol::name),
        );
    };
    if !protocol.is_supported() {
        let message = format_args!("{name} is not supported: such streams cannot be created");
        scope.warn(Kind::Unsupported, member, message);
    }
    stream.protocol = protocol;
}

/// A number, also as a string. A string that is no number at all, such as a placeholder that
/// some script was to fill in, makes port 0: programs' policies could always have one, and only
/// a stream of this type that connects is the worse for it.
pub fn port(scope: &mut Scope<'_>, stream: &mut StreamType, member: &Member) {
    if let Value::Text(text) = &member.node.value
        && !text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
    {
        let message = format_args!("'{}' is no port: taken as 0", quoted(text));
        scope.warn(Kind::BadValue, member, message);
        stream.port = 0;
        return;
    }
    if let Some(port) = scope.int(member, 0..=u16::MAX) {
        stream.port = port;
    }
}

/// The address of a SOCKS5 proxy, kept as it is written; an empty one unsets.
pub fn socks5(scope: &mut Scope<'_>, field: &mut Option<String>, member: &Member) {
    let Some(text) = scope.printable(member) else { return };
    *field = (!text.is_empty()).then_some(text);
    if let Some(text) = field
        && let Err(why) = ProxyAddress::parse(text, None)
    {
        scope.error(Kind::BadValue, member, format_args!("not the address of a proxy: {why}"));
    }
}

pub fn server_cert(scope: &mut Scope<'_>, stream: &mut StreamType, member: &Member) {
    stream.server_cert = der(scope, member, DerKind::Certificate, "a certificate");
}

pub fn server_key(scope: &mut Scope<'_>, stream: &mut StreamType, member: &Member) {
    stream.server_key = der(scope, member, DerKind::PrivateKey, "a private key");
}

/// The entry of `certs` that `member` names, which must be `wanted`.
pub fn der(
    scope: &mut Scope<'_>,
    member: &Member,
    kind: DerKind,
    wanted: &str,
) -> Option<Rc<Cert>> {
    let cert = scope.refer(member, "certs", "cert", |policy| &policy.certs)?;
    if trust::kind(&cert.der) != kind {
        let message = format_args!("'{}' is not {wanted}", quoted(&cert.name));
        scope.error(Kind::BadCertificate, member, message);
    }
    Some(cert)
}

pub fn http_method(scope: &mut Scope<'_>, stream: &mut StreamType, member: &Member) {
    let Some(text) = scope.text(member) else {
        return;
    };
    if !text.bytes().all(is_token_byte) {
        let message = format_args!("'{}' is not an http method", quoted(text));
        return scope.error(Kind::BadValue, member, message);
    }
    stream.http.method = (!text.is_empty()).then(|| text.to_owned());
}

pub fn metadata(scope: &mut Scope<'_>, stream: &mut StreamType, member: &Member) {
    scope.prefix = "metadata.";
    each_pair(scope, member, |scope, pair| {
        let Some(header) = scope.header(pair) else {
            return;
        };
        let header = (!header.is_empty()).then_some(header);
        if let Some(def) = stream.metadata.iter_mut().find(|def| def.name == pair.key) {
            def.header = header;
        } else if stream.metadata.len() < MAX_METADATA {
            stream.metadata.push(MetadataDef { name: pair.key.clone(), header });
        } else {
            let message = format_args!("more than {MAX_METADATA} metadata names");
            scope.error(Kind::TooBig, pair, message);
        }
    });
}

pub fn options(scope: &mut Scope<'_>, stream: &mut StreamType, member: &Member) {
    scope.prefix = "options.";
    each_pair(scope, member, |scope, pair| {
        let value = match &pair.node.value {
            Value::Text(text) | Value::Number(text) => text.clone(),
            // as programs are used to: vhost options know strings only
            Value::Bool(on) => u8::from(*on).to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return scope.wrong_type(pair, "a string");
            }
        };
        if let Some(option) = stream.options.iter_mut().find(|(name, _)| *name == pair.key) {
            option.1 = value;
        } else if stream.options.len() < MAX_OPTIONS {
            stream.options.push((pair.key.clone(), value));
        } else {
            scope.error(Kind::TooBig, pair, format_args!("more than {MAX_OPTIONS} options"));
        }
    });
}

pub fn http_resp_map(scope: &mut Scope<'_>, stream: &mut StreamType, member: &Member) {
    let mut map: Vec<(u16, u16)> = Vec::new();
    scope.prefix = "http_resp_map.";
    each_pair(scope, member, |scope, pair| {
        let status = pair.key.parse().ok().filter(|status| STATUS.contains(status));
        let Some(status) = status else {
            let message = format_args!("'{}' is not an http status", quoted(&pair.key));
            return scope.error(Kind::BadValue, pair, message);
        };
        let Some(state) = scope.int(pair, 0..=u16::MAX) else {
            return;
        };
        if state < USER_STATES {
            let message = format_args!("states below {USER_STATES} are the library's own");
            scope.warn(Kind::BadValue, pair, message);
        }
        if let Some(entry) = map.iter_mut().find(|(known, _)| *known == status) {
            entry.1 = state;
            scope.duplicate(pair);
        } else if map.len() < MAX_RESP_MAP {
            map.push((status, state));
        } else {
            scope.error(Kind::TooBig, pair, format_args!("more than {MAX_RESP_MAP} entries"));
        }
    });
    stream.http.resp_map = map;
}

/// Calls `take` for every key of an array of objects. The caller sets the scope's prefix before.
fn each_pair<'m>(
    scope: &mut Scope<'_>,
    member: &'m Member,
    mut take: impl FnMut(&mut Scope<'_>, &'m Member),
) {
    let prefix = std::mem::take(&mut scope.prefix);
    let Value::Array(items) = &member.node.value else {
        return scope.wrong_type(member, "an array of objects");
    };
    for item in items {
        match &item.value {
            Value::Object(pairs) => {
                scope.prefix = prefix;
                pairs.iter().for_each(|pair| take(scope, pair));
                scope.prefix = "";
            }
            _ => scope.wrong_type(&item_of(member, item), "an object"),
        }
    }
}

/// An item of an array, under the array's key (a known one: it is copied each time).
fn item_of(member: &Member, item: &Node) -> Member {
    Member { key: member.key.clone(), pos: item.pos, node: item.clone() }
}
