//! URLs with an authority (RFC 3986, the part that Secure Streams need): an endpoint given
//! as a whole URL, and where redirects lead.

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv6Addr;

/// `scheme://host:port/path?query`, in parts. User information is refused, the fragment (the
/// client's own business, never sent) dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// In lower case.
    pub scheme: String,
    /// Name or address, in lower case; IPv6 without its brackets, with a zone after `%`.
    pub host: String,
    /// The port, where the URL says one.
    pub port: Option<u16>,
    /// Path and query, at least `/`, as they stand in the URL.
    pub path: String,
}

/// Why something is no URL for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlError {
    /// No `scheme://` in front, or an illegal scheme.
    Scheme,
    /// `user:password@`: it would end up in logs, and no policy key asks for it.
    UserInfo,
    /// No host, or bytes that no host has.
    Host,
    /// Not 1 to 65535.
    Port,
    /// CR, LF, NUL or another control character.
    Control,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "no scheme:// in front",
            Self::UserInfo => "user information (user:password@) is not supported",
            Self::Host => "no host, or one with illegal characters",
            Self::Port => "the port is not 1 to 65535",
            Self::Control => "a control character",
        })
    }
}

impl std::error::Error for UrlError {}

impl Url {
    /// Splits `text`.
    ///
    /// # Errors
    /// The first part that is not as it should be.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        if text.bytes().any(|b| b.is_ascii_control()) {
            return Err(UrlError::Control);
        }
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        if !is_scheme(scheme) {
            return Err(UrlError::Scheme);
        }
        let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (host, port) = split_authority(authority)?;
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            host,
            port,
            path: rooted(without_fragment(tail)).into_owned(),
        })
    }

    /// Splits `host:port` or `host:port/path`, which name no scheme; `None`: `text` is not that.
    #[must_use]
    pub fn without_scheme(text: &str) -> Option<Self> {
        let (authority, tail) = text.split_at(text.find(['/', '?', '#']).unwrap_or(text.len()));
        let (host, port) = split_authority(authority).ok()?;
        let path = rooted(without_fragment(tail)).into_owned();
        port.map(|port| Self { scheme: String::new(), host, port: Some(port), path })
    }

    /// Whether the scheme asks for TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self.scheme.as_str(), "https" | "wss" | "mqtts")
    }

    /// The port to connect to: the one given, or the scheme's; `None` if neither is known.
    #[must_use]
    pub fn port_or_default(&self) -> Option<u16> {
        self.port.or_else(|| default_port(&self.scheme))
    }

    /// Whether both lead to the same scheme, host and port (RFC 6454): credentials meant for one
    /// may go to the other.
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.host == other.host
            && self.port_or_default() == other.port_or_default()
    }

    /// For the `Host` field: see [`authority`].
    #[must_use]
    pub fn authority(&self) -> String {
        let port = self.port.filter(|&p| Some(p) != default_port(&self.scheme));
        authority(&self.host, port)
    }
}

/// Host and, if given, port as `Host` has them (RFC 9112 3.2): IPv6 in brackets and without
/// its zone, which means something on this machine only (RFC 6874 4). `port` is `None` where
/// it is the scheme's own.
#[must_use]
pub fn authority(host: &str, port: Option<u16>) -> String {
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    let host: Cow<'_, str> = if host.contains(':') {
        format!("[{}]", host.split('%').next().unwrap_or_default()).into()
    } else {
        host.into()
    };
    match port {
        Some(port) => format!("{host}:{port}"),
        None => host.into_owned(),
    }
}

/// Whether `text` is a scheme (RFC 3986 3.1).
pub(super) fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// `text` up to its fragment.
pub(super) fn without_fragment(text: &str) -> &str {
    text.split('#').next().unwrap_or_default()
}

/// `path` with a `/` in front, unless it has one.
pub(super) fn rooted(path: &str) -> Cow<'_, str> {
    if path.starts_with('/') { path.into() } else { format!("/{path}").into() }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "mqtt" => Some(1883),
        "mqtts" => Some(8883),
        _ => None,
    }
}

fn split_authority(authority: &str) -> Result<(String, Option<u16>), UrlError> {
    if authority.contains('@') {
        return Err(UrlError::UserInfo);
    }
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, port) = rest.split_once(']').ok_or(UrlError::Host)?;
        return Ok((ipv6(address)?, parse_port(port)?));
    }
    let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if host.is_empty() || !host.bytes().all(legal) {
        return Err(UrlError::Host);
    }
    Ok((host.to_ascii_lowercase(), parse_port(port)?))
}

/// An address with or without a zone, which is `%25eth0` in a URL (RFC 6874) and often `%eth0`.
fn ipv6(text: &str) -> Result<String, UrlError> {
    let (address, zone) = text.split_once('%').map_or((text, None), |(a, z)| (a, Some(z)));
    let address: Ipv6Addr = address.parse().map_err(|_| UrlError::Host)?;
    let Some(zone) = zone else { return Ok(address.to_string()) };
    let zone = zone.strip_prefix("25").filter(|z| !z.is_empty()).unwrap_or(zone);
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if zone.is_empty() || !zone.bytes().all(legal) {
        return Err(UrlError::Host);
    }
    Ok(format!("{address}%{zone}"))
}

/// `:80`, or nothing; a colon alone means no port (RFC 3986 3.2.3).
fn parse_port(text: &str) -> Result<Option<u16>, UrlError> {
    let Some(digits) = text.strip_prefix(':') else {
        return if text.is_empty() { Ok(None) } else { Err(UrlError::Port) };
    };
    if digits.is_empty() {
        return Ok(None);
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(UrlError::Port);
    }
    digits.parse().ok().filter(|&p| p != 0).map(Some).ok_or(UrlError::Port)
}

#[cfg(test)]
mod tests {
    use super::{Url, UrlError, authority};

    fn parts(text: &str) -> (String, String, Option<u16>, String) {
        let u = Url::parse(text).expect(text);
        (u.scheme, u.host, u.port, u.path)
    }

    #[test]
    fn urls_split() {
        for (text, scheme, host, port, path) in [
            ("http://a", "http", "a", None, "/"),
            ("HTTPS://Warm.Example:8443/X?y=Z", "https", "warm.example", Some(8443), "/X?y=Z"),
            ("http://a?q", "http", "a", None, "/?q"),
            ("http://a#f", "http", "a", None, "/"),
            ("http://a/b?c#d?e", "http", "a", None, "/b?c"),
            ("http://a:/", "http", "a", None, "/"),
            ("http://127.0.0.1:1/", "http", "127.0.0.1", Some(1), "/"),
            ("http://[::1]:80/x", "http", "::1", Some(80), "/x"),
            ("http://[2001:DB8:0::1]", "http", "2001:db8::1", None, "/"),
            ("http://[fe80::1%25eth0]/", "http", "fe80::1%eth0", None, "/"),
            ("http://[fe80::1%eth0]/", "http", "fe80::1%eth0", None, "/"),
            ("http://[fe80::1%25]/", "http", "fe80::1%25", None, "/"),
            ("http://a//b@c:d/", "http", "a", None, "//b@c:d/"),
            ("h2+x.y-z://a/", "h2+x.y-z", "a", None, "/"),
        ] {
            assert_eq!(parts(text), (scheme.into(), host.into(), port, path.into()), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_says_why() {
        for (text, why) in [
            ("", UrlError::Scheme),
            ("a.example/x", UrlError::Scheme),
            ("http:/a", UrlError::Scheme),
            ("://a", UrlError::Scheme),
            ("1http://a", UrlError::Scheme),
            ("ht tp://a", UrlError::Scheme),
            ("http://u@a/", UrlError::UserInfo),
            ("http://u:p@a/", UrlError::UserInfo),
            ("http://", UrlError::Host),
            ("http:///x", UrlError::Host),
            ("http://:80/", UrlError::Host),
            ("http://a b/", UrlError::Host),
            ("http://a\\b/", UrlError::Host),
            ("http://é/", UrlError::Host),
            ("http://[::1", UrlError::Host),
            ("http://[a]/", UrlError::Host),
            ("http://[::1%]/", UrlError::Host),
            ("http://[::1%e/h]/", UrlError::Host),
            ("http://[::1]x/", UrlError::Port),
            ("http://a:0/", UrlError::Port),
            ("http://a:65536/", UrlError::Port),
            ("http://a:+80/", UrlError::Port),
            ("http://a:80x/", UrlError::Port),
            ("http://a/\r\nx", UrlError::Control),
            ("http://a\0/", UrlError::Control),
        ] {
            assert_eq!(Url::parse(text), Err(why), "{text:?}");
        }
    }

    #[test]
    fn schemes_know_tls_and_port() {
        for (text, tls, port) in [
            ("http://a", false, Some(80)),
            ("https://a", true, Some(443)),
            ("ws://a", false, Some(80)),
            ("wss://a", true, Some(443)),
            ("mqtt://a", false, Some(1883)),
            ("mqtts://a", true, Some(8883)),
            ("x://a", false, None),
            ("x://a:7", false, Some(7)),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!((url.is_tls(), url.port_or_default()), (tls, port), "{text}");
        }
    }

    #[test]
    fn origins() {
        let same = |a, b| Url::parse(a).unwrap().same_origin(&Url::parse(b).unwrap());
        assert!(same("http://a/x", "HTTP://A:80/y?z"));
        assert!(!same("http://a/", "https://a/"));
        assert!(!same("http://a/", "http://b/"));
        assert!(!same("http://a/", "http://a:81/"));
    }

    #[test]
    fn authorities() {
        for (text, expected) in [
            ("http://a:80", "a"),
            ("http://a:443", "a:443"),
            ("https://a:443", "a"),
            ("http://[::1]:81", "[::1]:81"),
            ("http://[fe80::1%25eth0]", "[fe80::1]"),
        ] {
            assert_eq!(Url::parse(text).unwrap().authority(), expected, "{text}");
        }
        assert_eq!(authority("::1", Some(5)), "[::1]:5");
        assert_eq!(authority("[::1]", None), "[::1]");
        assert_eq!(authority("a.example", Some(8080)), "a.example:8080");
    }
}
