//! A stream's metadata: values by the names that its policy declares, and, where the policy
//! says `direct_proto_str`, header fields by their own names (specification: `metadata`,
//! `direct_proto_str`).

use crate::policy::StreamType;

/// A value. A program's own memory is only bound (it may change until it is used), everything
/// else is owned.
pub type Value = Box<dyn AsRef<[u8]>>;

/// A copy, with a NUL behind it for programs that print values as C strings.
pub struct Owned(Vec<u8>);

impl Owned {
    /// A copy of `value`.
    #[must_use]
    pub fn new(value: &[u8]) -> Self {
        let mut copy = Vec::with_capacity(value.len() + 1);
        copy.extend_from_slice(value);
        copy.push(0);
        Self(copy)
    }
}

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.0[..self.0.len() - 1]
    }
}

/// The values of one stream.
#[derive(Default)]
pub struct Metadata {
    /// In the order of the policy's declarations.
    declared: Vec<Option<Value>>,
    /// Header fields set directly, names as given but without the colon.
    direct: Vec<(String, Value)>,
}

/// The name is neither declared nor a header that may be set directly.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownName;

impl Metadata {
    /// Sets `name`, an earlier value goes.
    ///
    /// # Errors
    /// The policy does not know the name.
    pub fn set(&mut self, kind: &StreamType, name: &str, value: Value) -> Result<(), UnknownName> {
        if let Some(i) = kind.metadata.iter().position(|d| d.name == name) {
            if self.declared.len() <= i {
                self.declared.resize_with(kind.metadata.len(), || None);
            }
            self.declared[i] = Some(value);
            return Ok(());
        }
        let header = direct_name(kind, name).ok_or(UnknownName)?;
        match self.direct.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(header)) {
            Some(entry) => entry.1 = value,
            None => self.direct.push((header.to_owned(), value)),
        }
        Ok(())
    }

    /// The value of `name`: `Ok(None)` if it is known but not set.
    ///
    /// # Errors
    /// The policy does not know the name.
    pub fn get(&self, kind: &StreamType, name: &str) -> Result<Option<&[u8]>, UnknownName> {
        if let Some(i) = kind.metadata.iter().position(|d| d.name == name) {
            return Ok(self.declared(i));
        }
        let header = direct_name(kind, name).ok_or(UnknownName)?;
        let found = self.direct.iter().find(|(n, _)| n.eq_ignore_ascii_case(header));
        Ok(found.map(|(_, v)| (**v).as_ref()))
    }

    /// The value of the policy's declaration number `i`.
    #[must_use]
    pub fn declared(&self, i: usize) -> Option<&[u8]> {
        self.declared.get(i)?.as_ref().map(|v| (**v).as_ref())
    }

    /// Sets the policy's declaration number `i` from a header that was received.
    pub fn receive(&mut self, kind: &StreamType, i: usize, value: &[u8]) {
        if self.declared.len() < kind.metadata.len() {
            self.declared.resize_with(kind.metadata.len(), || None);
        }
        self.declared[i] = Some(Box::new(Owned::new(value)));
    }

    /// The header fields that were set directly.
    pub fn direct(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.direct.iter().map(|(n, v)| (n.as_str(), (**v).as_ref()))
    }
}

/// The header that `name` (`"content-type:"`) means, if the policy allows it.
fn direct_name<'n>(kind: &StreamType, name: &'n str) -> Option<&'n str> {
    if !kind.direct_proto_str {
        return None;
    }
    name.strip_suffix(':').filter(|n| !n.is_empty())
}
