//! TLS on the link between proxied programs and the proxy, both of them C programs: who gets in, who is refused and what
//! both logs say of it, and links that are cut, come back, carry much, and are many.

mod fixtures;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use fixtures::certs::certs;
use fixtures::peer::{self, Peer};
use fixtures::proxies::Proxy;
use fixtures::{Outcome, Running, closed_port, compile, echo_policy, run, scratch, start_in};

const LIMIT: Duration = Duration::from_secs(30);
/// Large enough to fill every buffer on the way many times.
const LARGE: &str = "10000000";

/// The echo server and the proxy's policy.
struct World {
    policy: PathBuf,
    port: u16,
    _server: Peer,
}

impl World {
    fn new() -> Self {
        let server = peer::echo();
        let policy = echo_policy(&scratch("proxy"), server.port);
        Self { policy, port: closed_port(), _server: server }
    }

    /// A proxy on the port; `cert` and `ca` by their names, without `cert` it has no TLS.
    fn proxy(&self, cert: Option<&str>, ca: Option<&str>) -> SsProxy {
        let mut command = Command::new(compile("c-examples/ss_proxy.c"));
        command.arg("-c").arg(&self.policy).args(["-i", "127.0.0.1", "-d", "7"]);
        command.args(["--max-streams", "1000", "-p"]);
        command.arg(self.port.to_string());
        if let Some(name) = cert {
            command.arg("--tls-cert").arg(certs().pem(name));
            command.arg("--tls-key").arg(certs().key(name));
        }
        if let Some(name) = ca {
            command.arg("--tls-ca").arg(certs().pem(name));
        }
        SsProxy::start(command)
    }

    fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn client(&self, args: &[&str], env: &[(&str, &str)]) -> Running {
        client_of(&self.place(), args, env)
    }
}

fn client_of(place: &str, args: &[&str], env: &[(&str, &str)]) -> Running {
    let args: Vec<&str> = std::iter::once(place).chain(args.iter().copied()).collect();
    start_in(&compile("tests/c_api/proxied_echo.c"), &args, env)
}

/// The environment of a client: whom it trusts, and what it shows.
struct Env(Vec<(&'static str, String)>);

impl Env {
    fn new(ca: &str, cert: Option<&str>) -> Self {
        let path = |p: PathBuf| p.to_str().expect("UTF-8").to_owned();
        let mut all = vec![("SECURESTREAMS_PROXY_CA", path(certs().pem(ca)))];
        if let Some(name) = cert {
            all.push(("SECURESTREAMS_PROXY_CERT", path(certs().pem(name))));
            all.push(("SECURESTREAMS_PROXY_KEY", path(certs().key(name))));
        }
        Self(all)
    }

    fn and(mut self, name: &'static str, value: &str) -> Self {
        self.0.push((name, value.to_owned()));
        self
    }

    fn get(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }
}

/// The right one.
fn env() -> Env {
    Env::new("ca", Some("good"))
}

type Log = Arc<(Mutex<Vec<String>>, Condvar)>;

/// A proxy whose log can be awaited; killed when dropped.
struct SsProxy {
    child: Child,
    log: Log,
}

impl SsProxy {
    fn start(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the proxy");
        let stderr = child.stderr.take().expect("a pipe");
        let log = Log::default();
        let of_reader = log.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                of_reader.0.lock().unwrap().push(line);
                of_reader.1.notify_all();
            }
        });
        let proxy = Self { child, log };
        proxy.wait_for("listening on");
        proxy
    }

    /// Waits until a line of the log holds this.
    #[track_caller]
    fn wait_for(&self, text: &str) {
        let missing = |lines: &mut Vec<String>| !lines.iter().any(|l| l.contains(text));
        let lines = self.log.0.lock().unwrap();
        let (lines, waited) = self.log.1.wait_timeout_while(lines, LIMIT, missing).unwrap();
        assert!(!waited.timed_out(), "{text:?} is not in the proxy's log: {lines:#?}");
    }

    fn logged(&self, text: &str) -> usize {
        self.log.0.lock().unwrap().iter().filter(|l| l.contains(text)).count()
    }
}

impl Drop for SsProxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn done(mut client: Running) -> Outcome {
    client.allow(LIMIT * 3);
    let got = client.finish();
    got.expect_code(0);
    assert_eq!(got.lines().last(), Some(&"done"), "{got}");
    got
}

/// A client that is refused: it goes on trying, and both logs say why.
#[track_caller]
fn refused(world: &World, proxy: &SsProxy, env: &Env, its_log: &str, proxys_log: &str) {
    let mut client = world.client(&["1"], &env.get());
    client.wait_for("retry");
    client.wait_for("retry");
    proxy.wait_for(proxys_log);
    let got = client.kill();
    assert!(got.stderr.contains(its_log), "{its_log:?} is not in the client's log\n{got}");
    assert!(!got.stdout.contains("up"), "{got}");
}

#[test]
fn both_sides_show_their_certificates() {
    let world = World::new();
    let proxy = world.proxy(Some("good"), Some("ca"));
    let got = done(world.client(&["20"], &env().get()));
    assert_eq!(got.lines().first(), Some(&"up"), "{got}");
    assert_eq!(proxy.logged("refused"), 0);
    assert_eq!(proxy.logged("with TLS"), 1);
}

#[test]
fn a_program_may_say_it_by_itself_whatever_the_environment_says() {
    let world = World::new();
    let _proxy = world.proxy(Some("good"), Some("ca"));
    let path = |p: PathBuf| p.to_str().expect("UTF-8").to_owned();
    let files = [path(certs().pem("ca")), path(certs().pem("good")), path(certs().key("good"))];
    let wrong = Env::new("ca2", None);
    for name in ["-", "localhost"] {
        let args = ["3", "3000", "1", &files[0], &files[1], &files[2], name];
        done(world.client(&args, &wrong.get()));
    }
    // what is of no use is said
    let args = ["3", "3000", "1", &files[0], &files[1], "-", "-"];
    let got = world.client(&args, &[]).finish();
    got.expect_code(3);
    assert!(
        got.stderr.contains("lws_sspc_link_tls: TLS has a certificate without its key"),
        "{got}"
    );
    let args = ["3", "3000", "1", &files[2], "-", "-", "-"];
    let got = world.client(&args, &[]).finish();
    got.expect_code(3);
    assert!(got.stderr.contains(&format!("{}: ", files[2])), "{got}");
}

#[test]
fn without_a_ca_anybody_gets_in_encrypted() {
    let world = World::new();
    let _proxy = world.proxy(Some("good"), None);
    done(world.client(&["3"], &Env::new("ca", None).get()));
}

#[test]
fn clients_without_the_right_certificate_are_refused() {
    let world = World::new();
    let proxy = world.proxy(Some("good"), Some("ca"));
    let of = |cert| Env::new("ca", cert);
    refused(
        &world,
        &proxy,
        &of(None),
        "TLS: the proxy refuses: it wants a certificate, and none was shown",
        "refused: TLS: the client shows no certificate",
    );
    refused(
        &world,
        &proxy,
        &of(Some("stranger")),
        "TLS: the proxy refuses: it does not trust who has signed the certificate of this side",
        "refused: TLS: the certificate of the client is refused: UnknownIssuer",
    );
    refused(
        &world,
        &proxy,
        &of(Some("outdated")),
        "TLS: the proxy refuses: for it the certificate of this side is not in date",
        "refused: TLS: the certificate of the client is refused: certificate expired",
    );
    done(world.client(&["3"], &env().get()));
}

#[test]
fn proxies_without_the_right_certificate_are_refused() {
    let cases = [
        ("stranger", "UnknownIssuer", "it does not trust who has signed the certificate"),
        ("outdated", "certificate expired", "for it the certificate of this side is not in date"),
        (
            "wronghost",
            "certificate not valid for name",
            "it does not accept the certificate of this side",
        ),
    ];
    for (cert, why, told) in cases {
        let world = World::new();
        let proxy = world.proxy(Some(cert), Some("ca"));
        let log = format!("TLS: the certificate of the proxy is refused: {why}");
        let told = format!("refused: TLS: the client refuses: {told}");
        refused(&world, &proxy, &env(), &log, &told);
    }
}

#[test]
fn the_name_to_check_may_be_given() {
    let world = World::new();
    let proxy = world.proxy(Some("wronghost"), Some("ca"));
    let named = |name| env().and("SECURESTREAMS_PROXY_NAME", name);
    done(world.client(&["3"], &named("other.example").get()));
    refused(
        &world,
        &proxy,
        &named("localhost"),
        "TLS: the certificate of the proxy is refused: certificate not valid for name \"localhost\"",
        "refused: TLS: the client refuses: ",
    );
}

#[test]
fn one_side_alone_with_tls_fails_clearly() {
    let world = World::new();
    let proxy = world.proxy(Some("good"), Some("ca"));
    let mut client = world.client(&["1"], &[]);
    proxy.wait_for("refused: TLS: the client does not speak it");
    // it tries again
    let tries = |proxy: &SsProxy| proxy.logged("the client does not speak it");
    let until = Instant::now() + LIMIT;
    while tries(&proxy) < 2 {
        assert!(Instant::now() < until);
        std::thread::yield_now();
    }
    drop(proxy);
    // and gets in as soon as the proxy is one without
    let plain = world.proxy(None, None);
    client.wait_for("done");
    let got = client.finish();
    let why =
        "echo: the proxy: protocol error: no frame has the type 0x15: the other side speaks TLS";
    assert!(got.stderr.contains(why), "{got}");

    refused(
        &world,
        &plain,
        &env(),
        "TLS: the proxy ended the connection in the handshake, if it has TLS at all",
        "no frame has the type 0x16: the other side speaks TLS",
    );
}

#[test]
fn who_wants_tls_never_gets_a_plain_link() {
    let world = World::new();
    let socket = scratch("p").join("s");
    let socket = socket.to_str().expect("UTF-8");
    let program = compile("tests/c_api/proxied_echo.c");
    let fails = |place: &str, env: &Env, why: &str| {
        let got = start_in(&program, &[place, "1"], &env.get()).finish();
        got.expect_code(1);
        assert!(got.stderr.contains(why), "{got}");
    };
    fails(socket, &env(), &format!("the proxy at +{socket}: TLS is for TCP, not for unix sockets"));
    fails(&world.place(), &Env(vec![("SECURESTREAMS_PROXY_NAME", "x".to_owned())]), "needs a CA");
    let nothing = env().and("SECURESTREAMS_PROXY_CA", "/nonexistent/ca.pem");
    fails(&world.place(), &nothing, "/nonexistent/ca.pem: ");
    // and the proxy's side
    let proxy = compile("c-examples/ss_proxy.c");
    let (cert, key) = (certs().pem("good"), certs().key("good"));
    let (cert, key) = (cert.to_str().expect("UTF-8"), key.to_str().expect("UTF-8"));
    let policy = world.policy.to_str().expect("UTF-8");
    let port = world.port.to_string();
    let ca2 = certs().key("ca2");
    let ca2 = ca2.to_str().expect("UTF-8");
    for (args, code, why) in [
        (&["-i", socket, "--tls-cert", cert, "--tls-key", key][..], 2, "TLS is for TCP"),
        (&["-p", &port, "--tls-cert", cert], 2, "TLS needs both"),
        (&["-p", &port, "--tls-ca", cert], 2, "TLS needs both"),
        (&["-p", &port, "--tls-cert", cert, "--tls-key", ca2], 1, ca2),
        (&["-p", &port, "--tls-cert", cert, "--tls-key", "/nonexistent"], 1, "/nonexistent: "),
        (&["-p", &port, "--tls-cert", cert, "--tls-key", key, "--tls-ca", key], 1, key),
    ] {
        let args: Vec<&str> = ["-c", policy].into_iter().chain(args.iter().copied()).collect();
        let got = run(&proxy, &args);
        got.expect_code(code);
        assert!(got.stderr.contains(why), "{got}");
    }
}

#[test]
fn who_never_answers_is_given_up() {
    let silent = Peer::start(|mut link| while matches!(link.read(&mut [0; 4096]), Ok(1..)) {});
    let place = format!("127.0.0.1:{}", silent.port);
    let mut client = client_of(&place, &["1"], &env().get());
    client.allow(LIMIT * 2);
    client.wait_for("retry");
    let got = client.kill();
    assert!(got.stderr.contains("unreachable: timeout while connecting"), "{got}");
}

fn s_client(world: &World, args: &[&str]) -> String {
    let out = Command::new("openssl")
        .args(["s_client", "-connect", &world.place(), "-verify_return_error", "-CAfile"])
        .arg(certs().pem("ca"))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("openssl");
    String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
}

#[test]
fn openssl_is_asked_for_a_certificate() {
    let world = World::new();
    let proxy = world.proxy(Some("good"), Some("ca"));
    let said = s_client(&world, &[]);
    assert!(said.contains("Acceptable client certificate CA names"), "{said}");
    assert!(said.contains("CN = test CA") || said.contains("CN=test CA"), "{said}");
    proxy.wait_for("refused: TLS: the client shows no certificate");
    let said = s_client(&world, &["-tls1_2"]);
    assert!(said.contains("alert"), "{said}");
    let (cert, key) = (certs().pem("good"), certs().key("good"));
    let own = ["-cert", cert.to_str().expect("UTF-8"), "-key", key.to_str().expect("UTF-8")];
    let refused = proxy.logged("refused");
    let said = s_client(&world, &own);
    assert!(said.contains("Verify return code: 0 (ok)") && !said.contains("alert"), "{said}");
    assert_eq!(proxy.logged("refused"), refused);
}

#[test]
fn links_go_through_socks5() {
    let world = World::new();
    let _proxy = world.proxy(Some("good"), Some("ca"));
    let socks = Proxy::socks5(None);
    let env = env().and("socks_proxy", &socks.address());
    done(world.client(&["5"], &env.get()));
    assert_eq!(socks.logged("connected to 127.0.0.1"), 1);
}

#[test]
fn much_goes_both_ways_whole() {
    let world = World::new();
    let _proxy = world.proxy(Some("good"), Some("ca"));
    done(world.client(&["1", LARGE], &env().get()));
}

#[test]
fn many_streams_have_a_link_each() {
    let world = World::new();
    let proxy = world.proxy(Some("good"), Some("ca"));
    let got = done(world.client(&["5", "20000", "200"], &env().get()));
    assert_eq!(got.stdout.matches("up\n").count(), 200, "{got}");
    assert_eq!(proxy.logged("refused"), 0);
}

#[test]
fn links_come_back_with_the_proxy() {
    let world = World::new();
    let proxy = world.proxy(Some("good"), Some("ca"));
    let mut client = world.client(&["0"], &env().get());
    for _ in 0..3 {
        client.wait_for_start_of("round ");
    }
    drop(proxy);
    client.wait_for("retry");
    let proxy = world.proxy(Some("good"), Some("ca"));
    client.wait_for("again");
    client.wait_for_start_of("round ");
    drop(proxy);
    client.wait_for("retry");
    // one whose certificate is another's gets no stream
    let stranger = world.proxy(Some("stranger"), Some("ca"));
    stranger.wait_for("refused: TLS: the client refuses: ");
    drop(stranger);
    let _proxy = world.proxy(Some("good"), Some("ca"));
    client.wait_for("again");
    client.wait_for_start_of("round ");
}

/// Which direction's bytes a relay counts.
#[derive(Clone, Copy)]
enum Counted {
    ToProxy,
    ToClient,
}

/// Passes bytes on, up to `most` of them, then ends both.
fn pump(mut from: TcpStream, mut to: TcpStream, most: usize) {
    let (mut left, mut buffer) = (most, [0; 4096]);
    while left > 0 {
        let want = left.min(buffer.len());
        let Ok(n @ 1..) = from.read(&mut buffer[..want]) else { break };
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
        left -= n;
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// A relay to `port` that cuts its connection number i after `i * step` bytes, up to `cuts` of them.
fn cutting_relay(port: u16, counted: Counted, cuts: usize, step: usize) -> Peer {
    let next = AtomicUsize::new(0);
    Peer::start(move |client| {
        let i = next.fetch_add(1, Ordering::SeqCst);
        let most = if i < cuts { i * step } else { usize::MAX };
        let (up, down) = match counted {
            Counted::ToProxy => (most, usize::MAX),
            Counted::ToClient => (usize::MAX, most),
        };
        let proxy = TcpStream::connect(("127.0.0.1", port)).expect("the proxy");
        let pair = (client.try_clone().expect("a copy"), proxy.try_clone().expect("a copy"));
        let back = std::thread::spawn(move || pump(pair.1, pair.0, down));
        pump(client, proxy, up);
        back.join().expect("a thread");
    })
}

#[test]
fn links_that_are_cut_at_any_byte_are_made_anew() {
    const CUTS: usize = 960;
    const STEP: usize = 5;
    // longer than the longest cut: no connection that is cut can have carried one, whichever round it was for
    const MESSAGE: usize = CUTS * STEP + 1000;
    let world = World::new();
    let proxy = world.proxy(Some("good"), Some("ca"));
    for counted in [Counted::ToProxy, Counted::ToClient] {
        let relay = cutting_relay(world.port, counted, CUTS, STEP);
        let place = format!("127.0.0.1:{}", relay.port);
        let (size, streams) = (MESSAGE.to_string(), CUTS.to_string());
        let got = done(client_of(&place, &["2", &size, &streams], &env().get()));
        assert!(relay.accepted() >= 2 * CUTS, "{} connections", relay.accepted());
        assert!(got.stdout.contains("retry"), "{got}");
        assert!(got.stdout.contains("again"), "some are cut in the middle of a message: {got}");
    }
    assert!(proxy.logged("refused: TLS: the client ended the connection") > 0);
}
