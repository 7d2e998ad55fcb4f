//! C programs for the helper functions, linked to the shared and to the static library. What
//! they check themselves ends them with 1; what they print is compared here.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a program that links the static library needs besides it.
const SYSTEM_LIBRARIES: [&str; 7] =
    ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"];

#[derive(Clone, Copy, Debug)]
enum Link {
    Shared,
    Static,
}

const LINKS: [Link; 2] = [Link::Shared, Link::Static];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where cargo put the libraries that belong to this test.
fn library_dir() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    test.parent().expect("a test lies in a directory").to_owned()
}

/// Compiles a program of `tests/c_api/`.
fn build(name: &str, link: Link) -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{link:?}"));
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let libraries = library_dir();
    let mut command = Command::new(compiler);
    command
        .args(["-std=gnu99", "-Wall", "-Wextra", "-Werror", "-g", "-o"])
        .arg(&program)
        .arg("-I")
        .arg(root().join("include"))
        .arg(root().join("tests/c_api").join(name).with_extension("c"));
    match link {
        Link::Shared => {
            // the program looks the library up by its soname
            let shared = libraries.join("libsecurestreams.so");
            let alias = program.with_extension("d");
            std::fs::create_dir_all(&alias).expect("a directory for the soname");
            let soname = alias.join("libsecurestreams.so.0");
            let _ = std::fs::remove_file(&soname);
            std::os::unix::fs::symlink(&shared, &soname).expect("a link for the soname");
            command.arg(shared).arg(format!("-Wl,-rpath,{}", alias.display())).arg("-lpthread");
        }
        Link::Static => {
            command.arg(libraries.join("libsecurestreams.a")).args(SYSTEM_LIBRARIES);
        }
    }
    let output = command.output().expect("a C compiler (cc, or $CC)");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "compiling {name}: {errors}");
    program
}

/// Runs a program to its end, which must be 0.
fn run(program: &Path, arguments: &[&OsStr]) -> Output {
    let output = Command::new(program).args(arguments).output().expect("a program that starts");
    let name = program.display();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {}\n{text}\n{errors}", output.status);
    output
}

/// A file name of this test's own.
fn scratch(name: &str, link: Link) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{link:?}.scratch"))
}

/// Replaces the timestamps, whose form is checked by that, with `[T]`.
fn mask(text: &str) -> String {
    const FORM: &[u8] = b"[0000/00/00 00:00:00:0000]";
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let (before, candidate) = rest.split_at(at);
        masked.push_str(before);
        let fits = candidate.len() >= FORM.len()
            && candidate.bytes().zip(FORM).all(|(c, &form)| match form {
                b'0' => c.is_ascii_digit(),
                _ => c == form,
            });
        let skip = if fits { FORM.len() } else { 1 };
        masked.push_str(if fits { "[T]" } else { "[" });
        rest = &candidate[skip..];
    }
    masked + rest
}

/// Runs `2>&1`, so that what goes to stderr keeps its place.
fn run_merged(program: &Path, arguments: &[&OsStr]) -> String {
    let mut shell = vec![OsStr::new("-c"), OsStr::new("exec \"$0\" \"$@\" 2>&1"), program.as_ref()];
    shell.extend(arguments);
    let output = run(Path::new("/bin/sh"), &shell);
    mask(&String::from_utf8(output.stdout).expect("UTF-8"))
}

fn expected(name: &str) -> String {
    let path = root().join("tests/c_api").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn log_lines() {
    for link in LINKS {
        let text = run_merged(&build("helpers_log", link), &[scratch("log", link).as_os_str()]);
        assert_eq!(text, expected("helpers_log.expected"), "{link:?}");
    }
}

#[test]
fn log_on_a_terminal_long_and_threaded() {
    for link in LINKS {
        let text = run_merged(&build("helpers_log_own", link), &[]);
        assert_eq!(text, expected("helpers_log_own.expected"), "{link:?}");
    }
}

#[test]
fn command_lines() {
    for link in LINKS {
        let text = run_merged(&build("helpers_cmdline", link), &[]);
        assert_eq!(text, expected("helpers_cmdline.expected"), "{link:?}");
    }
}

#[test]
fn strings() {
    for link in LINKS {
        run(&build("helpers_strings", link), &[scratch("strings", link).as_os_str()]);
    }
}

#[test]
fn hashes() {
    for link in LINKS {
        run(&build("helpers_hash", link), &[]);
    }
}

#[test]
fn lists_and_states() {
    for link in LINKS {
        run(&build("helpers_lists", link), &[]);
    }
}

/// Programs whose output is that of the same programs with libwebsockets 5.0.0, but for what they
/// say themselves.
#[test]
fn containers_and_texts() {
    const NAMES: [&str; 6] = [
        "helpers_buffers",
        "helpers_ring",
        "helpers_lwsac",
        "helpers_texts",
        "helpers_uri",
        "helpers_addresses",
    ];
    for name in NAMES {
        let text = expected(&format!("{name}.expected"));
        for link in LINKS {
            let file = scratch(name, link);
            assert_eq!(
                run_merged(&build(name, link), &[file.as_os_str()]),
                text,
                "{name} {link:?}"
            );
        }
    }
}

#[test]
fn limits_of_containers_and_texts() {
    for link in LINKS {
        run(&build("helpers_limits", link), &[]);
    }
}

#[test]
fn only_public_names_are_exported() {
    let library = library_dir().join("libsecurestreams.so");
    let output = Command::new("nm")
        .args(["-D", "--defined-only", "--format=posix"])
        .arg(&library)
        .output()
        .expect("nm, of binutils");
    assert!(output.status.success(), "nm {}", library.display());
    let names = String::from_utf8(output.stdout).expect("UTF-8");
    let names: Vec<&str> = names.lines().filter_map(|l| l.split(' ').next()).collect();
    assert!(names.contains(&"_lws_log") && names.contains(&"lws_snprintf"));
    const PUBLIC: [&str; 7] =
        ["lws", "_lws", "__lws", "lwsl", "lejp", "humanize_schema_", "securestreams_loop_"];
    let others: Vec<_> =
        names.iter().filter(|n| !PUBLIC.iter().any(|p| n.starts_with(p))).collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn masking() {
    assert_eq!(mask("[2026/01/31 12:34:56:7890] E: [x] [2026/"), "[T] E: [x] [2026/");
}
