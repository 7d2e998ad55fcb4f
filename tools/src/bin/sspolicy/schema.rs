//! The JSON Schema of policies, made from the tables that the parser goes by.

use securestreams::policy::{KeyInfo, Takes, keys_of};
use serde_json::{Map, Value, json};

use super::keydoc;

/// The schema as text.
pub fn schema() -> String {
    let entry = |section: &str| object(section, |_| None);
    let named = |section: &str| {
        json!({ "type": "array", "items": {
            "type": "object", "additionalProperties": entry(section) } })
    };
    let sections = |name: &str| {
        Some(match name {
            "retry" | "s" => named(name),
            "auth" | "metrics" => json!({ "type": "array", "items": entry(name) }),
            "certs" => json!({ "type": "array", "items": { "type": "object",
                "additionalProperties": { "type": "string", "contentEncoding": "base64" } } }),
            "trust_stores" => trust_stores(),
            _ => return None,
        })
    };
    let mut schema = object("", sections);
    schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    schema["title"] = "Secure Streams policy".into();
    format!("{schema:#}")
}

/// Both forms: by `name` and `stack`, and by the store's name as the key.
fn trust_stores() -> Value {
    let stack = json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 });
    json!({ "type": "array", "items": { "oneOf": [
        { "type": "object", "additionalProperties": false, "required": ["name", "stack"],
          "properties": { "name": { "type": "string" }, "stack": stack } },
        { "type": "object", "not": { "anyOf": [{ "required": ["name"] }, { "required": ["stack"] }] },
          "additionalProperties": stack },
    ] } })
}

/// An object with the keys of a section; `own` knows those that the table calls anything.
fn object(section: &str, own: impl Fn(&str) -> Option<Value>) -> Value {
    let mut properties = Map::new();
    for key in keys_of(section) {
        let usual = key.names[0];
        let mut schema = own(usual).unwrap_or_else(|| takes(section, key));
        if let Some(text) = keydoc::doc(section, usual) {
            schema["description"] = text.into();
        }
        for name in key.names {
            properties.insert((*name).to_owned(), schema.clone());
        }
    }
    // an editor is to say so when a key is misspelt
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn takes(section: &str, key: KeyInfo) -> Value {
    match key.takes {
        Takes::Flag => json!({ "oneOf": [
            { "type": "boolean" }, { "enum": ["true", "false", "0", "1", 0, 1] },
        ] }),
        Takes::Int(from, to) => json!({ "oneOf": [
            { "type": "integer", "minimum": from, "maximum": to },
            { "type": "string", "pattern": "^[0-9]+$" },
        ] }),
        Takes::Text | Takes::Template => json!({ "type": "string" }),
        Takes::Header => json!({ "type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]*:?$" }),
        Takes::Label => json!({ "type": ["string", "number"] }),
        Takes::Any => json!({}),
        Takes::Special => keydoc::special(section, key.names[0]).unwrap_or_else(|| json!({})),
    }
}
