//! The headers as a C compiler sees them, against `tests/abi/baseline.json` (facts of
//! libwebsockets 5.0.0): a C program of static assertions is generated from it, compiled by each C
//! compiler that is there, and run for the places of bit-fields.
//!
//! The baseline is of a 64-bit machine, so there is nothing to compare on others.
#![cfg(target_pointer_width = "64")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

#[path = "abi/declared.rs"]
#[allow(dead_code, reason = "shared with tests that use the rest")]
mod declared;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Typedefs of function types; all other typedefs with a function in the baseline are pointers.
const FUNCTION_TYPES: [&str; 2] = ["lws_callback_function", "lws_extension_callback_function"];

fn baseline() -> Value {
    let file = format!("{ROOT}/tests/abi/baseline.json");
    let text = std::fs::read_to_string(file).expect("the baseline is in the repository");
    serde_json::from_str(&text).expect("the baseline is JSON")
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("{key} is no list"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is no text in {value}"))
}

/// Splits at the commas that are in no parentheses.
fn split_arguments(arguments: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in arguments.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(arguments[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(arguments[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Where the parenthesis closes that is open at the beginning.
fn closing(text: &str) -> usize {
    let mut depth = 1;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    panic!("unbalanced: {text}")
}

/// A declaration in C: the type in the baseline's words, and what is declared.
fn declare(ty: &str, declarator: &str) -> String {
    if let Some(function) = ty.strip_prefix("fn(") {
        let end = closing(function);
        let result = function[end + 1..].trim().strip_prefix("->").expect("a result").trim();
        let arguments = arguments(split_arguments(&function[..end]));
        return declare(result, &format!("(*{declarator})({arguments})"));
    }
    match ty.strip_suffix(']').and_then(|t| t.rsplit_once('[')) {
        Some((element, count)) => declare(element, &format!("{declarator}[{count}]")),
        None => format!("{ty} {declarator}"),
    }
}

fn arguments(types: Vec<&str>) -> String {
    if types.is_empty() {
        return "void".to_owned();
    }
    let types = types.iter().map(|ty| declare(ty, "").trim_end().to_owned());
    types.collect::<Vec<_>>().join(", ")
}

fn same_type(out: &mut String, what: &str, have: &str, want: &str) {
    let compatible = format!("__builtin_types_compatible_p(__typeof__({have}), {want})");
    writeln!(out, "_Static_assert({compatible}, \"type of {what}\");").expect("text");
}

fn structs(out: &mut String, baseline: &Value) {
    for s in list(baseline, "structs") {
        let name = match text(s, "name") {
            "" => text(s, "typedef").to_owned(),
            tag => format!("struct {tag}"),
        };
        let (size, align) = (&s["size"], &s["align"]);
        writeln!(out, "_Static_assert(sizeof({name}) == {size}, \"size of {name}\");")
            .expect("text");
        writeln!(out, "_Static_assert(_Alignof({name}) == {align}, \"alignment of {name}\");")
            .expect("text");
        for field in list(s, "fields").iter().filter(|f| f.get("bits").is_none()) {
            let path = text(field, "name");
            let bytes = field["offset_bits"].as_u64().expect("an offset") / 8;
            let what = format!("{name}.{path}");
            writeln!(out, "_Static_assert(offsetof({name}, {path}) == {bytes}, \"{what}\");")
                .expect("text");
            let have = format!("(({name} *)0)->{path}");
            match field.get("type") {
                Some(ty) => {
                    let want = declare(ty.as_str().expect("a type"), "");
                    same_type(out, &what, &have, &want);
                }
                None => writeln!(
                    out,
                    "_Static_assert(sizeof({have}) == {}, \"size of {what}\");",
                    field["size"]
                )
                .expect("text"),
            }
        }
    }
}

fn enums(out: &mut String, baseline: &Value) {
    let mut value = |name: &str, value: &Value| {
        writeln!(out, "_Static_assert({name} == {value}, \"value of {name}\");").expect("text");
    };
    let all = list(baseline, "enums").iter().filter_map(|e| e["values"].as_object());
    for (name, number) in all.chain(baseline["macros"].as_object()).flatten() {
        value(name, number);
    }
    for e in list(baseline, "enums") {
        let name = match (text(e, "typedef"), text(e, "name")) {
            ("", "") => continue,
            ("", tag) => format!("enum {tag}"),
            (typedef, _) => typedef.to_owned(),
        };
        writeln!(out, "_Static_assert(sizeof({name}) == sizeof(int), \"size of {name}\");")
            .expect("text");
    }
}

fn typedefs(out: &mut String, baseline: &Value) {
    for t in list(baseline, "typedefs") {
        let (name, ty) = (text(t, "name"), text(t, "type"));
        if ty.starts_with("enum ") {
            continue; // the tag is ours to choose
        }
        // A redeclaration of a typedef must be of the same type (C11).
        let declaration = declare(ty, name);
        let declaration = match FUNCTION_TYPES.contains(&name) {
            true => declaration.replacen(&format!("(*{name})"), name, 1),
            false => declaration,
        };
        writeln!(out, "typedef {declaration};").expect("text");
    }
}

/// Prototypes, of the functions that the headers declare. Returns how many those are.
fn functions(out: &mut String, baseline: &Value, declared: &BTreeSet<String>) -> usize {
    let mut count = 0;
    for f in list(baseline, "functions") {
        let name = text(f, "name");
        if !declared.contains(name) {
            continue;
        }
        count += 1;
        let types = list(f, "args").iter().map(|a| a.as_str().expect("a type")).collect();
        let want = declare(text(f, "returns"), &format!("({})", arguments(types)));
        same_type(out, name, name, &want);
    }
    count
}

/// What the program prints for each bit-field: where it is, seen by setting it alone.
fn bit_fields(baseline: &Value) -> (String, Vec<String>) {
    let (mut code, mut expected) = (String::new(), Vec::new());
    for s in list(baseline, "structs") {
        let name = text(s, "name");
        for field in list(s, "fields").iter().filter(|f| f.get("bits").is_some()) {
            let path = text(field, "name");
            writeln!(code, "    PROBE(struct {name}, {path});").expect("text");
            expected.push(format!("{path} {}", field["offset_bits"]));
        }
    }
    (code, expected)
}

const PROBE: &str = r"
#include <stdio.h>

static void report(const char *what, const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size * 8; i++)
        if (bytes[i / 8] >> (i % 8) & 1)
            printf(`%s %zu\n`, what, i);
}

#define PROBE(type, path) do { \
    union { type s; unsigned char bytes[sizeof(type)]; } u; \
    memset(&u, 0, sizeof(u)); \
    u.s.path = 1; \
    report(#path, u.bytes, sizeof(type)); \
} while (0)
";

fn work_folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("abi");
    std::fs::create_dir_all(&folder).expect("a folder for the program");
    folder
}

fn installed(compiler: &str) -> bool {
    Command::new(compiler).arg("--version").output().is_ok()
}

#[test]
fn headers_agree_with_the_baseline() {
    let baseline = baseline();
    let mut source = "#include <libwebsockets.h>\n".to_owned();
    structs(&mut source, &baseline);
    enums(&mut source, &baseline);
    typedefs(&mut source, &baseline);
    let prototypes = functions(&mut source, &baseline, &declared::functions());
    let (probes, expected) = bit_fields(&baseline);
    source.push_str(&PROBE.replace('`', "\""));
    writeln!(source, "int main(void)\n{{\n{probes}    return 0;\n}}").expect("text");

    let folder = work_folder();
    let file = folder.join("abi.c");
    std::fs::write(&file, source).expect("the program is written");
    let compilers: Vec<_> = ["gcc", "clang"].into_iter().filter(|c| installed(c)).collect();
    assert!(!compilers.is_empty(), "neither gcc nor clang is installed");
    for compiler in compilers {
        let program = folder.join(format!("abi-{compiler}"));
        let mut compile = Command::new(compiler);
        compile.args(["-std=gnu11", "-Wall", "-Wextra", "-Werror"]);
        compile.arg(format!("-I{ROOT}/include"));
        let run = compile.arg(&file).arg("-o").arg(&program).output().expect("the compiler runs");
        let complaints = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{compiler}, {}:\n{complaints}", file.display());
        let run = Command::new(&program).output().expect("the program runs");
        let found = String::from_utf8_lossy(&run.stdout).into_owned();
        assert_eq!(found.lines().collect::<Vec<_>>(), expected, "bit-fields, {compiler}");
    }
    println!("{prototypes} prototypes");
}
