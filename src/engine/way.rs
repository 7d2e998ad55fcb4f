//! The way to a target: what the policy, the system blobs and the surroundings say about proxy,
//! trust and who we are, all of which connections that are shared have in common.

use std::rc::Rc;
use std::sync::Arc;

use super::context::{Context, MqttBlob};
use super::route::{BadEndpoint, MqttLogin, Place, Route, Target, Tls};
use crate::net::{self, Bind, Identity, Proxy, ProxyKind, TrustError};
use crate::policy::{Protocol, StreamType, TrustStore};
use crate::util::Micros;
use crate::util::proxy::ProxyAddress;

/// Client certificates that are kept ready; the oldest makes room.
const MAX_IDENTITIES: usize = 16;

/// Trust stores in the form that TLS needs, by the policy's own.
#[derive(Default)]
pub(super) struct TrustCache {
    made: Vec<(Rc<TrustStore>, Arc<net::TrustStore>)>,
}

impl TrustCache {
    fn get(
        &mut self,
        store: Option<&Rc<TrustStore>>,
        now: Micros,
    ) -> Result<Arc<net::TrustStore>, TrustError> {
        let Some(store) = store else { return net::TrustStore::system(now) };
        let same = |s: &Rc<TrustStore>| Rc::ptr_eq(s, store) || s == store;
        if let Some((_, made)) = self.made.iter().find(|(s, _)| same(s)) {
            return Ok(made.clone());
        }
        let made = net::TrustStore::from_der(store.certs.iter().map(|c| c.der.as_slice()))?;
        // stores of policies that are gone are held by nobody else
        self.made.retain(|(s, _)| Rc::strong_count(s) > 1);
        self.made.push((Rc::clone(store), made.clone()));
        Ok(made)
    }
}

/// Client certificates in the form that TLS needs, by their bytes: blobs may change.
#[derive(Default)]
pub(super) struct Identities {
    made: Vec<(Vec<u8>, Vec<u8>, Arc<Identity>)>,
}

impl Identities {
    fn get(&mut self, cert: Vec<u8>, key: Vec<u8>) -> Result<Arc<Identity>, TrustError> {
        if let Some((_, _, made)) = self.made.iter().find(|(c, k, _)| *c == cert && *k == key) {
            return Ok(Arc::clone(made));
        }
        let made = if cert.starts_with(b"-----") {
            Identity::from_pem(&cert, &key)
        } else {
            Identity::from_der(&[&cert], &key)
        }?;
        if self.made.len() >= MAX_IDENTITIES {
            self.made.remove(0);
        }
        self.made.push((cert, key, Arc::clone(&made)));
        Ok(made)
    }
}

impl Context {
    /// What connections to `target` share for streams of type `kind`.
    pub(super) fn route(&self, target: &Target, kind: &StreamType) -> Result<Route, BadEndpoint> {
        let tls = match target.tls {
            true => Some(self.tls(target, kind)?),
            false => None,
        };
        // h2 without ALPN is for streams whose policy has no tls from the start: where only the
        // endpoint's URL took it away, nobody promised that the server speaks h2
        let protocol = match kind.protocol {
            Protocol::H2 if kind.tls && !target.tls => Protocol::H1,
            protocol => protocol,
        };
        Ok(Route {
            place: target.place.clone(),
            protocol,
            tls,
            attrs: kind.attrs,
            via: self.proxy(target, kind)?,
            bind: kind.bind.as_deref().map(Bind::parse),
            mqtt: (protocol == Protocol::Mqtt).then(|| self.mqtt_login()).transpose()?,
        })
    }

    /// The stream type's own proxy, else the policy's, else that of the surroundings. Unix
    /// sockets are on this machine: nobody stands in between.
    fn proxy(&self, target: &Target, kind: &StreamType) -> Result<Option<Rc<Proxy>>, BadEndpoint> {
        if matches!(target.place, Place::Unix(_)) {
            return Ok(None);
        }
        let policy = self.policy();
        let Some(text) = kind.via_socks5.as_ref().or(policy.via_socks5.as_ref()) else {
            return Ok(self.options.proxy.clone());
        };
        let address =
            ProxyAddress::parse(text, None).map_err(|e| BadEndpoint(format!("via-socks5: {e}")))?;
        Ok(Some(Rc::new(Proxy { kind: ProxyKind::Socks5, address })))
    }

    fn tls(&self, target: &Target, kind: &StreamType) -> Result<Tls, BadEndpoint> {
        let identity = kind.client_cert.map(|index| self.identity(index)).transpose()?;
        let store = self.core().trust.get(kind.trust_store.as_ref(), self.now());
        Ok(Tls {
            name: match &target.place {
                Place::Net(host, _) => host.clone(),
                Place::Unix(_) => "localhost".to_owned(),
            },
            trust: store.map_err(|e| BadEndpoint(e.to_string()))?,
            identity,
            peer: None,
        })
    }

    fn identity(&self, index: u8) -> Result<Arc<Identity>, BadEndpoint> {
        let blobs = self.host.client_cert(index).ok_or_else(|| {
            BadEndpoint(format!("client certificate {index} is not in the system blobs"))
        })?;
        let made = self.core().identities.get(blobs.0, blobs.1);
        made.map_err(|e| BadEndpoint(format!("client certificate {index}: {e}")))
    }

    fn mqtt_login(&self) -> Result<Rc<MqttLogin>, BadEndpoint> {
        let text = |which, what: &str| match self.host.mqtt_blob(which).map(String::from_utf8) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(_)) => Err(BadEndpoint(format!("the {what} is not UTF-8"))),
        };
        Ok(Rc::new(MqttLogin {
            client_id: text(MqttBlob::ClientId, "mqtt client id")?,
            username: text(MqttBlob::Username, "mqtt user name")?,
            password: self.host.mqtt_blob(MqttBlob::Password),
        }))
    }
}
