//! TLS on the serving side, with the clients of others: who answers, who may ask, keys, sessions.

mod fixtures;

use fixtures::certs::certs;
use fixtures::servers::{Servers, Told, client, curl, kind, policy, tls};
use fixtures::{closed_port, compile, run};

fn file(path: &std::path::Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

/// Asks the server on `port` by the name `host`; its certificate has to be that name's.
fn ask_by_name(port: u16, host: &str) -> Told {
    let resolve = format!("{host}:{port}:127.0.0.1");
    curl(&["--resolve", &resolve, &format!("https://{host}:{port}/x")])
}

#[test]
fn the_name_that_a_client_asks_for_chooses_among_servers_on_a_port() {
    let port = closed_port();
    let kinds = [
        kind("one", "127.0.0.1", port, &tls("h1", "good")),
        kind("two", "127.0.0.1", port, &tls("h2", "wronghost")),
    ];
    let _servers = Servers::start(&policy(&[], &kinds), &["one", "two"]);
    for (host, answer) in [("localhost", "one GET /x\n"), ("other.example", "two GET /x\n")] {
        let got = ask_by_name(port, host);
        assert_eq!(got.out, answer, "{}", got.err);
    }
    // a name that nobody has: the first answers, and is not who was asked for
    let got = ask_by_name(port, "nobody.example");
    assert!(!got.ok && got.err.contains("nobody.example"), "{}", got.err);
    // a connection is one server's: a request for the other's name has to go elsewhere
    for (how, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let resolve = format!("other.example:{port}:127.0.0.1");
        let url = format!("https://other.example:{port}/x");
        let what = "%{http_code} %{http_version}";
        let ask = |host: &str| {
            let host = format!("Host: {host}");
            curl(&[how, "--resolve", &resolve, "-o", "/dev/null", "-w", what, "-H", &host, &url])
        };
        for (host, status) in [("localhost", 421), ("one", 421), ("two", 200), ("nobody", 200)] {
            let got = ask(host);
            assert_eq!(got.out, format!("{status} {version}"), "{host}: {}", got.err);
        }
    }
    // by the stream type's name
    let resolve = format!("two:{port}:127.0.0.1");
    assert_eq!(
        curl(&["-k", "--resolve", &resolve, &format!("https://two:{port}/")]).out,
        "two GET /\n"
    );
}

#[test]
fn clients_show_a_certificate_where_the_policy_has_a_trust_store() {
    let more = format!(r#"{}, "tls_trust_store": "ca""#, tls("h1", "good"));
    let servers = Servers::one(&more);
    let url = servers.url("https", "/");
    let shown = |name: &str| {
        let (cert, key) = (file(&certs().pem(name)), file(&certs().key(name)));
        curl(&["--cert", &cert, "--key", &key, &url])
    };
    assert_eq!(shown("good").out, "s GET /\n");
    for refused in [curl(&[&url]), shown("untrusted"), shown("expired")] {
        assert!(!refused.ok && refused.out.is_empty(), "{}", refused.out);
        assert!(refused.err.contains("alert"), "{}", refused.err);
    }
    assert_eq!(shown("good").out, "s GET /\n", "the server lives");
}

#[test]
fn keys_may_have_any_of_the_usual_forms() {
    let dir = fixtures::scratch("keys");
    let (rsa, cert) = (file(&dir.join("rsa.key")), file(&dir.join("rsa.pem")));
    let san = ["-addext", "subjectAltName=DNS:localhost", "-subj", "/CN=rsa", "-days", "5"];
    let mut make =
        vec!["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", &rsa, "-out", &cert];
    make.extend(san);
    certs().der64_of(&make);
    let rsa_cert = certs().der64_of(&["x509", "-in", &cert, "-outform", "DER"]);
    let ec = file(&certs().key("good"));
    let ec_cert = certs().der64("good");
    // as base64 alone, and with the armour around it
    let armoured = |label: &str, der: &str| {
        format!("-----BEGIN {label}-----\\n{der}\\n-----END {label}-----\\n")
    };
    let sec1 = certs().der64_of(&["ec", "-in", &ec, "-outform", "DER"]);
    let pkcs1 = certs().der64_of(&["rsa", "-traditional", "-in", &rsa, "-outform", "DER"]);
    let pkcs8 = |key: &str| {
        certs().der64_of(&["pkcs8", "-topk8", "-nocrypt", "-in", key, "-outform", "DER"])
    };
    let forms = [
        ("ec_pkcs8", &ec_cert, pkcs8(&ec)),
        ("ec_sec1", &ec_cert, sec1.clone()),
        ("ec_armoured", &ec_cert, armoured("EC PRIVATE KEY", &sec1)),
        ("rsa_pkcs8", &rsa_cert, pkcs8(&rsa)),
        ("rsa_pkcs1", &rsa_cert, pkcs1.clone()),
        ("rsa_armoured", &rsa_cert, armoured("RSA PRIVATE KEY", &pkcs1)),
    ];
    let (mut der, mut kinds) = (Vec::new(), Vec::new());
    let names: Vec<_> =
        forms.iter().map(|f| (format!("{}_c", f.0), format!("{}_c_key", f.0))).collect();
    for ((name, cert, key), (cert_name, key_name)) in forms.iter().zip(&names) {
        der.extend([(cert_name.as_str(), cert.as_str()), (key_name.as_str(), key.as_str())]);
        kinds.push(kind(name, "127.0.0.1", 0, &tls("h1", cert_name)));
    }
    let types: Vec<_> = forms.iter().map(|f| f.0).collect();
    let servers = Servers::start(&policy(&der, &kinds), &types);
    for name in types {
        let port = servers.port_of(name);
        let got = client("curl", &["-sSk", "-m", "20", &format!("https://127.0.0.1:{port}/")], "");
        assert_eq!(got.out, format!("{name} GET /\n"), "{}", got.err);
    }
}

#[test]
fn sessions_are_resumed_in_both_versions_of_tls() {
    let servers = Servers::one(&tls("h1", "good"));
    let to = format!("localhost:{}", servers.port());
    let s_client = |more: &[&str], input: &str| {
        let mut args = vec!["s_client", "-connect", &to];
        args.extend(more);
        client("openssl", &args, input).out
    };
    let old = s_client(&["-tls1_2", "-reconnect"], "");
    let count = |text: &str, word: &str| text.lines().filter(|l| l.starts_with(word)).count();
    assert_eq!((count(&old, "New, TLSv1.2"), count(&old, "Reused, TLSv1.2")), (1, 5), "{old}");

    let session = file(&fixtures::scratch("session").join("session"));
    let ask = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let first = s_client(&["-tls1_3", "-ign_eof", "-sess_out", &session], ask);
    assert!(count(&first, "New, TLSv1.3") == 1 && first.contains("s GET /"), "{first}");
    let second = s_client(&["-tls1_3", "-ign_eof", "-sess_in", &session], ask);
    assert!(count(&second, "Reused, TLSv1.3") == 1 && second.contains("s GET /"), "{second}");
}

#[test]
fn a_tls_server_without_certificate_or_key_is_a_policy_error_with_its_place() {
    for (given, missing) in [
        (r#""server_key": "good_key""#, "'server_cert' is missing"),
        (r#""server_cert": "good""#, "'server_key' is missing"),
    ] {
        let more = format!(r#""protocol": "h1", "tls": true, {given}"#);
        let policy = policy(&[], &[kind("bare", "127.0.0.1", 0, &more)]);
        let got =
            run(&compile("tests/c_api/servers.c"), &[policy.to_str().expect("UTF-8"), "bare"]);
        // no context
        got.expect_code(2);
        let line = got.stderr.lines().find(|l| l.contains(missing)).expect("the reason");
        assert!(line.contains("policy:2:") && line.contains("s[bare]"), "{line}");
    }
}

#[test]
fn vhosts_made_by_the_program_bring_address_port_and_tls() {
    let plain = kind("plain", "!here", 0, r#""protocol": "h1""#);
    let secure = kind("secure", "!there", 0, r#""protocol": "h2", "tls": true"#);
    let there =
        format!("there,0,127.0.0.1,{},{}", file(&certs().pem("good")), file(&certs().key("good")));
    let args = ["--vhost", "here,0,127.0.0.1", "--vhost", &there, "plain", "secure"];
    let servers = Servers::start(&policy(&[], &[plain, secure]), &args);
    let url = format!("http://127.0.0.1:{}/a", servers.port_of("plain"));
    assert_eq!(curl(&[&url]).out, "plain GET /a\n");
    let url = format!("https://localhost:{}/b", servers.port_of("secure"));
    let got = curl(&["-w", "%{http_version}", &url]);
    assert_eq!(got.out, "secure GET /b\n2", "{}", got.err);
}
