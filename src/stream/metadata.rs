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
    /// Which of them were received and not set by the program since.
    received: Vec<bool>,
    /// Header fields set directly, names as given but without the colon.
    direct: Vec<(String, Value)>,
    /// Declarations whose values came from the peer and were not asked for since.
    fresh: Vec<usize>,
}

/// The policy does not know the name.
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
            if let Some(received) = self.received.get_mut(i) {
                *received = false;
            }
            return Ok(());
        }
        if !kind.direct_proto_str {
            return Err(UnknownName);
        }
        // without a colon it is accepted too: programs set one name whatever their policy declares
        let header = name.strip_suffix(':').unwrap_or(name);
        match self.direct.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(header)) {
            Some(entry) => entry.1 = value,
            None => self.direct.push((header.to_owned(), value)),
        }
        Ok(())
    }

    /// Takes the value of `name` back: it is declared, but not set.
    ///
    /// # Errors
    /// The policy does not know the name.
    pub fn clear(&mut self, kind: &StreamType, name: &str) -> Result<(), UnknownName> {
        if let Some(i) = kind.metadata.iter().position(|d| d.name == name) {
            if let Some(value) = self.declared.get_mut(i) {
                *value = None;
            }
            return Ok(());
        }
        if !kind.direct_proto_str {
            return Err(UnknownName);
        }
        let header = name.strip_suffix(':').unwrap_or(name);
        self.direct.retain(|(n, _)| !n.eq_ignore_ascii_case(header));
        Ok(())
    }

    /// The value of `name`: `Ok(None)` if it is declared but not set. What was set for the request
    /// only (`direct_proto_str`) is not to be had back: by these names responses are read.
    ///
    /// # Errors
    /// The policy does not declare the name.
    pub fn get(&self, kind: &StreamType, name: &str) -> Result<Option<&[u8]>, UnknownName> {
        let i = kind.metadata.iter().position(|d| d.name == name).ok_or(UnknownName)?;
        Ok(self.declared(i))
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
        self.received.resize(kind.metadata.len(), false);
        self.received[i] = true;
        if !self.fresh.contains(&i) {
            self.fresh.push(i);
        }
    }

    /// The value of the policy's declaration number `i`, if the program set it: a server does
    /// not send back what it received.
    #[must_use]
    pub fn set_here(&self, i: usize) -> Option<&[u8]> {
        let received = self.received.get(i).copied().unwrap_or(false);
        self.declared(i).filter(|_| !received)
    }

    /// Forgets what was received.
    pub fn forget_received(&mut self) {
        for (value, received) in self.declared.iter_mut().zip(&mut self.received) {
            if std::mem::take(received) {
                *value = None;
            }
        }
    }

    /// The declaration of a value that came from the peer, each once.
    pub fn take_fresh(&mut self) -> Option<usize> {
        self.fresh.pop()
    }

    /// The header fields that were set directly.
    pub fn direct(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.direct.iter().map(|(n, v)| (n.as_str(), (**v).as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Metadata, Owned, UnknownName, Value};
    use crate::policy;

    fn value(text: &str) -> Value {
        Box::new(Owned::new(text.as_bytes()))
    }

    fn kind(more: &str) -> std::rc::Rc<policy::StreamType> {
        let text = format!(
            r#"{{"s":[{{"s":{{"endpoint":"x","port":1,"protocol":"h1","metadata":[{{"who":""}}]{more}}}}}]}}"#
        );
        let parsed = policy::parse(text.as_bytes()).policy.expect("a good policy");
        std::rc::Rc::clone(parsed.stream_type("s").expect("is there"))
    }

    #[test]
    fn only_declared_names_without_direct_proto_str() {
        let (kind, mut metadata) = (kind(""), Metadata::default());
        assert_eq!(metadata.set(&kind, "x-a:", value("1")), Err(UnknownName));
        assert_eq!(metadata.get(&kind, "who"), Ok(None));
        assert_eq!(metadata.set(&kind, "who", value("me")), Ok(()));
        assert_eq!(metadata.get(&kind, "who"), Ok(Some(&b"me"[..])));
        assert_eq!(metadata.clear(&kind, "who"), Ok(()));
        assert_eq!(metadata.get(&kind, "who"), Ok(None));
        assert_eq!(metadata.clear(&kind, "x-a:"), Err(UnknownName));
        assert_eq!(metadata.get(&kind, "x-a:"), Err(UnknownName));
    }

    #[test]
    fn what_was_received_is_not_sent_and_can_be_forgotten() {
        let (kind, mut metadata) = (kind(""), Metadata::default());
        metadata.receive(&kind, 0, b"you");
        assert_eq!(metadata.declared(0), Some(&b"you"[..]));
        assert_eq!(metadata.set_here(0), None);
        metadata.forget_received();
        assert_eq!(metadata.declared(0), None);
        metadata.receive(&kind, 0, b"you");
        assert_eq!(metadata.set(&kind, "who", value("me")), Ok(()));
        metadata.forget_received();
        assert_eq!(metadata.set_here(0), Some(&b"me"[..]));
    }

    #[test]
    fn direct_names_are_for_the_request_and_their_colon_is_optional() {
        let (kind, mut metadata) = (kind(r#","direct_proto_str":true"#), Metadata::default());
        for (name, text) in [("X-A:", "1"), ("tag", "2"), ("x-a", "3"), ("who", "me")] {
            assert_eq!(metadata.set(&kind, name, value(text)), Ok(()), "{name}");
        }
        let sent: Vec<_> = metadata.direct().collect();
        assert_eq!(sent, [("X-A", &b"3"[..]), ("tag", &b"2"[..])]);
        assert_eq!(metadata.get(&kind, "X-A:"), Err(UnknownName), "that would be the response's");
        assert_eq!(metadata.get(&kind, "who"), Ok(Some(&b"me"[..])));
    }
}
