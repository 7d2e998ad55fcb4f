//! What went wrong in a policy, and where.

use std::fmt;

use super::nearest::nearest;

/// The most errors, and the most warnings, that are kept for one text; the rest is counted.
pub const MAX_DIAGS: usize = 100;

/// The longest piece of the policy that a message quotes, in characters.
const MAX_QUOTED: usize = 64;

/// A place in the policy's text: line and column count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pos {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Pos {
    /// Where a text begins.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Pos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The policy is refused.
    Error,
    /// The policy is usable.
    Warning,
}

/// What kind of mistake it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Not JSON.
    Syntax,
    /// A string is not UTF-8.
    Encoding,
    /// Over one of the size limits.
    TooBig,
    /// The text ends before its JSON does.
    Truncated,
    /// There is more text after the policy.
    TrailingData,
    /// A key that nobody knows.
    UnknownKey,
    /// A key or a name that was given before: the later one counts.
    Duplicate,
    /// A value of another JSON type than the key takes.
    WrongType,
    /// A number that does not fit.
    OutOfRange,
    /// A value that makes no sense for its key.
    BadValue,
    /// Not base64, not DER, or not the kind of DER that is needed.
    BadCertificate,
    /// A name that the policy does not define.
    UnknownReference,
    /// A name that the policy defines further on only.
    ForwardReference,
    /// `${name}` with a name that is not among the stream type's metadata.
    UnknownMetadata,
    /// Something that must be there is not.
    MissingPart,
    /// Known, but not supported.
    Unsupported,
}

/// One error or warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diag {
    /// Whether it stands in the way of using the policy.
    pub severity: Severity,
    /// What kind of mistake it is.
    pub kind: Kind,
    /// The section of the policy it is in, such as `s` or `retry`; empty at the top level.
    pub section: &'static str,
    /// The name of the entry of that section, such as the stream type.
    pub name: Option<String>,
    /// The key.
    pub key: Option<String>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What is wrong, in a sentence.
    pub message: String,
}

impl Diag {
    /// The stream type it is about, if it is about one.
    pub fn stream_type(&self) -> Option<&str> {
        if self.section == "s" { self.name.as_deref() } else { None }
    }
}

/// `policy:12:7: s[mintest].retry: no retry named 'defautl' (did you mean 'default'?)`
impl fmt::Display for Diag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policy:{}:{}: ", self.line, self.column)?;
        let mut path = self.section.to_owned();
        if let Some(name) = &self.name {
            path = format!("{path}[{name}]");
        }
        if let Some(key) = &self.key {
            let dot = if path.is_empty() { "" } else { "." };
            path = format!("{path}{dot}{key}");
        }
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diag {}

/// Where in the policy's structure something is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place<'a> {
    pub section: &'static str,
    pub name: Option<&'a str>,
    pub key: Option<&'a str>,
}

impl<'a> Place<'a> {
    pub fn section(section: &'static str) -> Self {
        Self { section, ..Self::default() }
    }

    pub fn entry(section: &'static str, name: &'a str) -> Self {
        Self { section, name: Some(name), key: None }
    }

    pub fn key(self, key: &'a str) -> Self {
        Self { key: Some(key), ..self }
    }
}

/// The errors and warnings of one text, bounded by [`MAX_DIAGS`].
#[derive(Debug, Default)]
pub(super) struct Diags {
    errors: Vec<Diag>,
    warnings: Vec<Diag>,
    dropped: usize,
}

impl Diags {
    pub fn push(
        &mut self,
        severity: Severity,
        kind: Kind,
        place: Place<'_>,
        pos: Pos,
        message: impl fmt::Display,
    ) {
        if !self.has_room(severity) {
            self.dropped += 1;
            return;
        }
        self.list(severity).push(Diag {
            severity,
            kind,
            section: place.section,
            name: place.name.map(quoted),
            key: place.key.map(quoted),
            line: pos.line,
            column: pos.column,
            message: message.to_string(),
        });
    }

    pub fn error(&mut self, kind: Kind, place: Place<'_>, pos: Pos, message: impl fmt::Display) {
        self.push(Severity::Error, kind, place, pos, message);
    }

    pub fn warn(&mut self, kind: Kind, place: Place<'_>, pos: Pos, message: impl fmt::Display) {
        self.push(Severity::Warning, kind, place, pos, message);
    }

    /// `what` named `name` is unknown; adds the nearest of `known` to the message.
    pub fn unknown<'a>(
        &mut self,
        (severity, kind): (Severity, Kind),
        place: Place<'_>,
        pos: Pos,
        (what, name): (&str, &str),
        known: impl Iterator<Item = &'a str>,
    ) {
        if !self.has_room(severity) {
            self.dropped += 1;
            return;
        }
        let hint = nearest(name, known)
            .map(|known| format!(" (did you mean '{}'?)", quoted(known)))
            .unwrap_or_default();
        self.push(severity, kind, place, pos, format_args!("{what} '{}'{hint}", quoted(name)));
    }

    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// The errors and the warnings, each in the order of the text.
    pub fn into_parts(mut self) -> (Vec<Diag>, Vec<Diag>) {
        if self.dropped > 0 {
            self.warnings.push(Diag {
                severity: Severity::Warning,
                kind: Kind::TooBig,
                section: "",
                name: None,
                key: None,
                line: Pos::START.line,
                column: Pos::START.column,
                message: format!("{} more errors and warnings are not shown", self.dropped),
            });
        }
        self.errors.sort_by_key(|diag| (diag.line, diag.column));
        self.warnings.sort_by_key(|diag| (diag.line, diag.column));
        (self.errors, self.warnings)
    }

    fn has_room(&mut self, severity: Severity) -> bool {
        self.list(severity).len() < MAX_DIAGS
    }

    fn list(&mut self, severity: Severity) -> &mut Vec<Diag> {
        match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        }
    }
}

/// `text`, cut to a length that fits a log line and free of control characters.
pub(super) fn quoted(text: &str) -> String {
    let mut out: String = text
        .chars()
        .take(MAX_QUOTED)
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if text.chars().nth(MAX_QUOTED).is_some() {
        out.push_str("...");
    }
    out
}
