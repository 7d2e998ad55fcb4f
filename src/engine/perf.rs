//! The times that a connection and its first response took, as JSON to streams whose policy says
//! `perf` (specification: "perf"; fields and their order as the reference's).

use std::fmt::Write as _;
use std::net::SocketAddr;

use super::context::Context;
use super::life::Fate;
use super::stream::StreamKey;
use crate::policy::Protocol;
use crate::stream::Flags;
use crate::util::Micros;

/// `dns_disp`: no name was looked up on behalf of this stream.
const DNS_NONE: u8 = 0;
/// `dns_disp`: the look-up gave addresses.
const DNS_OK: u8 = 1;
/// `dns_disp`: it gave none.
const DNS_NO_RESULT: u8 = 3;

/// When the steps of making a connection were done.
#[derive(Debug, Default)]
pub(super) struct Times {
    pub began: Micros,
    pub resolved: Option<Micros>,
    pub connected: Option<Micros>,
    pub secured: Option<Micros>,
    /// What the name resolved to.
    pub addresses: Vec<SocketAddr>,
    /// Who was connected to.
    pub peer: Option<SocketAddr>,
}

impl Times {
    pub fn new(began: Micros) -> Self {
        Self { began, ..Self::default() }
    }
}

/// From one step to the next in microseconds; 0 if either is missing.
fn between(from: Option<Micros>, to: Option<Micros>) -> Micros {
    from.zip(to).map_or(0, |(from, to)| to.saturating_sub(from))
}

/// `times` is `None` for a stream that used a connection which was there already.
fn json(times: Option<&Times>, response: Micros, status: Option<u16>) -> String {
    let none = Times::default();
    let (t, dns) = match times {
        Some(t) if t.addresses.is_empty() => (t, DNS_NO_RESULT),
        Some(t) => (t, DNS_OK),
        None => (&none, DNS_NONE),
    };
    let began = times.map(|t| t.began);
    let peer = t.peer.map(|p| p.ip().to_string()).unwrap_or_default();
    let mut text = format!(
        "{{\"peer\":\"{peer}\",\"dns_us\":{},\"dns_disp\":{dns},\"sockconn_us\":{},\
         \"tls_us\":{},\"txn_resp_us\":{response},\"dns\":[",
        between(began, t.resolved),
        between(t.resolved, t.connected),
        between(t.connected, t.secured),
    );
    for (i, addr) in t.addresses.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        // writing to a String does not fail
        let _ = write!(text, "{comma}\"{}\"", addr.ip());
    }
    text.push(']');
    if let Some(status) = status {
        let _ = write!(text, ",\"prot_specific\":{{\"protocol\":\"http\",\"resp\":{status}}}");
    }
    text.push('}');
    text
}

impl Context {
    /// Notes a step of a connection that a stream with `perf` made.
    pub(super) fn note_step(
        &self,
        conn: super::conn::ConnKey,
        step: impl FnOnce(&mut Times, Micros),
    ) {
        let now = self.now();
        if let Some(times) = self.core().conns.get_mut(conn).and_then(|c| c.times.as_mut()) {
            step(times, now);
        }
    }

    /// Tells a stream with `perf` once a transaction what was measured: when an http response is
    /// there, else when the attempt or the link ends.
    pub(super) fn report_perf(&self, key: StreamKey, status: Option<u16>) -> Fate {
        let now = self.now();
        let text = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(stream) = core.streams.get_mut(key) else { return Fate::Gone };
            if !stream.kind.perf || stream.txn.perf_said {
                return Fate::Lives;
            }
            let conn = stream.link.and_then(|l| core.conns.get_mut(l.conn));
            let on_conn = conn.and_then(|c| c.times.take());
            // after a redirect the connection in use counts, not the one before
            let times = on_conn.or(stream.txn.times.take());
            // nothing was tried
            if times.is_none() && stream.txn.asked.is_none() {
                return Fate::Lives;
            }
            stream.txn.perf_said = true;
            let http = !matches!(stream.kind.protocol, Protocol::Mqtt | Protocol::Raw);
            let asked = stream.txn.asked.filter(|_| http && status.is_some());
            json(times.as_deref(), between(asked, Some(now)), status)
        };
        let ret = self.give_rx(key, text.as_bytes(), Flags::SOM | Flags::EOM | Flags::PERF_JSON);
        self.obey(key, ret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_become_intervals() {
        let times = Times {
            began: 100,
            resolved: Some(110),
            connected: Some(130),
            secured: Some(160),
            addresses: vec!["10.0.0.1:1".parse().expect("addr"), "[::1]:1".parse().expect("addr")],
            peer: Some("10.0.0.1:1".parse().expect("addr")),
        };
        assert_eq!(
            json(Some(&times), 70, Some(200)),
            "{\"peer\":\"10.0.0.1\",\"dns_us\":10,\"dns_disp\":1,\"sockconn_us\":20,\"tls_us\":30,\
             \"txn_resp_us\":70,\"dns\":[\"10.0.0.1\",\"::1\"],\
             \"prot_specific\":{\"protocol\":\"http\",\"resp\":200}}"
        );
    }

    #[test]
    fn a_connection_that_was_there_took_no_time() {
        assert_eq!(
            json(None, 5, None),
            "{\"peer\":\"\",\"dns_us\":0,\"dns_disp\":0,\"sockconn_us\":0,\"tls_us\":0,\
             \"txn_resp_us\":5,\"dns\":[]}"
        );
    }
}
