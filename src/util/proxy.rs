//! How proxies are written in policies, settings and the environment.

use std::fmt;

/// The longest user name and the longest password (RFC 1929: a byte counts each).
const MAX_CREDENTIAL: usize = 255;

/// What is in front of an address without meaning: the kind of proxy is known from elsewhere.
const SCHEMES: [&str; 3] = ["http://", "socks5://", "socks5h://"];

/// A proxy: `[SCHEME://][USER:PASSWORD@]HOST[:PORT][/]`.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyAddress {
    /// A name, or an address in numbers without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who we are, as written: nothing is percent-decoded.
    pub credentials: Option<Credentials>,
}

/// A user name and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

/// The address alone, for logs.
impl fmt::Display for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&host_port(&self.host, self.port))
    }
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not the address of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadProxy {
    /// There is no host.
    NoHost,
    /// There is no port, neither in the text nor beside it.
    NoPort,
    /// The port is no number from 1 to 65535.
    Port,
    /// Something other than a name or an address.
    Host,
    /// In front of the `@`: no colon, no user, or one of both too long.
    Credentials,
}

impl fmt::Display for BadProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHost => "the host is missing",
            Self::NoPort => "the port is missing (host:port)",
            Self::Port => "the port is no number from 1 to 65535",
            Self::Host => "the host is neither a name nor an address",
            Self::Credentials => {
                "in front of the @ must be user:password, each of at most 255 bytes"
            }
        })
    }
}

impl ProxyAddress {
    /// Reads an address. `port` is for texts without one. The messages do not repeat the text,
    /// which may hold a password.
    ///
    /// # Errors
    /// See [`BadProxy`].
    pub fn parse(text: &str, port: Option<u16>) -> Result<Self, BadProxy> {
        let bare = SCHEMES.iter().find_map(|s| text.strip_prefix(s)).unwrap_or(text);
        let (credentials, place) = match bare.rsplit_once('@') {
            Some((who, place)) => (Some(Credentials::parse(who)?), place),
            None => (None, bare),
        };
        let place = place.strip_suffix('/').unwrap_or(place);
        let (host, port_text) = split_port(place)?;
        if host.is_empty() {
            return Err(BadProxy::NoHost);
        }
        if host.bytes().any(|b| b <= b' ' || b == 0x7f || b"/@[]".contains(&b)) {
            return Err(BadProxy::Host);
        }
        let port = match port_text {
            Some(text) => text.parse().map_err(|_| BadProxy::Port)?,
            None => port.ok_or(BadProxy::NoPort)?,
        };
        if port == 0 {
            return Err(BadProxy::Port);
        }
        Ok(Self { host: host.to_owned(), port, credentials })
    }
}

impl Credentials {
    fn parse(text: &str) -> Result<Self, BadProxy> {
        let (user, password) = text.split_once(':').ok_or(BadProxy::Credentials)?;
        if user.is_empty() || user.len() > MAX_CREDENTIAL || password.len() > MAX_CREDENTIAL {
            return Err(BadProxy::Credentials);
        }
        Ok(Self { user: user.to_owned(), password: password.to_owned() })
    }
}

/// `host` and, behind a colon, its port; an IPv6 address stands in brackets.
fn split_port(place: &str) -> Result<(&str, Option<&str>), BadProxy> {
    if let Some(rest) = place.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or(BadProxy::Host)?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(BadProxy::Host),
        };
    }
    match place.split_once(':') {
        Some((_, port)) if port.contains(':') => Err(BadProxy::Host),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((place, None)),
    }
}

/// `host:port`, an IPv6 address in brackets.
#[must_use]
pub fn host_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::{BadProxy, ProxyAddress};

    fn parsed(text: &str, port: Option<u16>) -> Result<(String, String), BadProxy> {
        ProxyAddress::parse(text, port).map(|a| {
            let who = a.credentials.as_ref().map(|c| format!("{}|{}", c.user, c.password));
            (a.to_string(), who.unwrap_or_default())
        })
    }

    fn good(text: &str, port: Option<u16>, address: &str, who: &str) {
        assert_eq!(parsed(text, port), Ok((address.to_owned(), who.to_owned())), "{text}");
    }

    #[test]
    fn addresses() {
        good("127.0.0.1:1080", None, "127.0.0.1:1080", "");
        good("proxy.example", Some(3128), "proxy.example:3128", "");
        good("proxy.example:1", Some(3128), "proxy.example:1", "");
        good("http://proxy.example:8080/", None, "proxy.example:8080", "");
        good("socks5h://[::1]:9", None, "[::1]:9", "");
        good("[::1]", Some(7), "[::1]:7", "");
        good("me:pass:w@rd@h:1", None, "h:1", "me|pass:w@rd");
        good("me:@h:1", None, "h:1", "me|");
    }

    #[test]
    fn what_is_no_address() {
        for (text, why) in [
            ("", BadProxy::NoHost),
            (":1080", BadProxy::NoHost),
            ("host", BadProxy::NoPort),
            ("host:", BadProxy::Port),
            ("host:0", BadProxy::Port),
            ("host:65536", BadProxy::Port),
            ("host:1x", BadProxy::Port),
            ("::1:1080", BadProxy::Host),
            ("[::1", BadProxy::Host),
            ("[::1]x", BadProxy::Host),
            ("ftp://host:1", BadProxy::Host),
            ("ho st:1", BadProxy::Host),
            ("me@host:1", BadProxy::Credentials),
            (":secret@host:1", BadProxy::Credentials),
        ] {
            assert_eq!(parsed(text, None), Err(why), "{text}");
        }
        let long = "x".repeat(256);
        assert_eq!(parsed(&format!("{long}:p@h:1"), None), Err(BadProxy::Credentials));
        assert_eq!(parsed(&format!("u:{long}@h:1"), None), Err(BadProxy::Credentials));
    }

    #[test]
    fn passwords_are_not_shown() {
        let address = ProxyAddress::parse("me:secret@h:1", None).unwrap();
        assert!(!format!("{address:?} {address} {:?}", address.credentials).contains("secret"));
    }
}
