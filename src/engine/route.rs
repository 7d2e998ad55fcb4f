//! Where a connection leads and how: everything that must be equal for two transactions to
//! share one.

use std::rc::Rc;
use std::sync::Arc;

use crate::net::{Bind, Identity, Proxy, TrustStore};
use crate::policy::{Protocol, StreamType};
use crate::stream::Metadata;
use crate::stream::http::Url;

/// A place to connect to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// Host (a name, or an address in numbers without brackets) and port.
    Net(String, u16),
    /// A unix socket's path, or `@name` in the abstract namespace.
    Unix(String),
}

/// What an endpoint (and the policy around it) means once metadata is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub place: Place,
    pub tls: bool,
    /// For the request; the policy's `http_url` fills it in where it is `None`.
    pub path: Option<String>,
}

/// The key of connection sharing: everything that a connection was made with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Route {
    pub place: Place,
    pub protocol: Protocol,
    pub tls: Option<Tls>,
    pub attrs: crate::policy::Attrs,
    /// Who makes the connection for us.
    pub via: Option<Rc<Proxy>>,
    /// Where it comes from.
    pub bind: Option<Bind>,
    /// Who we are to an mqtt broker.
    pub mqtt: Option<Rc<MqttLogin>>,
}

impl Route {
    /// Whose name is looked up, and the port that is connected to: the proxy's if there is one.
    /// `None`: nobody's, it is a unix socket.
    pub fn first_hop(&self) -> Option<(&str, u16)> {
        match (&self.via, &self.place) {
            (_, Place::Unix(_)) => None,
            (Some(proxy), Place::Net(..)) => Some((&proxy.address.host, proxy.address.port)),
            (None, Place::Net(host, port)) => Some((host, *port)),
        }
    }
}

/// How the peer is checked, and who we are to it. Stores and certificates of the same content are
/// the same object; a store that was read again is another one.
#[derive(Clone, Debug)]
pub(super) struct Tls {
    /// The name that its certificate must bear.
    pub name: String,
    pub trust: Arc<TrustStore>,
    pub identity: Option<Arc<Identity>>,
    /// What the peer is called in reasons, if they are to be explained.
    pub peer: Option<&'static str>,
}

impl PartialEq for Tls {
    fn eq(&self, other: &Self) -> bool {
        let same_identity = match (&self.identity, &other.identity) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        same_identity && Arc::ptr_eq(&self.trust, &other.trust) && self.name == other.name
    }
}

/// What an mqtt broker is told of us.
#[derive(Default, PartialEq, Eq)]
pub(super) struct MqttLogin {
    pub client_id: Option<String>,
    pub username: Option<String>,
    pub password: Option<Vec<u8>>,
}

impl std::fmt::Debug for MqttLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MqttLogin")
    }
}

/// Why a stream leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadEndpoint(pub String);

impl std::fmt::Display for BadEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Fills metadata into a template of the stream's policy; what is not set is empty.
pub(super) fn fill(
    kind: &StreamType,
    metadata: &Metadata,
    template: &crate::policy::Template,
) -> Result<String, BadEndpoint> {
    template
        .expand(|name| kind.metadata_def(name).map(|(i, _)| metadata.declared(i).unwrap_or(&[])))
        .map_err(|e| BadEndpoint(e.to_string()))
}

impl Target {
    /// From the policy's `endpoint`, `port` and `tls`.
    pub fn of(kind: &StreamType, metadata: &Metadata) -> Result<Self, BadEndpoint> {
        let endpoint = fill(kind, metadata, &kind.endpoint)?;
        if endpoint.is_empty() {
            return Err(BadEndpoint("the endpoint is empty".into()));
        }
        if let Some(bad) = endpoint.bytes().find(|b| *b <= b' ' || *b == 0x7f) {
            return Err(BadEndpoint(format!("the endpoint holds a byte {bad:#04x}")));
        }
        if let Some(name) = endpoint.strip_prefix('+') {
            return Ok(Self { place: Place::Unix(name.to_owned()), tls: kind.tls, path: None });
        }
        if endpoint.contains("://") {
            return Self::from_url(&endpoint);
        }
        if let Some(url) = Url::without_scheme(&endpoint) {
            let port = url.port.unwrap_or(kind.port);
            return Ok(Self {
                place: Place::Net(url.host, port),
                tls: kind.tls,
                path: Some(url.path),
            });
        }
        let host = endpoint.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let host = host.unwrap_or(&endpoint).to_owned();
        Ok(Self { place: Place::Net(host, kind.port), tls: kind.tls, path: None })
    }

    /// From a whole URL, which overrides scheme, host, port and path.
    pub fn from_url(text: &str) -> Result<Self, BadEndpoint> {
        let url = Url::parse(text).map_err(|e| BadEndpoint(format!("{text}: {e}")))?;
        let (Some(port), tls) = (url.port_or_default(), url.is_tls()) else {
            let scheme = url.scheme;
            return Err(BadEndpoint(format!("{text}: scheme '{scheme}' is not supported")));
        };
        Ok(Self { place: Place::Net(url.host, port), tls, path: Some(url.path) })
    }

    /// What the request says as its host: the name alone, as the reference does, which servers
    /// that tell virtual hosts apart by name rely on.
    pub fn authority(&self) -> String {
        match &self.place {
            Place::Net(host, _) if host.contains(':') => format!("[{host}]"),
            Place::Net(host, _) => host.clone(),
            Place::Unix(_) => "localhost".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MqttLogin, Place, Route, Tls};
    use crate::net::{Bind, Proxy, ProxyKind, TrustStore};
    use crate::policy::{Attrs, Protocol};
    use crate::util::proxy::ProxyAddress;
    use std::rc::Rc;
    use std::sync::Arc;

    fn route(trust: &Arc<TrustStore>) -> Route {
        let tls = Tls { name: "h".into(), trust: Arc::clone(trust), identity: None, peer: None };
        let address = ProxyAddress::parse("me:secret@p:1", None).unwrap();
        Route {
            place: Place::Net("h".into(), 1),
            protocol: Protocol::Mqtt,
            tls: Some(tls),
            attrs: Attrs::default(),
            via: Some(Rc::new(Proxy { kind: ProxyKind::Http, address })),
            bind: Some(Bind::parse("lo")),
            mqtt: Some(Rc::new(MqttLogin {
                client_id: Some("c".into()),
                username: Some("u".into()),
                password: Some(b"p".to_vec()),
            })),
        }
    }

    fn changed(mqtt: impl FnOnce(&mut MqttLogin), route: &mut Route) {
        let login = route.mqtt.as_mut().and_then(Rc::get_mut).unwrap();
        mqtt(login);
    }

    /// One change each: whoever differs in it must not share a connection.
    #[test]
    fn everything_counts() {
        let [trust, other] = [(); 2].map(|()| TrustStore::from_pem(CA).unwrap());
        let proxy = |kind, text| {
            Some(Rc::new(Proxy { kind, address: ProxyAddress::parse(text, None).unwrap() }))
        };
        let changes: &[&dyn Fn(&mut Route)] = &[
            &|r| r.place = Place::Net("i".into(), 1),
            &|r| r.place = Place::Net("h".into(), 2),
            &|r| r.place = Place::Unix("h".into()),
            &|r| r.protocol = Protocol::Raw,
            &|r| r.tls = None,
            &|r| r.tls.as_mut().unwrap().name = "i".into(),
            &|r| r.tls.as_mut().unwrap().trust = Arc::clone(&other),
            &|r| r.attrs.priority = 1,
            &|r| r.via = None,
            &|r| r.via = proxy(ProxyKind::Socks5, "me:secret@p:1"),
            &|r| r.via = proxy(ProxyKind::Http, "p:1"),
            &|r| r.via = proxy(ProxyKind::Http, "me:other@p:1"),
            &|r| r.bind = None,
            &|r| r.bind = Some(Bind::parse("127.0.0.1")),
            &|r| r.mqtt = None,
            &|r| changed(|m| m.client_id = None, r),
            &|r| changed(|m| m.username = Some("v".into()), r),
            &|r| changed(|m| m.password = Some(b"q".to_vec()), r),
        ];
        assert_eq!(route(&trust), route(&trust));
        for (n, change) in changes.iter().enumerate() {
            let mut other = route(&trust);
            change(&mut other);
            assert_ne!(other, route(&trust), "change {n}");
        }
    }

    const CA: &[u8] = b"-----BEGIN CERTIFICATE-----
MIIBhTCCASugAwIBAgIUMSw4Wo9nUU+pM9V+L24R1Un2hQkwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEYSBDQTAgFw0yNjExMjQxOTE5NTNaGA8yMTI2MTAzMTE5MTk1
M1owDzENMAsGA1UEAwwEYSBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABC7c
mKiEqfrpe0MtkIZ17zlItZTsUg/A/zUodG2mzZuUWKRewdjv9kw7e3WQ8xh7Lj5I
9LofgF2pHEKCzJyQbGGjYzBhMB0GA1UdDgQWBBR2z5GoEbHr4n+CuEa9Ni5vuBBT
jTAfBgNVHSMEGDAWgBR2z5GoEbHr4n+CuEa9Ni5vuBBTjTAPBgNVHRMBAf8EBTAD
AQH/MA4GA1UdDwEB/wQEAwICBDAKBggqhkjOPQQDAgNIADBFAiEA7caJyHQD/OHe
qOAVvvwyNNOY80qHUQqZ2D68/hLlYAYCIBhB2fLzZZ3170PJyU/bfCA6vq3XbNLw
tBPgfX/9MXGF
-----END CERTIFICATE-----
";
}
