//! What can be judged only when a whole stream type, or the whole policy, is known.

use super::build::Build;
use super::error::{Kind, Place, Pos, Severity};
use super::model::{Retry, StreamType};
use super::values::Scope;

/// The stream types with a meaning of their own: a policy may refer to them without having them.
const RESERVED: [&str; 3] = ["fetch_policy", "captive_portal_detect", "api_amazon_com_auth"];

/// Checks a stream type whose keys have all been read.
pub fn stream_type(scope: &mut Scope<'_>, stream: &StreamType) {
    variables(scope, stream);
    aws_metadata(scope, stream, "aws_region", stream.aws_region.as_deref());
    aws_metadata(scope, stream, "aws_service", stream.aws_service.as_deref());
    if stream.server {
        server_parts(scope, stream);
    } else if stream.endpoint.is_empty() && !stream.local_sink && !scope.open {
        let message = "a client stream type without 'endpoint' has nowhere to connect to";
        scope.build.diags.warn(Kind::MissingPart, scope.place, scope.pos, message);
    }
}

/// A connection that is dropped before it would be probed is never probed.
pub fn validity(scope: &mut Scope<'_>, retry: &Retry) {
    let (ping, hangup) = (retry.valid_ping_s, retry.valid_hangup_s);
    let at = scope.seen.get("svalidhup").copied();
    if let Some(pos) = at.filter(|_| hangup > 0 && hangup < ping) {
        let message = format!(
            "{hangup} s is less than 'svalidping', {ping} s: connections are dropped without a probe"
        );
        scope.build.diags.warn(Kind::BadValue, scope.place.key("svalidhup"), pos, message);
    }
}

/// Each `${name}` must be metadata of the stream type. Of a stream type that the text ends in, the
/// metadata may be what was lost.
fn variables(scope: &mut Scope<'_>, stream: &StreamType) {
    let severity = if scope.open { Severity::Warning } else { Severity::Error };
    for (name, key, pos) in std::mem::take(&mut scope.variables) {
        if stream.metadata_def(&name).is_none() {
            scope.build.diags.unknown(
                (severity, Kind::UnknownMetadata),
                scope.place.key(&key),
                pos,
                ("no metadata named", &name),
                stream.metadata.iter().map(|def| def.name.as_str()),
            );
        }
    }
}

/// The region and service of a request to AWS come from metadata.
fn aws_metadata(scope: &mut Scope<'_>, stream: &StreamType, key: &str, name: Option<&str>) {
    let (Some(name), Some(&pos)) = (name, scope.seen.get(key)) else {
        return;
    };
    if stream.metadata_def(name).is_none() {
        scope.build.diags.unknown(
            (Severity::Warning, Kind::UnknownMetadata),
            scope.place.key(key),
            pos,
            ("no metadata named", name),
            stream.metadata.iter().map(|def| def.name.as_str()),
        );
    }
}

/// A TLS server needs its certificate and key, unless it joins a vhost that has its own.
fn server_parts(scope: &mut Scope<'_>, stream: &StreamType) {
    let joins_vhost = stream.endpoint.as_literal().is_some_and(|name| name.starts_with('!'));
    if !stream.tls || joins_vhost {
        return;
    }
    // a name that could not be resolved has been reported
    let missing = |part: &str, key: &str, scope: &Scope<'_>| -> Option<String> {
        let given = scope.seen.contains_key(key);
        (!given).then(|| format!("a TLS server needs its {part}: '{key}' is missing"))
    };
    let cert = stream.server_cert.is_none().then(|| missing("certificate", "server_cert", scope));
    let key = stream.server_key.is_none().then(|| missing("private key", "server_key", scope));
    for message in [cert, key].into_iter().flatten().flatten() {
        scope.build.missing(scope.place, scope.pos, scope.open, &message);
    }
}

/// `rideshare` and `auth[].streamtype` name stream types, which may be defined anywhere.
pub fn stream_type_names(build: &mut Build) {
    for name in std::mem::take(&mut build.later) {
        let target = name.target.as_str();
        if target.is_empty()
            || RESERVED.contains(&target)
            || build.policy.stream_type(target).is_some()
        {
            continue;
        }
        let place =
            Place { section: name.section, name: name.name.as_deref(), key: Some(&name.key) };
        unknown_stream_type(build, place, name.pos, target);
    }
}

fn unknown_stream_type(build: &mut Build, place: Place<'_>, pos: Pos, target: &str) {
    build.diags.unknown(
        (Severity::Warning, Kind::UnknownReference),
        place,
        pos,
        ("no stream type named", target),
        build.policy.streams.names(),
    );
}
