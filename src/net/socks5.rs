//! What a client and a SOCKS5 proxy say to each other (RFC 1928; RFC 1929 for user name and
//! password), as bytes in and bytes out.

use std::net::IpAddr;

use super::tunnel::{Talk, Turn};
use crate::util::proxy::Credentials;

const VERSION: u8 = 5;
const NO_AUTH: u8 = 0;
const USER_PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;
const AUTH_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;
const SUCCEEDED: u8 = 0;

/// A name's length is one byte.
const MAX_NAME: usize = 255;

/// What the proxy is to answer next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Await {
    Method,
    Auth,
    Reply,
}

/// The client's side of the talk.
pub struct Socks5 {
    host: String,
    port: u16,
    credentials: Option<Credentials>,
    next: Await,
}

impl Socks5 {
    /// To be connected by the proxy to `host` (which it resolves if it is a name) and `port`.
    ///
    /// # Errors
    /// The name does not fit into the request.
    pub fn new(host: &str, port: u16, credentials: Option<Credentials>) -> Result<Self, String> {
        if host.is_empty() || host.len() > MAX_NAME {
            return Err(format!("a name of {} bytes cannot be asked for", host.len()));
        }
        Ok(Self { host: host.to_owned(), port, credentials, next: Await::Method })
    }

    fn request(&self, out: &mut Vec<u8>) {
        out.extend([VERSION, CONNECT, 0]);
        match self.host.parse() {
            Ok(IpAddr::V4(ip)) => {
                out.push(IPV4);
                out.extend(ip.octets());
            }
            Ok(IpAddr::V6(ip)) => {
                out.push(IPV6);
                out.extend(ip.octets());
            }
            Err(_) => {
                out.push(NAME);
                push_counted(out, &self.host);
            }
        }
        out.extend(self.port.to_be_bytes());
    }

    fn method(&mut self, method: u8, out: &mut Vec<u8>) -> Result<(), String> {
        match (method, &self.credentials) {
            (NO_AUTH, _) => {
                self.request(out);
                self.next = Await::Reply;
                Ok(())
            }
            (USER_PASSWORD, Some(who)) => {
                out.push(AUTH_VERSION);
                push_counted(out, &who.user);
                push_counted(out, &who.password);
                self.next = Await::Auth;
                Ok(())
            }
            (NONE_ACCEPTABLE, None) => Err("it wants a user name and a password".into()),
            (NONE_ACCEPTABLE, Some(_)) => Err("it takes no user name and password".into()),
            (other, _) => Err(format!("it chose authentication method {other}, not offered")),
        }
    }
}

/// Texts whose length was checked.
fn push_counted(out: &mut Vec<u8>, text: &str) {
    out.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    out.extend(text.bytes().take(MAX_NAME));
}

impl Talk for Socks5 {
    fn open(&mut self, out: &mut Vec<u8>) {
        match self.credentials {
            Some(_) => out.extend([VERSION, 2, USER_PASSWORD, NO_AUTH]),
            None => out.extend([VERSION, 1, NO_AUTH]),
        }
    }

    fn hear(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<Turn, String> {
        match (self.next, input) {
            (_, []) => Ok(Turn::More),
            (Await::Method | Await::Reply, [v, ..]) if *v != VERSION => Err(not_socks(*v)),
            (Await::Method, [_, method, ..]) => {
                self.method(*method, out)?;
                Ok(Turn::Took(2))
            }
            (Await::Auth, [v, ..]) if *v != AUTH_VERSION => {
                Err(format!("its answer to the password is of version {v}"))
            }
            (Await::Auth, [_, 0, ..]) => {
                self.request(out);
                self.next = Await::Reply;
                Ok(Turn::Took(2))
            }
            (Await::Auth, [_, _, ..]) => Err("it refuses user name and password".into()),
            (Await::Reply, [_, code, ..]) if *code != SUCCEEDED => Err(reason(*code)),
            (Await::Reply, [_, _, _, kind, first, ..]) => {
                let address = match *kind {
                    IPV4 => 4,
                    IPV6 => 16,
                    NAME => 1 + usize::from(*first),
                    other => return Err(format!("its answer has an address of type {other}")),
                };
                let whole = 4 + address + 2;
                Ok(if input.len() < whole { Turn::More } else { Turn::Done(whole) })
            }
            (Await::Method | Await::Auth | Await::Reply, _) => Ok(Turn::More),
        }
    }
}

fn not_socks(first: u8) -> String {
    format!("its answer begins with {first:#04x}: not a SOCKS5 proxy")
}

/// RFC 1928 section 6.
fn reason(code: u8) -> String {
    match code {
        1 => "general failure".into(),
        2 => "its rules do not allow this connection".into(),
        3 => "network unreachable".into(),
        4 => "host unreachable".into(),
        5 => "the host refused the connection".into(),
        6 => "the host did not answer in time (TTL expired)".into(),
        7 => "it does not know how to connect".into(),
        8 => "it does not know this type of address".into(),
        other => format!("failure {other}"),
    }
}
