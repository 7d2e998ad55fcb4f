//! Policy strings with `${name}` in them, parsed once and filled in at each connection attempt.

use std::fmt;

/// The most bytes that one expansion may produce.
pub const MAX_EXPANDED: usize = 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable(String),
}

/// A string whose `${name}` parts stand for the values of the stream's metadata.
///
/// A `$` that opens no `${` is itself. Names match exactly and case counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

/// The text has a `${` without its `}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unterminated;

/// Why a template could not be expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpandError {
    /// The result is longer than [`MAX_EXPANDED`].
    TooLong,
    /// The result is not UTF-8: a metadata value holds other bytes.
    NotUtf8,
}

impl fmt::Display for ExpandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the expanded text is longer than {MAX_EXPANDED} bytes"),
            Self::NotUtf8 => f.write_str("the expanded text is not UTF-8"),
        }
    }
}

impl std::error::Error for ExpandError {}

impl Template {
    /// Splits `text` into its literal and variable parts.
    ///
    /// # Errors
    ///
    /// [`Unterminated`] if a `${` has no closing brace. Whether the names exist is for the caller
    /// to check (see [`Template::variables`]): they may be declared after their use.
    pub fn parse(text: &str) -> Result<Self, Unterminated> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find("${") {
            let name = &rest[open + 2..];
            let close = name.find('}').ok_or(Unterminated)?;
            if open > 0 {
                parts.push(Part::Literal(rest[..open].to_owned()));
            }
            parts.push(Part::Variable(name[..close].to_owned()));
            rest = &name[close + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// A template of this text as it stands, with nothing to fill in.
    pub fn literal(text: &str) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        Self { parts: vec![Part::Literal(text.to_owned())] }
    }

    /// Whether the template is the empty string.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The text itself, if it has no variable parts.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The names between `${` and `}`, in order, as often as they are used.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Variable(name) => Some(name.as_str()),
        })
    }

    /// Fills in the variables and gives the bytes. `lookup` gets a metadata name and returns its
    /// value; metadata that is not set (`None`) is empty.
    ///
    /// # Errors
    ///
    /// [`ExpandError::TooLong`].
    pub fn expand_bytes<V: AsRef<[u8]>>(
        &self,
        mut lookup: impl FnMut(&str) -> Option<V>,
    ) -> Result<Vec<u8>, ExpandError> {
        let mut out = Vec::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => append(&mut out, text.as_bytes())?,
                Part::Variable(name) => {
                    if let Some(value) = lookup(name) {
                        append(&mut out, value.as_ref())?;
                    }
                }
            }
        }
        Ok(out)
    }

    /// Like [`Template::expand_bytes`], for what must be text: endpoints, URLs, topics.
    ///
    /// # Errors
    ///
    /// [`ExpandError::TooLong`], or [`ExpandError::NotUtf8`] if a value holds other bytes.
    pub fn expand<V: AsRef<[u8]>>(
        &self,
        lookup: impl FnMut(&str) -> Option<V>,
    ) -> Result<String, ExpandError> {
        String::from_utf8(self.expand_bytes(lookup)?).map_err(|_| ExpandError::NotUtf8)
    }
}

/// The text that the template was parsed from.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Literal(text) => f.write_str(text),
            Part::Variable(name) => write!(f, "${{{name}}}"),
        })
    }
}

fn append(out: &mut Vec<u8>, more: &[u8]) -> Result<(), ExpandError> {
    if out.len() + more.len() > MAX_EXPANDED {
        return Err(ExpandError::TooLong);
    }
    out.extend_from_slice(more);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> String {
        let lookup = |name: &str| match name {
            "a" => Some("1"),
            "ab" => Some("2"),
            "loop" => Some("${a}"),
            _ => None,
        };
        Template::parse(text).expect("a template").expand(lookup).expect("text")
    }

    #[test]
    fn variables_are_filled_in() {
        assert_eq!(expand(""), "");
        assert_eq!(expand("plain"), "plain");
        assert_eq!(expand("${a}"), "1");
        assert_eq!(expand("x${a}y${ab}${a}z"), "x1y21z");
        assert_eq!(expand("${loop}"), "${a}", "values are not expanded again");
    }

    #[test]
    fn what_is_not_set_is_empty() {
        assert_eq!(expand("x${none}y"), "xy");
    }

    #[test]
    fn dollars_that_open_nothing_stay() {
        assert_eq!(expand("$"), "$");
        assert_eq!(expand("a$b{c}"), "a$b{c}");
        assert_eq!(expand("$${a}"), "$1");
        assert_eq!(expand("cost: 5$"), "cost: 5$");
        assert_eq!(Template::parse("x${a"), Err(Unterminated));
        assert_eq!(Template::parse("${a}${"), Err(Unterminated));
    }

    #[test]
    fn it_prints_as_it_was_written() {
        for text in ["", "plain", "x${a}y${b}", "$${a}$"] {
            assert_eq!(Template::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn literals_can_be_seen_without_expansion() {
        assert_eq!(Template::parse("!vh").unwrap().as_literal(), Some("!vh"));
        assert_eq!(Template::parse("").unwrap().as_literal(), Some(""));
        assert_eq!(Template::parse("a${b}").unwrap().as_literal(), None);
        assert_eq!(Template::literal("a${b}").as_literal(), Some("a${b}"));
        assert!(Template::literal("").is_empty());
    }

    #[test]
    fn expansion_is_bounded_and_checked() {
        let template = Template::parse("${a}${a}").unwrap();
        let half = vec![b'x'; MAX_EXPANDED / 2];
        assert_eq!(template.expand_bytes(|_| Some(&half)).unwrap().len(), MAX_EXPANDED);
        let more = vec![b'x'; MAX_EXPANDED / 2 + 1];
        assert_eq!(template.expand_bytes(|_| Some(&more)), Err(ExpandError::TooLong));
        assert_eq!(template.expand(|_| Some([0xff])), Err(ExpandError::NotUtf8));
        assert_eq!(template.expand_bytes(|_| Some([0xff])), Ok(vec![0xff, 0xff]));
    }
}
