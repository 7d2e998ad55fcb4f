//! A client and a proxy with a link of memory between them, whose bytes come in pieces and may change on the
//! way: nothing panics, memory is bounded, and no stream outlives its link.
#![no_main]

#[path = "../../tests/proxy/joined.rs"]
mod joined;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let types = concat!(
        "{\"file\": {\"endpoint\": \"file://",
        env!("CARGO_MANIFEST_DIR"),
        "/Cargo.toml\", \"protocol\": \"raw\", \"opportunistic\": true, \"retry\": \"default\", ",
        "\"metadata\": [{\"m\": \"\"}]}}"
    );
    joined::check_input(types, "file", data);
});
