//! What the policy's keys take, for tools: a view of the tables that the parser goes by.

use super::keys;
use super::values::{Key, Set};

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// `true` or `false`.
    Flag,
    /// A whole number in this range, also as a string of digits.
    Int(u64, u64),
    /// A string.
    Text,
    /// A string or a number.
    Label,
    /// The name of an http header.
    Header,
    /// A string that may have `${metadata}` in it.
    Template,
    /// Anything: a section of its own, or a key that is only known.
    Any,
    /// Something of its own kind.
    Special,
}

/// A key of a policy.
#[derive(Debug, Clone, Copy)]
pub struct KeyInfo {
    /// Its spellings, the usual one first.
    pub names: &'static [&'static str],
    /// What it takes.
    pub takes: Takes,
}

/// The keys of an entry of a section (`retry`, `auth`, `metrics`, `s`), or with `""` those of the
/// top level; empty for other names.
pub fn keys_of(section: &str) -> Vec<KeyInfo> {
    match section {
        "" => infos(keys::TOP),
        "retry" => infos(keys::RETRY),
        "auth" => infos(keys::AUTH),
        "metrics" => infos(keys::METRIC),
        "s" => infos(keys::STREAM),
        _ => Vec::new(),
    }
}

fn infos<T>(table: &'static [Key<T>]) -> Vec<KeyInfo> {
    table.iter().map(|key| KeyInfo { names: key.names, takes: takes(&key.set) }).collect()
}

fn takes<T>(set: &Set<T>) -> Takes {
    match set {
        Set::Flag(_) => Takes::Flag,
        Set::U8(range, _) | Set::OptU8(range, _) => {
            Takes::Int((*range.start()).into(), (*range.end()).into())
        }
        Set::U16(_) => Takes::Int(0, u16::MAX.into()),
        Set::U32(_) | Set::OptU32(_) => Takes::Int(0, u32::MAX.into()),
        Set::U64(_) => Takes::Int(0, u64::MAX),
        Set::Text(_) => Takes::Text,
        Set::Label(_) => Takes::Label,
        Set::Header(_) => Takes::Header,
        Set::Template(_) | Set::OptTemplate(_) | Set::Payload(_) => Takes::Template,
        Set::Unused => Takes::Any,
        Set::With(_) => Takes::Special,
    }
}
