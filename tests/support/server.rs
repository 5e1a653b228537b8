//! `azlin sandbox serve`, for other clients.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use super::Project;

/// A server from the built binary, which ends with the test.
pub struct Server {
    pub process: Child,
    pub endpoint: String,
}

impl Server {
    /// Serves the fleet of `project` at a free port.
    pub fn of(project: &Project, arguments: &[&str]) -> Self {
        let arguments = [&["sandbox", "serve", "--port", "0"], arguments].concat();
        let mut command = project.command(&arguments);
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut endpoint = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut endpoint)
            .unwrap();
        Self {
            process,
            endpoint: endpoint.trim().to_owned(),
        }
    }

    /// Ends the server and returns what it said.
    pub fn told(mut self) -> String {
        self.process.kill().unwrap();
        std::io::read_to_string(self.process.stderr.take().unwrap()).unwrap()
    }

    /// A project whose file points here and continues with `rest`.
    pub fn project(&self, rest: &str) -> Project {
        let file = format!(
            "azure.endpoint = '{}'\nazure.subscription = '{}'\n\n{rest}",
            self.endpoint,
            azlin::sandbox::SUBSCRIPTION
        );
        Project::new(&file).with_env("AZURE_ACCESS_TOKEN", "anything")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
