//! Streams and their proxy with one byte link between them that knows no connections: C programs
//! on both sides bring the link.

mod fixtures;

use std::path::{Path, PathBuf};

use fixtures::{Outcome, Running, compile, echo_policy, peer, scratch, start};

struct World {
    dir: PathBuf,
    policy: PathBuf,
    _server: peer::Peer,
}

impl World {
    fn new() -> Self {
        let server = peer::echo();
        let dir = scratch("mux");
        let policy = echo_policy(&dir, server.port);
        Self { dir, policy, _server: server }
    }

    fn socket(&self) -> PathBuf {
        self.dir.join("line")
    }

    fn proxy(&self, piece: &str) -> Running {
        let _ = std::fs::remove_file(self.socket());
        let (socket, policy) = (self.socket(), self.policy.clone());
        let args = [text(&socket), text(&policy), piece];
        let mut proxy = start(&compile("tests/c_api/mux_proxy.c"), &args);
        proxy.wait_for("serves");
        proxy
    }

    fn client(&self, streams: &str, rounds: &str) -> Running {
        let socket = self.socket();
        start(&compile("tests/c_api/mux_client.c"), &[text(&socket), streams, rounds])
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn count(outcome: &Outcome, line: &str) -> usize {
    outcome.lines().iter().filter(|l| **l == line).count()
}

#[test]
fn many_streams_share_one_link() {
    let world = World::new();
    let _proxy = world.proxy("0");
    let got = world.client("40", "5").finish();
    got.expect_code(0);
    assert_eq!(got.lines().last(), Some(&"done"), "{got}");
    assert_eq!((count(&got, "up"), count(&got, "down")), (40, 0), "{got}");
}

#[test]
fn a_link_that_takes_few_bytes_at_a_time_mixes_nothing_up() {
    let world = World::new();
    let _proxy = world.proxy("61");
    let got = world.client("3", "4").finish();
    got.expect_code(0);
    assert_eq!(got.lines().last(), Some(&"done"), "{got}");
}

#[test]
fn a_proxy_that_starts_again_is_noticed_and_streams_live_on() {
    let world = World::new();
    let proxy = world.proxy("0");
    let mut client = world.client("2", "0");
    client.wait_for_start_of("8 echoes");
    proxy.kill();
    let _proxy = world.proxy("0");
    client.wait_for("down");
    client.wait_for("up");
    client.drain();
    client.wait_for_end_of("echoes");
    client.kill();
}

#[test]
fn a_client_that_is_killed_leaves_the_link_to_the_next() {
    let world = World::new();
    let _proxy = world.proxy("0");
    for _ in 0..3 {
        let mut client = world.client("5", "0");
        client.wait_for_start_of("8 echoes");
        client.kill();
    }
    let got = world.client("5", "5").finish();
    got.expect_code(0);
    assert_eq!(got.lines().last(), Some(&"done"), "{got}");
}

#[test]
fn a_terminal_is_a_link_that_the_loop_watches() {
    let world = World::new();
    let mut proxy = start(&compile("tests/c_api/tty_proxy.c"), &[text(&world.policy)]);
    let line = proxy.wait_for_start_of("line ").trim_start_matches("line ").to_owned();
    proxy.wait_for("serves");
    let client = start(&compile("tests/c_api/mux_client.c"), &[&line, "20", "5"]);
    let got = client.finish();
    got.expect_code(0);
    assert_eq!(got.lines().last(), Some(&"done"), "{got}");
    assert_eq!((count(&got, "up"), count(&got, "down")), (20, 0), "{got}");
    // the client has closed its end
    let got = proxy.finish();
    got.expect_code(0);
    assert_eq!(got.lines().last(), Some(&"over"), "{got}");
}
