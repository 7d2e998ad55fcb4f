//! From the JSON tree to the policy: the sections, their entries, and the names between them.

use std::collections::HashMap;
use std::rc::Rc;

use super::check;
use super::error::{Diags, Kind, Place, Pos, Severity, quoted};
use super::json::{Member, Node, Value};
use super::keys;
use super::model::{Cert, Policy, Retry, SMD_STREAM_TYPE, StreamType, TrustStore};
use super::named::{HasName, Named};
use super::parser::Rules;
use super::special::der;
use super::trust::{self, DerKind};
use super::values::{Key, Scope, type_name};

/// Builds one policy from one text.
pub struct Build {
    /// The policy so far; in an overlay it starts as the one below.
    pub policy: Policy,
    pub overlay: bool,
    pub rules: Rules,
    pub diags: Diags,
    /// Names of stream types, to be looked up at the end.
    pub later: Vec<Later>,
    /// Where this text first defines each name of each section, also if the definition is bad.
    defined: HashMap<&'static str, HashMap<String, Pos>>,
}

/// A use of a stream type's name, which may be defined anywhere.
pub struct Later {
    pub section: &'static str,
    pub name: Option<String>,
    pub key: String,
    pub pos: Pos,
    pub target: String,
}

type Section = fn(&mut Build, &Node);

/// What is referred to comes before what refers to it, in whatever order the text has them.
const SECTIONS: [(&str, Section); 6] = [
    ("retry", Build::retries),
    ("certs", Build::certs),
    ("trust_stores", Build::trust_stores),
    ("auth", Build::auths),
    ("metrics", Build::metrics),
    ("s", Build::streams),
];

impl Build {
    /// A build from nothing, or on top of `base`.
    pub fn new(base: Option<Policy>, rules: Rules) -> Self {
        Self {
            overlay: base.is_some(),
            policy: base.unwrap_or_default(),
            rules,
            diags: Diags::default(),
            later: Vec::new(),
            defined: HashMap::new(),
        }
    }

    /// Takes in the top object.
    pub fn document(&mut self, root: &Node) {
        let Value::Object(members) = &root.value else {
            return self.wrong_type(Place::default(), root, "an object");
        };
        let mut policy = std::mem::take(&mut self.policy);
        Scope::new(self, Place::default(), root).apply(keys::TOP, &mut policy, members);
        self.policy = policy;
        for (name, section) in SECTIONS {
            for member in members.iter().filter(|member| member.key == name) {
                section(self, &member.node);
            }
        }
        check::stream_type_names(self);
    }

    /// The entry called `name`; reports it if there is none.
    pub fn resolve<R: HasName>(
        &mut self,
        place: Place<'_>,
        pos: Pos,
        name: &str,
        (section, what): (&'static str, &str),
        entries: fn(&Policy) -> &Named<R>,
    ) -> Option<Rc<R>> {
        let defined = self.defined.get(section).and_then(|names| names.get(name)).copied();
        let found = entries(&self.policy).get(name).cloned();
        match (&found, defined) {
            (Some(_), Some(at)) if at > pos && !self.overlay && !self.rules.forward_references => {
                let name = quoted(name);
                let message = format_args!("{what} '{name}' is defined only later, at {at}");
                self.diags.error(Kind::ForwardReference, place, pos, message);
            }
            // the definition was bad and has been reported
            (Some(_), _) | (None, Some(_)) => {}
            (None, None) => self.diags.unknown(
                (Severity::Error, Kind::UnknownReference),
                place,
                pos,
                (&format!("no {what} named"), name),
                entries(&self.policy).names(),
            ),
        }
        found
    }

    fn define(&mut self, section: &'static str, name: &str, pos: Pos) {
        let names = self.defined.entry(section).or_default();
        if names.contains_key(name) {
            let message = "defined before: the later one counts";
            self.diags.warn(Kind::Duplicate, Place::entry(section, name), pos, message);
        } else {
            names.insert(name.to_owned(), pos);
        }
    }

    fn wrong_type(&mut self, place: Place<'_>, node: &Node, wanted: &str) {
        let found = type_name(&node.value);
        let message = format_args!("expected {wanted} but found {found}");
        self.diags.error(Kind::WrongType, place, node.pos, message);
    }

    /// Something is missing in `place`. If the text ended there it is no wonder.
    pub fn missing(&mut self, place: Place<'_>, pos: Pos, open: bool, message: &str) {
        let severity = if open { Severity::Warning } else { Severity::Error };
        self.diags.push(severity, Kind::MissingPart, place, pos, message);
    }

    /// Calls `take` for each object of the section's array.
    fn objects(
        &mut self,
        section: &'static str,
        node: &Node,
        mut take: impl FnMut(&mut Self, &Node, &[Member]),
    ) {
        let place = Place::section(section);
        match &node.value {
            Value::Null => {}
            Value::Array(items) => {
                for item in items {
                    match &item.value {
                        Value::Object(members) => take(self, item, members),
                        _ => self.wrong_type(place, item, "an object"),
                    }
                }
            }
            _ => self.wrong_type(place, node, "an array of objects"),
        }
    }

    /// Calls `take` for each `NAME: {...}` in the section's objects.
    fn named_objects(
        &mut self,
        section: &'static str,
        node: &Node,
        mut take: impl FnMut(&mut Self, &Member, &[Member]),
    ) {
        self.objects(section, node, |build, _, entries| {
            for entry in entries {
                build.define(section, &entry.key, entry.pos);
                match &entry.node.value {
                    Value::Object(members) => take(build, entry, members),
                    _ => {
                        let place = Place::entry(section, &entry.key);
                        build.wrong_type(place, &entry.node, "an object");
                    }
                }
            }
        });
    }

    fn retries(&mut self, node: &Node) {
        self.named_objects("retry", node, |build, entry, members| {
            let mut retry = Retry { name: entry.key.clone(), ..Retry::default() };
            let place = Place::entry("retry", &entry.key);
            let mut scope = Scope::new(build, place, &entry.node);
            scope.apply(keys::RETRY, &mut retry, members);
            check::validity(&mut scope, &retry);
            build.policy.retries.insert(retry);
        });
    }

    fn certs(&mut self, node: &Node) {
        self.objects("certs", node, |build, _, entries| {
            for entry in entries {
                build.define("certs", &entry.key, entry.pos);
                build.cert(entry);
            }
        });
    }

    fn cert(&mut self, entry: &Member) {
        let place = Place::entry("certs", &entry.key);
        let Value::Text(text) = &entry.node.value else {
            return self.wrong_type(place, &entry.node, "a string of base64");
        };
        match trust::decode(text) {
            Ok(der) => {
                self.policy.certs.insert(Cert { name: entry.key.clone(), der });
            }
            Err(error) => {
                self.diags.error(Kind::BadCertificate, place, entry.node.pos, error);
            }
        }
    }

    /// Both forms: `{"name": "x", "stack": [...]}` and `{"x": [...]}`.
    fn trust_stores(&mut self, node: &Node) {
        self.objects("trust_stores", node, |build, item, members| {
            let member = |key: &str| members.iter().rfind(|member| member.key == key);
            match (member("name"), member("stack")) {
                (None, None) => {
                    for entry in members {
                        build.trust_store(&entry.key, entry.pos, entry);
                    }
                }
                (name, stack) => build.named_trust_store(item, members, name, stack),
            }
        });
    }

    fn named_trust_store(
        &mut self,
        item: &Node,
        members: &[Member],
        name: Option<&Member>,
        stack: Option<&Member>,
    ) {
        let section = Place::section("trust_stores");
        let text = name.map(|member| (member, &member.node.value));
        let name = match text {
            Some((member, Value::Text(text))) => Some((text.as_str(), member.node.pos)),
            Some((member, _)) => {
                self.wrong_type(section.key("name"), &member.node, "a string");
                None
            }
            None => {
                self.missing(section, item.pos, item.open, "a trust store without 'name'");
                None
            }
        };
        for other in members.iter().filter(|m| m.key != "name" && m.key != "stack") {
            let place = Place { name: name.map(|(name, _)| name), ..section };
            self.diags.unknown(
                (Severity::Warning, Kind::UnknownKey),
                place,
                other.pos,
                ("unknown key", &other.key),
                ["name", "stack"].into_iter(),
            );
        }
        match (name, stack) {
            (Some((name, pos)), Some(stack)) => self.trust_store(name, pos, stack),
            (Some((name, pos)), None) => {
                self.define("trust_stores", name, pos);
                let place = Place::entry("trust_stores", name);
                self.missing(place, item.pos, item.open, "a trust store without 'stack'");
            }
            (None, _) => {}
        }
    }

    fn trust_store(&mut self, name: &str, pos: Pos, stack: &Member) {
        self.define("trust_stores", name, pos);
        let place = Place::entry("trust_stores", name);
        let Value::Array(items) = &stack.node.value else {
            return self.wrong_type(place, &stack.node, "an array of names of certs");
        };
        if items.is_empty() {
            let message = "a trust store needs at least one cert";
            return self.missing(place, stack.node.pos, stack.node.open, message);
        }
        let mut scope = Scope::new(self, place, &stack.node);
        let cert = |item: &Node| {
            let item = Member { key: "stack".to_owned(), pos: item.pos, node: item.clone() };
            der(&mut scope, &item, DerKind::Certificate, "a certificate")
        };
        let certs = items.iter().filter_map(cert).collect();
        self.policy.trust_stores.insert(TrustStore { name: name.to_owned(), certs });
    }

    fn auths(&mut self, node: &Node) {
        self.objects("auth", node, |build, item, members| {
            if let Some(auth) = build.self_named("auth", item, members, keys::AUTH) {
                build.policy.auths.insert(auth);
            }
        });
    }

    fn metrics(&mut self, node: &Node) {
        self.objects("metrics", node, |build, item, members| {
            if let Some(metric) = build.self_named("metrics", item, members, keys::METRIC) {
                build.policy.metrics.insert(metric);
            }
        });
    }

    /// An entry that says its own name by the key `name`.
    fn self_named<T: Default + HasName>(
        &mut self,
        section: &'static str,
        item: &Node,
        members: &[Member],
        keys: &'static [Key<T>],
    ) -> Option<T> {
        let label = members.iter().rfind(|member| member.key == "name");
        let label = label.and_then(|member| match &member.node.value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        });
        let mut entry = T::default();
        let place = Place { section, name: label, key: None };
        Scope::new(self, place, item).apply(keys, &mut entry, members);
        if !members.iter().any(|member| member.key == "name") {
            self.missing(place, item.pos, item.open, "an entry without 'name'");
        }
        label?;
        self.define(section, entry.name(), item.pos);
        Some(entry)
    }

    fn streams(&mut self, node: &Node) {
        self.named_objects("s", node, |build, entry, members| {
            if let Some(mut stream) = build.stream_to_fill(entry) {
                let place = Place::entry("s", &entry.key);
                let mut scope = Scope::new(build, place, &entry.node);
                scope.apply(keys::STREAM, &mut stream, members);
                check::stream_type(&mut scope, &stream);
                build.policy.streams.insert(stream);
            }
        });
    }

    /// A new stream type, or in an overlay the one to be changed.
    fn stream_to_fill(&mut self, entry: &Member) -> Option<StreamType> {
        let place = Place::entry("s", &entry.key);
        if entry.key == SMD_STREAM_TYPE {
            let message = "this stream type is built in and cannot be changed";
            self.diags.warn(Kind::Unsupported, place, entry.pos, message);
            return None;
        }
        if !self.overlay {
            return Some(StreamType::new(&entry.key));
        }
        if let Some(base) = self.policy.streams.get(&entry.key) {
            return Some(StreamType::clone(base));
        }
        if self.rules.overlay_adds {
            return Some(StreamType::new(&entry.key));
        }
        self.diags.unknown(
            (Severity::Warning, Kind::UnknownReference),
            place,
            entry.pos,
            ("ignored, as an overlay only changes what exists and there is no", &entry.key),
            self.policy.streams.names(),
        );
        None
    }
}
