//! `cmake --install`, and what others build with what it leaves: C and C++, gcc and clang, CMake, pkg-config and plain
//! cc, shared and static, under our names and under those of libwebsockets.

mod fixtures;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};

use fixtures::{peer, root, run, scratch};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs a command, which must succeed, and gives its stdout.
#[track_caller]
fn ok(command: &mut Command) -> String {
    let out = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(out.status.success(), "{command:?}: {}\n{}", out.status, said(&out));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

fn said(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

fn installed(tool: &str) -> bool {
    let there = Command::new(tool).arg("--version").output().is_ok();
    if !there {
        println!("skipped: {tool} is not installed");
    }
    there
}

/// A build folder: configured with `options` and built. Cargo builds where the tests' own build is, so that little
/// is left to do; two at a time would replace each other's files there.
fn build(options: &[&str]) -> PathBuf {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let exe = std::env::current_exe().expect("own path");
    let target = exe.ancestors().nth(3).expect("target/PROFILE/deps/test");
    let target = format!("-DSECURESTREAMS_CARGO_TARGET_DIR={}", target.display());
    let dir = configured(&[&[&*target], options].concat());
    ok(Command::new("cmake").arg("--build").arg(&dir));
    dir
}

/// A build folder, configured with `options`.
fn configured(options: &[&str]) -> PathBuf {
    let dir = scratch("build");
    let mut command = Command::new("cmake");
    command.arg("-S").arg(root()).arg("-B").arg(&dir);
    ok(command.args(["-DCMAKE_BUILD_TYPE=Debug", "-DSECURESTREAMS_OFFLINE=ON"]).args(options));
    dir
}

/// A prefix with everything in it, compat included; it has been moved since it was installed.
fn prefix() -> Option<&'static Path> {
    static PREFIX: OnceLock<Option<PathBuf>> = OnceLock::new();
    let prefix = PREFIX.get_or_init(|| {
        if !installed("cmake") {
            return None;
        }
        let dir = build(&["-DSECURESTREAMS_COMPAT=ON", "-DCMAKE_INSTALL_LIBDIR=lib"]);
        let first = scratch("installed").join("first");
        ok(Command::new("cmake").arg("--install").arg(dir).arg("--prefix").arg(&first));
        let moved = scratch("moved").join("here");
        std::fs::rename(&first, &moved).expect("the tree moves");
        Some(moved)
    });
    prefix.as_deref()
}

fn compat(prefix: &Path) -> PathBuf {
    prefix.join("lib/securestreams/compat")
}

/// Does the program fetch what it is to fetch?
#[track_caller]
fn works(program: &Path) {
    let server = peer::http();
    let got = run(program, &[format!("http://127.0.0.1:{}/hello", server.port)]);
    got.expect_code(0);
    assert_eq!(got.stdout, "you asked for /hello\n", "{got}");
}

/// What a program or library needs at run time.
fn needed(file: &Path) -> Vec<String> {
    dynamic(file, "(NEEDED)")
}

fn dynamic(file: &Path, tag: &str) -> Vec<String> {
    let text = ok(Command::new("readelf").arg("-dW").arg(file).env("LC_ALL", "C"));
    let value = |line: &str| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned());
    text.lines().filter(|line| line.contains(tag)).filter_map(value).collect()
}

fn symbols(arguments: &[&str], file: &Path) -> BTreeSet<String> {
    let text = ok(Command::new("nm").args(arguments).arg("-P").arg(file));
    let name = |line: &str| line.split_once(' ').map(|(name, _)| name.to_owned());
    text.lines().filter_map(name).collect()
}

#[test]
fn the_tree_is_complete() {
    let Some(prefix) = prefix() else { return };
    let wanted = [
        "bin/sspolicy",
        "bin/ss-proxy",
        "bin/ssrun",
        "include/securestreams/libwebsockets.h",
        "include/securestreams/lws_config.h",
        "include/securestreams/libwebsockets/lws-secure-streams.h",
        "lib/libsecurestreams.a",
        "lib/libsecurestreams.so",
        "lib/libsecurestreams.so.0",
        "lib/pkgconfig/securestreams.pc",
        "lib/cmake/SecureStreams/SecureStreamsConfig.cmake",
        "lib/cmake/SecureStreams/SecureStreamsConfigVersion.cmake",
        "share/doc/securestreams/LICENSE",
        "share/doc/securestreams/examples/hello_world.c",
        "lib/systemd/system/ss-proxy.service",
        "share/man/man1/ss-proxy.1",
        "share/man/man1/sspolicy.1",
        "share/man/man1/ssrun.1",
        "share/man/man5/securestreams-policy.5",
        "share/man/man7/securestreams.7",
    ];
    for file in wanted {
        assert!(prefix.join(file).exists(), "{file} is missing");
    }
    let lib = prefix.join("lib");
    let link = |name: &str| std::fs::read_link(lib.join(name)).expect("a link");
    assert_eq!(link("libsecurestreams.so"), Path::new("libsecurestreams.so.0"));
    assert_eq!(
        link("libsecurestreams.so.0"),
        PathBuf::from(format!("libsecurestreams.so.{VERSION}"))
    );
    assert_eq!(dynamic(&lib.join("libsecurestreams.so"), "(SONAME)"), ["libsecurestreams.so.0"]);
    // nothing under the names of libwebsockets outside of the compat folder
    for name in
        ["libwebsockets.so", "libwebsockets.so.22", "libwebsockets.a", "cmake/libwebsockets"]
    {
        assert!(!lib.join(name).exists(), "{name}");
    }
    assert!(!prefix.join("include/libwebsockets.h").exists());
}

/// The proxy finds the library from where it lies.
#[test]
fn the_proxy_runs_from_where_it_is_installed() {
    let Some(prefix) = prefix() else { return };
    let proxy = prefix.join("bin/ss-proxy");
    let got = run(&proxy, &["--help"]);
    got.expect_code(2);
    assert!(got.stderr.contains("-c POLICY"), "{got}");
    let unit = std::fs::read_to_string(prefix.join("lib/systemd/system/ss-proxy.service"));
    let unit = unit.expect("the service file");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("ExecStart");
    // every option that the service gives is one that the program has
    for option in start.split_whitespace().filter(|word| word.starts_with('-')) {
        assert!(got.stderr.contains(&format!("{option} ")), "{option}: {got}");
    }
}

#[test]
fn licences_of_what_is_linked() {
    let Some(prefix) = prefix() else { return };
    let folder = prefix.join("share/doc/securestreams/licences");
    let index = std::fs::read_to_string(folder.join("INDEX")).expect("INDEX");
    let crates: Vec<&str> = index.lines().filter_map(|l| l.split('\t').next()).collect();
    for name in ["rustls-0", "ring-0", "mio-1"] {
        let entry = crates.iter().find(|c| c.starts_with(name));
        let entry = entry.unwrap_or_else(|| panic!("no {name} in\n{index}"));
        let files = std::fs::read_dir(folder.join(entry)).expect("its folder").count();
        assert!(files > 0, "{entry} has no licence file");
    }
    // what only tests, the build or another choice of features need is not linked
    for name in ["proptest-", "cc-", "mqttbytes-", "aws-lc-"] {
        assert!(!crates.iter().any(|c| c.starts_with(name)), "{name} in\n{index}");
    }
}

#[test]
fn the_static_library_shows_what_the_shared_one_exports() {
    let Some(prefix) = prefix() else { return };
    let shared = symbols(&["-D", "--defined-only"], &prefix.join("lib/libsecurestreams.so"));
    let mut fixed = symbols(&["-g", "--defined-only"], &prefix.join("lib/libsecurestreams.a"));
    fixed.retain(|name| !name.contains('[')); // nm heads each member with its name
    assert!(shared.contains("lws_ss_create"));
    assert_eq!(fixed, shared);
}

/// The compilers: name, and whether it takes C as C++.
const COMPILERS: [(&str, bool); 4] =
    [("gcc", false), ("clang", false), ("g++", true), ("clang++", true)];

#[test]
fn plain_compilers_and_pkg_config() {
    let Some(prefix) = prefix() else { return };
    let lib = prefix.join("lib");
    let pc = |folder: PathBuf, arguments: &[&str]| -> Vec<String> {
        let mut command = Command::new("pkg-config");
        command.env("PKG_CONFIG_PATH", folder).args(arguments);
        ok(&mut command).split_whitespace().map(str::to_owned).collect()
    };
    let mut ways: Vec<(&str, Vec<String>)> = Vec::new();
    let include = format!("-I{}", prefix.join("include/securestreams").display());
    let natives = ["-lpthread", "-ldl", "-lm", "-lgcc_s"].map(str::to_owned);
    let plain = vec![include.clone(), format!("-L{}", lib.display()), "-lsecurestreams".into()];
    ways.push(("shared", plain));
    let mut archive = vec![include, lib.join("libsecurestreams.a").display().to_string()];
    archive.extend(natives);
    ways.push(("static", archive));
    if installed("pkg-config") {
        let (ours, theirs) = (lib.join("pkgconfig"), compat(prefix).join("lib/pkgconfig"));
        let flags = ["--cflags", "--libs"];
        ways.push(("shared", pc(ours.clone(), &[&flags[..], &["securestreams"]].concat())));
        ways.push(("shared", pc(theirs.clone(), &[&flags[..], &["libwebsockets"]].concat())));
        ways.push((
            "static",
            pc(theirs.clone(), &[&flags[..], &["libwebsockets_static"]].concat()),
        ));
        // the linker is told to take archives, between what pkg-config says for them
        let private = pc(ours.clone(), &["--static", "--cflags", "--libs", "securestreams"]);
        let as_archive = |word: &String| word.replace("-lsecurestreams", "-l:libsecurestreams.a");
        ways.push(("static", private.iter().map(as_archive).collect()));
        assert_eq!(pc(ours, &["--modversion", "securestreams"]), [VERSION]);
        assert_eq!(pc(theirs, &["--modversion", "libwebsockets"]), ["5.0.0"]);
    }
    for (compiler, cxx) in COMPILERS {
        if !installed(compiler) {
            continue;
        }
        for (kind, flags) in &ways {
            let program = scratch("plain").join("program");
            let mut command = Command::new(compiler);
            command.args(["-Wall", "-Wextra", "-Werror", "-o"]).arg(&program);
            command.args(if cxx { ["-x", "c++"] } else { ["-x", "c"] });
            command.arg(root().join("tests/packaging/fetch.c")).args(["-x", "none"]);
            ok(command.args(flags).arg(format!("-Wl,-rpath,{}", lib.display())));
            let ours = needed(&program).contains(&"libsecurestreams.so.0".to_owned());
            assert_eq!(ours, *kind == "shared", "{compiler} {flags:?}: {:?}", needed(&program));
            works(&program);
        }
    }
}

#[test]
fn the_examples_build_from_where_they_are_installed() {
    let Some(prefix) = prefix() else { return };
    let examples = prefix.join("share/doc/securestreams/examples");
    let (include, lib) = (prefix.join("include/securestreams"), prefix.join("lib"));
    let mut built = 0;
    for entry in std::fs::read_dir(examples).expect("examples") {
        let source = entry.expect("an entry").path();
        if source.extension().is_none_or(|e| e != "c") {
            continue;
        }
        for compiler in ["gcc", "clang"].into_iter().filter(|c| installed(c)) {
            let program = scratch("example").join("program");
            let mut command = Command::new(compiler);
            command.args(["-std=gnu99", "-Wall", "-Wextra", "-Werror"]).arg(&source);
            command.arg("-I").arg(&include).arg("-L").arg(&lib).arg("-lsecurestreams");
            ok(command.arg(format!("-Wl,-rpath,{}", lib.display())).arg("-o").arg(program));
            built += 1;
        }
    }
    assert!(built >= 3, "{built} built");
}

/// From a policy in JSON to a program that has it as C structs.
#[test]
fn a_static_policy_end_to_end() {
    let Some(prefix) = prefix() else { return };
    let dir = scratch("static_policy");
    let (json, source, program) = (dir.join("p.json"), dir.join("p.c"), dir.join("program"));
    let policy = r#"{ "retry": [{ "r": { "backoff": [10], "conceal": 1 } }], "s": [
        { "other": { "endpoint": "e", "protocol": "raw" } },
        { "__default": { "endpoint": "${endpoint}", "port": 1, "protocol": "h1", "http_method": "GET",
          "http_url": "", "metadata": [{ "other": "x-other:" }, { "endpoint": "" }], "retry": "r" } } ] }"#;
    std::fs::write(&json, policy).expect("the policy");
    let c = ok(Command::new(prefix.join("bin/sspolicy")).arg("to-c").arg(&json));
    std::fs::write(&source, c).expect("the C source");
    let lib = prefix.join("lib");
    ok(Command::new("cc")
        .args(["-std=gnu99", "-Wall", "-Wextra", "-Werror"])
        .arg(format!("-DPOLICY=\"{}\"", source.display()))
        .arg(root().join("tests/packaging/fetch.c"))
        .arg(format!("-I{}", prefix.join("include/securestreams").display()))
        .arg(format!("-L{}", lib.display()))
        .arg(format!("-Wl,-rpath,{}", lib.display()))
        .arg("-lsecurestreams")
        .arg("-o")
        .arg(&program));
    works(&program);
}

/// Configures the project in `tests/packaging/NAME` against a prefix.
fn configure(name: &str, prefix: &Path, options: &[&str]) -> (PathBuf, Output) {
    let dir = scratch(name);
    let mut command = Command::new("cmake");
    command.arg("-S").arg(root().join("tests/packaging").join(name)).arg("-B").arg(&dir);
    command.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display())).args(options);
    // nothing else that lies about may be found instead
    command.args(["-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF"]);
    let out = command.output().expect("cmake");
    (dir, out)
}

#[track_caller]
fn project(name: &str, prefix: &Path, options: &[&str], programs: &[(&str, bool)]) {
    let (dir, out) = configure(name, prefix, options);
    assert!(out.status.success(), "{}", said(&out));
    ok(Command::new("cmake").arg("--build").arg(&dir));
    for (program, shared) in programs {
        let program = dir.join(program);
        let ours = needed(&program).contains(&"libsecurestreams.so.0".to_owned());
        assert_eq!(ours, *shared, "{}: {:?}", program.display(), needed(&program));
        works(&program);
    }
}

#[test]
fn a_cmake_project() {
    let Some(prefix) = prefix() else { return };
    let programs =
        [("c_shared", true), ("cxx_shared", true), ("c_static", false), ("cxx_static", false)];
    for (c, cxx) in [("gcc", "g++"), ("clang", "clang++")] {
        if installed(c) && installed(cxx) {
            let options = [
                &format!("-DCMAKE_C_COMPILER={c}"),
                &format!("-DCMAKE_CXX_COMPILER={cxx}"),
                "-DWANTED_VERSION=0.1",
            ];
            project("project", prefix, &options, &programs);
        }
    }
}

#[test]
fn a_cmake_project_that_wants_another_version() {
    let Some(prefix) = prefix() else { return };
    for version in ["0.0.1", "0.2", "1.0"] {
        let (_, out) = configure("project", prefix, &[&format!("-DWANTED_VERSION={version}")]);
        assert!(!out.status.success(), "{version} was found");
        assert!(said(&out).contains("version"), "{}", said(&out));
    }
}

#[test]
fn a_cmake_project_written_for_libwebsockets() {
    let Some(prefix) = prefix() else { return };
    let programs = [("by_target", true), ("static_target", false), ("by_variables", true)];
    for compiler in ["gcc", "clang"].into_iter().filter(|c| installed(c)) {
        let option = format!("-DCMAKE_C_COMPILER={compiler}");
        project("reference_project", &compat(prefix), &[&option], &programs);
    }
}

#[test]
fn a_requirement_that_is_not_met_is_named() {
    let Some(prefix) = prefix() else { return };
    let (_, out) = configure("reference_project", &compat(prefix), &["-DIMPOSSIBLE=1"]);
    assert!(!out.status.success());
    let text = said(&out).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("needs LWS_NO_SUCH_THING"), "{text}");
}

/// A staged install below another prefix and another folder for libraries; programs find their way there too.
#[test]
fn a_staged_multiarch_install() {
    if !installed("cmake") || !installed("gcc") {
        return;
    }
    let arch = ok(Command::new("gcc").arg("-print-multiarch"));
    let libdir = format!("lib/{}", arch.trim());
    let dir = build(&[
        "-DCMAKE_INSTALL_PREFIX=/opt/some where",
        &format!("-DCMAKE_INSTALL_LIBDIR={libdir}"),
        "-DSECURESTREAMS_COMPAT=ON",
        "-DSECURESTREAMS_RELOCATABLE_PC=OFF",
        "-DSECURESTREAMS_TOOLS=OFF",
    ]);
    let stage = scratch("stage");
    ok(Command::new("cmake").arg("--install").arg(dir).env("DESTDIR", &stage));
    let top: Vec<_> = std::fs::read_dir(&stage).expect("the stage").collect();
    assert_eq!(top.len(), 1, "{top:?}");
    let prefix = stage.join("opt/some where");
    let lib = prefix.join(libdir);
    assert!(lib.join("libsecurestreams.so.0").exists());
    assert!(lib.join("securestreams/compat/lib/libwebsockets.so.22").exists());
    assert!(!prefix.join("bin").exists());
    let pc = std::fs::read_to_string(lib.join("pkgconfig/securestreams.pc"));
    assert!(pc.expect("the .pc").starts_with("prefix=/opt/some where\n"));
    project("project", &prefix, &[], &[("c_shared", true), ("c_static", false)]);
}

/// A library with some of its parts only: built, installed and used, with another compiler and folder, in parallel.
#[test]
fn a_reduced_library() {
    if !installed("cmake") || !installed("clang") {
        return;
    }
    let exe = std::env::current_exe().expect("own path");
    // a folder of its own: what the other tests run with stays as it is
    let target = exe.ancestors().nth(3).expect("target/PROFILE/deps/test").join("reduced");
    let dir = configured(&[
        &format!("-DSECURESTREAMS_CARGO_TARGET_DIR={}", target.display()),
        "-DSECURESTREAMS_FEATURES=tls-ring,ws",
        "-DSECURESTREAMS_COMPAT=ON",
        "-DCMAKE_C_COMPILER=clang",
        "-DCMAKE_INSTALL_PREFIX=/usr",
        "-DCMAKE_INSTALL_LIBDIR=lib64",
    ]);
    ok(Command::new("cmake").arg("--build").arg(&dir).args(["--parallel", "4"]));
    let stage = scratch("reduced");
    ok(Command::new("cmake").arg("--install").arg(dir).env("DESTDIR", &stage));
    let prefix = stage.join("usr");
    let (include, lib) = (prefix.join("include/securestreams"), prefix.join("lib64"));
    assert!(!prefix.join("bin").exists(), "there are no tools of it");

    // what the header says is what the library has
    let has = |folder: &Path, name: &str| {
        let text = std::fs::read_to_string(folder.join("lws_config.h")).expect("lws_config.h");
        text.lines().any(|line| line == format!("#define {name}"))
    };
    let parts = [
        ("ws", "LWS_ROLE_WS"),
        ("h2", "LWS_ROLE_H2"),
        ("mqtt", "LWS_ROLE_MQTT"),
        ("raw", "LWS_ROLE_RAW"),
    ];
    let types = parts.map(|(name, _)| {
        format!("{{\"{name}\": {{\"endpoint\": \"127.0.0.1\", \"port\": 1, \"protocol\": \"{name}\", \"opportunistic\": true}}}}")
    });
    let policy = fixtures::policy(&stage, &[], &types);
    let program = stage.join("parts");
    let mut command = Command::new("clang");
    command
        .args(["-std=gnu99", "-Wall", "-Wextra", "-Werror"])
        .arg(root().join("tests/c_api/parts.c"));
    command
        .arg("-I")
        .arg(&include)
        .arg("-L")
        .arg(&lib)
        .arg("-lsecurestreams")
        .arg("-o")
        .arg(&program);
    ok(command.arg(format!("-Wl,-rpath,{}", lib.display())));
    let mut arguments = vec![policy.to_str().expect("UTF-8")];
    arguments.extend(parts.map(|(name, _)| name));
    let got = run(&program, &arguments);
    got.expect_code(0);
    let compat = lib.join("securestreams/compat/include");
    for (name, macro_name) in parts {
        let there = name == "ws";
        assert!(got.lines().contains(&&*format!("{name} {}", u8::from(there))), "{name}: {got}");
        for folder in [&include, &compat] {
            assert_eq!(has(folder, macro_name), there, "{macro_name} in {}", folder.display());
        }
    }

    let index = prefix.join("share/doc/securestreams/licences/INDEX");
    let index = std::fs::read_to_string(index).expect("INDEX");
    for (name, there) in
        [("rustls-", true), ("tungstenite-", true), ("h2-", false), ("tokio-", false)]
    {
        assert_eq!(index.lines().any(|line| line.starts_with(name)), there, "{name} in\n{index}");
    }
    // a system whose folder is not lib64 does not look there by itself
    let package = format!("-DSecureStreams_DIR={}", lib.join("cmake/SecureStreams").display());
    let (dir, out) = configure("project", &prefix, &["-DCMAKE_C_COMPILER=clang", &package]);
    assert!(out.status.success(), "{}", said(&out));
    ok(Command::new("cmake").arg("--build").arg(&dir));
    assert!(dir.join("c_static").exists() && dir.join("c_shared").exists());
}

/// The presets are read by CMake, and those of cross builds name files that are there.
#[test]
fn the_presets_are_known() {
    if !installed("cmake") {
        return;
    }
    let listed = ok(Command::new("cmake").arg("--list-presets").current_dir(root()));
    for name in ["release", "debug", "embedded", "asan", "tsan", "aarch64"] {
        assert!(listed.contains(&format!("\"{name}\"")), "{name} in\n{listed}");
    }
    let dir = scratch("preset");
    ok(Command::new("cmake").args(["--preset", "debug", "-B"]).arg(&dir).current_dir(root()));
    let cache = std::fs::read_to_string(dir.join("CMakeCache.txt")).expect("the cache");
    assert!(cache.contains("SECURESTREAMS_PROFILE:STRING=dev\n"), "{cache}");
    assert!(root().join("cmake/aarch64-linux-gnu.cmake").exists());
}

/// A platform whose standard library is not installed is named, with what to do, before anything is built.
#[test]
fn a_missing_platform_is_named() {
    if !installed("cmake") {
        return;
    }
    // known to rustc, and rustup has no library for it
    let platform = "mips64-openwrt-linux-musl";
    let mut command = Command::new("cmake");
    command.arg("-S").arg(root()).arg("-B").arg(scratch("platform"));
    let out = command.arg(format!("-DSECURESTREAMS_TARGET={platform}")).output().expect("cmake");
    assert!(!out.status.success(), "{}", said(&out));
    let words = said(&out).split_whitespace().collect::<Vec<_>>().join(" ");
    let wanted = format!("Rust's standard library for {platform} is missing: rustup target add");
    assert!(words.contains(&wanted), "{}", said(&out));
}
