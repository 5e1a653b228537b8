//! That a person may not be where they think they are.

use time::Date;

use super::Ids;
use crate::model::{Desired, Vm};
use crate::text::escape;

/// What to say of `vm`, to which `name` led, where a file says otherwise of it: the name is declared for another VM, or
/// another session for this one.
pub fn astray(name: &str, vm: &Vm, desired: &Desired, today: Date, ids: Ids) -> Option<String> {
    let file = escape(&desired.basis.file);
    let held = vm.held.session.as_ref();
    if let Some(line) = desired.line_giving(name, today)
        && line.vm != vm.id
        && held.is_some_and(|held| *held == line.session)
    {
        let (name, id, other) = (escape(name), ids.name(&vm.id), ids.name(&line.vm));
        return Some(format!(
            "{name} is {id} now; {file} gives the name to {other} (see azlin plan)"
        ));
    }
    let line = desired.line_of(&vm.id, today)?;
    let holds = match held {
        Some(held) if *held == line.session => return None,
        Some(held) => format!("holds {held}"),
        None => "holds no session".to_owned(),
    };
    let (id, session) = (ids.name(&vm.id), &line.session);
    Some(format!(
        "{id} {holds}; {file} has {session} for it (see azlin plan)"
    ))
}
