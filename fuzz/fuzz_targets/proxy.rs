//! Answers of SOCKS5 and http proxies: nothing panics, and whole and byte by byte are read alike.
#![no_main]

#[path = "../../tests/net/talk.rs"]
mod talk;

use libfuzzer_sys::fuzz_target;
use securestreams::net::{HttpConnect, Socks5};
use securestreams::util::proxy::Credentials;

// The first byte chooses the kind of proxy and whether there is a password.
fuzz_target!(|data: &[u8]| {
    let [how, answers @ ..] = data else { return };
    let who = (how & 1 != 0).then(|| Credentials { user: "me".into(), password: "x".into() });
    if how & 2 != 0 {
        let make = || Socks5::new("host", 1, who.clone()).expect("a host");
        talk::same_whole_and_bytewise(make, answers);
    } else {
        let make = || HttpConnect::new("host", 1, who.as_ref()).expect("a host");
        talk::same_whole_and_bytewise(make, answers);
    }
});
