//! The few fields of a certificate that webpki does not tell: dates, common names, and
//! whether there are alternative names and key purposes (RFC 5280 section 4.1).
//!
//! Own code, because it is a walk over six fields: the crates that do it bring a whole ASN.1
//! framework. It only ever reads a certificate that is byte for byte one of the policy's and
//! that webpki has parsed before, and it must not panic on any bytes whatever.

/// What a pinned certificate says about itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leaf<'a> {
    /// Seconds since 1970.
    pub not_before: i64,
    /// Seconds since 1970.
    pub not_after: i64,
    /// The subject's common names that are text.
    pub common_names: Vec<&'a str>,
    /// Whether there is a subject alternative name extension, empty or not.
    pub has_alternative_names: bool,
    /// Whether its extended key usage, if there is one, lets it be a server.
    pub for_servers: bool,
}

/// The bytes are not a certificate in DER.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotX509;

const INTEGER: u8 = 0x02;
const OID: u8 = 0x06;
const UTF8: u8 = 0x0c;
const PRINTABLE: u8 = 0x13;
const TELETEX: u8 = 0x14;
const IA5: u8 = 0x16;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const OCTETS: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

/// 2.5.4.3
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
/// 2.5.29.17
const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 17];
/// 2.5.29.37
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
/// 1.3.6.1.5.5.7.3.1
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
/// 2.5.29.37.0
const ANY_PURPOSE: &[u8] = &[0x55, 0x1d, 37, 0];

impl<'a> Leaf<'a> {
    /// Reads a certificate.
    ///
    /// # Errors
    /// The bytes are not one.
    pub(super) fn parse(der: &'a [u8]) -> Result<Self, NotX509> {
        let mut tbs = Der(Der(Der(der).take(SEQUENCE)?).take(SEQUENCE)?);
        if tbs.next_is(VERSION) {
            tbs.take(VERSION)?;
        }
        tbs.take(INTEGER)?; // serial number
        tbs.take(SEQUENCE)?; // signature algorithm
        tbs.take(SEQUENCE)?; // issuer
        let mut validity = Der(tbs.take(SEQUENCE)?);
        let mut leaf = Self {
            not_before: validity.time()?,
            not_after: validity.time()?,
            common_names: common_names(Der(tbs.take(SEQUENCE)?))?,
            has_alternative_names: false,
            for_servers: true,
        };
        tbs.take(SEQUENCE)?; // public key
        while !tbs.is_empty() {
            let (tag, value) = tbs.element()?;
            if tag == EXTENSIONS {
                leaf.read_extensions(Der(Der(value).take(SEQUENCE)?))?;
            }
        }
        Ok(leaf)
    }

    fn read_extensions(&mut self, mut extensions: Der<'a>) -> Result<(), NotX509> {
        while !extensions.is_empty() {
            let mut extension = Der(extensions.take(SEQUENCE)?);
            match extension.take(OID)? {
                ALTERNATIVE_NAME => self.has_alternative_names = true,
                EXTENDED_KEY_USAGE => self.for_servers = lets_serve(extension)?,
                _ => {}
            }
        }
        Ok(())
    }
}

fn common_names(mut subject: Der<'_>) -> Result<Vec<&str>, NotX509> {
    let mut names = Vec::new();
    while !subject.is_empty() {
        let mut set = Der(subject.take(SET)?);
        while !set.is_empty() {
            let mut attribute = Der(set.take(SEQUENCE)?);
            let oid = attribute.take(OID)?;
            let (tag, value) = attribute.element()?;
            if oid == COMMON_NAME && matches!(tag, UTF8 | PRINTABLE | TELETEX | IA5) {
                names.extend(std::str::from_utf8(value));
            }
        }
    }
    Ok(names)
}

/// An extended key usage extension, behind its identifier.
fn lets_serve(mut extension: Der<'_>) -> Result<bool, NotX509> {
    let (mut tag, mut value) = extension.element()?;
    if tag != OCTETS {
        // the flag "critical" was in front
        (tag, value) = extension.element()?;
    }
    if tag != OCTETS {
        return Err(NotX509);
    }
    let mut purposes = Der(Der(value).take(SEQUENCE)?);
    while !purposes.is_empty() {
        if matches!(purposes.take(OID)?, SERVER_AUTH | ANY_PURPOSE) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// DER elements, one after the other (X.690 section 8.1).
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn next_is(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    fn take(&mut self, wanted: u8) -> Result<&'a [u8], NotX509> {
        match self.element()? {
            (tag, value) if tag == wanted => Ok(value),
            _ => Err(NotX509),
        }
    }

    /// The next element: its tag, which has one byte in all of X.509, and its value.
    fn element(&mut self) -> Result<(u8, &'a [u8]), NotX509> {
        let (&tag, rest) = self.0.split_first().ok_or(NotX509)?;
        let (&first, rest) = rest.split_first().ok_or(NotX509)?;
        let (len, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) =
                    rest.split_at_checked(usize::from(first - 0x80)).ok_or(NotX509)?;
                (digits.iter().fold(0, |len, d| len << 8 | usize::from(*d)), rest)
            }
            _ => return Err(NotX509),
        };
        let (value, rest) = rest.split_at_checked(len).ok_or(NotX509)?;
        self.0 = rest;
        Ok((tag, value))
    }

    /// A time in one of the two forms that RFC 5280 section 4.1.2.5 allows.
    fn time(&mut self) -> Result<i64, NotX509> {
        let (year, rest) = match self.element()? {
            (UTC_TIME, text) => {
                let (year, rest) = decimal(text, 2)?;
                (if year < 50 { 2000 + year } else { 1900 + year }, rest)
            }
            (GENERALIZED_TIME, text) => decimal(text, 4)?,
            _ => return Err(NotX509),
        };
        let (month, rest) = decimal(rest, 2)?;
        let (day, rest) = decimal(rest, 2)?;
        let (hour, rest) = decimal(rest, 2)?;
        let (minute, rest) = decimal(rest, 2)?;
        let (second, rest) = decimal(rest, 2)?;
        let valid = (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60
            && rest == b"Z";
        if !valid {
            return Err(NotX509);
        }
        Ok(((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
    }
}

/// The number that the first `digits` characters spell, and the rest.
fn decimal(text: &[u8], digits: usize) -> Result<(i64, &[u8]), NotX509> {
    let (number, rest) = text.split_at_checked(digits).ok_or(NotX509)?;
    if !number.iter().all(u8::is_ascii_digit) {
        return Err(NotX509);
    }
    Ok((number.iter().fold(0, |n, d| n * 10 + i64::from(d - b'0')), rest))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // years that start in March end with the leap day
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::{Der, Leaf, NotX509, days};
    use proptest::prelude::*;

    #[test]
    fn days_follow_the_calendar() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(1969, 12, 31), -1);
        assert_eq!(days(2000, 2, 29), 11_016);
        assert_eq!(days(2000, 3, 1), 11_017);
        assert_eq!(days(2100, 3, 1) - days(2100, 2, 28), 1);
        assert_eq!(days(2026, 11, 24), 20_781);
    }

    #[test]
    fn both_forms_of_time() {
        let mut times = Der(b"\x17\x0d700101000001Z\x17\x0d491231235959Z\x18\x0f20500101000000Z");
        assert_eq!(times.time(), Ok(1));
        let before = times.time().unwrap();
        assert_eq!(times.time(), Ok(before + 1));
        assert_eq!(Der(b"\x17\x0d701301000001Z").time(), Err(NotX509));
        assert_eq!(Der(b"\x17\x0d7001010000010").time(), Err(NotX509));
        assert_eq!(Der(b"\x17\x0b7001010000Z").time(), Err(NotX509));
    }

    #[test]
    fn lengths_beyond_the_input_are_refused() {
        assert_eq!(Der(b"\x30\x84\xff\xff\xff\xff").element(), Err(NotX509));
        assert_eq!(Der(b"\x30\x02\x00").element(), Err(NotX509));
        assert_eq!(Der(b"\x30\x80\x00\x00").element(), Err(NotX509));
        assert_eq!(Der(b"\x30").element(), Err(NotX509));
    }

    /// A certificate as the `openssl` command makes it.
    fn certificate(extra: &[&str]) -> Vec<u8> {
        let out = std::process::Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
            .args(["-nodes", "-keyout", "/dev/null", "-outform", "DER", "-days", "2"])
            .args(extra)
            .output()
            .expect("openssl runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        out.stdout
    }

    #[test]
    fn a_certificate_is_read() {
        let der = certificate(&["-subj", "/O=Acme/CN=device.local"]);
        let leaf = Leaf::parse(&der).unwrap();
        assert_eq!(leaf.common_names, ["device.local"]);
        assert!(!leaf.has_alternative_names);
        assert!(leaf.for_servers);
        assert_eq!(leaf.not_after - leaf.not_before, 2 * 86_400);
    }

    #[test]
    fn extensions_are_read() {
        let der = certificate(&[
            "-subj",
            "/CN=a",
            "-addext",
            "subjectAltName=DNS:b",
            "-addext",
            "extendedKeyUsage=critical,clientAuth",
        ]);
        let leaf = Leaf::parse(&der).unwrap();
        assert!(leaf.has_alternative_names);
        assert!(!leaf.for_servers);
        let der =
            certificate(&["-subj", "/CN=a", "-addext", "extendedKeyUsage=clientAuth,serverAuth"]);
        assert!(Leaf::parse(&der).unwrap().for_servers);
    }

    #[test]
    fn a_damaged_certificate_does_no_harm() {
        let mut der = certificate(&["-subj", "/CN=a", "-addext", "subjectAltName=DNS:b"]);
        for len in 0..der.len() {
            assert_eq!(Leaf::parse(&der[..len]), Err(NotX509), "cut to {len}");
        }
        for at in 0..der.len() {
            for damage in [0x01, 0x80, 0xff] {
                der[at] ^= damage;
                let _ = Leaf::parse(&der);
                der[at] ^= damage;
            }
        }
        assert!(Leaf::parse(&der).is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Leaf::parse(&bytes);
        }
    }
}
