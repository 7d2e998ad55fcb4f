//! System blobs: small pieces of data (tokens, certificates, device names) that a program gives
//! once and that streams use by their place in the table.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroize;

/// The largest content of a blob that is kept on the heap, in bytes.
pub const BLOB_MAX: usize = 4 * 1024 * 1024;

/// Memory of the program's that a blob refers to instead of holding a copy.
pub trait Borrowed: Send {
    /// The bytes as they are now.
    fn bytes(&self) -> &[u8];
}

enum Content {
    /// Our own copy, in the pieces that it was appended in.
    Heap(Vec<Box<[u8]>>),
    /// Somebody else's memory.
    Direct(Box<dyn Borrowed>),
}

impl Drop for Content {
    /// A blob may hold a secret.
    fn drop(&mut self) {
        if let Content::Heap(pieces) = self {
            for piece in pieces {
                piece.zeroize();
            }
        }
    }
}

/// Why something could not be appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendError {
    /// The blob refers to the program's memory; empty it first.
    Direct,
    /// The content would be over [`BLOB_MAX`].
    TooLarge,
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Direct => {
                write!(f, "it refers to the program's memory and must be emptied first")
            }
            Self::TooLarge => write!(f, "it would be over {BLOB_MAX} bytes"),
        }
    }
}

impl std::error::Error for AppendError {}

/// One blob: empty, appended to piece by piece, or referring to the program's memory.
pub struct Blob(Mutex<Content>);

impl Default for Blob {
    fn default() -> Self {
        Self(Mutex::new(Content::Heap(Vec::new())))
    }
}

impl Blob {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refers to `memory` from now on; what was there is dropped.
    pub fn set_direct(&self, memory: Box<dyn Borrowed>) {
        *self.content() = Content::Direct(memory);
    }

    /// Drops the content: the blob is empty and can be appended to.
    pub fn clear(&self) {
        *self.content() = Content::Heap(Vec::new());
    }

    /// Adds a copy of `piece` at the end.
    ///
    /// # Errors
    /// If the blob is a direct one, or would get too large. It is unchanged then.
    pub fn append(&self, piece: &[u8]) -> Result<(), AppendError> {
        match &mut *self.content() {
            Content::Direct(_) => Err(AppendError::Direct),
            Content::Heap(pieces) => {
                let size: usize = pieces.iter().map(|p| p.len()).sum();
                if piece.len() > BLOB_MAX - size {
                    return Err(AppendError::TooLarge);
                }
                if !piece.is_empty() {
                    pieces.push(piece.into());
                }
                Ok(())
            }
        }
    }

    /// The size in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match &*self.content() {
            Content::Heap(pieces) => pieces.iter().map(|p| p.len()).sum(),
            Content::Direct(memory) => memory.bytes().len(),
        }
    }

    /// Whether there is no content.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the content is the program's own memory.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        matches!(&*self.content(), Content::Direct(_))
    }

    /// Copies bytes from `offset` on into `out`, as many as fit. Returns how many.
    pub fn read_at(&self, offset: usize, out: &mut [u8]) -> usize {
        let content = self.content();
        let pieces: Box<dyn Iterator<Item = &[u8]>> = match &*content {
            Content::Heap(pieces) => Box::new(pieces.iter().map(|p| &**p)),
            Content::Direct(memory) => Box::new(std::iter::once(memory.bytes())),
        };
        let (mut skip, mut done) = (offset, 0);
        for piece in pieces {
            let wanted = piece.get(skip..).unwrap_or_default();
            skip -= skip.min(piece.len());
            let n = wanted.len().min(out.len() - done);
            out[done..done + n].copy_from_slice(&wanted[..n]);
            done += n;
        }
        done
    }

    /// A copy of the whole content.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        match &*self.content() {
            Content::Heap(pieces) => pieces.concat(),
            Content::Direct(memory) => memory.bytes().to_vec(),
        }
    }

    /// Calls `f` with the content if it lies in one piece; `None` if it is in several or empty.
    pub fn with_single<R>(&self, f: impl FnOnce(&[u8]) -> R) -> Option<R> {
        match &*self.content() {
            Content::Direct(memory) => Some(f(memory.bytes())),
            Content::Heap(pieces) => match &pieces[..] {
                [only] => Some(f(only)),
                _ => None,
            },
        }
    }
}

/// The blobs of a context, by their place in the table. Their addresses stay the same.
pub struct BlobStore(Box<[Blob]>);

impl BlobStore {
    /// A store of `count` empty blobs.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self(std::iter::repeat_with(Blob::default).take(count).collect())
    }

    /// The blob at `index` places behind `item`; `None` if that is outside the table.
    #[must_use]
    pub fn get(&self, item: usize, index: usize) -> Option<&Blob> {
        self.0.get(item.checked_add(index)?)
    }

    /// All of them, in order.
    #[must_use]
    pub fn all(&self) -> &[Blob] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{AppendError, BLOB_MAX, Blob, BlobStore, Borrowed};

    struct Memory(&'static [u8]);
    impl Borrowed for Memory {
        fn bytes(&self) -> &[u8] {
            self.0
        }
    }

    #[test]
    fn heap_content_is_read_across_pieces() {
        let b = Blob::default();
        assert!(b.is_empty());
        assert_eq!(b.with_single(|_| ()), None);
        b.append(b"hello").unwrap();
        assert_eq!(b.with_single(<[u8]>::to_vec).unwrap(), b"hello");
        b.append(b" ").unwrap();
        b.append(b"world").unwrap();
        assert_eq!((b.len(), b.with_single(|_| ())), (11, None));
        for (offset, room, expected) in
            [(0, 20, "hello world"), (3, 4, "lo w"), (5, 1, " "), (11, 4, ""), (99, 4, "")]
        {
            let mut out = vec![0; room];
            let n = b.read_at(offset, &mut out);
            assert_eq!(&out[..n], expected.as_bytes());
        }
        b.clear();
        assert_eq!(b.to_vec(), b"");
    }

    #[test]
    fn direct_content_replaces_and_refuses_appending() {
        let b = Blob::default();
        b.append(b"old").unwrap();
        b.set_direct(Box::new(Memory(b"direct")));
        assert!(b.is_direct());
        assert_eq!(b.append(b"x"), Err(AppendError::Direct));
        assert_eq!(b.to_vec(), b"direct");
        let mut out = [0; 4];
        assert_eq!(b.read_at(4, &mut out), 2);
        assert_eq!(&out[..2], b"ct");
        b.clear();
        b.append(b"x").unwrap();
        assert_eq!(b.to_vec(), b"x");
    }

    #[test]
    fn size_is_bounded() {
        let b = Blob::default();
        b.append(&vec![0; BLOB_MAX]).unwrap();
        assert_eq!(b.append(b"x"), Err(AppendError::TooLarge));
        assert_eq!(b.len(), BLOB_MAX);
    }

    #[test]
    fn places_outside_the_table() {
        let store = BlobStore::new(3);
        assert!(store.get(2, 0).is_some());
        assert!(store.get(2, 1).is_none());
        assert!(store.get(usize::MAX, 2).is_none());
    }
}
