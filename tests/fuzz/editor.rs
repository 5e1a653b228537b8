//! libFuzzer's way into [`laws::editor`].
#![no_main]

#[allow(dead_code)]
mod laws;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| laws::editor(bytes));
