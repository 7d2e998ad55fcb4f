//! `sspolicy` on good and broken policies. What it prints is in `golden/`; run with `BLESS=1` to write that anew.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn sspolicy(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sspolicy"));
    command.args(args).current_dir(tests().join("policies")).env_remove("NO_COLOR");
    command.output().expect("sspolicy")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Compares stdout, stderr and exit code with a file.
#[track_caller]
fn golden(name: &str, args: &[&str]) {
    let out = sspolicy(args);
    let got = format!(
        "$ sspolicy {}\n{}--- stderr\n{}--- exit code {}\n",
        args.join(" "),
        text(&out.stdout),
        text(&out.stderr),
        out.status.code().expect("a code")
    );
    let file = tests().join("golden").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(tests().join("golden")).expect("golden/");
        std::fs::write(&file, &got).expect("a golden file");
    }
    let wanted = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(got == wanted, "{} differs; this is new:\n{got}", file.display());
}

#[test]
fn check() {
    golden("check_good", &["check", "good.json"]);
    golden("check_broken", &["check", "broken.json"]);
    golden("check_several", &["check", "good.json", "syntax.json"]);
    golden("check_json", &["check", "--json", "syntax.json", "good.json"]);
    golden("check_missing", &["check", "nowhere.json"]);
}

#[test]
fn warnings_count_where_they_are_asked_for() {
    let file = std::env::temp_dir().join(format!("sspolicy-{}.json", std::process::id()));
    std::fs::write(&file, r#"{ "s": [{ "a": { "endpoint": "e", "prot": 1 } }] }"#).expect("a file");
    let name = file.to_str().expect("UTF-8");
    let code = |args: &[&str]| sspolicy(args).status.code();
    assert_eq!(code(&["check", name]), Some(0));
    assert_eq!(code(&["check", "--strict", name]), Some(1));
    std::fs::remove_file(&file).expect("removed");
}

#[test]
fn explain() {
    golden("explain_hello", &["explain", "good.json", "hello"]);
    golden("explain_news", &["explain", "good.json", "news"]);
    golden("explain_sensor", &["explain", "good.json", "sensor"]);
    golden("explain_lines", &["explain", "good.json", "lines"]);
    golden(
        "explain_same_names",
        &["explain", "--overlay", "overlay_same_names.json", "good.json", "hello"],
    );
    golden("explain_overlay", &["explain", "--overlay", "overlay.json", "good.json", "hello"]);
    golden("explain_pages", &["explain", "server.json", "pages"]);
    golden("explain_chat", &["explain", "server.json", "chat"]);
    golden("explain_unknown", &["explain", "good.json", "helo"]);
    golden("explain_broken", &["explain", "broken.json", "hello"]);
}

#[test]
fn merge() {
    golden("merge", &["merge", "good.json", "overlay.json"]);
    golden("merge_broken", &["merge", "good.json", "syntax.json"]);
}

#[test]
fn fmt() {
    golden("fmt", &["fmt", "good.json"]);
    golden("fmt_check", &["fmt", "--check", "good.json"]);
    golden("fmt_broken", &["fmt", "broken.json"]);
}

#[test]
fn formatting_again_changes_nothing() {
    for policy in ["good.json", "server.json", "expired.json"] {
        let once = sspolicy(&["fmt", policy]).stdout;
        assert!(!once.is_empty(), "{policy}");
        let mut again = Command::new(env!("CARGO_BIN_EXE_sspolicy"))
            .args(["fmt", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sspolicy");
        std::io::Write::write_all(&mut again.stdin.take().expect("a pipe"), &once)
            .expect("written");
        let twice = again.wait_with_output().expect("its output").stdout;
        assert_eq!(text(&once), text(&twice));
    }
}

#[test]
fn certs() {
    // the dates are fixed: one is over, the other far away
    let out = sspolicy(&["certs", "expired.json"]);
    assert_eq!(out.status.code(), Some(1));
    let said = text(&out.stdout);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.contains(&"  subject  CN=Long gone"), "{said}");
    assert!(lines.contains(&"  valid    2010-01-01 to 2011-01-01"), "{said}");
    assert!(lines.contains(&"  subject  C=FI, O=Example, CN=Example root"), "{said}");
    assert!(lines.contains(&"  issuer   itself"), "{said}");
    assert_eq!(said.matches("expired").count(), 1, "{said}");
    golden("certs_good", &["certs", "good.json"]);
    // a century has fewer days than this
    assert_eq!(sspolicy(&["certs", "--days", "40000", "good.json"]).status.code(), Some(1));
}

#[test]
fn certs_warns_before_expiry() {
    let dir = std::env::temp_dir().join(format!("sspolicy-certs-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder");
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ]);
    openssl.args(["-days", "10", "-subj", "/CN=soon", "-keyout", "key", "-out", "pem"]);
    let made = openssl.current_dir(&dir).output().expect("openssl");
    assert!(made.status.success(), "{}", text(&made.stderr));
    let pem = std::fs::read_to_string(dir.join("pem")).expect("the certificate");
    let der64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let policy = dir.join("policy.json");
    std::fs::write(&policy, format!(r#"{{ "certs": [{{ "soon": "{der64}" }}] }}"#))
        .expect("a file");
    let name = policy.to_str().expect("UTF-8");
    // ten days are left, or nine whole ones and most of another
    for (days, code) in [(None, 1), (Some("11"), 1), (Some("9"), 0)] {
        let args: Vec<&str> = days.map_or(vec![], |n| vec!["--days", n]);
        let out = sspolicy(&[&["certs"], &args[..], &[name]].concat());
        let said = text(&out.stdout);
        assert_eq!(out.status.code(), Some(code), "{days:?}: {said}");
        assert_eq!(said.contains("  expires in "), code == 1, "{days:?}: {said}");
    }
    std::fs::remove_dir_all(&dir).expect("removed");
}

/// What a command prints on a terminal.
fn on_a_terminal(command: &str, no_colour: bool) -> String {
    let mut script = Command::new("script");
    script.args(["-qec", command, "/dev/null"]).current_dir(tests().join("policies"));
    script.stdin(Stdio::null()).env_remove("NO_COLOR");
    if no_colour {
        script.env("NO_COLOR", "1");
    }
    text(&script.output().expect("script").stdout)
}

#[test]
fn colours_on_a_real_terminal() {
    let tool = env!("CARGO_BIN_EXE_sspolicy");
    let red = "\x1b[1;31merror\x1b[0m: ";
    for (arguments, coloured) in [
        ("check broken.json", true),
        // errors on stderr, which is the terminal too
        ("merge broken.json", true),
        ("merge broken.json 2>&1 | cat", false),
        ("check broken.json | cat", false),
        ("--colour=never check broken.json", false),
    ] {
        let out = on_a_terminal(&format!("'{tool}' {arguments}"), false);
        assert!(out.contains("error"), "{arguments}: {out}");
        assert_eq!(out.contains(red), coloured, "{arguments}: {out}");
        assert_eq!(out.contains('\x1b'), coloured, "{arguments}: {out}");
    }
    assert!(!on_a_terminal(&format!("'{tool}' check broken.json"), true).contains('\x1b'));
    let expired = on_a_terminal(&format!("'{tool}' certs expired.json"), false);
    assert!(expired.contains("\x1b[1;31mexpired "), "{expired}");
}

#[test]
fn usage() {
    for args in [
        &[][..],
        &["what"],
        &["check"],
        &["check", "--what", "x"],
        &["explain", "x"],
        &["schema", "x"],
        &["certs", "--days"],
        &["certs", "--days", "x", "good.json"],
        &["--colour=red", "schema"],
    ] {
        let out = sspolicy(args);
        assert_eq!(out.status.code(), Some(2), "{args:?}");
        assert!(text(&out.stderr).contains("usage: sspolicy"), "{args:?}");
    }
    assert_eq!(sspolicy(&["--help"]).status.code(), Some(0));
}

#[test]
fn colours_are_for_terminals() {
    let plain = sspolicy(&["check", "broken.json"]);
    assert!(!plain.stdout.contains(&0x1b));
    let bright = sspolicy(&["--colour=always", "check", "broken.json"]);
    assert!(bright.stdout.contains(&0x1b));
    let without: Vec<u8> = {
        let text = text(&bright.stdout);
        let mut parts = text.split('\x1b');
        let first = parts.next().unwrap_or_default().to_owned();
        let rest = parts.filter_map(|part| Some(part.split_once('m')?.1));
        (first + &rest.collect::<String>()).into_bytes()
    };
    assert_eq!(text(&without), text(&plain.stdout));
}

#[test]
fn the_schema_knows_the_keys() {
    let out = sspolicy(&["schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    let stream = &schema["properties"]["s"]["items"]["additionalProperties"]["properties"];
    for key in ["endpoint", "mqtt qos", "http_resp_map", "ws_permessage_deflate"] {
        assert!(stream[key]["description"].is_string(), "{key}");
    }
    assert_eq!(stream["mqtt_qos"]["oneOf"][0]["maximum"], 2);
}

#[test]
fn the_manual_page_knows_the_keys() {
    let script = tests().join("../../scripts/man-policy");
    let mut command = Command::new(script);
    command.arg("--check").env("SSPOLICY", env!("CARGO_BIN_EXE_sspolicy"));
    let out = command.output().expect("scripts/man-policy");
    assert!(out.status.success(), "{}", text(&out.stderr));
}

/// The C source compiles against this library's headers; `SSPOLICY_INCLUDE` names others to try.
#[test]
fn c_structs_compile() {
    for policy in ["good.json", "server.json"] {
        compile_c(policy);
    }
}

fn compile_c(policy: &str) {
    let out = sspolicy(&["to-c", policy]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let dir = std::env::temp_dir().join(format!("sspolicy-to-c-{}-{policy}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder");
    let source = dir.join("policy.c");
    let mut all = out.stdout;
    all.extend(b"const lws_ss_policy_t *head = &_ss_static_policy_entry;\n");
    std::fs::write(&source, all).expect("the source");
    let ours = tests().join("../../include");
    let includes = std::env::var_os("SSPOLICY_INCLUDE").map(PathBuf::from);
    for include in [Some(ours), includes].into_iter().flatten() {
        for compiler in ["gcc", "clang"] {
            let mut command = Command::new(compiler);
            command.args([
                "-std=gnu99",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-c",
                "-o",
                "/dev/null",
                "-I",
            ]);
            match command.arg(&include).arg(&source).output() {
                Ok(out) => assert!(out.status.success(), "{compiler}: {}", text(&out.stderr)),
                Err(_) => println!("skipped: {compiler} is not installed"),
            }
        }
    }
    std::fs::remove_dir_all(&dir).expect("removed");
}
