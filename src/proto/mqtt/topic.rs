//! Topic names and filters (4.7).

use super::super::{ProtoError, ProtoErrorKind};
use super::{AWS_RESERVED_SLASHES, MAX_AWS_SLASHES, MAX_AWS_TOPIC, MAX_STRING};

/// Whether `topic` can be published to.
///
/// # Errors
/// What is wrong with it.
pub fn check_name(topic: &str) -> Result<(), ProtoError> {
    check_length(topic)?;
    match topic.bytes().find(|b| matches!(b, b'+' | b'#')) {
        None => Ok(()),
        Some(_) => bad(topic, "a topic to publish to has no wildcards"),
    }
}

/// Whether `filter` can be subscribed to.
///
/// # Errors
/// What is wrong with it.
pub fn check_filter(filter: &str) -> Result<(), ProtoError> {
    check_length(filter)?;
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        match level {
            "+" => {}
            "#" if levels.peek().is_none() => {}
            "#" => return bad(filter, "# is the last level only"),
            _ if level.contains(['+', '#']) => {
                return bad(filter, "a wildcard is a level of its own");
            }
            _ => {}
        }
    }
    Ok(())
}

/// The limits of AWS IoT, on top of the protocol's.
pub(super) fn check_aws(topic: &str) -> Result<(), ProtoError> {
    if topic.len() > MAX_AWS_TOPIC {
        return bad(topic, &format!("AWS IoT takes {MAX_AWS_TOPIC} bytes at most"));
    }
    let reserved = if topic.starts_with('$') { AWS_RESERVED_SLASHES } else { 0 };
    if topic.bytes().filter(|b| *b == b'/').count() > MAX_AWS_SLASHES + reserved {
        return bad(topic, &format!("AWS IoT takes {MAX_AWS_SLASHES} slashes at most"));
    }
    Ok(())
}

/// Whether messages to `topic` belong to a subscription to `filter`. Topics that start with `$`
/// belong to the broker: a wildcard in the first level does not take them (4.7.2).
#[must_use]
pub fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        match (wanted, levels.next()) {
            // also takes the level above it: "a/#" matches "a"
            ("#", _) => return true,
            (_, None) => return false,
            ("+", Some(_)) => {}
            (wanted, Some(level)) if wanted == level => {}
            (_, Some(_)) => return false,
        }
    }
    levels.next().is_none()
}

fn check_length(topic: &str) -> Result<(), ProtoError> {
    match topic.len() {
        0 => bad(topic, "a topic is not empty"),
        1..=MAX_STRING if topic.contains('\0') => bad(topic, "a topic has no NUL"),
        1..=MAX_STRING => Ok(()),
        n => {
            let detail = format!("a topic of {n} bytes, where {MAX_STRING} are the most");
            Err(ProtoError::new(ProtoErrorKind::BadRequest, detail))
        }
    }
}

fn bad(topic: &str, why: &str) -> Result<(), ProtoError> {
    /// Enough to recognize a topic by.
    const SHOWN: usize = 80;
    let shown: String = topic.chars().take(SHOWN).collect();
    Err(ProtoError::new(ProtoErrorKind::BadRequest, format!("topic {shown:?}: {why}")))
}
