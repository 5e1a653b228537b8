//! The published schema of plans and reports.

use std::path::Path;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

pub struct Schema {
    schemas: Schemas,
    plan: SchemaIndex,
}

impl Schema {
    pub fn open() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/plan.schema.json");
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        compiler.enable_format_assertions();
        let plan = compiler.compile(path.to_str().unwrap(), &mut schemas);
        let plan = plan.unwrap();
        Self { schemas, plan }
    }

    /// # Errors
    /// The violations of the schema in `document`.
    pub fn check(&self, document: &Value) -> Result<(), String> {
        let checked = self.schemas.validate(document, self.plan);
        checked.map_err(|error| format!("{error:#}"))
    }
}
