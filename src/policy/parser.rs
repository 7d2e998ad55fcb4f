//! Policy text in, policy or errors out: whole or in chunks, from nothing or as an overlay.

use super::build::Build;
use super::error::{Diag, Diags, Kind, Place, Severity};
use super::json::{Reader, SyntaxError};
use super::model::Policy;

/// Where one can choose between what the specification says and what is handy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rules {
    /// Names may be used before they are defined. Without it that is an error, since the
    /// specification says that forward references are not allowed.
    pub forward_references: bool,
    /// An overlay may add stream types. Without it, it only changes those that exist; others are
    /// ignored with a warning.
    pub overlay_adds: bool,
}

/// What became of a policy text.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    /// The policy, if there is no error. Of an overlay: the whole new policy.
    pub policy: Option<Policy>,
    /// What is wrong, in the order of the text (at most [`super::MAX_DIAGS`]).
    pub errors: Vec<Diag>,
    /// What is odd, likewise.
    pub warnings: Vec<Diag>,
}

/// How a chunked parse stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More text is needed.
    Continue,
    /// The policy is complete and good; so many bytes of the chunk were not part of it.
    Done {
        /// Bytes at the end of the chunk behind the policy's closing brace.
        unused: usize,
    },
    /// There is an error: [`Parser::finish`] tells which.
    Failed,
}

/// Parses policy text that comes in chunks of any size.
///
/// The text is complete when the closing brace of its top object arrives. To abandon a parse, drop
/// it: nothing has been changed.
#[derive(Debug)]
pub struct Parser {
    state: State,
}

#[derive(Debug)]
enum State {
    Reading(Box<Reading>),
    Ended(Box<Outcome>),
}

#[derive(Debug)]
struct Reading {
    reader: Reader,
    base: Option<Policy>,
    rules: Rules,
}

impl Parser {
    /// Begins a policy of its own.
    pub fn begin(rules: Rules) -> Self {
        Self::new(None, rules)
    }

    /// Begins an overlay on top of `base`, which itself stays as it is.
    pub fn begin_overlay(base: &Policy, rules: Rules) -> Self {
        Self::new(Some(base.clone()), rules)
    }

    /// Whether it is an overlay that is being read.
    #[must_use]
    pub fn is_overlay(&self) -> bool {
        match &self.state {
            State::Reading(reading) => reading.base.is_some(),
            State::Ended(_) => false,
        }
    }

    fn new(base: Option<Policy>, rules: Rules) -> Self {
        let reading = Reading { reader: Reader::default(), base, rules };
        Self { state: State::Reading(Box::new(reading)) }
    }

    /// Takes the next chunk. After `Done` or `Failed` chunks are ignored, with the same answer.
    pub fn feed(&mut self, chunk: &[u8]) -> Progress {
        let used = match &mut self.state {
            State::Ended(_) => 0,
            State::Reading(reading) => match reading.reader.feed(chunk) {
                Ok(used) if !reading.reader.is_done() => {
                    debug_assert_eq!(used, chunk.len());
                    return Progress::Continue;
                }
                Ok(used) => {
                    let outcome = reading.end(None);
                    self.state = State::Ended(Box::new(outcome));
                    used
                }
                Err(error) => {
                    let outcome = reading.end(Some(error));
                    self.state = State::Ended(Box::new(outcome));
                    0
                }
            },
        };
        match &self.state {
            State::Ended(outcome) if outcome.policy.is_some() => {
                Progress::Done { unused: chunk.len() - used }
            }
            State::Ended(_) | State::Reading(_) => Progress::Failed,
        }
    }

    /// Ends the parse. A policy whose text is incomplete is taken as far as it goes, with a
    /// warning; an incomplete overlay is an error.
    pub fn finish(self) -> Outcome {
        match self.state {
            State::Ended(outcome) => *outcome,
            State::Reading(mut reading) => reading.end(None),
        }
    }
}

impl Reading {
    fn end(&mut self, error: Option<SyntaxError>) -> Outcome {
        let reader = std::mem::take(&mut self.reader);
        let (done, pos) = (reader.is_done(), reader.pos());
        let mut build = Build::new(self.base.take(), self.rules);
        for &stray in reader.strays() {
            build.diags.warn(Kind::Syntax, Place::default(), stray, "a '}' too many is ignored");
        }
        let root = reader.finish();
        if let Some(error) = error {
            build.diags.error(error.kind, Place::default(), error.pos, error.message);
        } else if root.is_none() {
            let message = "no policy in this text: it should begin with '{'";
            build.diags.error(Kind::Syntax, Place::default(), pos, message);
        } else if !done && build.overlay {
            let message = "the overlay ends too early";
            build.diags.error(Kind::Truncated, Place::default(), pos, message);
        } else if !done {
            let message = "THE POLICY IS CUT SHORT: only what comes before this is in force";
            build.diags.warn(Kind::Truncated, Place::default(), pos, message);
        }
        if let Some(root) = root {
            build.document(&root);
        }
        outcome(build.policy, build.diags)
    }
}

fn outcome(policy: Policy, diags: Diags) -> Outcome {
    let policy = (!diags.has_errors()).then_some(policy);
    let (errors, warnings) = diags.into_parts();
    Outcome { policy, errors, warnings }
}

/// Parses a whole policy.
pub fn parse(text: &[u8]) -> Outcome {
    parse_with(text, Rules::default())
}

/// Parses a whole policy by rules of one's choice.
pub fn parse_with(text: &[u8], rules: Rules) -> Outcome {
    whole(Parser::begin(rules), text)
}

/// Applies a whole overlay: the outcome has the new policy, `base` stays as it is. Stream types that
/// the overlay does not name are shared by both.
pub fn parse_overlay(base: &Policy, text: &[u8]) -> Outcome {
    parse_overlay_with(base, text, Rules::default())
}

/// Applies a whole overlay by rules of one's choice.
pub fn parse_overlay_with(base: &Policy, text: &[u8], rules: Rules) -> Outcome {
    whole(Parser::begin_overlay(base, rules), text)
}

fn whole(mut parser: Parser, text: &[u8]) -> Outcome {
    let progress = parser.feed(text);
    let mut outcome = parser.finish();
    if let Progress::Done { unused } = progress {
        let end = text.len() - unused;
        let rest = skip_blank(&text[end..]);
        if !rest.is_empty() {
            outcome.warnings.push(trailing(&text[..text.len() - rest.len()]));
        }
    }
    outcome
}

/// A warning about what follows after `before`.
fn trailing(before: &[u8]) -> Diag {
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    Diag {
        severity: Severity::Warning,
        kind: Kind::TrailingData,
        section: "",
        name: None,
        key: None,
        line: count(before, |byte| byte == b'\n').saturating_add(1),
        column: count(&before[line_start..], |byte| byte & 0xc0 != 0x80).saturating_add(1),
        message: "what follows the policy is ignored".to_owned(),
    }
}

fn count(bytes: &[u8], of: impl Fn(u8) -> bool) -> u32 {
    bytes.iter().fold(0, |count: u32, &byte| count.saturating_add(u32::from(of(byte))))
}

/// What is left of `text` behind white space and comment lines.
fn skip_blank(mut text: &[u8]) -> &[u8] {
    loop {
        text = text.trim_ascii_start();
        if text.first() != Some(&b'#') {
            return text;
        }
        let end = text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len());
        text = &text[end..];
    }
}

/// Whether `pss_policies_json` holds a policy's text, not the path of a file: its first character
/// is `{`, not counting white space, comment lines and a byte order mark.
pub fn looks_like_text(given: &str) -> bool {
    let text = given.strip_prefix('\u{feff}').unwrap_or(given);
    skip_blank(text.as_bytes()).first() == Some(&b'{')
}
