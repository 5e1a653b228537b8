//! The JSON Schema of `sessions.toml`, for editors: it says what the reader says.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use azlin::file;
use boon::{Compiler, SchemaIndex, Schemas};
use proptest::prelude::*;
use serde_json::{Map, Value};
use support::Project;
use support::spellings::{self, Choices};
use toml::de::{DeTable, DeValue};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The schema, compiled by a validator of someone else.
struct Validator {
    schemas: Schemas,
    schema: SchemaIndex,
}

impl Validator {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        let name = "mem:/sessions.schema.json";
        compiler.add_resource(name, file::schema()).unwrap();
        let schema = compiler.compile(name, &mut schemas).unwrap();
        Self { schemas, schema }
    }

    /// The violations of the schema in `text`.
    fn check(&self, text: &str) -> Result<(), String> {
        let text = text.trim_start_matches('\u{feff}');
        let document = DeTable::parse(text).unwrap();
        let document = json(text, document.get_ref());
        let checked = self.schemas.validate(&document, self.schema);
        checked.map_err(|error| format!("{error:#}"))
    }
}

/// A table as editors give it to a validator: dates are strings.
fn json(text: &str, table: &DeTable<'_>) -> Value {
    let mut object = Map::new();
    for (key, value) in table {
        let value = match value.get_ref() {
            DeValue::Table(table) => json(text, table),
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(is) => Value::Bool(*is),
            DeValue::Integer(_) => Value::from(1),
            DeValue::Float(_) => Value::from(1.5),
            DeValue::Array(_) => Value::Array(Vec::new()),
            DeValue::Datetime(_) => Value::String(text[value.span()].to_owned()),
        };
        object.insert(key.get_ref().to_string(), value);
    }
    Value::Object(object)
}

fn is_valid(text: &str) -> bool {
    file::read("", text.as_bytes()).0.is_some()
}

#[test]
fn the_published_schema_is_what_azlin_prints() {
    let published = fs::read_to_string(repository().join("examples/sessions.schema.json")).unwrap();
    let ran = Project::new("").run(&["schema"]);
    assert_eq!(ran.code(), 0);
    assert!(
        ran.stdout == published,
        "run: cargo run -- schema > examples/sessions.schema.json"
    );
}

#[test]
fn the_sample_names_the_schema_and_a_users_file_does_not() {
    let sample = fs::read_to_string(repository().join("sessions.toml")).unwrap();
    let line = sample.lines().next().unwrap();
    let path = line.strip_prefix("#:schema ").unwrap();
    let schema = fs::read_to_string(repository().join(path)).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema, file::schema());
    let project = Project::new("");
    fs::create_dir(project.path().join("new")).unwrap();
    let ran = project.run(&["init", "--sandbox", "--file", "new"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let mine = fs::read_to_string(project.path().join("new/sessions.toml")).unwrap();
    assert_eq!(format!("{line}\n{mine}"), sample);
}

#[test]
fn the_sample_and_the_examples_of_the_guide_are_valid() {
    let validator = Validator::new();
    let sample = fs::read_to_string(repository().join("sessions.toml")).unwrap();
    validator.check(&sample).unwrap();
    let mut examples = 0;
    for chapter in azlin::guide::CHAPTERS {
        for block in chapter.text.split("```toml\n").skip(1) {
            let (example, _) = block.split_once("```").unwrap();
            // A fragment may show a mistake.
            if is_valid(example) {
                validator
                    .check(example)
                    .unwrap_or_else(|error| panic!("{error}\n{example}"));
                examples += 1;
            }
        }
    }
    assert!(examples > 3, "{examples}");
}

#[test]
fn what_is_simply_wrong_is_wrong_for_the_schema_too() {
    let validator = Validator::new();
    for wrong in [
        "ownr = 'us'",
        "owner = ''",
        "owner = '-x'",
        "owner = 1",
        "azure = 'public'",
        "[azure]\ncloud = 'publik'",
        "[azure]\nsubscription = 'dev'",
        "[azure]\nscope = 'all'",
        "[azure]\nregion = 'x'",
        "[azure]\ntag = 'a/b'",
        "[azure]\ntag = 'azlin_owner'",
        "[azure]\nendpoint = 'https://example.com'",
        "sessions = []",
        "[sessions]\nvm = 'x'",
        "[sessions.rg]\nvm = 7",
        "[sessions.rg]\nvm = ''",
        "[sessions.rg]\nvm = 'a b'",
        "[sessions.rg]\nvm = '-x'",
        "[sessions.rg]\nvm = '10.0.0.1'",
        "[sessions.rg]\nvm = '42'",
        "[sessions.rg]\nvm = '0x7f'",
        "[sessions.rg]\nvm = {}",
        "[sessions.rg]\nvm = { expires = 2030-01-01 }",
        "[sessions.rg]\nvm = { session = 'x', expire = 2030-01-01 }",
        "owner = 'us'\n[sessions.rg]\nvm = { session = 'x', expires = 'soon' }",
        "[sessions.rg]\nvm.web = 'x'",
        "[sessions.rg]\n'v m' = 'x'",
        "[sessions.rg]\n'vm.' = 'x'",
        "[sessions.'r/g']\nvm = 'x'",
        "[sessions.rg.dev]\nvm = 'x'",
        "[ssh]\nuser = '-l'",
        "[ssh]\nuser = ''",
        "[ssh]\njump = 'host; rm'",
        "[ssh]\nport = 22",
        "[ssh]\ncommand = \"a\\nb\"",
    ] {
        assert!(!is_valid(wrong), "{wrong}");
        assert!(validator.check(wrong).is_err(), "{wrong}");
    }
}

/// The names of the properties of the schema at `pointer`.
fn properties(pointer: &str) -> BTreeSet<String> {
    let schema = file::schema();
    let object = schema.pointer(pointer).unwrap().as_object().unwrap();
    object.keys().cloned().collect()
}

#[test]
fn the_reader_and_the_schema_know_the_same_keys() {
    for (pointer, place, prefix) in [
        ("/properties", "the file", ""),
        ("/properties/azure/properties", "[azure]", "azure."),
        ("/properties/ssh/properties", "[ssh]", "ssh."),
        (
            "/properties/sessions/additionalProperties/additionalProperties/properties",
            "a session",
            "sessions.rg.vm.",
        ),
    ] {
        let known = properties(pointer);
        // The reader reads each key of the schema.
        for key in &known {
            let text = format!("{prefix}{key} = 1\n[azure]\n");
            let (_, found, _) = file::read("", text.as_bytes());
            assert!(
                found.iter().all(|d| !d.message.contains("unknown key")),
                "{key}"
            );
        }
        // And the schema has each key that the reader lists.
        let base = if place == "a session" {
            "sessions.rg.vm.session = 'x'\n"
        } else {
            ""
        };
        let table = if prefix.is_empty() { "[azure]\n" } else { "" };
        let text = format!("{base}{prefix}zzzzzz = 1\n{table}");
        let (_, found, _) = file::read("", text.as_bytes());
        let help = found[0].help.as_deref().unwrap();
        let listed: BTreeSet<String> = help
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        assert_eq!(listed, known, "{place}");
    }
}

#[test]
fn every_key_is_described() {
    fn described(schema: &Value, path: &str) -> usize {
        let mut count = 0;
        for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
            assert!(schema["description"].is_string(), "{path}.{key}");
            count += 1 + described(schema, &format!("{path}.{key}"));
        }
        count
    }
    assert_eq!(described(&file::schema(), ""), 4 + 5 + 3);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_valid_file_is_valid_for_the_schema(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let file = spellings::file(&mut Choices::new(&bytes));
        prop_assert!(is_valid(&file.text));
        prop_assert_eq!(Validator::new().check(&file.text), Ok(()), "{}", file.text);
    }

    /// Values that the reader takes are valid; where the schema has the whole rule, others are not.
    #[test]
    fn the_reader_and_the_schema_agree_on_values(
        words in prop::collection::vec(prop::sample::select(vec![
            "a", "Z", "0", "7", "255", "256", "x", "e", "_", "-", ".", "/", "@", ":", "\\\\", " ", "é", "東", "none", "[", "]",
            "azlin_owner", "0x", "127.0.0.1", "http://", ":80", "%", "(", "\\u0007", "\\u202e", "00000000-0000-0000-0000-000000000000",
        ]), 0..7),
    ) {
        let validator = Validator::new();
        let word = words.concat();
        for (file, is_whole) in [
            (format!("owner = \"{word}\""), true),
            (format!("azure.subscription = \"{word}\""), true),
            (format!("azure.cloud = \"{word}\""), true),
            (format!("azure.scope = \"{word}\""), true),
            (format!("azure.tag = \"{word}\""), false),
            (format!("azure.endpoint = \"{word}\""), false),
            (format!("sessions.rg.other-vm = \"{word}\""), false),
            (format!("sessions.rg.\"{word}\" = 's-1'"), false),
            (format!("sessions.\"{word}\".vm = 's-1'"), false),
            (format!("ssh.user = \"{word}\""), true),
            (format!("ssh.jump = \"{word}\""), false),
            (format!("ssh.command = \"{word}\""), false),
        ] {
            let (read, checked) = (is_valid(&file), validator.check(&file));
            if read {
                prop_assert_eq!(checked, Ok(()), "{}", file);
            } else if is_whole {
                prop_assert!(checked.is_err(), "{}", file);
            }
        }
    }
}
