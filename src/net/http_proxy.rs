//! Asking an http proxy for a connection to somebody else: CONNECT (RFC 9110 section 9.3.6), as
//! bytes in and bytes out.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::tunnel::{Talk, Turn};
use crate::util::proxy::{Credentials, host_port};

/// Header lines that an answer may have.
const MAX_FIELDS: usize = 64;

/// The client's side of the talk.
pub struct HttpConnect {
    request: Vec<u8>,
}

impl HttpConnect {
    /// To be connected by the proxy to `host` (which it resolves if it is a name) and `port`.
    ///
    /// # Errors
    /// The host cannot stand in a request.
    pub fn new(host: &str, port: u16, credentials: Option<&Credentials>) -> Result<Self, String> {
        if host.is_empty() || !host.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(format!("{host:?} cannot be asked for"));
        }
        let to = host_port(host, port);
        let mut request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n");
        if let Some(Credentials { user, password }) = credentials {
            let token = BASE64_STANDARD.encode(format!("{user}:{password}"));
            request.push_str(&format!("Proxy-Authorization: Basic {token}\r\n"));
        }
        request.push_str("\r\n");
        Ok(Self { request: request.into_bytes() })
    }
}

impl Talk for HttpConnect {
    fn open(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.request);
    }

    fn hear(&mut self, input: &[u8], _: &mut Vec<u8>) -> Result<Turn, String> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut answer = httparse::Response::new(&mut fields);
        let head = match answer.parse(input) {
            Ok(httparse::Status::Partial) => return Ok(Turn::More),
            Ok(httparse::Status::Complete(head)) => head,
            Err(e) => return Err(format!("its answer is not http: {e}")),
        };
        match answer.code {
            // switching protocols is no answer to CONNECT
            Some(100 | 102..=199) => Ok(Turn::Took(head)),
            Some(200..=299) => Ok(Turn::Done(head)),
            status => {
                let (status, reason) = (status.unwrap_or(0), answer.reason.unwrap_or(""));
                let wants =
                    match answer.headers.iter().find(|f| {
                        status == 407 && f.name.eq_ignore_ascii_case("proxy-authenticate")
                    }) {
                        Some(f) => format!(", it wants {}", printable(f.value)),
                        None => String::new(),
                    };
                Err(format!("http status {status} {}{wants}", printable(reason.as_bytes())))
            }
        }
    }
}

fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control()).collect()
}
