//! The proxy program of `c-examples/` with clients that are C programs: what its options do, and
//! what is left when either side is killed.

mod fixtures;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fixtures::{Running, compile, echo_policy, peer, run, scratch, start};

const LIMIT: Duration = Duration::from_secs(20);

/// How long the killing goes on, in seconds; `KILL_SECONDS` says otherwise.
const KILLING: u64 = 15;

fn killing() -> Duration {
    let seconds = std::env::var("KILL_SECONDS").ok();
    Duration::from_secs(seconds.map_or(KILLING, |s| s.parse().expect("KILL_SECONDS is a number")))
}

struct Echo {
    dir: PathBuf,
    policy: PathBuf,
    _server: peer::Peer,
}

impl Echo {
    fn new() -> Self {
        let server = peer::echo();
        let dir = scratch("proxy");
        let policy = echo_policy(&dir, server.port);
        Self { dir, policy, _server: server }
    }

    fn socket(&self) -> PathBuf {
        self.dir.join("socket")
    }

    /// A proxy that listens on the socket.
    fn proxy(&self, more: &[&str]) -> Program {
        let proxy = Program(
            Command::new(compile("c-examples/ss_proxy.c"))
                .arg("-c")
                .arg(&self.policy)
                .arg("-i")
                .arg(self.socket())
                .args(["-d", "3"])
                .args(more)
                .stdin(Stdio::null())
                .spawn()
                .expect("the proxy"),
        );
        let until = Instant::now() + LIMIT;
        while std::os::unix::net::UnixStream::connect(self.socket()).is_err() {
            assert!(Instant::now() < until, "the proxy does not listen");
            std::thread::yield_now();
        }
        proxy
    }

    fn client(&self, count: &str) -> Running {
        let socket = self.socket();
        let args = [socket.to_str().expect("UTF-8"), count];
        start(&compile("tests/c_api/proxied_echo.c"), &args)
    }
}

/// A program that is killed when dropped.
struct Program(Child);

impl Program {
    fn descriptors(&self) -> usize {
        let open = Path::new("/proc").join(self.0.id().to_string()).join("fd");
        std::fs::read_dir(open).map_or(0, Iterator::count)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn clients_get_their_echoes() {
    let echo = Echo::new();
    let mut proxy = echo.proxy(&[]);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(echo.socket()).expect("the socket").permissions(),
    );
    assert_eq!(mode & 0o777, 0o660);
    let clients: Vec<Running> = (0..4).map(|_| echo.client("20")).collect();
    for client in clients {
        let got = client.finish();
        got.expect_code(0);
        assert_eq!(got.lines().first(), Some(&"up"), "{got}");
        assert_eq!(got.lines().last(), Some(&"done"), "{got}");
    }
    // it ends when asked to, and takes its socket along
    let pid = i32::try_from(proxy.0.id()).expect("a pid").to_string();
    Command::new("kill").arg(pid).status().expect("kill");
    assert_eq!(proxy.0.wait().expect("an end").code(), Some(0));
    assert!(!echo.socket().exists());
}

#[test]
fn the_allow_list_decides_who_gets_in() {
    let me = Command::new("id").arg("-u").output().expect("id").stdout;
    let me = String::from_utf8(me).expect("a number").trim().to_owned();
    let echo = Echo::new();
    {
        let _proxy = echo.proxy(&["--allow", &format!("nobody,{me}")]);
        echo.client("1").finish().expect_code(0);
    }
    let _proxy = echo.proxy(&["--allow", "4242"]);
    // it gets in as soon as there is a proxy that lets it
    let mut client = echo.client("1");
    drop(_proxy);
    let _other = echo.proxy(&["--allow", &me, "--mode", "600"]);
    client.wait_for("done");
}

#[test]
fn a_transport_of_the_program_s_own_carries_clients() {
    let echo = Echo::new();
    let program = compile("tests/c_api/proxy_transport.c");
    run(&program, &[echo.policy.to_str().expect("UTF-8")]).expect_code(0);
}

#[test]
fn options_that_are_wrong_are_said_to_be() {
    let echo = Echo::new();
    let program = compile("c-examples/ss_proxy.c");
    let policy = echo.policy.to_str().expect("UTF-8");
    for wrong in [
        &["-p", "70000"][..],
        &["-p", "x"],
        &["--allow", "no-such-user"],
        &["--allow", "1,,2"],
        &["--mode", "9"],
        &["--max-streams", "-1"],
    ] {
        let args: Vec<&str> = ["-c", policy].into_iter().chain(wrong.iter().copied()).collect();
        let got = run(&program, &args);
        got.expect_code(2);
        assert!(got.stderr.contains(wrong[0]), "{got}");
    }
    run::<&str>(&program, &[]).expect_code(2);
    // a socket in a folder that is not there
    let got = run(&program, &["-c", policy, "-i", "/nonexistent/socket"]);
    got.expect_code(1);
    assert!(got.stderr.contains("/nonexistent/socket"), "{got}");
}

#[test]
fn killing_either_side_at_any_time_leaves_nothing_behind() {
    let echo = Echo::new();
    let mut proxy = echo.proxy(&[]);
    let mut clients: Vec<Running> = (0..4).map(|_| echo.client("0")).collect();
    let mut random: u32 = 0x2545_f491;
    let until = Instant::now() + killing();
    let (mut clients_killed, mut proxies_killed) = (0, 0);
    while Instant::now() < until {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        // the time to the next kill is part of what is random
        std::thread::sleep(Duration::from_millis(u64::from(random >> 8 & 0x3f)));
        match random as usize % 8 {
            at @ 0..4 => {
                clients[at] = echo.client("0");
                clients_killed += 1;
            }
            4 => {
                drop(proxy);
                proxy = echo.proxy(&[]);
                proxies_killed += 1;
            }
            _ => {}
        }
    }
    println!("killed: {clients_killed} clients, {proxies_killed} proxies");
    assert!(clients_killed > 10 && proxies_killed > 0);
    // whoever is left is served again
    for client in &mut clients {
        client.wait_for_start_of("round ");
        client.drain();
        client.wait_for_start_of("round ");
    }
    let mut fresh = echo.client("3");
    fresh.wait_for("done");
    drop(fresh);
    // and with the clients everything goes that the proxy had for them
    let with_clients = proxy.descriptors();
    drop(clients);
    let until = Instant::now() + LIMIT;
    while proxy.descriptors() > with_clients - 8 {
        assert!(Instant::now() < until, "{} descriptors are left", proxy.descriptors());
        std::thread::yield_now();
    }
}
