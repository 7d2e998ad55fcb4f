//! Mutations of seeds, the same ones each time: what fuzz targets do, for every run of the tests.

/// A source of numbers that makes tests repeatable (xorshift).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end
    }

    pub fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }

    /// Changes, adds, doubles or drops up to four places behind the first `keep` bytes.
    pub fn mutate(&mut self, bytes: &mut Vec<u8>, keep: usize) {
        const TELLING: &[u8] = b"\r\n\0 :;,09aA\x7f\x80\xff";
        for _ in 0..=self.below(4) {
            if bytes.len() <= keep {
                return;
            }
            let at = keep + self.below(bytes.len() - keep);
            let telling = TELLING[self.below(TELLING.len())];
            match self.below(6) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = telling,
                2 => bytes.insert(at, telling),
                3 => drop(bytes.remove(at)),
                4 => {
                    let end = (at + 1 + self.below(16)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
                _ => bytes.truncate(at),
            }
        }
    }
}
