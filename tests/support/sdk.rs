//! Microsoft's SDK for Azure, in a Python process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::skip;

/// A running `sdk.py`, which ends with the test.
pub struct Sdk {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Sdk {
    /// Starts the SDK against `endpoint`, in the Python that `AZLIN_TEST_PYTHON` names or else in `python3`. Returns none, and
    /// skips the test, if the SDK is not installed.
    pub fn at(endpoint: &str) -> Option<Self> {
        Self::find(endpoint).map_err(|missing| skip(&missing)).ok()
    }

    fn find(endpoint: &str) -> Result<Self, String> {
        let python = std::env::var_os("AZLIN_TEST_PYTHON").unwrap_or("python3".into());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/sdk.py");
        let lacks = |what: &str| {
            let packages = "azure-mgmt-compute, azure-mgmt-network and azure-mgmt-resource";
            format!("{}: {what}; install {packages}", python.display())
        };
        let mut process = Command::new(&python)
            .arg(script)
            .args([endpoint, azlin::sandbox::SUBSCRIPTION])
            .env("NO_PROXY", "127.0.0.1")
            .env("no_proxy", "127.0.0.1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| lacks(&error.to_string()))?;
        let mut new = Self {
            questions: process.stdin.take().unwrap(),
            answers: BufReader::new(process.stdout.take().unwrap()),
            process,
        };
        match new.line() {
            Some(Value::Null) => Ok(new),
            Some(missing) => Err(lacks(missing.as_str().unwrap())),
            None => Err(lacks("it does not run")),
        }
    }

    /// The value of `expression` in `sdk.py`.
    pub fn says(&mut self, expression: &str) -> Value {
        let answer = self.answer(expression);
        let value = answer.get("value");
        value
            .unwrap_or_else(|| panic!("{expression}: {answer}"))
            .clone()
    }

    /// Azure's refusal of `expression`: the SDK's exception, the status and the error's code.
    pub fn refuses(&mut self, expression: &str) -> String {
        let answer = self.answer(expression);
        let refused = answer["refused"].as_str();
        refused
            .unwrap_or_else(|| panic!("{expression}: {answer}"))
            .to_owned()
    }

    fn answer(&mut self, expression: &str) -> Value {
        writeln!(self.questions, "{}", Value::from(expression)).unwrap();
        self.line()
            .unwrap_or_else(|| panic!("{expression}: see Python's stderr"))
    }

    fn line(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).ok()
    }
}

impl Drop for Sdk {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
