//! The crate's response, made of ours.

use http::StatusCode;
use http::header::{CONTENT_LENGTH, HeaderValue};

use super::super::super::{BodyLen, ProtoError, ProtoErrorKind, Response};
use super::super::request::add;

/// Makes the response, or says what is wrong with ours; and the body that is to follow.
pub(super) fn build(
    answer: &Response<'_>,
    head_method: bool,
) -> Result<(http::Response<()>, BodyLen), ProtoError> {
    let status = StatusCode::from_u16(answer.status)
        .ok()
        .filter(|s| (200..=999).contains(&s.as_u16()))
        .ok_or_else(|| bad(format!("response: status {} is not a final one", answer.status)))?;
    let mut built = http::Response::new(());
    *built.status_mut() = status;
    let fields = built.headers_mut();
    let bodiless = matches!(answer.status, 204 | 304);
    if let (BodyLen::Known(n), false) = (answer.body, bodiless) {
        fields.insert(CONTENT_LENGTH, HeaderValue::from(n));
    }
    for (name, value) in answer.fields {
        if name.eq_ignore_ascii_case("content-length") {
            let detail = format!("field {name:?}: follows from the message, not given as a field");
            return Err(bad(detail));
        }
        add(fields, name, value)?;
    }
    let body = if bodiless || head_method { BodyLen::None } else { answer.body };
    Ok((built, body))
}

/// A response without a body, of a status that is known to be good.
pub(super) fn bare(status: u16) -> http::Response<()> {
    let mut built = http::Response::new(());
    *built.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    built
}

pub(super) fn bad(detail: impl Into<String>) -> ProtoError {
    ProtoError::new(ProtoErrorKind::BadRequest, detail)
}
