//! What the shared library exports, against `tests/abi/exports.txt` and the headers.
//!
//! The library is the one that `SECURESTREAMS_LIB` names (a path to the `.so`): `scripts/test` sets
//! it to the release build. Without it nothing can be looked at, and the tests say so.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

#[path = "abi/declared.rs"]
#[allow(dead_code, reason = "shared with tests that use the rest")]
mod declared;

/// The symbols that the library defines for others, or None if no library is given.
fn exported() -> Option<BTreeSet<String>> {
    let Some(library) = std::env::var_os("SECURESTREAMS_LIB") else {
        println!("skipped: SECURESTREAMS_LIB names no library");
        return None;
    };
    let nm = Command::new("nm").args(["-D", "--defined-only"]).arg(&library).output();
    let nm = nm.expect("nm (binutils) is installed");
    let complaints = String::from_utf8_lossy(&nm.stderr);
    assert!(nm.status.success(), "nm {}: {complaints}", library.display());
    let lines = String::from_utf8_lossy(&nm.stdout).into_owned();
    let names = lines.lines().filter_map(|l| l.split_whitespace().last());
    Some(names.map(|n| n.split('@').next().unwrap_or(n).to_owned()).collect())
}

/// A group of `exports.txt`.
#[derive(Default)]
struct Group {
    later: bool,
    names: BTreeSet<String>,
}

fn groups() -> BTreeMap<String, Group> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/abi/exports.txt");
    let text = std::fs::read_to_string(file).expect("the list is in the repository");
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        match line.strip_prefix('[').and_then(|l| l.split_once(']')) {
            Some((name, mark)) => {
                current = name.to_owned();
                groups.entry(current.clone()).or_default().later = mark.trim() == "later";
            }
            None => {
                let group = groups.get_mut(&current).expect("a [group] before the first name");
                group.names.insert(line.to_owned());
            }
        }
    }
    groups
}

fn listed(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_function_of_the_baseline_is_in_one_group() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/abi/baseline.json");
    let text = std::fs::read_to_string(file).expect("the baseline is in the repository");
    let baseline: serde_json::Value = serde_json::from_str(&text).expect("the baseline is JSON");
    let functions = baseline["functions"].as_array().expect("functions");
    let name = |f: &serde_json::Value| f["name"].as_str().expect("a name").to_owned();
    let mut wanted: Vec<String> = functions.iter().map(name).collect();
    let mut grouped: Vec<String> = groups().into_values().flat_map(|g| g.names).collect();
    wanted.sort();
    grouped.sort();
    assert_eq!(grouped, wanted);
}

#[test]
fn what_programs_import_is_exported() {
    let Some(exported) = exported() else { return };
    for (name, group) in groups().iter().filter(|(_, g)| !g.later) {
        let missing: BTreeSet<_> = group.names.difference(&exported).cloned().collect();
        assert!(missing.is_empty(), "group {name}, not exported: {}", listed(&missing));
    }
}

#[test]
fn what_the_headers_declare_is_exported() {
    let Some(exported) = exported() else { return };
    let missing: BTreeSet<_> = declared::functions().difference(&exported).cloned().collect();
    assert!(missing.is_empty(), "declared, not exported: {}", listed(&missing));
}

#[test]
fn what_is_exported_is_declared() {
    let Some(exported) = exported() else { return };
    let text: String =
        declared::headers().iter().map(|h| std::fs::read_to_string(h).expect("a header")).collect();
    let words: BTreeSet<_> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let unknown: BTreeSet<_> =
        exported.into_iter().filter(|n| !words.contains(n.as_str())).collect();
    assert!(unknown.is_empty(), "exported, in no header: {}", listed(&unknown));
}

/// The Debian package's list says since which version each export is there.
#[test]
fn debians_symbols_are_what_is_exported() {
    let Some(exported) = exported() else { return };
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/debian/libsecurestreams0.symbols");
    let text = std::fs::read_to_string(file).expect("the list is in the repository");
    let mut lines = text.lines();
    assert!(
        lines.next().is_some_and(|l| l.starts_with("libsecurestreams.so.0 libsecurestreams0 "))
    );
    let name = |line: &str| line.split_once("@Base ").map(|(name, _)| name.trim().to_owned());
    let listed_there: BTreeSet<_> = lines.filter_map(name).collect();
    let missing: BTreeSet<_> = exported.difference(&listed_there).cloned().collect();
    let gone: BTreeSet<_> = listed_there.difference(&exported).cloned().collect();
    assert!(missing.is_empty(), "add to {file}, with the next version: {}", listed(&missing));
    assert!(gone.is_empty(), "in {file}, not exported: {}", listed(&gone));
}
