//! Each header alone, and all together, compile without a warning as C and as C++.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

#[path = "abi/declared.rs"]
mod declared;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];
const C: [&str; 3] = ["c99", "c11", "c17"];
const CXX: [&str; 1] = ["c++17"];

/// A compiler with a language standard.
struct Dialect {
    compiler: &'static str,
    language: &'static str,
    standard: &'static str,
}

fn installed(compiler: &str) -> bool {
    Command::new(compiler).arg("--version").output().is_ok()
}

/// Every dialect whose compiler is there; says which are not. There must be one of each language.
fn dialects() -> Vec<Dialect> {
    let mut all = Vec::new();
    for (compilers, language, standards) in
        [(["gcc", "clang"], "c", &C[..]), (["g++", "clang++"], "c++", &CXX[..])]
    {
        let before = all.len();
        for compiler in compilers {
            if installed(compiler) {
                let dialect = |standard: &&'static str| Dialect { compiler, language, standard };
                all.extend(standards.iter().map(dialect));
            } else {
                println!("skipped: {compiler} is not installed");
            }
        }
        assert!(all.len() > before, "no compiler for {language} is installed");
    }
    all
}

/// Compiles without output; an error is what the compiler said.
fn compile(dialect: &Dialect, file: &Path, defines: &[String]) -> Result<(), String> {
    let Dialect { compiler, language, standard } = dialect;
    let mut command = Command::new(compiler);
    command.args(["-fsyntax-only", "-x", language, &format!("-std={standard}")]);
    command.args(WARNINGS).args(defines).arg(format!("-I{ROOT}/include")).arg(file);
    let run = command.output().expect("the compiler runs");
    match run.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&run.stderr);
            Err(format!("{compiler} -std={standard} {}:\n{said}", file.display()))
        }
    }
}

/// Compiles every file in every dialect, as many at a time as there are processors.
fn compile_all(files: &[PathBuf], dialects: &[Dialect], defines: &[String]) {
    let jobs: Vec<_> = files.iter().flat_map(|f| dialects.iter().map(move |d| (d, f))).collect();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let errors: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = jobs
            .chunks(jobs.len().div_ceil(workers).max(1))
            .map(|jobs| {
                let errors = move || {
                    let results = jobs.iter().map(|(d, f)| compile(d, f, defines).err());
                    results.flatten().collect::<Vec<_>>()
                };
                scope.spawn(errors)
            })
            .collect();
        threads.into_iter().flat_map(|t| t.join().expect("no panic")).collect()
    });
    assert!(errors.is_empty(), "{} failed:\n{}", errors.len(), errors.join("\n"));
}

/// A file that includes these headers, twice, so that the guards are tried too.
fn includes(name: &str, headers: &[PathBuf]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("headers");
    std::fs::create_dir_all(&folder).expect("a folder for the sources");
    let include = Path::new(ROOT).join("include");
    let lines: String = headers
        .iter()
        .map(|h| h.strip_prefix(&include).expect("below include/"))
        .map(|h| format!("#include <{0}>\n#include <{0}>\n", h.display()))
        .collect();
    let file = folder.join(format!("{name}.c"));
    std::fs::write(&file, format!("{lines}extern int not_empty;\n")).expect("a source");
    file
}

#[test]
fn headers_compile_alone() {
    let headers = declared::headers();
    assert!(headers.len() > 30, "only {} headers", headers.len());
    let alone = |h: &PathBuf| {
        let name = h.file_stem().expect("a name").to_string_lossy().into_owned();
        includes(&name, std::slice::from_ref(h))
    };
    compile_all(&headers.iter().map(alone).collect::<Vec<_>>(), &dialects(), &[]);
}

#[test]
fn headers_compile_together() {
    let mut headers = declared::headers();
    let forwards = includes("together-forwards", &headers);
    headers.reverse();
    let backwards = includes("together-backwards", &headers);
    let files = [forwards, backwards];
    compile_all(&files, &dialects(), &[]);
    compile_all(&files, &dialects(), &["-DNDEBUG".to_owned()]);
    compile_all(&files, &dialects(), &["-DLWS_SS_USE_SSPC".to_owned()]);
}

/// The macros, used as programs use them; those whose functions are declared.
#[test]
fn macros_can_be_used() {
    let mut c = dialects();
    c.retain(|d| d.language == "c");
    let have = |name: String| format!("-DHAVE_{name}");
    let mut defines: Vec<_> = declared::functions().into_iter().map(have).collect();
    let file = [Path::new(ROOT).join("tests/headers/macros.c")];
    compile_all(&file, &c, &defines);
    defines.push("-DNDEBUG".to_owned());
    compile_all(&file, &c, &defines);
}
