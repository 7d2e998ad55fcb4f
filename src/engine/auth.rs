//! What streams prove themselves with: requests signed with a key of AWS's (`use_auth` of the type
//! `sigv4`), and the bearer token of Amazon's login, which a stream of our own fetches (type
//! `api_amazon_com_auth`). As with the policy's download, whoever began that asks whether it is
//! over.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde_json::Value;
use zeroize::Zeroizing;

use super::context::Context;
use super::http::{has_body_method, set_field};
use super::stream::{Handler, NewStream, Stream, StreamKey, TxAnswer};
use crate::policy::StreamType;
use crate::proto::BodyLen;
use crate::stream::{Flags, Ret, State};
use crate::system::sigv4::{self, CONTENT_SHA256, DATE, UNSIGNED_PAYLOAD};
use crate::util::log;

/// The `type` of an `auth` whose streams sign their requests.
const SIGV4: &str = "sigv4";
/// Fields with this in front are signed.
const AMAZON_FIELDS: &str = "x-amz-";
/// The stream type that fetches the token of Amazon's login.
pub const AMAZON_LOGIN: &str = "api_amazon_com_auth";
/// The most bytes of a response with a token in it.
const MAX_TOKEN_RESPONSE: usize = 64 * 1024;

/// A request as far as it is made.
pub(super) struct Unsigned<'a> {
    pub authority: &'a str,
    pub method: &'a str,
    pub path: &'a str,
    pub body: BodyLen,
    pub tls: bool,
}

impl StreamType {
    /// Whether requests are signed instead of carrying a token.
    pub(super) fn is_signed(&self) -> bool {
        self.auth.as_ref().is_some_and(|a| a.kind.as_deref() == Some(SIGV4))
    }
}

impl Context {
    /// Signs a request: date and payload hash are added where the program's metadata has none, then
    /// the `Authorization` field.
    pub(super) fn sign(
        &self,
        stream: &Stream,
        request: &Unsigned<'_>,
        fields: &mut Vec<(String, Vec<u8>)>,
    ) -> Result<(), String> {
        let Some(auth) = &stream.kind.auth else { return Ok(()) };
        let refuse = |why: String| format!("use_auth '{}': {why}", auth.name);
        let kind = &stream.kind;
        let region = named(stream, "aws_region", kind.aws_region.as_deref()).map_err(refuse)?;
        let service = named(stream, "aws_service", kind.aws_service.as_deref()).map_err(refuse)?;
        let key = self.host.aws_key(auth.blob);
        let key = key.ok_or_else(|| refuse(format!("no key was set for blob {}", auth.blob)))?;
        if !fields.iter().any(|(n, _)| n.eq_ignore_ascii_case(DATE)) {
            let now = sigv4::timestamp(self.wall());
            fields.push((DATE.to_owned(), now.into_bytes()));
        }
        let given = fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(CONTENT_SHA256));
        let payload = match given {
            Some((_, hash)) => String::from_utf8_lossy(hash).into_owned(),
            None => {
                let hash = default_hash(request).map_err(refuse)?;
                fields.push((CONTENT_SHA256.to_owned(), hash.clone().into_bytes()));
                hash
            }
        };
        let mut signed: Vec<(&str, &[u8])> = vec![("host", request.authority.as_bytes())];
        signed.extend(fields.iter().map(|(n, v)| (n.as_str(), v.as_slice())).filter(|(n, _)| {
            n.get(..AMAZON_FIELDS.len()).is_some_and(|s| s.eq_ignore_ascii_case(AMAZON_FIELDS))
        }));
        let value = sigv4::authorization(
            &key,
            &sigv4::Request {
                region,
                service,
                method: request.method,
                path: request.path,
                fields: &signed,
                payload: &payload,
            },
        )
        .map_err(|e| refuse(e.to_string()))?;
        set_field(fields, "authorization", value.as_bytes());
        Ok(())
    }
}

/// The metadata that the policy's `key` names.
fn named<'s>(stream: &'s Stream, key: &str, name: Option<&str>) -> Result<&'s str, String> {
    let name = name.ok_or_else(|| format!("the stream type has no {key}"))?;
    let index = stream.kind.metadata.iter().position(|def| def.name == name);
    let value = index.and_then(|i| stream.metadata.declared(i)).filter(|v| !v.is_empty());
    let value = value.ok_or_else(|| format!("{key}: metadata '{name}' is not set"))?;
    std::str::from_utf8(value).map_err(|_| format!("{key}: metadata '{name}' is not UTF-8"))
}

/// The hash of a payload that the program gave none for.
fn default_hash(request: &Unsigned<'_>) -> Result<String, String> {
    match request.body {
        BodyLen::None => Ok(sigv4::sha256_hex(b"")),
        BodyLen::Known(_) | BodyLen::Unknown | BodyLen::Unframed => {
            if !has_body_method(request.method) {
                Ok(sigv4::sha256_hex(b""))
            } else if request.tls {
                Ok(UNSIGNED_PAYLOAD.to_owned())
            } else {
                Err(format!("without tls a payload needs its hash as {CONTENT_SHA256}"))
            }
        }
    }
}

/// A token that is being fetched.
pub struct TokenFetch {
    key: StreamKey,
    login: Rc<Login>,
}

/// A token, as the server gave it.
pub struct Token {
    /// What requests carry.
    pub token: Zeroizing<Vec<u8>>,
    /// How long it is good for, in seconds, if the server said so.
    pub expires_s: Option<u64>,
}

/// How far a login is.
enum Stage {
    /// The response has not ended; so much of it has come.
    Receiving(Zeroizing<Vec<u8>>),
    /// It is over.
    Ended(Result<Token, &'static str>),
}

/// The stream's own side.
struct Login {
    /// What the device is known by; it is the request's body.
    root: Zeroizing<Vec<u8>>,
    sent: Cell<usize>,
    stage: RefCell<Stage>,
}

impl Login {
    fn is_over(&self) -> bool {
        matches!(*self.stage.borrow(), Stage::Ended(_))
    }

    /// The first end counts.
    fn end(&self, result: Result<Token, &'static str>) {
        if !self.is_over() {
            self.stage.replace(Stage::Ended(result));
        }
    }

    /// The response is complete and good.
    fn complete(&self) {
        let result = match &*self.stage.borrow() {
            Stage::Receiving(text) => token(text),
            Stage::Ended(_) => return,
        };
        self.end(result);
    }
}

impl Handler for Login {
    fn state(&self, code: u32, _ordinal: u32) -> Ret {
        match State::ALL.into_iter().find(|s| s.code() == code) {
            Some(State::Connecting) => self.sent.set(0),
            Some(State::QosAckRemote) => self.complete(),
            Some(State::QosNackRemote) => self.end(Err("the server refused")),
            Some(State::Disconnected) => self.end(Err("the link ended before the token came")),
            Some(State::AllRetriesFailed) => self.end(Err("all retries failed")),
            _ => {}
        }
        Ret::Ok
    }

    fn rx(&self, data: &[u8], flags: Flags) -> Ret {
        let mut stage = self.stage.borrow_mut();
        let Stage::Receiving(text) = &mut *stage else { return Ret::Ok };
        if flags.contains(Flags::SOM) {
            // at once as large as it may get: growing would leave copies of the token behind
            *text = Zeroizing::new(Vec::with_capacity(MAX_TOKEN_RESPONSE));
        }
        if data.len() > MAX_TOKEN_RESPONSE - text.len() {
            *stage = Stage::Ended(Err("the response is too long"));
            return Ret::DisconnectMe;
        }
        text.extend_from_slice(data);
        Ret::Ok
    }

    fn tx(&self, _ordinal: u32, window: &mut [u8]) -> Option<TxAnswer> {
        let from = self.sent.get();
        let left = &self.root[from..];
        let len = left.len().min(window.len());
        window[..len].copy_from_slice(&left[..len]);
        self.sent.set(from + len);
        let mut flags = Flags::empty();
        flags.set(Flags::SOM, from == 0);
        flags.set(Flags::EOM, len == left.len());
        Some(TxAnswer { ret: Ret::Ok, len, flags })
    }
}

/// The token in a response.
fn token(text: &[u8]) -> Result<Token, &'static str> {
    let parsed: Value = serde_json::from_slice(text).map_err(|_| "the response is not JSON")?;
    let Value::Object(mut members) = parsed else { return Err("the response is no JSON object") };
    let Some(Value::String(token)) = members.remove("access_token") else {
        return Err("the response has no access_token");
    };
    let token = Zeroizing::new(token.into_bytes());
    if token.is_empty() {
        return Err("the access_token is empty");
    }
    let expires_s = match members.get("expires_in") {
        Some(Value::Number(n)) => n.as_u64(),
        Some(Value::String(s)) => s.parse().ok(),
        _ => None,
    };
    Ok(Token { token, expires_s })
}

impl Context {
    /// Begins to fetch the token of Amazon's login, sending `root`, if the policy in force has the
    /// stream type for it and such a stream can be made; else `None`, and where that is odd the
    /// log says why.
    #[must_use]
    pub fn begin_login(&self, root: Zeroizing<Vec<u8>>) -> Option<TokenFetch> {
        let policy = self.policy();
        let kind = Rc::clone(policy.stream_type(AMAZON_LOGIN)?);
        let len = root.len() as u64;
        let stage = RefCell::new(Stage::Receiving(Zeroizing::default()));
        let login = Rc::new(Login { root, sent: Cell::new(0), stage });
        let handler = Rc::clone(&login);
        let made = self.make(NewStream { kind, handler, peer_credit: None });
        match made.and_then(|key| self.start(key).map(|()| key)) {
            Ok(key) => {
                // a failure that comes at once is noted by the login
                self.request_tx_len(key, len);
                Some(TokenFetch { key, login })
            }
            Err(e) => {
                log::err!("{AMAZON_LOGIN}: no token is fetched: {e}");
                None
            }
        }
    }

    /// Whether it is over, for good or bad.
    #[must_use]
    pub fn login_is_over(&self, fetch: &TokenFetch) -> bool {
        fetch.login.is_over()
    }

    /// Destroys the stream of a login and gives the token.
    ///
    /// Not to be called in a callback of that stream.
    ///
    /// # Errors
    /// Why there is none, in words; one that is not over was interrupted.
    pub fn end_login(&self, fetch: TokenFetch) -> Result<Token, &'static str> {
        self.destroy(fetch.key);
        match fetch.login.stage.replace(Stage::Ended(Err("the token was taken"))) {
            Stage::Ended(result) => result,
            Stage::Receiving(_) => Err("interrupted"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BodyLen, Unsigned, default_hash, sigv4, token};

    #[test]
    fn payloads_without_a_hash() {
        let hash = |method, body, tls| {
            default_hash(&Unsigned { authority: "a", method, path: "/", body, tls })
        };
        let empty = Ok(sigv4::sha256_hex(b""));
        assert_eq!(hash("GET", BodyLen::None, false), empty);
        // h2 leaves a GET open for what the program may yet send
        assert_eq!(hash("GET", BodyLen::Unknown, false), empty);
        assert_eq!(hash("POST", BodyLen::None, false), empty);
        for body in [BodyLen::Known(1), BodyLen::Unknown, BodyLen::Unframed] {
            assert_eq!(hash("PUT", body, true), Ok("UNSIGNED-PAYLOAD".to_owned()));
            assert!(hash("PUT", body, false).is_err());
        }
    }

    #[test]
    fn tokens() {
        let good = token(br#"{"access_token":"Atza|x","expires_in":3600}"#).expect("a token");
        assert_eq!((&good.token[..], good.expires_s), (&b"Atza|x"[..], Some(3600)));
        let text = token(br#"{"expires_in":"60","access_token":"a"}"#).expect("a token");
        assert_eq!(text.expires_s, Some(60));
        let never = token(br#"{"access_token":"a","expires_in":-1}"#).expect("a token");
        assert_eq!(never.expires_s, None);
        for bad in ["", "[]", "{}", r#"{"access_token":""}"#, r#"{"access_token":7}"#] {
            assert!(token(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
