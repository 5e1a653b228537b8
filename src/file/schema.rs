//! The JSON Schema of `sessions.toml`, for editors.

use serde_json::{Map, Value, json};

use super::keys::{Key, SETTINGS, TOP};
use crate::model::VmPath;

/// The schema, in draft 7, which editors of TOML support.
///
/// Every file that azlin reads is valid for it. It doesn't know all of azlin's rules, such as those for several lines.
pub fn schema() -> Value {
    let mut schema = table(&TOP);
    if let Some(fields) = schema.as_object_mut() {
        let about = "Which VM holds which session name, for azlin. `azlin guide file` explains it.";
        fields.insert(
            "$schema".to_owned(),
            json!("http://json-schema.org/draft-07/schema#"),
        );
        fields.insert("title".to_owned(), json!("sessions.toml"));
        fields.insert("description".to_owned(), json!(about));
    }
    schema
}

/// The schema of a table with `keys`.
pub(super) fn table(keys: &[Key]) -> Value {
    let mut properties = Map::new();
    for key in keys {
        properties.insert(key.name.to_owned(), described(key));
    }
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

/// The schema of `[sessions]`.
pub(super) fn groups() -> Value {
    json!({
        "type": "object",
        "propertyNames": { "minLength": 1, "maxLength": VmPath::MAX_GROUP, "pattern": VmPath::GROUP_PATTERN },
        "additionalProperties": {
            "description": "A resource group. A name with a dot goes in quotes: [sessions.\"rg.dev\"].",
            "type": "object",
            "propertyNames": { "minLength": 1, "maxLength": VmPath::MAX_NAME, "pattern": VmPath::NAME_PATTERN },
            "additionalProperties": vm(),
        },
    })
}

/// The schema of a VM's value: a session, or a table with one. It is one schema for both, because most editors only say of
/// several that none fits.
fn vm() -> Value {
    let [session, _] = &SETTINGS;
    let mut schema = (session.schema)();
    let (Some(fields), Value::Object(settings)) = (schema.as_object_mut(), table(&SETTINGS)) else {
        return schema;
    };
    fields.extend(settings);
    let about = "A VM of this resource group: VM = \"SESSION\", or VM = { session = \"SESSION\", expires = DAY }.";
    fields.insert("description".to_owned(), json!(about));
    fields.insert("type".to_owned(), json!(["string", "object"]));
    fields.insert("required".to_owned(), json!(["session"]));
    schema
}

/// The schema of the value of `key`, with its description.
fn described(key: &Key) -> Value {
    let mut schema = (key.schema)();
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("description".to_owned(), json!(key.about));
    }
    schema
}
