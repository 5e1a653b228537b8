//! The corpora of the fuzzer, as ordinary tests: what its targets demand of any bytes, on inputs that reach most of the reader and
//! the editor. `tests/fuzz/Cargo.toml` says how to search for more.

#[path = "fuzz/laws.rs"]
mod laws;

use std::fs;
use std::path::Path;

/// Runs `law` on each file of a corpus, and says which one breaks it.
fn on_each(corpus: &str, law: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/corpus")
        .join(corpus);
    let mut inputs: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    inputs.sort();
    assert!(inputs.len() > 20, "the corpus was not found");
    for input in inputs {
        let bytes = fs::read(&input).unwrap();
        let held = std::panic::catch_unwind(|| law(&bytes));
        assert!(held.is_ok(), "see {}", input.display());
    }
}

#[test]
fn the_reader_holds_its_laws_on_the_whole_corpus() {
    on_each("reader", laws::reader);
}

#[test]
fn the_editor_holds_its_laws_on_the_whole_corpus() {
    on_each("editor", laws::editor);
}
