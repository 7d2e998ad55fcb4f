//! The crate's request, made of ours.

use http::header::{AUTHORIZATION, CONTENT_LENGTH, COOKIE, PROXY_AUTHORIZATION, TE};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::super::h1::request::check;
use super::super::{BodyLen, ProtoError, ProtoErrorKind, Request};

/// Fields about a connection, which h2 has no room for (RFC 9113 8.2.2). A policy may name them
/// for servers that have no h2, so they are left out rather than refused.
const OF_H1: [&str; 5] =
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// Fields with secrets: never kept in the compression's tables (RFC 7541 7.1.3).
const SECRET: [HeaderName; 3] = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE];

/// Makes the request, or says what is wrong with ours.
pub(super) fn build(req: &Request<'_>, tls: bool) -> Result<http::Request<()>, ProtoError> {
    check(req)?;
    let mut built = http::Request::new(());
    *built.method_mut() = Method::from_bytes(req.method.as_bytes()).map_err(bad("method"))?;
    let mut uri = http::uri::Parts::default();
    uri.scheme = Some(if tls { Scheme::HTTPS } else { Scheme::HTTP });
    uri.authority = Some(Authority::try_from(req.authority).map_err(bad("authority"))?);
    uri.path_and_query = Some(PathAndQuery::try_from(req.path).map_err(bad("path"))?);
    *built.uri_mut() = Uri::from_parts(uri).map_err(bad("authority and path"))?;
    let fields = built.headers_mut();
    for (name, value) in req.fields {
        add(fields, name, value)?;
    }
    if let BodyLen::Known(n) = req.body {
        fields.insert(CONTENT_LENGTH, HeaderValue::from(n));
    }
    Ok(built)
}

/// Adds a field of ours, or says what is wrong with it.
pub(super) fn add(fields: &mut HeaderMap, name: &str, value: &[u8]) -> Result<(), ProtoError> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(bad("name of a field"))?;
    let not_trailers = name == TE && value != b"trailers";
    if OF_H1.contains(&name.as_str()) || not_trailers {
        return Ok(());
    }
    // RFC 9113 8.2.1: no space around a value
    let mut value = HeaderValue::from_bytes(value.trim_ascii())
        .map_err(bad(format!("value of field {name:?}")))?;
    value.set_sensitive(SECRET.contains(&name));
    fields
        .try_append(name, value)
        .map_err(|_| ProtoError::new(ProtoErrorKind::BadRequest, "too many fields"))?;
    Ok(())
}

fn bad<E: std::fmt::Display>(what: impl std::fmt::Display) -> impl FnOnce(E) -> ProtoError {
    move |e| ProtoError::new(ProtoErrorKind::BadRequest, format!("{what}: {e}"))
}
