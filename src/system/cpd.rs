//! Captive portal detection: what is known of the way to the internet (specification: "Captive
//! Portal Detection").

use std::cell::Cell;

/// What a detection found; the values are those of the C API's `LWS_CPD_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(i32)]
pub enum Connectivity {
    /// Nothing yet.
    #[default]
    Unknown = 0,
    /// The internet can be reached.
    Ok = 1,
    /// A captive portal answers in its place.
    Captive = 2,
    /// Nothing answers.
    NoInternet = 3,
}

impl Connectivity {
    /// The name that system messages use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Ok => "OK",
            Self::Captive => "Captive",
            Self::NoInternet => "No internet",
        }
    }

    /// What the C API's number stands for, if anything.
    #[must_use]
    pub const fn from_code(code: i32) -> Option<Self> {
        Some(match code {
            0 => Self::Unknown,
            1 => Self::Ok,
            2 => Self::Captive,
            3 => Self::NoInternet,
            _ => return None,
        })
    }

    /// The system message (class `NETWORK`) that announces it.
    #[must_use]
    pub fn message(self) -> String {
        format!("{{\"type\":\"cpd\",\"result\":\"{}\"}}", self.name())
    }
}

/// The result of the last detection. The first that is reported after a start sticks.
#[derive(Default)]
pub struct Detection {
    found: Cell<Connectivity>,
}

impl Detection {
    /// What is known.
    #[must_use]
    pub fn get(&self) -> Connectivity {
        self.found.get()
    }

    /// Another detection begins: what was known does not count any more.
    pub fn begin(&self) {
        self.found.set(Connectivity::Unknown);
    }

    /// Takes a result; false if there is one already.
    pub fn report(&self, found: Connectivity) -> bool {
        let first = self.found.get() == Connectivity::Unknown;
        if first {
            self.found.set(found);
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::{Connectivity, Detection};

    #[test]
    fn the_first_result_sticks_until_the_next_start() {
        let detection = Detection::default();
        assert_eq!(detection.get(), Connectivity::Unknown);
        assert!(detection.report(Connectivity::Captive));
        assert!(!detection.report(Connectivity::Ok));
        assert_eq!(detection.get(), Connectivity::Captive);
        detection.begin();
        assert!(detection.report(Connectivity::NoInternet));
        assert_eq!(detection.get().message(), r#"{"type":"cpd","result":"No internet"}"#);
    }

    #[test]
    fn codes_there_and_back() {
        for code in 0..4 {
            assert_eq!(Connectivity::from_code(code).map(|c| c as i32), Some(code));
        }
        assert_eq!(Connectivity::from_code(4), None);
    }
}
