//! The transcripts in `docs/tools.md` are what the tools print; run with `BLESS=1` to write them anew.

use std::path::Path;
use std::process::Command;

/// What a command line prints where the tests' policies lie, with the tools in the path.
fn printed(line: &str) -> String {
    let bin = Path::new(env!("CARGO_BIN_EXE_sspolicy")).parent().expect("a folder");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("PATH"));
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).env("PATH", path).env_remove("NO_COLOR");
    shell.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies"));
    let out = shell.output().expect("sh");
    String::from_utf8([out.stdout, out.stderr].concat()).expect("UTF-8")
}

#[test]
fn the_page_has_what_is_printed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tools.md");
    let page = std::fs::read_to_string(&file).expect("docs/tools.md");
    let (mut made, mut count) = (String::new(), 0);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        made += &format!("{line}\n");
        if line != "```text" {
            continue;
        }
        let command = lines.next().expect("a command");
        let said = printed(command.strip_prefix("$ ").expect("a command begins with $"));
        assert!(!said.is_empty(), "{command} prints nothing");
        made += &format!("{command}\n{said}```\n");
        count += 1;
        // what is there now ends with the block
        lines.by_ref().find(|line| *line == "```").expect("the block's end");
    }
    assert!(count > 3, "{count} transcripts");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &made).expect("docs/tools.md");
    }
    assert!(made == page || std::env::var_os("BLESS").is_some(), "differs; this is new:\n{made}");
}
