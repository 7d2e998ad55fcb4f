//! Cookies of servers (RFC 6265), kept between requests and, in a file, between runs.
//!
//! The file is the Netscape format as the reference has it: a line a cookie of domain, flag,
//! path, secure, expiry in seconds since 1970 (0: none) and name and value, with tabs between.
//! The flag says TRUE where the cookie is for its host alone, which is the reverse of what other
//! programs write; files of the reference stay good that way.

use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Bounds of a jar.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most cookies.
    pub items: usize,
    /// Most bytes of all of them.
    pub footprint: usize,
    /// Most bytes of one: name, value, domain and path.
    pub payload: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { items: 300, footprint: 256 * 1024, payload: 4096 }
    }
}

/// The first line of a file.
const TITLE: &str = "# Netscape HTTP Cookie File\n";
/// A larger file is not read, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Cookie {
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    /// Seconds since 1970; 0: it does not expire by itself.
    expires: u64,
    name: String,
    value: String,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Name or address, without port.
    pub host: &'a str,
    /// Path, a query behind it is ignored.
    pub path: &'a str,
    /// The connection is by TLS.
    pub secure: bool,
}

/// All cookies of a context.
#[derive(Debug)]
pub struct Jar {
    file: PathBuf,
    limits: Limits,
    /// The oldest first.
    cookies: Vec<Cookie>,
}

impl Jar {
    /// A jar with what `file` has; it need not exist yet. Lines that make no sense are left out.
    ///
    /// # Errors
    /// The file cannot be read, or is too large.
    pub fn open(file: &Path, limits: Limits, now: SystemTime) -> io::Result<Self> {
        let mut jar = Self { file: file.to_owned(), limits, cookies: Vec::new() };
        let mut text = Vec::new();
        match std::fs::File::open(file) {
            Ok(f) => f.take(MAX_FILE + 1).read_to_end(&mut text)?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(jar),
            Err(e) => return Err(e),
        };
        if text.len() as u64 > MAX_FILE {
            return Err(io::Error::other(format!("more than {MAX_FILE} bytes of cookies")));
        }
        for cookie in String::from_utf8_lossy(&text).lines().filter_map(Cookie::from_line) {
            jar.put(cookie, seconds(now));
        }
        Ok(jar)
    }

    /// Takes one `Set-Cookie` field of a response. Returns whether it changed anything.
    pub fn set(&mut self, origin: &Origin<'_>, field: &[u8], now: SystemTime) -> bool {
        let Ok(field) = std::str::from_utf8(field) else { return false };
        let Some(cookie) = Cookie::from_field(origin, field, seconds(now)) else { return false };
        let before = self.cookies.clone();
        self.put(cookie, seconds(now));
        before != self.cookies
    }

    /// The `Cookie` field of a request, if there are cookies for it: longer paths first (RFC 6265
    /// 5.4).
    #[must_use]
    pub fn get(&self, origin: &Origin<'_>, now: SystemTime) -> Option<String> {
        let now = seconds(now);
        let host = origin.host.to_ascii_lowercase();
        let path = without_query(origin.path);
        let mut fit: Vec<&Cookie> = self
            .cookies
            .iter()
            .filter(|c| !c.expired(now) && (origin.secure || !c.secure))
            .filter(|c| if c.host_only { c.domain == host } else { of_domain(&host, &c.domain) })
            .filter(|c| below(path, &c.path))
            .collect();
        fit.sort_by_key(|c| std::cmp::Reverse(c.path.len()));
        let pairs: Vec<String> = fit.iter().map(|c| format!("{}={}", c.name, c.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Writes the file: all of it or nothing, and for its owner alone.
    ///
    /// # Errors
    /// The file, or the one beside it that is written first, cannot be written.
    pub fn save(&self) -> io::Result<()> {
        let mut beside = self.file.clone().into_os_string();
        beside.push(format!(".{}", std::process::id()));
        let mut text = TITLE.to_owned();
        text.extend(self.cookies.iter().map(Cookie::line));
        let mut options = std::fs::OpenOptions::new();
        let written = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)
            .and_then(|mut f| f.write_all(text.as_bytes()).and_then(|()| f.sync_all()))
            .and_then(|()| std::fs::rename(&beside, &self.file));
        if written.is_err() {
            // the error that counts is the first one
            let _ = std::fs::remove_file(&beside);
        }
        written
    }

    fn put(&mut self, cookie: Cookie, now: u64) {
        let same = |c: &Cookie| {
            c.domain == cookie.domain && c.path == cookie.path && c.name == cookie.name
        };
        let known = self.cookies.iter().position(same);
        if cookie.expired(now) || cookie.size() > self.limits.payload {
            if let (Some(at), true) = (known, cookie.expired(now)) {
                self.cookies.remove(at);
            }
            return;
        }
        match known {
            Some(at) => self.cookies[at] = cookie,
            None => self.cookies.push(cookie),
        }
        self.cookies.retain(|c| !c.expired(now));
        while self.cookies.len() > self.limits.items || self.size() > self.limits.footprint {
            self.cookies.remove(0);
        }
    }

    fn size(&self) -> usize {
        self.cookies.iter().map(Cookie::size).sum()
    }
}

impl Cookie {
    /// From a `Set-Cookie` field (RFC 6265 5.2 and 5.3).
    fn from_field(origin: &Origin<'_>, field: &str, now: u64) -> Option<Self> {
        let mut parts = field.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let host = origin.host.to_ascii_lowercase();
        let mut cookie = Self {
            domain: host.clone(),
            host_only: true,
            path: default_path(origin.path).to_owned(),
            secure: false,
            expires: 0,
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
        };
        let mut max_age = None;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "domain" if !value.is_empty() => {
                    let domain = value.strip_prefix('.').unwrap_or(value).to_ascii_lowercase();
                    // a whole top level domain is nobody's own
                    let allowed = domain.contains('.') && of_domain(&host, &domain);
                    if domain != host && !allowed {
                        return None;
                    }
                    cookie.host_only = !allowed;
                    cookie.domain = domain;
                }
                "path" if value.starts_with('/') => cookie.path = value.to_owned(),
                "secure" => cookie.secure = true,
                "max-age" => max_age = value.parse::<i64>().ok().or(max_age),
                "expires" => cookie.expires = date(value).unwrap_or(cookie.expires),
                _ => {}
            }
        }
        if let Some(age) = max_age {
            // 1 is long past, 0 would be for ever
            let age = u64::try_from(age).ok().filter(|a| *a > 0);
            cookie.expires = age.map_or(1, |age| now.saturating_add(age));
        }
        // only TLS may say what goes over TLS alone; controls would break the file or the request
        let fits = !cookie.name.is_empty() && (origin.secure || !cookie.secure);
        (fits && cookie.is_clean()).then_some(cookie)
    }

    fn from_line(line: &str) -> Option<Self> {
        let mut fields = line.splitn(7, '\t');
        let mut next = || fields.next();
        let (domain, host_only, path, secure) = (next()?, next()?, next()?, next()?);
        let expires = next()?.parse().ok()?;
        let cookie = Self {
            domain: domain.to_ascii_lowercase(),
            host_only: host_only == "TRUE",
            path: path.to_owned(),
            secure: secure == "TRUE",
            expires,
            name: next()?.to_owned(),
            value: next()?.to_owned(),
        };
        (!domain.starts_with('#') && !cookie.name.is_empty() && cookie.is_clean()).then_some(cookie)
    }

    fn line(&self) -> String {
        let flag = |set| if set { "TRUE" } else { "FALSE" };
        let (host_only, secure) = (flag(self.host_only), flag(self.secure));
        let Self { domain, path, expires, name, value, .. } = self;
        format!("{domain}\t{host_only}\t{path}\t{secure}\t{expires}\t{name}\t{value}\n")
    }

    fn is_clean(&self) -> bool {
        let texts = [&self.domain, &self.path, &self.name, &self.value];
        !texts.iter().any(|t| t.chars().any(char::is_control))
    }

    fn expired(&self, now: u64) -> bool {
        self.expires != 0 && self.expires <= now
    }

    fn size(&self) -> usize {
        self.domain.len() + self.path.len() + self.name.len() + self.value.len()
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).as_ref().map_or(0, Duration::as_secs)
}

/// A date, also with the dashes that old servers write; before 1970 counts as long past.
fn date(text: &str) -> Option<u64> {
    let text = text.replace('-', " ");
    let parsed = httpdate::parse_http_date(&text).ok()?;
    Some(seconds(parsed).max(1))
}

fn without_query(path: &str) -> &str {
    path.split('?').next().unwrap_or(path)
}

/// RFC 6265 5.1.4.
fn default_path(path: &str) -> &str {
    match without_query(path).rfind('/') {
        None | Some(0) => "/",
        Some(at) => &path[..at],
    }
}

/// RFC 6265 5.1.4: whether `path` is `above` or under it.
fn below(path: &str, above: &str) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || above.ends_with('/') || rest.starts_with('/'))
}

/// RFC 6265 5.1.3: whether `host` is `domain` or under it. An address is under nothing.
fn of_domain(host: &str, domain: &str) -> bool {
    let under = host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    host == domain || under && host.parse::<std::net::IpAddr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::{Jar, Limits, Origin};
    use std::time::{Duration, SystemTime};

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn origin<'a>(host: &'a str, path: &'a str) -> Origin<'a> {
        Origin { host, path, secure: false }
    }

    fn jar() -> Jar {
        let limits = Limits { items: 3, footprint: 200, payload: 100 };
        Jar { file: std::path::PathBuf::new(), limits, cookies: Vec::new() }
    }

    #[test]
    fn domains_and_paths_decide() {
        let mut jar = jar();
        let from = origin("A.example.com", "/x/y?q");
        assert!(jar.set(&from, b"host=1", at(9)));
        assert!(jar.set(&from, b"dom=2; Domain=.example.com; Path=/", at(9)));
        assert!(!jar.set(&from, b"dom=2; Domain=.example.com; Path=/", at(9)));
        for bad in
            ["a=1; Domain=com", "a=1; domain=b.example.com", "a", "=1", "a=1; secure", "a=\x01"]
        {
            assert!(!jar.set(&from, bad.as_bytes(), at(9)), "{bad}");
        }
        let get = |host, path| jar.get(&origin(host, path), at(9));
        assert_eq!(get("a.example.com", "/x/z").as_deref(), Some("host=1; dom=2"));
        assert_eq!(get("a.example.com", "/xx").as_deref(), Some("dom=2"));
        assert_eq!(get("b.example.com", "/x").as_deref(), Some("dom=2"));
        assert_eq!(get("notexample.com", "/"), None);
    }

    #[test]
    fn cookies_end() {
        let mut jar = jar();
        let from = origin("h", "/");
        assert!(jar.set(&from, b"a=1; Max-Age=10", at(100)));
        assert!(jar.set(&from, b"b=1; Expires=Thu, 01-Jan-1970 00:03:20 GMT", at(100)));
        assert_eq!(jar.get(&from, at(109)).as_deref(), Some("a=1; b=1"));
        assert_eq!(jar.get(&from, at(110)).as_deref(), Some("b=1"));
        assert!(jar.set(&from, b"b=; max-age=0", at(110)));
        assert_eq!(jar.get(&from, at(110)), None);
    }

    #[test]
    fn secure_ones_stay_on_tls() {
        let mut jar = jar();
        let tls = Origin { secure: true, ..origin("h", "/") };
        assert!(jar.set(&tls, b"s=1; Secure", at(1)));
        assert_eq!(jar.get(&origin("h", "/"), at(1)), None);
        assert_eq!(jar.get(&tls, at(1)).as_deref(), Some("s=1"));
    }

    #[test]
    fn bounds_hold() {
        let mut jar = jar();
        let from = origin("h", "/");
        for name in ["a", "b", "c", "d"] {
            assert!(jar.set(&from, format!("{name}=1").as_bytes(), at(1)));
        }
        assert_eq!(jar.get(&from, at(1)).as_deref(), Some("b=1; c=1; d=1"));
        assert!(!jar.set(&from, format!("e={}", "x".repeat(100)).as_bytes(), at(1)));
        for name in ["f", "g", "h"] {
            jar.set(&from, format!("{name}={}", "x".repeat(90)).as_bytes(), at(1));
        }
        assert_eq!(jar.cookies.len(), 2);
    }

    #[test]
    fn the_file_keeps_them() {
        let file = std::env::temp_dir().join(format!("ss-cookies-{}", std::process::id()));
        let mut jar = Jar::open(&file, Limits::default(), at(1)).unwrap();
        let from = origin("h", "/");
        jar.set(&from, b"a=1; max-age=9", at(1));
        jar.set(&from, b"b=2", at(1));
        jar.save().unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let again = Jar::open(&file, Limits::default(), at(2)).unwrap();
        let later = Jar::open(&file, Limits::default(), at(10)).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(
            text,
            "# Netscape HTTP Cookie File\nh\tTRUE\t/\tFALSE\t10\ta\t1\nh\tTRUE\t/\tFALSE\t0\tb\t2\n"
        );
        assert_eq!(again.cookies, jar.cookies);
        assert_eq!(later.get(&from, at(10)).as_deref(), Some("b=2"));
    }
}
