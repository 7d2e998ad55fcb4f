//! An ordered set of named, shared things: the shape of every section of a policy.

use std::collections::HashMap;
use std::rc::Rc;

/// Something that a policy defines under a name.
pub trait HasName {
    /// The name it is found by (exact match, never by prefix).
    fn name(&self) -> &str;
}

/// Named things in the order of their first definition, found by exact name.
///
/// Entries are `Rc`: whoever holds one keeps it alive when a newer policy replaces this one.
#[derive(Debug)]
pub struct Named<T> {
    items: Vec<Rc<T>>,
    index: HashMap<String, usize>,
}

impl<T: HasName> Named<T> {
    /// Finds the entry of exactly this name.
    pub fn get(&self, name: &str) -> Option<&Rc<T>> {
        self.index.get(name).map(|&at| &self.items[at])
    }

    /// Adds an entry; one of the same name is replaced and given back.
    pub fn insert(&mut self, item: T) -> Option<Rc<T>> {
        let item = Rc::new(item);
        if let Some(&at) = self.index.get(item.name()) {
            return Some(std::mem::replace(&mut self.items[at], item));
        }
        self.index.insert(item.name().to_owned(), self.items.len());
        self.items.push(item);
        None
    }

    /// The entries in the order in which their names first appeared.
    pub fn iter(&self) -> std::slice::Iter<'_, Rc<T>> {
        self.items.iter()
    }

    /// The names, in the same order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|item| item.name())
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self { items: Vec::new(), index: HashMap::new() }
    }
}

impl<T> Clone for Named<T> {
    fn clone(&self) -> Self {
        Self { items: self.items.clone(), index: self.index.clone() }
    }
}

/// The same entries in the same order.
impl<T: PartialEq> PartialEq for Named<T> {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl<'a, T: HasName> IntoIterator for &'a Named<T> {
    type Item = &'a Rc<T>;
    type IntoIter = std::slice::Iter<'a, Rc<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
