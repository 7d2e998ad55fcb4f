//! `docs/policy.md` and the tables of keys say the same, and its examples parse.

use super::keys;
use super::parse;
use super::values::{Key, Set};

const PAGE: &str = include_str!("../../docs/policy.md");

/// A key's section: its spellings, what is in italics, its example.
struct Section {
    part: &'static str,
    names: Vec<&'static str>,
    kind: &'static str,
    default: &'static str,
    example: &'static str,
}

fn sections() -> Vec<Section> {
    let mut found = Vec::new();
    for part in PAGE.split("\n## ").skip(1) {
        let title = part.lines().next().unwrap();
        for section in part.split("\n### ").skip(1) {
            let heading = section.lines().next().unwrap();
            let line = |what: fn(&&str) -> bool| {
                let mut fit = section.lines().filter(what);
                let line = fit.next().unwrap_or_else(|| panic!("{heading}: a line is missing"));
                assert!(fit.next().is_none(), "{heading}: two such lines");
                line
            };
            let facts = line(|l| l.starts_with('*')).trim_matches('*');
            let (kind, default) = facts.split_once(", default ").expect(heading);
            found.push(Section {
                part: title,
                names: heading.split(", ").map(|n| n.trim_matches('`')).collect(),
                kind,
                default,
                example: line(|l| l.starts_with("    ")).trim(),
            });
        }
    }
    found
}

fn kind_of<T>(set: &Set<T>) -> Option<&'static str> {
    match set {
        Set::Flag(_) => Some("boolean"),
        Set::U8(..) | Set::U16(_) | Set::U32(_) | Set::U64(_) | Set::OptU8(..) | Set::OptU32(_) => {
            Some("number")
        }
        Set::Header(_) => Some("header"),
        Set::Text(_) | Set::Label(_) => Some("text"),
        Set::Template(_) | Set::OptTemplate(_) | Set::Payload(_) => Some("template"),
        Set::Unused | Set::With(_) => None,
    }
}

/// Every key of a table has its section in one of `parts`, in the order of nothing in particular.
fn compare<T>(table: &[Key<T>], parts: &[&str]) {
    let sections: Vec<_> = sections().into_iter().filter(|s| parts.contains(&s.part)).collect();
    for key in table {
        let [section] = &sections.iter().filter(|s| s.names == key.names).collect::<Vec<_>>()[..]
        else {
            panic!("docs/policy.md: not one section `{}` in {parts:?}", key.names[0])
        };
        if let Some(kind) = kind_of(&key.set) {
            assert!(section.kind.starts_with(kind), "{}: is a {kind}", key.names[0]);
        }
        if matches!(key.set, Set::Flag(_)) {
            assert_eq!(section.default, "`false`", "{}", key.names[0]);
        }
        assert!(
            section.example.starts_with(&format!("\"{}\": ", key.names[0])),
            "{}",
            section.example
        );
    }
    for section in &sections {
        assert!(table.iter().any(|k| k.names == section.names), "{:?} is no key", section.names);
    }
}

#[test]
fn every_key_has_its_section() {
    compare(keys::TOP, &["Top level"]);
    compare(keys::RETRY, &["Retry policies"]);
    compare(keys::AUTH, &["Auth"]);
    compare(keys::METRIC, &["Metrics"]);
    compare(keys::STREAM, &["Stream types", "http", "ws", "mqtt"]);
}

/// The inside of a stream type with `example`, and what that needs beside it.
fn stream_with(section: &Section) -> String {
    let more = match section.names[0] {
        "metadata" => "",
        "server" => r#","metadata": [{"m": ""}], "server_cert": "cert", "server_key": "key""#,
        _ => r#","metadata": [{"m": ""}]"#,
    };
    format!("{}{more}", section.example)
}

/// A policy with the example where it belongs, and with everything that examples name.
fn policy_with(section: &Section) -> String {
    let (name, example) = (section.names[0], section.example);
    let (mut front, mut stream) = (String::new(), r#""port": 1"#.to_owned());
    let mut parts = vec![
        ("retry", r#""retry": [{"default": {"backoff": [1]}}]"#.to_owned()),
        ("certs", r#""certs": [{"cert": "MAcwADAAAwEA"}, {"key": "MAUCAQAwAA=="}]"#.to_owned()),
        ("trust_stores", r#""trust_stores": [{"name": "store", "stack": ["cert"]}]"#.to_owned()),
        ("auth", r#""auth": [{"name": "token", "type": "x"}]"#.to_owned()),
        ("metrics", r#""metrics": []"#.to_owned()),
        ("s", String::new()),
    ];
    let mut put = |list: &str, text: String| match parts.iter_mut().find(|(n, _)| *n == list) {
        Some((_, part)) => *part = text,
        None => front = format!("{text}, "),
    };
    match section.part {
        "Top level" => put(name, example.to_owned()),
        "Retry policies" => put("retry", format!(r#""retry": [{{"x": {{{example}}}}}]"#)),
        part @ ("Auth" | "Metrics") => {
            let list = part.to_ascii_lowercase();
            let given = if name == "name" { "" } else { r#""name": "x", "# };
            put(&list, format!(r#""{list}": [{{{given}{example}}}]"#));
        }
        _ => stream = stream_with(section),
    }
    // with other certificates nothing that names them is left
    if name == "certs" {
        parts.retain(|(list, _)| *list != "trust_stores");
    }
    for (_, part) in parts.iter_mut().filter(|(_, part)| part.is_empty()) {
        *part = format!(r#""s": [{{"x": {{{stream}}}}}, {{"other": {{}}}}]"#);
    }
    let parts: Vec<_> = parts.into_iter().map(|(_, part)| part).collect();
    format!("{{{front}{}}}", parts.join(", "))
}

#[test]
fn the_examples_parse() {
    for section in sections() {
        let text = policy_with(&section);
        let outcome = parse(text.as_bytes());
        assert!(outcome.errors.is_empty(), "{text}: {:?}", outcome.errors);
        assert!(outcome.policy.is_some(), "{text}");
    }
}
