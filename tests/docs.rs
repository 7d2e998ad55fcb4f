//! What the documents say holds: C compiles, policies parse, commands name what is there, links
//! lead somewhere, the API reference is that of the headers.

mod fixtures;
#[path = "docs/pages.rs"]
mod pages;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fixtures::{prefix, scratch};
use pages::{Page, pages, root};

/// A certificate in base64 DER, from the outside, for where a page has an ellipsis.
const CERT: &str = "MAcwADAAAwEA";
const WARNINGS: [&str; 4] = ["-std=gnu99", "-Wall", "-Wextra", "-Werror"];
const INCLUDES: &str =
    "#include <libwebsockets.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n";

/// Panics with everything that is wrong, and if nothing was looked at.
#[track_caller]
fn report(looked_at: usize, wrong: &[String]) {
    assert!(looked_at > 0, "nothing was looked at");
    assert!(wrong.is_empty(), "{} of {looked_at}:\n{}", wrong.len(), wrong.join("\n"));
    println!("{looked_at} looked at");
}

#[test]
fn blocks_have_a_language_that_is_checked() {
    let mut blocks = 0;
    let mut wrong = Vec::new();
    for page in pages() {
        blocks += page.blocks.len();
        // "text" is for diagrams and the like: nothing can be checked
        let unknown = |b: &&pages::Block| !["c", "json", "sh", "text"].contains(&&*b.language);
        let said = |b: &pages::Block| format!("{}:{}: '{}'", page.name, b.line, b.language);
        wrong.extend(page.blocks.iter().filter(unknown).map(said));
    }
    report(blocks, &wrong);
}

/// Compiles one C file; `link` makes a program of it.
fn compile(source: &Path, link: bool) -> Result<(), String> {
    let mut command = Command::new("gcc");
    command.args(WARNINGS).arg(format!("-I{}/include", root().display())).arg(source);
    if link {
        let lib = prefix().join("lib");
        command.arg("-o").arg(source.with_extension("program")).arg("-L").arg(&lib);
        command.arg(format!("-Wl,-rpath,{}", lib.display())).arg("-lsecurestreams");
    } else {
        command.arg("-fsyntax-only");
    }
    let run = command.output().expect("gcc runs");
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    if run.status.success() { Ok(()) } else { Err(said) }
}

/// The C files of a page: its complete programs, each alone, and everything else in one. What the
/// compiler says has the page's own line numbers.
fn c_files(page: &Page, folder: &Path) -> Vec<(PathBuf, bool)> {
    let mut files = Vec::new();
    let mut rest = String::new();
    for (place, block) in page.in_language("c") {
        let text = format!("#line {} \"{}\"\n{}", block.line, page.name, block.text);
        if block.text.contains("int main(") {
            let file = folder.join(format!("{}.c", place.replace(['/', ':'], "-")));
            std::fs::write(&file, text).expect("a source");
            files.push((file, true));
        } else {
            rest.push_str(&text);
        }
    }
    if !rest.is_empty() {
        let file = folder.join(format!("{}.c", page.name.replace('/', "-")));
        std::fs::write(&file, format!("{INCLUDES}{rest}")).expect("a source");
        files.push((file, false));
    }
    files
}

#[test]
fn c_compiles() {
    let folder = scratch("docs");
    let files: Vec<_> = pages().iter().flat_map(|p| c_files(p, &folder)).collect();
    assert!(files.iter().any(|(_, program)| *program), "no page has a complete program");
    let wrong = files.iter().filter_map(|(file, program)| compile(file, *program).err());
    report(files.len(), &wrong.collect::<Vec<_>>());
}

/// A policy, or members of one.
fn check_policy(text: &str) -> Vec<String> {
    let whole = if text.trim_start().starts_with('{') {
        text.to_owned()
    } else {
        format!("{{{}}}", text.trim_end().trim_end_matches(','))
    };
    let whole = whole.replace("\"MIIB...\"", &format!("\"{CERT}\""));
    let outcome = securestreams::policy::parse(whole.as_bytes());
    outcome.errors.iter().chain(&outcome.warnings).map(ToString::to_string).collect()
}

#[test]
fn policies_parse() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for page in pages() {
        for (place, block) in page.in_language("json") {
            count += 1;
            wrong.extend(check_policy(&block.text).iter().map(|e| format!("{place}: {e}")));
        }
    }
    report(count, &wrong);
}

/// Why `word` does not name something in the package, if it looks as if it did.
fn missing(word: &str) -> Option<String> {
    let word = word.trim_start_matches("./").trim_end_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let (top, _) = word.split_once('/')?;
    let ours = !top.is_empty() && top != "target" && root().join(top).is_dir();
    let named = word.chars().all(plain) && !word.contains("...");
    (ours && named && !root().join(word).exists()).then(|| format!("there is no {word}"))
}

/// What is wrong with a piece of shell: its syntax, files and tests that are not there.
fn check_shell(text: &str) -> Vec<String> {
    let mut bash = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash");
    bash.stdin.take().expect("piped").write_all(text.as_bytes()).expect("bash reads");
    let syntax = bash.wait_with_output().expect("bash ends");
    let mut wrong = Vec::new();
    if !syntax.status.success() {
        wrong.push(String::from_utf8_lossy(&syntax.stderr).into_owned());
    }
    for line in text.lines() {
        let command = line.split(" #").next().unwrap_or_default();
        let words: Vec<_> = command.split([' ', '\t', '"', '\'', '=', ';', '(', ')']).collect();
        wrong.extend(words.iter().filter_map(|w| missing(w)));
        let tests = words.windows(2).filter(|w| w[0] == "--test").map(|w| w[1]);
        let unknown = tests.filter(|t| !root().join(format!("tests/{t}.rs")).exists());
        wrong.extend(unknown.map(|t| format!("there is no test {t}")));
    }
    wrong
}

#[test]
fn commands_name_what_is_there() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for page in pages() {
        // its blocks are pieces of policies, which the parser's own tests look at
        if page.name == "docs/policy.md" {
            continue;
        }
        for (place, block) in page.in_language("sh") {
            count += 1;
            wrong.extend(check_shell(&block.text).iter().map(|e| format!("{place}: {e}")));
        }
    }
    report(count, &wrong);
}

#[test]
fn files_in_the_text_are_there() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for page in pages() {
        for (place, code) in page.code().filter(|(_, code)| code.contains('/')) {
            count += 1;
            wrong.extend(missing(code).map(|why| format!("{place}: {why}")));
        }
    }
    report(count, &wrong);
}

/// Why a link leads nowhere, if so. Pages of the site stay inside it.
fn broken(all: &[Page], page: &Page, target: &str) -> Option<String> {
    if target.is_empty() {
        return Some("no target".to_owned());
    }
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let here = root().join(&page.name);
    let path = if file.is_empty() { here } else { here.with_file_name(file) };
    let Ok(path) = path.canonicalize() else { return Some("no such file".to_owned()) };
    let site = root().join("docs").canonicalize().expect("docs");
    if page.name.starts_with("docs/") && !path.starts_with(&site) {
        return Some("leads out of docs/, which is a site of its own".to_owned());
    }
    if anchor.is_empty() {
        return None;
    }
    let name = path.strip_prefix(root().canonicalize().expect("the package")).expect("inside");
    let there = all.iter().find(|p| Path::new(&p.name) == name)?;
    let known = there.anchors().iter().any(|a| a == anchor);
    (!known).then(|| format!("no heading #{anchor}"))
}

#[test]
fn links_lead_somewhere() {
    let mut count = 0;
    let mut wrong = Vec::new();
    let all = pages();
    for page in &all {
        for (place, target) in page.links() {
            count += 1;
            wrong
                .extend(broken(&all, page, &target).map(|why| format!("{place}: {target}: {why}")));
        }
    }
    report(count, &wrong);
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let pages = pages();
    let contents = pages.iter().find(|p| p.name == "docs/SUMMARY.md").expect("docs/SUMMARY.md");
    let listed: Vec<_> = contents.links().into_iter().map(|(_, target)| target).collect();
    let names = pages.iter().filter_map(|p| p.name.strip_prefix("docs/"));
    let mut twice: Vec<_> = listed.clone();
    twice.sort();
    assert!(twice.windows(2).all(|two| two[0] != two[1]), "a page is listed twice: {twice:?}");
    let left_out = names.clone().filter(|n| *n != "SUMMARY.md" && !listed.iter().any(|l| l == n));
    report(names.count(), &left_out.map(|n| format!("{n} is not in it")).collect::<Vec<_>>());
}

/// mdBook makes `index.html` of a `README.md`, but leaves links to it as they are.
#[test]
fn readmes_are_found_in_the_book() {
    let book = std::fs::read_to_string(root().join("docs/book.toml")).expect("docs/book.toml");
    let pages = pages();
    let readmes =
        pages.iter().filter_map(|p| p.name.strip_prefix("docs/")?.strip_suffix("README.md"));
    let lost = readmes.clone().filter(|folder| {
        !book.lines().any(|line| line == format!("\"/{folder}README.html\" = \"index.html\""))
    });
    report(
        readmes.count(),
        &lost.map(|f| format!("no redirect of /{f}README.html")).collect::<Vec<_>>(),
    );
}

#[test]
fn api_reference_is_that_of_the_headers() {
    let run = Command::new(root().join("scripts/api-docs")).arg("--check").output();
    let run = run.expect("scripts/api-docs runs: it needs python3");
    let said = [run.stdout, run.stderr].concat();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn what_is_wrong_is_seen() {
    assert_eq!(missing("scripts/nothing").as_deref(), Some("there is no scripts/nothing"));
    assert_eq!(missing("scripts/headers"), None);
    assert_eq!(missing("elsewhere/nothing"), None);
    assert_eq!(check_shell("scripts/headers --check; cargo test --test docs").len(), 0);
    assert_eq!(check_shell("cargo test --test nothing"), ["there is no test nothing"]);
    assert_eq!(check_shell("if true; then").len(), 1);
    assert_eq!(check_policy("\"release\": \"1\",").len(), 0);
    assert_eq!(check_policy("{ \"releese\": \"1\" }").len(), 1);
    let all = pages();
    let page = all.iter().find(|p| p.name == "README.md").expect("README.md");
    assert_eq!(broken(&all, page, "docs/policy.md#backoff"), None);
    assert_eq!(
        broken(&all, page, "docs/policy.md#nothing").as_deref(),
        Some("no heading #nothing")
    );
    assert_eq!(broken(&all, page, "docs/nothing.md").as_deref(), Some("no such file"));
    assert_eq!(broken(&all, page, "").as_deref(), Some("no target"));
    let file = scratch("docs").join("wrong.c");
    std::fs::write(&file, "void f(int unused) {}\n").expect("a source");
    assert!(compile(&file, false).is_err());
}
