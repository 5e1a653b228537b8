//! `azlin validate` for programs: JSON, SARIF and the annotations of GitHub Actions.

mod support;

use boon::{Compiler, Schemas};
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{Project, Ran};

/// Two errors behind characters that have other lengths in bytes, in characters and in UTF-16.
const FILE: &str = "\u{feff}# \u{1f600}\r\n[sessions.rg]\r\na = 'x'\r\nb = 'x' # \u{1f600}\r\n\"\u{1f600}é\" = 'a b'\r\n";

fn json_of(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}\n{ran}"))
}

/// The parts of SARIF 2.1.0's published schema that azlin uses, with the fields that it requires.
fn sarif_schema() -> Value {
    let object = |required: Value, properties: Value| json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties });
    let message = object(json!(["text"]), json!({ "text": { "type": "string" } }));
    let count = json!({ "type": "integer", "minimum": 1 });
    let location = object(
        json!([]),
        json!({
            "message": message,
            "physicalLocation": object(json!(["artifactLocation"]), json!({
                "artifactLocation": object(json!([]), json!({ "uri": { "type": "string", "format": "uri-reference" }, "uriBaseId": { "type": "string" } })),
                "region": object(json!([]), json!({ "startLine": count, "startColumn": count, "endLine": count, "endColumn": count })),
            })),
        }),
    );
    let level = json!({ "enum": ["none", "note", "warning", "error"] });
    let rule = object(
        json!(["id"]),
        json!({ "id": { "type": "string" }, "shortDescription": message, "defaultConfiguration": object(json!([]), json!({ "level": level })) }),
    );
    let driver = object(
        json!(["name"]),
        json!({ "name": { "type": "string" }, "version": { "type": "string" }, "rules": { "type": "array", "items": rule } }),
    );
    let result = object(
        json!(["message"]),
        json!({
            "ruleId": { "type": "string" }, "ruleIndex": { "type": "integer", "minimum": -1 }, "level": level, "message": message,
            "locations": { "type": "array", "items": location },
            "relatedLocations": { "type": "array", "uniqueItems": true, "items": location },
        }),
    );
    let run = object(
        json!(["tool"]),
        json!({
            "tool": object(json!(["driver"]), json!({ "driver": driver })),
            "columnKind": { "enum": ["utf16CodeUnits", "unicodeCodePoints"] },
            "results": { "type": "array", "items": result },
        }),
    );
    object(
        json!(["version", "runs"]),
        json!({ "$schema": { "type": "string", "format": "uri" }, "version": { "enum": ["2.1.0"] }, "runs": { "type": "array", "items": run } }),
    )
}

#[test]
fn json_has_lines_columns_in_characters_and_bytes_of_the_file() {
    let project = Project::new(FILE);
    let ran = project.run(&["validate", "--format", "json"]);
    assert_eq!(ran.code(), 1);
    assert_eq!(
        ran.stderr,
        "error: sessions.toml is invalid: 3 errors\nhelp: fix the errors, then run this again\n"
    );
    let report = json_of(&ran);
    assert_eq!(report["format_version"], "1.0");
    assert_eq!(report["column_unit"], "characters");
    assert_eq!(report["valid"], false);
    assert_eq!(
        report["files"],
        json!([{ "file": "sessions.toml", "sessions": null }])
    );
    let found = report["diagnostics"].as_array().unwrap();
    assert_eq!(
        found[0],
        json!({
            "severity": "error", "message": "session `x` is assigned twice",
            "help": "give b another session, or delete one of the lines",
            "file": "sessions.toml", "line": 4, "column": 5, "end_line": 4, "end_column": 8,
            "offset": 39, "end_offset": 42, "label": "again here",
            "related": [{
                "file": "sessions.toml", "line": 3, "column": 5, "end_line": 3, "end_column": 8,
                "offset": 30, "end_offset": 33, "label": "first here",
            }],
        })
    );
    for found in found {
        let place = |key: &str| usize::try_from(found[key].as_u64().unwrap()).unwrap();
        let line = FILE.lines().nth(place("line") - 1).unwrap();
        let line: Vec<char> = line.trim_start_matches('\u{feff}').chars().collect();
        let by_column: String = line[place("column") - 1..place("end_column") - 1]
            .iter()
            .collect();
        assert_eq!(&FILE[place("offset")..place("end_offset")], by_column);
    }
    assert!(ran.stdout.is_ascii());
}

#[test]
fn sarif_has_columns_in_utf_16_and_the_required_fields() {
    let project = Project::new(FILE);
    let ran = project.run(&["validate", "-o", "sarif"]);
    assert_eq!(ran.code(), 1);
    let log = json_of(&ran);
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("mem:/sarif", sarif_schema()).unwrap();
    let schema = compiler.compile("mem:/sarif", &mut schemas).unwrap();
    schemas
        .validate(&log, schema)
        .unwrap_or_else(|error| panic!("{error:#}"));
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    let results = run["results"].as_array().unwrap();
    let region = |at: usize| &results[at]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        *region(1),
        json!({ "startLine": 5, "startColumn": 1, "endLine": 5, "endColumn": 6 })
    );
    assert_eq!(
        *region(2),
        json!({ "startLine": 5, "startColumn": 9, "endLine": 5, "endColumn": 14 })
    );
    for result in results {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
    }
    assert_eq!(
        results[0]["relatedLocations"][0]["message"]["text"],
        "first here"
    );
}

#[test]
fn github_gets_annotations_wherever_azlin_runs_and_each_once() {
    let file = "[sessions.rg]\na = 'x'\n\"\u{1f600}\" = '::error::x'\nb = 'A'\n";
    let told = |project: &Project| {
        let ran = project.run(&["validate", "--format", "github"]);
        assert_eq!(ran.code(), 1, "{ran}");
        assert!(!ran.stderr.contains("::"), "{ran}");
        ran.stdout
    };
    let project = Project::new(file);
    let annotations = told(&project);
    assert_snapshot!(annotations, @"
    ::error file=sessions.toml,line=3,col=1,title=azlin::a VM name cannot contain `😀`%0Ahelp: write the name that it has in Azure; az vm list shows it
    ::error file=sessions.toml,line=3,col=7,title=azlin::invalid session name `::error::x`: it contains `:`; use only letters, digits, `-`, `_` and `.`%0Ahelp: use a name like `error-x`
    ::warning file=sessions.toml,line=4,col=5,title=azlin::session `A` has upper-case letters%0Ahelp: prefer lower case, because `azlin connect` requires the exact spelling
    ::error file=sessions.toml,line=4,col=5,title=azlin::session `A` is the name of another VM, rg/a%0Ahelp: use a name like `A-session`: `azlin connect` looks for VM names first
    ");
    let project = Project::new(file)
        .with_env("GITHUB_ACTIONS", "true")
        .with_env("CI", "true");
    assert_eq!(told(&project), annotations);
    // The file is named from the root of its repository.
    std::fs::create_dir_all(project.path().join("repo/.git")).unwrap();
    std::fs::create_dir_all(project.path().join("repo/a,b")).unwrap();
    std::fs::write(
        project.path().join("repo/a,b/s.toml"),
        "[sessions.rg]\na = 1\n",
    )
    .unwrap();
    let ran = project.run(&["validate", "-o", "github", "repo/a,b/s.toml"]);
    assert!(
        ran.stdout
            .starts_with("::error file=a%2Cb/s.toml,line=2,col=5,"),
        "{ran}"
    );
}

#[test]
fn a_valid_file_has_empty_reports_and_its_warnings() {
    let project = Project::new("[sessions.rg]\na = 'x'\n");
    let report = project.run(&["validate", "-o", "json"]);
    assert_eq!((report.code(), report.stderr.as_str()), (0, ""));
    let report = json_of(&report);
    assert_eq!(
        report,
        json!({
            "format_version": "1.0", "column_unit": "characters", "valid": true,
            "files": [{ "file": "sessions.toml", "sessions": 1 }], "diagnostics": [],
        })
    );
    assert_eq!(project.run(&["validate", "-o", "github"]).stdout, "");
    let expired = "owner = 'us'\n[sessions.rg]\na = { session = 'X', expires = 2020-01-01 }\n";
    let ran = Project::new(expired).run(&["validate", "-o", "sarif"]);
    assert_eq!(ran.code(), 0);
    let log = json_of(&ran);
    let levels = log["runs"][0]["results"].as_array().unwrap().iter();
    let levels: Vec<&str> = levels
        .map(|result| result["level"].as_str().unwrap())
        .collect();
    assert_eq!(levels, ["warning", "warning"]);
}

#[test]
fn conflicts_between_files_name_both_even_beside_an_invalid_one() {
    let project = Project::new("[sessions.a]\nv = 7\n");
    for (name, group) in [("b.toml", "b"), ("c.toml", "c")] {
        let text = format!("[sessions.{group}]\nv = 'same'\n");
        std::fs::write(project.path().join(name), text).unwrap();
    }
    let ran = project.run(&[
        "validate",
        "sessions.toml",
        "b.toml",
        "c.toml",
        "-o",
        "json",
    ]);
    assert_eq!(ran.code(), 1);
    assert!(
        ran.stderr
            .starts_with("error: sessions.toml and c.toml are invalid: 2 errors"),
        "{ran}"
    );
    let report = json_of(&ran);
    let clash = &report["diagnostics"][1];
    assert_eq!(clash["file"], "c.toml");
    assert_eq!(clash["related"][0]["file"], "b.toml");
    assert_eq!(report["files"][0]["sessions"], Value::Null);
    assert_eq!(report["files"][1]["sessions"], 1);
}

#[test]
fn stdin_and_files_without_a_place_in_utf_8_are_reported() {
    let project = Project::new("");
    let ran = project.run_with(
        "[sessions.rg]\na = 'x y'\n",
        &["validate", "-", "-o", "json"],
    );
    assert_eq!(json_of(&ran)["diagnostics"][0]["file"], "stdin");
    assert!(
        project
            .run_with("", &["validate", "-"])
            .stdout
            .starts_with("stdin is valid")
    );
    std::fs::write(project.path().join("latin.toml"), b"# gr\xfc\xdfe\n[ssh]\n").unwrap();
    let ran = project.run(&["validate", "latin.toml", "-o", "json"]);
    let found = &json_of(&ran)["diagnostics"][0];
    assert_eq!((&found["line"], &found["column"]), (&json!(1), &json!(5)));
    // The text is not the file's bytes, so a byte of it would mislead.
    assert_eq!(
        (&found["offset"], &found["end_offset"]),
        (&Value::Null, &Value::Null)
    );
    let ran = project.run(&["validate", "no.toml", "-o", "json"]);
    assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""));
    assert!(
        ran.stderr.starts_with("error: cannot read no.toml"),
        "{ran}"
    );
}

#[test]
fn no_report_can_command_a_pipeline_or_carry_a_link() {
    let file = "[sessions.rg]\n'v' = \"[click](https://evil.example.com)\"\n'##vso[task.complete]' = '\\n::warning::x'\n";
    let project = Project::new(file)
        .with_env("CI", "true")
        .with_env("TF_BUILD", "True");
    for format in ["json", "sarif", "github"] {
        let ran = project.run(&["validate", "-o", format]);
        assert_eq!(ran.code(), 1);
        for stream in [&ran.stdout, &ran.stderr] {
            assert!(!stream.contains("##vso["), "{ran}");
            let commands = stream
                .lines()
                .filter(|line| line.trim_start().starts_with("::"));
            assert!(
                commands
                    .clone()
                    .all(|line| format == "github"
                        && line.starts_with("::error file=sessions.toml,")),
                "{ran}"
            );
        }
    }
    let sarif = project.run(&["validate", "-o", "sarif"]).stdout;
    assert!(!sarif.contains("]("), "{sarif}");
    std::fs::create_dir(project.path().join("a b")).unwrap();
    std::fs::write(project.path().join("a b/ü%#.toml"), "x = 1\n[ssh]\n").unwrap();
    let ran = project.run(&["validate", "-o", "sarif", "a b/ü%#.toml"]);
    assert!(
        ran.stdout.contains("\"uri\": \"a%20b/%C3%BC%25%23.toml\""),
        "{ran}"
    );
}
