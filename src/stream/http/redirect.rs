//! Redirects (RFC 9110 15.4): whether a response is one, where it leads, what is asked there.

use super::target::{TargetError, request_target};
use super::url::{Url, UrlError, is_scheme, rooted, without_fragment};
use std::fmt;

/// Why a redirect is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectError {
    /// `Location` is missing, empty or no text.
    NoLocation,
    /// `Location` is no URL for us.
    Url(UrlError),
    /// Neither http nor https.
    Scheme,
    /// From TLS to plain text: what was meant to be secret would not be.
    Downgrade,
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLocation => f.write_str("redirect without a usable Location"),
            Self::Url(e) => write!(f, "redirect's Location: {e}"),
            Self::Scheme => f.write_str("redirect to neither http nor https"),
            Self::Downgrade => f.write_str("redirect from TLS to plain text"),
        }
    }
}

impl std::error::Error for RedirectError {}

/// Whether a response with `status` sends the client elsewhere.
#[must_use]
pub fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The method of the request that follows a redirect. Only 307 and 308 keep any method (and
/// the body is then sent again); otherwise it is `GET`, as the reference does it, except that
/// `HEAD` stays `HEAD`.
#[must_use]
pub fn method_after(status: u16, method: &str) -> &str {
    match (status, method) {
        (307 | 308, _) | (_, "HEAD") => method,
        _ => "GET",
    }
}

/// Where `location` leads from `base`, the URL that was asked for (RFC 3986 5.2). Fragments
/// are dropped, unsafe characters encoded.
///
/// # Errors
/// There is no such place, or it is not to be gone to.
pub fn redirect(base: &Url, location: Option<&[u8]>) -> Result<Url, RedirectError> {
    let location = location.ok_or(RedirectError::NoLocation)?;
    let location = std::str::from_utf8(location).map_err(|_| RedirectError::NoLocation)?.trim();
    if location.is_empty() {
        return Err(RedirectError::NoLocation);
    }
    let mut to = resolve(base, location).map_err(RedirectError::Url)?;
    to.path = request_target(&to.path).map_err(|e| match e {
        TargetError::Control { .. } => RedirectError::Url(UrlError::Control),
    })?;
    match to.scheme.as_str() {
        "https" => Ok(to),
        "http" if base.is_tls() => Err(RedirectError::Downgrade),
        "http" => Ok(to),
        _ => Err(RedirectError::Scheme),
    }
}

fn resolve(base: &Url, reference: &str) -> Result<Url, UrlError> {
    if let Some((scheme, rest)) = reference.split_once(':')
        && is_scheme(scheme)
    {
        return if rest.starts_with("//") {
            normal(Url::parse(reference)?)
        } else {
            Err(UrlError::Host)
        };
    }
    if reference.starts_with("//") {
        return normal(Url::parse(&format!("{}:{reference}", base.scheme))?);
    }
    let reference = without_fragment(reference);
    let path = match reference.chars().next() {
        None => base.path.clone(),
        Some('/') => reference.to_owned(),
        Some('?') => format!("{}{reference}", without_query(&base.path)),
        Some(_) => {
            let base = without_query(&base.path);
            format!("{}{reference}", &base[..base.rfind('/').map_or(0, |at| at + 1)])
        }
    };
    normal(Url { path: rooted(&path).into_owned(), ..base.clone() })
}

fn without_query(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}

fn normal(mut url: Url) -> Result<Url, UrlError> {
    url.path = without_dots(&url.path);
    Ok(url)
}

/// RFC 3986 5.2.4, for a path that starts with `/`; the query stays as it is.
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{RedirectError, UrlError, is_redirect, method_after, redirect};
    use crate::stream::http::Url;

    fn text(url: &Url) -> String {
        format!("{}://{}{}", url.scheme, url.authority(), url.path)
    }

    fn from(base: &str, location: &str) -> Result<String, RedirectError> {
        redirect(&Url::parse(base).unwrap(), Some(location.as_bytes())).map(|u| text(&u))
    }

    /// The examples of RFC 3986 5.4 that have an authority and a scheme we follow.
    #[test]
    fn references_resolve_as_in_the_rfc() {
        for (reference, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("g#s", "http://a/b/c/g"),
            ("g?y#s", "http://a/b/c/g?y"),
            (";x", "http://a/b/c/;x"),
            ("g;x?y#s", "http://a/b/c/g;x?y"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            ("g#s/../x", "http://a/b/c/g"),
            ("http://h/x/../y", "http://h/y"),
        ] {
            assert_eq!(
                from("http://a/b/c/d;p?q", reference).as_deref(),
                Ok(expected),
                "{reference}"
            );
        }
    }

    #[test]
    fn port_stays_with_the_host() {
        assert_eq!(from("http://a:81/x", "/y").as_deref(), Ok("http://a:81/y"));
        assert_eq!(from("http://a:81/x", "//b/y").as_deref(), Ok("http://b/y"));
        assert_eq!(from("http://a:81/x", "http://a/y").as_deref(), Ok("http://a/y"));
        assert_eq!(from("http://a/x", "http://b:7002/text#f").as_deref(), Ok("http://b:7002/text"));
        assert_eq!(from("http://a/x", "HTTPS://[::1]:444").as_deref(), Ok("https://[::1]:444/"));
    }

    #[test]
    fn schemes() {
        assert_eq!(from("http://a/", "https://a/").as_deref(), Ok("https://a/"));
        assert_eq!(from("https://a/", "//b/").as_deref(), Ok("https://b/"));
        assert_eq!(from("https://a/", "/b").as_deref(), Ok("https://a/b"));
        assert_eq!(from("https://a/", "http://a/"), Err(RedirectError::Downgrade));
        assert_eq!(from("http://a/", "ftp://a/"), Err(RedirectError::Scheme));
        assert_eq!(from("http://a/", "javascript:x"), Err(RedirectError::Url(UrlError::Host)));
    }

    #[test]
    fn a_colon_in_a_path_is_no_scheme() {
        assert_eq!(from("http://a/", "/b:c").as_deref(), Ok("http://a/b:c"));
        assert_eq!(from("http://a/", "b/c:d").as_deref(), Ok("http://a/b/c:d"));
        assert_eq!(from("http://a/", "?u=http://x").as_deref(), Ok("http://a/?u=http://x"));
    }

    #[test]
    fn unsafe_locations() {
        assert_eq!(from("http://a/", " /b c ").as_deref(), Ok("http://a/b%20c"));
        assert_eq!(from("http://a/", "/é").as_deref(), Ok("http://a/%C3%A9"));
        assert_eq!(from("http://a/", "/b\r\nX: y"), Err(RedirectError::Url(UrlError::Control)));
        assert_eq!(from("http://a/", "http://u@b/"), Err(RedirectError::Url(UrlError::UserInfo)));
        let base = Url::parse("http://a/").unwrap();
        for location in [None, Some(&b""[..]), Some(b"  "), Some(b"/\xff")] {
            assert_eq!(redirect(&base, location), Err(RedirectError::NoLocation), "{location:?}");
        }
    }

    #[test]
    fn statuses_and_methods() {
        let redirects: Vec<u16> = (0..1000).filter(|&s| is_redirect(s)).collect();
        assert_eq!(redirects, [301, 302, 303, 307, 308]);
        for (status, method, then) in [
            (301, "POST", "GET"),
            (302, "PUT", "GET"),
            (303, "DELETE", "GET"),
            (303, "HEAD", "HEAD"),
            (301, "HEAD", "HEAD"),
            (302, "GET", "GET"),
            (307, "POST", "POST"),
            (308, "PUT", "PUT"),
        ] {
            assert_eq!(method_after(status, method), then, "{status} {method}");
        }
    }
}
