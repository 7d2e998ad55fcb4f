//! The shape of the source tree: who imports whom, where `unsafe` may be, how long a file may be.
//!
//! Works on the text of `src/`, comments and strings taken out, so that it needs no compiler.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Module -> the modules of ours that it may import, itself apart. `docs/architecture.md` says why.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("util", &[]),
    ("policy", &["util"]),
    ("proto", &["util"]),
    ("net", &["util"]),
    ("stream", &["util", "policy", "proto"]),
    ("system", &["util", "policy", "stream"]),
    ("engine", &["util", "policy", "proto", "net", "stream", "system"]),
    ("proxy", &["util", "policy", "proto", "net", "stream", "system", "engine"]),
    ("ffi", &["util", "policy", "proto", "net", "stream", "system", "engine", "proxy"]),
];

/// The sans-IO codecs get bytes and time as arguments.
const NOT_IN_PROTO: &[&str] =
    &["mio", "libc", "Instant::now", "SystemTime::now", "std::net", "std::io::Read"];

/// Which library does the cryptography is known by this file alone.
const CRYPTO: &str = "util/crypto.rs";
const CRYPTO_LIBRARIES: &[&str] = &["ring", "aws_lc_rs"];

const MAX_LINES: usize = 600;

/// Files that may be longer, with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// How many lines above an `unsafe` its `// SAFETY:` may be (attributes and a long comment lie between).
const SAFETY_REACH: usize = 12;

struct Source {
    /// Path below `src/`, such as `proto/h1/head.rs`.
    name: String,
    text: String,
    /// The text with comments and the insides of strings as spaces; the same number of lines.
    code: String,
}

impl Source {
    fn module(&self) -> &str {
        self.name.split(['/', '.']).next().unwrap_or_default()
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut found) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("src") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("UTF-8 source");
                let name = path.strip_prefix(&root).expect("below src").display().to_string();
                found.push(Source { name, code: strip(&text), text });
            }
        }
    }
    assert!(found.len() > 10, "only {} source files found", found.len());
    found
}

/// Blanks comments, strings and character literals.
fn strip(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut i = 0;
    while i < bytes.len() {
        let end = match bytes[i..] {
            [b'/', b'/', ..] => line_end(bytes, i),
            [b'/', b'*', ..] => block_comment_end(bytes, i),
            [b'"', ..] => string_end(bytes, i + 1),
            [b'r', b'"' | b'#', ..] if !ident_before(bytes, i) => raw_string_end(bytes, i, 1),
            [b'b', b'r', b'"' | b'#', ..] if !ident_before(bytes, i) => raw_string_end(bytes, i, 2),
            [b'\'', b'\\', ..] => char_end(bytes, i + 2),
            [b'\'', _, b'\'', ..] => i + 3,
            _ => {
                i += 1;
                continue;
            }
        };
        if end == i {
            i += 1; // a raw identifier
            continue;
        }
        for b in &mut out[i..end.min(bytes.len())] {
            if *b != b'\n' {
                *b = b' ';
            }
        }
        i = end;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn ident_before(bytes: &[u8], i: usize) -> bool {
    i > 0 && (bytes[i - 1].is_ascii_alphanumeric() || bytes[i - 1] == b'_')
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> usize {
    let rest = &bytes[from.min(bytes.len())..];
    rest.windows(what.len()).position(|w| w == what).map_or(bytes.len(), |p| from + p)
}

fn line_end(bytes: &[u8], i: usize) -> usize {
    find(bytes, i, b"\n")
}

fn block_comment_end(bytes: &[u8], i: usize) -> usize {
    let (mut depth, mut at) = (0, i);
    while at < bytes.len() {
        match bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn string_end(bytes: &[u8], mut i: usize) -> usize {
    while i < bytes.len() && bytes[i] != b'"' {
        i += if bytes[i] == b'\\' { 2 } else { 1 };
    }
    i + 1
}

fn char_end(bytes: &[u8], i: usize) -> usize {
    find(bytes, i + 1, b"'") + 1
}

/// The literal's prefix begins at `start` and is `prefix` long; gives `start` for a raw identifier (`r#type`).
fn raw_string_end(bytes: &[u8], start: usize, prefix: usize) -> usize {
    let i = start + prefix;
    let hashes = bytes[i..].iter().take_while(|b| **b == b'#').count();
    if bytes.get(i + hashes) != Some(&b'"') {
        return start;
    }
    let mut close = vec![b'"'];
    close.extend(std::iter::repeat_n(b'#', hashes));
    find(bytes, i + hashes + 1, &close) + close.len()
}

/// Is `word` at byte `i` of `code` a word of its own?
fn whole_word(code: &str, i: usize, word: &str) -> bool {
    let ident = |c: char| c.is_alphanumeric() || c == '_';
    !code[..i].chars().next_back().is_some_and(ident)
        && !code[i + word.len()..].chars().next().is_some_and(ident)
}

fn line_of(code: &str, i: usize) -> usize {
    code[..i].matches('\n').count() + 1
}

/// The top-level modules named in paths that begin with `crate::`, with their lines; groups (`crate::{a, b::c}`) too.
fn imports(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (i, _) in code.match_indices("crate::") {
        if !whole_word(code, i, "crate") {
            continue;
        }
        let rest = code[i + "crate::".len()..].trim_start();
        let names = match rest.strip_prefix('{') {
            Some(group) => group_heads(group),
            None => vec![ident(rest)],
        };
        found.extend(names.into_iter().map(|n| (n, line_of(code, i))));
    }
    found
}

fn ident(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first names of the entries of a `{a::b, c::{d, e}}` group, after its opening brace.
fn group_heads(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut start) = (0, Vec::new(), 0);
    for (i, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                heads.push(ident(group[start..].trim_start()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.push(ident(group[start..].trim_start()));
                start = i + 1;
            }
            _ => {}
        }
    }
    heads.retain(|h| !h.is_empty());
    heads
}

#[test]
fn modules_import_only_what_they_may() {
    let table: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut bad = Vec::new();
    for source in sources() {
        let module = source.module();
        if module == "lib" {
            continue;
        }
        let Some(allowed) = table.get(module) else {
            bad.push(format!("src/{}: module {module} is not in the table", source.name));
            continue;
        };
        for (name, line) in imports(&source.code) {
            // a name that is no module of the table is a re-export or macro of lib.rs
            if table.contains_key(name.as_str()) && name != module && !allowed.contains(&&*name) {
                bad.push(format!("src/{}:{line}: {module} imports {name}", source.name));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// Where these words are in a source, as lines for people.
fn places(source: &Source, words: &[&str]) -> Vec<String> {
    let code = &source.code;
    let found = words.iter().flat_map(|word| code.match_indices(word));
    found
        .filter(|(i, word)| whole_word(code, *i, word))
        .map(|(i, word)| format!("src/{}:{}: {word}", source.name, line_of(code, i)))
        .collect()
}

#[test]
fn proto_is_sans_io() {
    let all = sources();
    let proto = all.iter().filter(|s| s.module() == "proto");
    let bad: Vec<String> = proto.flat_map(|s| places(s, NOT_IN_PROTO)).collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn one_file_chooses_the_cryptography() {
    let all = sources();
    let (chooses, rest): (Vec<_>, Vec<_>) = all.iter().partition(|s| s.name == CRYPTO);
    let bad: Vec<String> = rest.into_iter().flat_map(|s| places(s, CRYPTO_LIBRARIES)).collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(chooses.iter().any(|s| !places(s, CRYPTO_LIBRARIES).is_empty()), "{CRYPTO}");
}

/// Lines with the keyword `unsafe` that opens a block, an impl or a function body; `unsafe` in the type of a function
/// pointer or in an attribute asks nothing of the writer.
fn unsafe_lines(code: &str) -> Vec<usize> {
    let mut lines = Vec::new();
    for (i, _) in code.match_indices("unsafe") {
        if !whole_word(code, i, "unsafe") {
            continue;
        }
        let rest = code[i + "unsafe".len()..].trim_start();
        let pointer_type = rest.strip_prefix("extern").is_some_and(|r| {
            let r = r.trim_start();
            r.starts_with("fn(") || r.starts_with('{')
        }) || rest.starts_with("fn(");
        if !rest.starts_with('(') && !pointer_type {
            lines.push(line_of(code, i));
        }
    }
    lines
}

#[test]
fn unsafe_is_only_at_the_c_boundary() {
    let mut bad = Vec::new();
    for source in sources().iter().filter(|s| s.module() != "ffi" && s.name != "lib.rs") {
        for line in unsafe_lines(&source.code) {
            bad.push(format!("src/{}:{line}", source.name));
        }
    }
    assert!(bad.is_empty(), "unsafe outside src/ffi:\n{}", bad.join("\n"));
}

#[test]
fn every_unsafe_says_why_it_is_sound() {
    let mut bad = Vec::new();
    for source in sources().iter().filter(|s| s.module() == "ffi") {
        let lines: Vec<&str> = source.text.lines().collect();
        let tests = lines.iter().position(|l| *l == "#[cfg(test)]").unwrap_or(lines.len());
        for line in unsafe_lines(&source.code) {
            // a C callback that a test passes in: nobody but C calls it
            if line > tests && lines[line - 1].trim_start().starts_with("unsafe extern \"C\" fn") {
                continue;
            }
            let above = &lines[line.saturating_sub(SAFETY_REACH + 1)..line];
            let said = above.iter().any(|l| {
                let l = l.trim_start();
                l.contains("// SAFETY:") || (l.starts_with("///") && l.contains("# Safety"))
            });
            if !said {
                bad.push(format!("src/{}:{line}", source.name));
            }
        }
    }
    assert!(bad.is_empty(), "no SAFETY comment:\n{}", bad.join("\n"));
}

#[test]
fn files_are_short() {
    let mut bad = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        let excused = LONG_FILES.iter().any(|(name, _)| *name == source.name);
        if lines > MAX_LINES && !excused {
            bad.push(format!("src/{}: {lines} lines", source.name));
        }
        if lines <= MAX_LINES && excused {
            bad.push(format!("src/{}: short now, take it off the list", source.name));
        }
    }
    assert!(bad.is_empty(), "over {MAX_LINES} lines:\n{}", bad.join("\n"));
}

#[test]
fn folders_say_what_lives_there() {
    for source in sources().iter().filter(|s| s.name.ends_with("mod.rs")) {
        assert!(source.text.starts_with("//!"), "src/{} has no opening paragraph", source.name);
    }
}

#[test]
fn the_checks_see_what_they_look_for() {
    let code = strip(
        "use crate::{net::tcp, util::{a, b}}; // crate::ffi\nlet s = \"crate::ffi\"; crate::policy::x();",
    );
    let names: Vec<String> = imports(&code).into_iter().map(|(n, _)| n).collect();
    assert_eq!(names, ["net", "util", "policy"]);
    let code = strip(
        "// unsafe\nunsafe { x() }\ntype F = unsafe extern \"C\" fn(u8);\n#[unsafe(no_mangle)]\nunsafe impl Send for X {}\n'u'; '\\''; unsafe fn f() {}\n",
    );
    assert_eq!(unsafe_lines(&code), [2, 5, 6]);
    assert_eq!(strip("r#\"unsafe \" \"# r#type").trim(), "r#type");
}
