//! From a JSON value to the field that its key sets: type checks, ranges, references.

use std::collections::HashMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::rc::Rc;

use super::build::{Build, Later};
use super::error::{Kind, Place, Pos, Severity, quoted};
use super::json::{Member, Node, Value};
use super::model::Policy;
use super::named::{HasName, Named};
use super::template::Template;

/// What a key's value must be, and which field of `T` it sets.
pub enum Set<T: 'static> {
    /// `true` or `false`, see `Scope::flag`.
    Flag(fn(&mut T) -> &mut bool),
    /// A number in a range, as a number or as a string of digits.
    U8(RangeInclusive<u8>, fn(&mut T) -> &mut u8),
    U16(fn(&mut T) -> &mut u16),
    U32(fn(&mut T) -> &mut u32),
    U64(fn(&mut T) -> &mut u64),
    OptU8(RangeInclusive<u8>, fn(&mut T) -> &mut Option<u8>),
    OptU32(fn(&mut T) -> &mut Option<u32>),
    /// A string without control characters; an empty one unsets.
    Text(fn(&mut T) -> &mut Option<String>),
    /// A string or a number, kept as it is written.
    Label(fn(&mut T) -> &mut Option<String>),
    /// The name of an http header, with or without its colon.
    Header(fn(&mut T) -> &mut Option<String>),
    /// A string with `${name}` in it.
    Template(fn(&mut T) -> &mut Template),
    OptTemplate(fn(&mut T) -> &mut Option<Template>),
    /// The same, for payload: control characters are allowed.
    Payload(fn(&mut T) -> &mut Option<Template>),
    /// Anything; it sets no field.
    Unused,
    /// What needs a function of its own.
    With(fn(&mut Scope<'_>, &mut T, &Member)),
}

/// A policy key: its name (and other spellings of it), and what it sets.
pub struct Key<T: 'static> {
    /// The spellings; the first is the usual one.
    pub names: &'static [&'static str],
    /// What it sets.
    pub set: Set<T>,
}

/// The entry of the policy that is being read, such as one stream type.
pub struct Scope<'a> {
    pub build: &'a mut Build,
    pub place: Place<'a>,
    /// Where the entry begins.
    pub pos: Pos,
    /// The text ended inside this entry.
    pub open: bool,
    /// What goes before a key in messages, inside of keys that hold objects themselves.
    pub prefix: &'static str,
    /// The keys seen so far (by their usual spelling) and where their values are.
    pub seen: HashMap<&'static str, Pos>,
    /// The `${name}`s seen so far: name, key, place.
    pub variables: Vec<(String, String, Pos)>,
}

impl<'a> Scope<'a> {
    pub fn new(build: &'a mut Build, place: Place<'a>, node: &Node) -> Self {
        Self {
            build,
            place,
            pos: node.pos,
            open: node.open,
            prefix: "",
            seen: HashMap::new(),
            variables: Vec::new(),
        }
    }

    /// Sets the fields of `target` that `members` name, by the table `keys`.
    pub fn apply<T>(&mut self, keys: &'static [Key<T>], target: &mut T, members: &[Member]) {
        for member in members {
            let Some(key) = keys.iter().find(|key| key.names.contains(&member.key.as_str())) else {
                let known = keys.iter().flat_map(|key| key.names).copied();
                self.unknown_key(member, known);
                continue;
            };
            let before = self.seen.insert(key.names[0], member.node.pos);
            if before.is_some() && !matches!(key.set, Set::Unused) {
                self.duplicate(member);
            }
            if member.node.value != Value::Null {
                self.set(&key.set, target, member);
            }
        }
    }

    fn unknown_key<'k>(&mut self, member: &Member, known: impl Iterator<Item = &'k str>) {
        self.build.diags.unknown(
            (Severity::Warning, Kind::UnknownKey),
            self.place,
            member.pos,
            ("unknown key", &member.key),
            known,
        );
    }

    fn set<T>(&mut self, set: &Set<T>, target: &mut T, member: &Member) {
        match set {
            Set::Flag(field) => assign(field(target), self.flag(member)),
            Set::U8(range, field) => {
                assign(field(target), self.int(member, range.clone()));
            }
            Set::U16(field) => assign(field(target), self.int(member, 0..=u16::MAX)),
            Set::U32(field) => assign(field(target), self.int(member, 0..=u32::MAX)),
            Set::U64(field) => assign(field(target), self.int(member, 0..=u64::MAX)),
            Set::OptU8(range, field) => {
                assign(field(target), self.int(member, range.clone()).map(Some));
            }
            Set::OptU32(field) => {
                assign(field(target), self.int(member, 0..=u32::MAX).map(Some));
            }
            Set::Text(field) => assign(field(target), self.printable(member).map(non_empty)),
            Set::Label(field) => assign(field(target), self.label(member).map(Some)),
            Set::Header(field) => assign(field(target), self.header(member).map(non_empty)),
            Set::Template(field) => assign(field(target), self.template(member, false)),
            Set::OptTemplate(field) => {
                let template = self.template(member, false);
                assign(field(target), template.map(|t| (!t.is_empty()).then_some(t)));
            }
            Set::Payload(field) => assign(field(target), self.template(member, true).map(Some)),
            Set::Unused => {}
            Set::With(function) => function(self, target, member),
        }
    }

    /// Reports an error about the value of `member`.
    pub fn error(&mut self, kind: Kind, member: &Member, message: impl fmt::Display) {
        let key = self.key_path(member);
        self.build.diags.error(kind, self.place.key(&key), member.node.pos, message);
    }

    /// Warns about the value of `member`.
    pub fn warn(&mut self, kind: Kind, member: &Member, message: impl fmt::Display) {
        let key = self.key_path(member);
        self.build.diags.warn(kind, self.place.key(&key), member.node.pos, message);
    }

    /// Warns that the key of `member` was there before.
    pub fn duplicate(&mut self, member: &Member) {
        let key = self.key_path(member);
        let message = "given twice: the later one counts";
        self.build.diags.warn(Kind::Duplicate, self.place.key(&key), member.pos, message);
    }

    fn key_path(&self, member: &Member) -> String {
        format!("{}{}", self.prefix, member.key)
    }

    /// Reports that the value of `member` has the wrong type.
    pub fn wrong_type(&mut self, member: &Member, wanted: &str) {
        let found = type_name(&member.node.value);
        self.error(Kind::WrongType, member, format_args!("expected {wanted} but found {found}"));
    }

    /// `true` or `false`. Policies in use also have 0 and 1, and the words in quotes.
    fn flag(&mut self, member: &Member) -> Option<bool> {
        let (Value::Number(text) | Value::Text(text)) = &member.node.value else {
            if let Value::Bool(on) = member.node.value {
                return Some(on);
            }
            self.wrong_type(member, "true or false");
            return None;
        };
        let on = match text.as_str() {
            "0" | "false" => false,
            "1" | "true" => true,
            _ => {
                self.wrong_type(member, "true or false");
                return None;
            }
        };
        let message = format_args!("'{text}' is taken as {on}");
        self.warn(Kind::WrongType, member, message);
        Some(on)
    }

    /// A whole number in `range`. A fraction is cut off with a warning, as programs' policies
    /// could always have one.
    pub fn int<N>(&mut self, member: &Member, range: RangeInclusive<N>) -> Option<N>
    where
        N: Copy + TryFrom<u64> + PartialOrd + fmt::Display,
    {
        let (Value::Number(text) | Value::Text(text)) = &member.node.value else {
            self.wrong_type(member, "a number");
            return None;
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if digits.is_empty() || !is_digits(digits) || !is_digits(fraction) {
            let message = format_args!("'{}' is not a whole number", quoted(text));
            self.error(Kind::WrongType, member, message);
            return None;
        }
        let number = digits.parse::<u64>().ok().filter(|&n| n == 0 || digits.len() == whole.len());
        let fits = number.and_then(|n| N::try_from(n).ok()).filter(|n| range.contains(n));
        if fits.is_none() {
            let (from, to) = (range.start(), range.end());
            let message = format_args!("'{}' is not between {from} and {to}", quoted(text));
            self.error(Kind::OutOfRange, member, message);
        } else if fraction.bytes().any(|byte| byte != b'0') {
            let message = format_args!("'{}' is taken as {digits}", quoted(text));
            self.warn(Kind::BadValue, member, message);
        }
        fits
    }

    /// A string.
    pub fn text<'m>(&mut self, member: &'m Member) -> Option<&'m str> {
        match &member.node.value {
            Value::Text(text) => Some(text),
            _ => {
                self.wrong_type(member, "a string");
                None
            }
        }
    }

    /// A string without control characters.
    pub fn printable(&mut self, member: &Member) -> Option<String> {
        let text = self.text(member)?;
        self.check_printable(member, text)?;
        Some(text.to_owned())
    }

    fn check_printable(&mut self, member: &Member, text: &str) -> Option<()> {
        if text.chars().any(char::is_control) {
            self.error(Kind::BadValue, member, "control characters are not allowed here");
            return None;
        }
        Some(())
    }

    fn label(&mut self, member: &Member) -> Option<String> {
        match &member.node.value {
            Value::Number(text) => Some(text.clone()),
            _ => self.printable(member),
        }
    }

    /// The name of a header in lower case, its colon removed; it may be empty.
    pub fn header(&mut self, member: &Member) -> Option<String> {
        let text = self.text(member)?;
        let name = text.strip_suffix(':').unwrap_or(text);
        if !name.bytes().all(is_token_byte) {
            let message = format_args!("'{}' is not the name of a header", quoted(text));
            self.error(Kind::BadValue, member, message);
            return None;
        }
        Some(name.to_ascii_lowercase())
    }

    fn template(&mut self, member: &Member, payload: bool) -> Option<Template> {
        let text = self.text(member)?;
        if !payload {
            self.check_printable(member, text)?;
        }
        let Ok(template) = Template::parse(text) else {
            self.error(Kind::BadValue, member, "a '${' without its '}'");
            return None;
        };
        let pos = member.node.pos;
        let uses = template.variables().map(|name| (name.to_owned(), member.key.clone(), pos));
        self.variables.extend(uses);
        Some(template)
    }

    /// What the name in `member` refers to.
    pub fn refer<R: HasName>(
        &mut self,
        member: &Member,
        section: &'static str,
        what: &str,
        entries: fn(&Policy) -> &Named<R>,
    ) -> Option<Rc<R>> {
        let name = self.text(member)?;
        let place = self.place.key(&member.key);
        self.build.resolve(place, member.node.pos, name, (section, what), entries)
    }

    /// Notes that `member` names a stream type, to be looked up when all are known.
    pub fn stream_type_name(&mut self, member: &Member) -> Option<String> {
        let target = self.text(member)?.to_owned();
        self.build.later.push(Later {
            section: self.place.section,
            name: self.place.name.map(quoted),
            key: member.key.clone(),
            pos: member.node.pos,
            target: target.clone(),
        });
        Some(target)
    }
}

/// An empty string says the same as no key at all.
fn non_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn assign<V>(field: &mut V, value: Option<V>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// RFC 9110 section 5.6.2.
pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The name of a value's type, for messages.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::Text(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
