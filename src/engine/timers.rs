//! The one timer heap. Everything that waits, waits here: retries, timeouts, the program's
//! own timers. An indexed binary heap: scheduling, moving and cancelling are O(log n), and a
//! key is good for its own timer only, however often its slot is used again.

use slotmap::{SlotMap, new_key_type};

use crate::util::Micros;

new_key_type! {
    /// A scheduled timer. Dead once it fired or was cancelled.
    pub struct TimerKey;
}

struct Entry<T> {
    due: Micros,
    /// Breaks ties: first scheduled, first fired.
    order: u64,
    /// Where in the heap.
    at: usize,
    what: T,
}

/// Timers, soonest first.
pub struct Timers<T> {
    entries: SlotMap<TimerKey, Entry<T>>,
    heap: Vec<TimerKey>,
    scheduled: u64,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self { entries: SlotMap::with_key(), heap: Vec::new(), scheduled: 0 }
    }
}

impl<T> Timers<T> {
    /// Schedules `what` for the time `due`.
    pub fn schedule(&mut self, due: Micros, what: T) -> TimerKey {
        self.scheduled += 1;
        let at = self.heap.len();
        let key = self.entries.insert(Entry { due, order: self.scheduled, at, what });
        self.heap.push(key);
        self.up(at);
        key
    }

    /// Takes a timer back; `None` if it is not scheduled (any more).
    pub fn cancel(&mut self, key: TimerKey) -> Option<T> {
        let entry = self.entries.remove(key)?;
        let last = self.heap.len() - 1;
        self.heap.swap_remove(entry.at);
        if entry.at < last {
            let moved = self.heap[entry.at];
            self.entries[moved].at = entry.at;
            self.up(entry.at);
            self.down(self.entries[moved].at);
        }
        Some(entry.what)
    }

    /// What a timer is for, while it is scheduled.
    pub fn get(&self, key: TimerKey) -> Option<&T> {
        self.entries.get(key).map(|e| &e.what)
    }

    /// When the soonest is due.
    pub fn next_due(&self) -> Option<Micros> {
        self.heap.first().map(|k| self.entries[*k].due)
    }

    /// The soonest that is due at `now`. One scheduled while the due ones fire, for a time not
    /// after `now`, is returned too: bound the loop by [`mark`](Self::mark).
    pub fn pop_due(&mut self, now: Micros, scheduled_before: u64) -> Option<T> {
        let key = *self.heap.first()?;
        let e = &self.entries[key];
        if e.due > now || e.order > scheduled_before {
            return None;
        }
        self.cancel(key)
    }

    /// Timers scheduled from now on come after this mark.
    pub fn mark(&self) -> u64 {
        self.scheduled
    }

    fn before(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.entries[self.heap[a]], &self.entries[self.heap[b]]);
        (a.due, a.order) < (b.due, b.order)
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.entries[self.heap[a]].at = a;
        self.entries[self.heap[b]].at = b;
    }

    fn up(&mut self, mut i: usize) {
        while i > 0 {
            let parent = (i - 1) / 2;
            if !self.before(i, parent) {
                break;
            }
            self.swap(i, parent);
            i = parent;
        }
    }

    fn down(&mut self, mut i: usize) {
        loop {
            let mut least = i;
            for child in [2 * i + 1, 2 * i + 2] {
                if child < self.heap.len() && self.before(child, least) {
                    least = child;
                }
            }
            if least == i {
                return;
            }
            self.swap(i, least);
            i = least;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Timers;

    fn drain(t: &mut Timers<u32>, now: u64) -> Vec<u32> {
        let mark = t.mark();
        std::iter::from_fn(|| t.pop_due(now, mark)).collect()
    }

    #[test]
    fn soonest_first_then_first_scheduled() {
        let mut t = Timers::default();
        for (due, what) in [(30, 1), (10, 2), (20, 3), (10, 4)] {
            t.schedule(due, what);
        }
        assert_eq!(t.next_due(), Some(10));
        assert_eq!(drain(&mut t, 9), [0; 0]);
        assert_eq!(drain(&mut t, 20), [2, 4, 3]);
        assert_eq!(drain(&mut t, 100), [1]);
    }

    #[test]
    fn cancelled_keys_are_dead_for_ever() {
        let mut t = Timers::default();
        let a = t.schedule(5, 1);
        assert_eq!(t.cancel(a), Some(1));
        let _b = t.schedule(5, 2);
        assert_eq!(t.cancel(a), None);
        assert_eq!(drain(&mut t, 5), [2]);
    }

    #[test]
    fn timers_scheduled_while_firing_wait_for_the_next_turn() {
        let mut t = Timers::default();
        t.schedule(1, 1);
        let mark = t.mark();
        assert_eq!(t.pop_due(1, mark), Some(1));
        t.schedule(1, 2);
        assert_eq!(t.pop_due(1, mark), None);
        assert_eq!(drain(&mut t, 1), [2]);
    }

    #[test]
    fn many_in_any_order() {
        let mut t = Timers::default();
        let mut x = 12345u64;
        let mut keys = Vec::new();
        for i in 0..2000u32 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            keys.push((x >> 40, i, t.schedule(x >> 40, i)));
        }
        let mut want = Vec::new();
        for (n, (due, i, key)) in keys.into_iter().enumerate() {
            if n % 3 == 0 {
                assert_eq!(t.cancel(key), Some(i));
            } else {
                want.push((due, i));
            }
        }
        want.sort_unstable();
        let got = drain(&mut t, u64::MAX);
        assert_eq!(got, want.iter().map(|w| w.1).collect::<Vec<_>>());
    }
}
