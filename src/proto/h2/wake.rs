//! Wakers for a machine that nobody has to wake: it is polled after every change anyway. The
//! crate wakes while it holds its lock, so a waker only takes a note.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// The connection wants to be polled.
#[derive(Default)]
pub(super) struct Flag(AtomicBool);

impl Flag {
    /// Whether it was raised; lowers it.
    pub fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }

    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.raise();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.raise();
    }
}

/// The transactions that have something to tell, each once, in order.
#[derive(Default)]
pub(super) struct Woken(Mutex<VecDeque<u32>>);

impl Woken {
    /// The first one; it stays until [`pass`](Self::pass).
    pub fn first(&self) -> Option<u32> {
        self.list().front().copied()
    }

    /// Takes `id` off the front.
    pub fn pass(&self, id: u32) {
        let mut list = self.list();
        if list.front() == Some(&id) {
            list.pop_front();
        }
    }

    pub fn add(&self, id: u32) {
        let mut list = self.list();
        if !list.contains(&id) {
            list.push_back(id);
        }
    }

    fn list(&self) -> MutexGuard<'_, VecDeque<u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes that one transaction has something to tell.
pub(super) struct Note {
    pub id: u32,
    pub woken: Arc<Woken>,
}

impl Note {
    pub fn waker(id: u32, woken: &Arc<Woken>) -> Waker {
        Waker::from(Arc::new(Self { id, woken: Arc::clone(woken) }))
    }
}

impl Wake for Note {
    fn wake(self: Arc<Self>) {
        self.woken.add(self.id);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.add(self.id);
    }
}
