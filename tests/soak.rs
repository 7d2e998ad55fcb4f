//! Two hundred streams of all protocols against peers that are killed and restarted at random. `SOAK_SECONDS` says for
//! how long (15 by default; `scripts/test --long` takes two minutes).

mod fixtures;

use fixtures::certs::certs;
use fixtures::many::stream;
use fixtures::mosquitto::Mosquitto;
use fixtures::nginx::Nginx;
use fixtures::peer::Peer;
use fixtures::{compile, policy, scratch, start};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Streams of each of the five protocols.
const EACH: &str = "40";
/// What the heap may have grown by from one round to the next, in bytes: tables keep their capacity.
const HEAP_SLACK: i64 = 512 * 1024;

/// A peer that can be killed and brought back.
trait Mortal {
    fn kill(&mut self);
    fn revive(&mut self);
}

impl Mortal for Nginx {
    fn kill(&mut self) {
        Nginx::crash(self);
    }
    fn revive(&mut self) {
        self.start_again();
    }
}

impl Mortal for Mosquitto {
    fn kill(&mut self) {
        Mosquitto::kill(self);
    }
    fn revive(&mut self) {
        self.start_again();
    }
}

/// A peer in this process.
struct Own {
    port: u16,
    peer: Option<Peer>,
    script: fn(TcpStream),
}

impl Own {
    fn new(script: fn(TcpStream)) -> Own {
        let peer = Peer::start(script);
        Own { port: peer.port, peer: Some(peer), script }
    }
}

impl Mortal for Own {
    fn kill(&mut self) {
        self.peer = None;
    }
    fn revive(&mut self) {
        self.peer = Some(Peer::start_on(self.port, self.script));
    }
}

fn raw(mut stream: TcpStream) {
    let mut buf = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut buf) {
        if stream.write_all(&buf[..n]).is_err() {
            break;
        }
    }
}

fn ws(stream: TcpStream) {
    let Ok(mut socket) = tungstenite::accept(stream) else { return };
    while let Ok(message) = socket.read() {
        if (message.is_text() || message.is_binary()) && socket.send(message).is_err() {
            break;
        }
    }
}

/// xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

fn signal(pid: u32) {
    let sent = std::process::Command::new("kill").args(["-USR1", &pid.to_string()]).status();
    assert!(sent.is_ok_and(|s| s.success()), "kill -USR1 {pid}");
}

/// Kills and revives for so long; all live in the end. How many died.
fn havoc(peers: &mut [&mut dyn Mortal], random: &mut Random, time: Duration) -> usize {
    let until = Instant::now() + time;
    let mut deaths = 0;
    let pause = |random: &mut Random, most: u64| {
        // nothing to wait for: the streams are left to work, or to find nobody
        std::thread::sleep(Duration::from_millis(random.below(most)));
    };
    while Instant::now() < until {
        pause(random, 600);
        let which = random.below(peers.len() as u64) as usize;
        peers[which].kill();
        pause(random, 300);
        peers[which].revive();
        deaths += 1;
    }
    deaths
}

/// The numbers of a "round" line.
fn numbers(line: &str) -> Vec<i64> {
    line.split(' ').skip(1).map(|w| w.parse().expect("a number")).collect()
}

#[test]
fn streams_survive_their_peers() {
    const ROUNDS: u32 = 3;
    let seconds = std::env::var("SOAK_SECONDS").map_or(15, |s| s.parse().expect("SOAK_SECONDS"));
    let time = Duration::from_secs(seconds) / ROUNDS;
    let mut nginx = Nginx::start(2, &[("x", &[b'x'; 300])], |p| {
        let (pem, key) = (certs().pem("good"), certs().key("good"));
        format!(
            "server {{ listen 127.0.0.1:{}; server_name localhost; }}\n\
             server {{ listen 127.0.0.1:{} ssl http2; server_name localhost; ssl_certificate {};\n\
             ssl_certificate_key {}; keepalive_requests 50; }}",
            p[0],
            p[1],
            pem.display(),
            key.display()
        )
    });
    let mut mosquitto = Mosquitto::start();
    let (mut ws, mut raw) = (Own::new(ws), Own::new(raw));

    let get = ", \"opportunistic\": true, \"http_method\": \"GET\", \"http_url\": \"/x\"";
    let tls = ", \"tls\": true, \"tls_trust_store\": \"store\", \"nghttp2_quirk_end_stream\": true";
    let qos = ", \"mqtt_topic\": \"soak\", \"mqtt_qos\": 1";
    let streams = [
        stream("h1", nginx.ports[0], "h1", get),
        stream("h2", nginx.ports[1], "h2", &format!("{get}{tls}")),
        stream("ws", ws.port, "ws", ", \"http_url\": \"/\""),
        stream("mqtt", mosquitto.port, "mqtt", qos),
        stream("raw", raw.port, "raw", ""),
    ];
    let der = certs().der64("ca");
    let file = policy(&scratch("soak"), &[("store", &der)], &streams);
    let file = file.to_str().expect("UTF-8");
    let rounds = ROUNDS.to_string();
    let args = ["--policy", file, "--each", EACH, "--rounds", &rounds];
    let mut program = start(&compile("tests/scenarios/soak.c"), &args);
    program.allow(Duration::from_secs(seconds) + Duration::from_secs(60) * ROUNDS);

    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ seconds);
    let (mut deaths, mut ended) = (0, Vec::new());
    for _ in 0..ROUNDS {
        program.wait_for("working");
        let peers: &mut [&mut dyn Mortal] = &mut [&mut nginx, &mut mosquitto, &mut ws, &mut raw];
        deaths += havoc(peers, &mut random, time);
        signal(program.pid());
        program.wait_for("calm");
        ended.push(numbers(&program.wait_for_start_of("round ")));
    }
    let got = program.finish();
    got.expect_code(0);
    assert!(!got.stderr.contains("illegal"), "{got}");
    for round in &ended {
        let [ops, links, descriptors, _heap] = round[..] else { panic!("{round:?}") };
        assert!(ops > 1000 && links > 200, "{ended:?}");
        assert_eq!(descriptors, 0, "{ended:?}");
    }
    // the first round makes what the later ones use again
    let (second, last) = (ended[1][3], ended[ROUNDS as usize - 1][3]);
    assert!(last - second < HEAP_SLACK, "the heap grows: {ended:?}");
    println!("{deaths} deaths of peers; rounds (operations, links, descriptors, heap): {ended:?}");
}
