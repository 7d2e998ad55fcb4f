//! Errors and warnings for people (with the line they are in) and for programs (JSON).

use std::fmt::{Display, Write as _};
use std::io::{IsTerminal as _, Read as _};

use securestreams::policy::{Diag, Kind, Outcome, Severity};
use serde_json::{Value, json};

/// The longest piece of a line that is shown, in characters: certificates are on very long ones.
const MAX_SHOWN: usize = 100;

/// A policy file.
pub struct Text {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Text {
    /// Reads a file, or stdin if its name is `-`.
    pub fn read(name: &str) -> std::io::Result<Self> {
        let mut bytes = Vec::new();
        if name == "-" {
            std::io::stdin().read_to_end(&mut bytes)?;
            return Ok(Self { name: "<stdin>".into(), bytes });
        }
        Ok(Self { name: name.to_owned(), bytes: std::fs::read(name)? })
    }

    pub fn string(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// Whether to write colours.
#[derive(Clone, Copy)]
pub struct Colours {
    stdout: bool,
    stderr: bool,
    quiet: bool,
}

impl Colours {
    /// By `--colour=...`, `NO_COLOR`, and where the output goes.
    pub fn choose(args: &mut Vec<String>) -> Result<Self, String> {
        let mut wish = String::from("auto");
        args.retain(|arg| {
            let value = arg.strip_prefix("--colour=").or_else(|| arg.strip_prefix("--color="));
            value.is_none_or(|value| {
                value.clone_into(&mut wish);
                false
            })
        });
        let (stdout, stderr) = match wish.as_str() {
            "always" => (true, true),
            "never" => (false, false),
            "auto" if std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()) => (false, false),
            "auto" => (std::io::stdout().is_terminal(), std::io::stderr().is_terminal()),
            other => return Err(format!("--colour={other}: always, never or auto")),
        };
        Ok(Self { stdout, stderr, quiet: false })
    }

    /// For what goes to stderr.
    pub fn on_stderr(self) -> Self {
        Self { stdout: self.stderr, ..self }
    }

    /// Shows nothing: it has been shown.
    pub fn silent(self) -> Self {
        Self { quiet: true, ..self }
    }

    pub fn paint(self, code: &str, text: &str) -> String {
        if self.stdout { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn name_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// What to do about a mistake of this kind.
fn advice(kind: Kind) -> &'static str {
    match kind {
        Kind::Syntax => "policies are JSON; '#' begins a comment",
        Kind::Encoding => "save the file as UTF-8",
        Kind::TooBig => "make it smaller, or split the policy",
        Kind::Truncated => "is the file complete?",
        Kind::TrailingData => "remove what follows the closing brace",
        Kind::UnknownKey => "correct the key or remove it: it has no effect",
        Kind::Duplicate => "remove one of the two",
        Kind::WrongType => "'sspolicy schema' says which type each key takes",
        Kind::OutOfRange => "choose a number in the range",
        Kind::BadValue => "correct the value",
        Kind::BadCertificate => {
            "certs hold base64 of DER: openssl x509 -in CERT.pem -outform DER | base64 -w0"
        }
        Kind::UnknownReference => "define it, or correct the name",
        Kind::ForwardReference => "move the definition before its use",
        Kind::UnknownMetadata => "add the name to the stream type's \"metadata\"",
        Kind::MissingPart => "add it",
        Kind::Unsupported => "do without it with this library",
    }
}

/// All errors and warnings in the order of the text, each with its line and what to do.
pub fn diags(text: &Text, outcome: &Outcome, colours: &Colours) -> String {
    let mut all: Vec<&Diag> = outcome.errors.iter().chain(&outcome.warnings).collect();
    all.sort_by_key(|diag| (diag.line, diag.column));
    let mut out = String::new();
    if colours.quiet {
        return out;
    }
    let source = text.string();
    for diag in all {
        out.push_str(&one(text, &source, diag, colours));
    }
    out
}

fn one(text: &Text, source: &str, diag: &Diag, colours: &Colours) -> String {
    let colour = match diag.severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
    };
    let whole = diag.to_string();
    let message = whole.split_once(": ").map_or(whole.as_str(), |(_, rest)| rest);
    let severity = colours.paint(colour, name_of(diag.severity));
    let mut out = format!("{}:{}:{}: {severity}: {message}\n", text.name, diag.line, diag.column);
    let line = source.lines().nth(diag.line.saturating_sub(1) as usize).unwrap_or_default();
    let (shown, caret) = around(line, diag.column.saturating_sub(1) as usize);
    let number = diag.line.to_string();
    let margin = " ".repeat(number.len());
    let _ = writeln!(out, " {number} | {shown}");
    let _ = writeln!(out, " {margin} | {}{}", " ".repeat(caret), colours.paint(colour, "^"));
    let _ = writeln!(out, " {margin} = {}", advice(diag.kind));
    out
}

/// The part of a line around a column (from 0), and where in it the column is. Tabs become spaces.
fn around(line: &str, column: usize) -> (String, usize) {
    let chars: Vec<char> = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if chars.len() <= MAX_SHOWN {
        return (chars.iter().collect(), column.min(chars.len()));
    }
    let from = column.saturating_sub(MAX_SHOWN / 3).min(chars.len());
    let to = (from + MAX_SHOWN).min(chars.len());
    let (before, after) =
        (if from > 0 { "..." } else { "" }, if to < chars.len() { "..." } else { "" });
    let part: String = chars[from..to].iter().collect();
    (format!("{before}{part}{after}"), before.len() + column.min(chars.len()) - from)
}

/// A number with the noun for one or for several.
pub fn counted<N: Display + PartialEq + From<u8>>(n: N, one: &str, several: &str) -> String {
    let noun = if n == N::from(1) { one } else { several };
    format!("{n} {noun}")
}

/// A line at the end.
pub fn verdict(text: &Text, outcome: &Outcome) -> String {
    let count = |n: usize, what: &str| match n {
        0 => format!("no {what}s"),
        n => counted(n, what, &format!("{what}s")),
    };
    let (errors, warnings) = (outcome.errors.len(), outcome.warnings.len());
    let types = outcome.policy.as_ref().map_or(String::new(), |policy| {
        format!("; {}", count(policy.streams.len(), "stream type"))
    });
    format!("{}: {}, {}{types}\n", text.name, count(errors, "error"), count(warnings, "warning"))
}

/// The same for programs.
pub fn as_json(text: &Text, outcome: &Outcome) -> Value {
    let one = |diag: &Diag| {
        json!({
            "severity": name_of(diag.severity), "kind": format!("{:?}", diag.kind),
            "line": diag.line, "column": diag.column,
            "section": diag.section, "name": diag.name, "key": diag.key,
            "message": diag.message, "advice": advice(diag.kind),
        })
    };
    let mut all: Vec<&Diag> = outcome.errors.iter().chain(&outcome.warnings).collect();
    all.sort_by_key(|diag| (diag.line, diag.column));
    json!({
        "file": text.name, "ok": outcome.errors.is_empty(),
        "diagnostics": all.into_iter().map(one).collect::<Vec<_>>(),
    })
}
