//! The codecs that bring crates of their own along and are left out with them: where one is not
//! built in, a twin makes nothing. Streams that need it have been refused when they were made.

use std::rc::Rc;

use super::conn::Open;
use crate::policy::StreamType;
use crate::proto::{Codec, ProtoError, Tid};

/// A codec, or `None` where it is not built in.
type Made = Option<Box<dyn Codec>>;

/// Fills a buffer with bytes that nobody can foretell; `false` if there are none to be had.
pub(super) type Random = Rc<dyn Fn(&mut [u8]) -> bool>;

#[cfg(feature = "h2")]
pub(super) mod h2 {
    use super::{Made, StreamType};
    use crate::proto::h2::{H2, H2Server, Options, ServerOptions};

    pub use crate::proto::h2::is_preface;

    pub fn client(tls: bool, kind: &StreamType) -> Made {
        let cut_overflow = kind.http.quirk_overflows_txcr;
        Some(Box::new(H2::new(Options { tls, cut_overflow, ..Options::default() })))
    }

    pub fn server(kind: &StreamType) -> Made {
        Some(Box::new(H2Server::new(ServerOptions {
            max_header_list: kind.serve.max_head,
            max_body: kind.serve.max_body,
            ..ServerOptions::default()
        })))
    }
}

#[cfg(not(feature = "h2"))]
pub(super) mod h2 {
    use super::{Made, StreamType};

    pub fn is_preface(_: &[u8]) -> Option<bool> {
        Some(false)
    }

    pub fn client(_: bool, _: &StreamType) -> Made {
        None
    }

    pub fn server(_: &StreamType) -> Made {
        None
    }
}

#[cfg(feature = "ws")]
pub(super) mod ws {
    use super::{Made, Open, ProtoError, Random, StreamType, Tid};
    use crate::policy::Protocol;
    use crate::proto::ws::{DeflateOffer, Options, ServerOptions, Ws, WsServer, accept};
    use crate::proto::{BodyLen, ProtoErrorKind, Response};

    /// The client speaks ws from now on.
    const SWITCHING_PROTOCOLS: u16 = 101;

    pub fn client(kind: &StreamType, random: Random) -> Made {
        let options = Options {
            subprotocols: kind.ws.subprotocol.clone(),
            binary: kind.ws.binary,
            deflate: kind.ws.permessage_deflate.then(DeflateOffer::default),
        };
        Some(Box::new(Ws::new(options, random)))
    }

    /// Answers with 101; the connection speaks ws from then on.
    pub fn grant(open: &mut Open, kind: &StreamType, tid: Tid) -> Result<(), ProtoError> {
        let Some(asked) = open.codec.request(tid) else {
            return Err(ProtoError::new(ProtoErrorKind::BadRequest, "the request is gone"));
        };
        let options = ServerOptions {
            subprotocols: kind.ws.subprotocol.clone(),
            binary: kind.ws.binary,
            deflate: kind.ws.permessage_deflate,
            max_message: kind.serve.max_body,
        };
        let accepted = accept(asked, &options)?;
        let fields = accepted.fields();
        let answer = Response { status: SWITCHING_PROTOCOLS, fields: &fields, body: BodyLen::None };
        open.codec.respond(tid, &answer, &mut open.out)?;
        open.codec = Box::new(WsServer::new(tid, &accepted, &options));
        open.speaks = Protocol::Ws;
        Ok(())
    }
}

#[cfg(not(feature = "ws"))]
pub(super) mod ws {
    use super::{Made, Open, ProtoError, Random, StreamType, Tid};
    use crate::proto::ProtoErrorKind;

    pub fn client(_: &StreamType, _: Random) -> Made {
        None
    }

    pub fn grant(_: &mut Open, _: &StreamType, _: Tid) -> Result<(), ProtoError> {
        Err(ProtoError::new(ProtoErrorKind::BadRequest, "ws is not built in"))
    }
}
