//! The certificates of a policy and when they expire.

use std::fmt::Write as _;

use securestreams::policy::{DerKind, Policy, der_kind};

use super::show::{Colours, counted};
use super::x509;

const DAY: i64 = 86_400;

/// Who a certificate is about, for a line of text.
pub fn subject(der: &[u8]) -> String {
    x509::read(der).map_or("(not readable)".to_owned(), |facts| facts.subject)
}

/// So many whole days.
fn days_long(days: i64) -> String {
    if days == 0 { "less than a day".to_owned() } else { counted(days, "day", "days") }
}

/// All certificates; and whether none has expired or is about to within `days`.
pub fn list(policy: &Policy, now: i64, days: i64, colours: &Colours) -> (String, bool) {
    let (mut out, mut good) = (String::new(), true);
    for cert in &policy.certs {
        let _ = writeln!(out, "{}", cert.name);
        if der_kind(&cert.der) == DerKind::PrivateKey {
            let size = counted(cert.der.len(), "byte", "bytes");
            let _ = writeln!(out, "  private key, {size}");
            continue;
        }
        let Some(facts) = x509::read(&cert.der) else {
            good = false;
            let _ =
                writeln!(out, "  {}", colours.paint("1;31", "not a certificate that can be read"));
            continue;
        };
        let _ = writeln!(out, "  subject  {}", facts.subject);
        let by = if facts.issuer == facts.subject { "itself" } else { &facts.issuer };
        let _ = writeln!(out, "  issuer   {by}");
        let (from, to) = (x509::date(facts.not_before), x509::date(facts.not_after));
        let _ = writeln!(out, "  valid    {from} to {to}");
        let stores =
            policy.trust_stores.iter().filter(|s| s.certs.iter().any(|c| c.name == cert.name));
        let stores: Vec<&str> = stores.map(|store| store.name.as_str()).collect();
        if !stores.is_empty() {
            let _ = writeln!(out, "  used by  {}", stores.join(", "));
        }
        let left = (facts.not_after - now).div_euclid(DAY);
        let problem = if now > facts.not_after {
            Some(format!("expired {} ago", days_long((now - facts.not_after) / DAY)))
        } else if now < facts.not_before {
            Some(format!("not valid before {from}"))
        } else if left < days {
            Some(format!("expires in {}", days_long(left)))
        } else {
            None
        };
        if let Some(problem) = problem {
            good = false;
            let _ = writeln!(out, "  {}", colours.paint("1;31", &problem));
        }
    }
    (out, good)
}

#[cfg(test)]
mod tests {
    use super::days_long;

    #[test]
    fn days_are_counted_in_words() {
        let said = [0, 1, 2].map(days_long);
        assert_eq!(said, ["less than a day", "1 day", "2 days"]);
    }
}
