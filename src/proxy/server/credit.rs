//! What a stream's peer may send, on the protocol where each stream has a credit of its own (h2):
//! no more than the client wants, and no more at a time than the proxy holds for it.

/// Clients of libwebsockets 5.0.0 start with this where the program did not say anything: it
/// means no limit.
const CLIENT_DEFAULT: i32 = 500_000_000;

/// The credit of one stream, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Credit {
    /// What the client allows at the start of each transaction; `None`: anything.
    client: Option<i64>,
    /// What the proxy lets be under way.
    window: i64,
    /// What the client still allows.
    left: Option<i64>,
    /// What the peer was allowed and did not send yet.
    granted: i64,
}

impl Credit {
    /// `client` is as in the client's first frame, 0: nothing said.
    pub fn new(client: i32, window: usize) -> Self {
        let client = Some(i64::from(client)).filter(|c| *c > 0 && *c < i64::from(CLIENT_DEFAULT));
        let window = i64::try_from(window).unwrap_or(i64::MAX);
        let mut credit = Self { client, window, left: client, granted: 0 };
        credit.begin();
        credit
    }

    /// A transaction starts: what the peer may send then.
    pub fn begin(&mut self) -> u32 {
        self.left = self.client;
        self.granted = self.most();
        u32::try_from(self.granted).unwrap_or(u32::MAX)
    }

    fn most(&self) -> i64 {
        self.left.map_or(self.window, |left| left.clamp(0, self.window))
    }

    /// The peer sent so many bytes.
    pub fn received(&mut self, bytes: usize) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.granted = (self.granted - bytes).max(0);
        if let Some(left) = &mut self.left {
            *left -= bytes;
        }
    }

    /// The client allows more, or less.
    pub fn adjust(&mut self, bytes: i32) {
        if let Some(left) = &mut self.left {
            *left += i64::from(bytes);
        }
    }

    /// There is room again: what the peer is to be allowed more, if anything.
    pub fn grant(&mut self) -> Option<i32> {
        let more = self.most() - self.granted;
        let more = i32::try_from(more).ok().filter(|more| *more > 0)?;
        self.granted += i64::from(more);
        Some(more)
    }
}

#[cfg(test)]
mod tests {
    use super::{CLIENT_DEFAULT, Credit};

    #[test]
    fn without_a_limit_of_the_client_the_window_stays_full() {
        for unlimited in [0, -5, CLIENT_DEFAULT] {
            let mut credit = Credit::new(unlimited, 1000);
            assert_eq!(credit.begin(), 1000);
            credit.adjust(5);
            assert_eq!(credit.grant(), None);
            credit.received(700);
            credit.received(200);
            assert_eq!(credit.grant(), Some(900));
            assert_eq!(credit.grant(), None);
        }
    }

    #[test]
    fn the_client_s_limit_counts_over_all_windows() {
        let mut credit = Credit::new(1500, 1000);
        assert_eq!(credit.begin(), 1000);
        credit.received(1000);
        assert_eq!(credit.grant(), Some(500));
        credit.received(500);
        assert_eq!(credit.grant(), None);
        credit.adjust(100);
        assert_eq!(credit.grant(), Some(100));
        // it may take back what was not used yet
        credit.adjust(-50);
        assert_eq!(credit.grant(), None);
        assert_eq!(credit.begin(), 1000);
    }
}
