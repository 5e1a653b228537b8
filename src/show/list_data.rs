//! VMs as JSON or CSV, for programs.

use std::net::IpAddr;

use serde::Serialize;

use crate::azure::id;
use crate::json;
use crate::listing::{Listing, Row};
use crate::model::{Guid, LiveName, SessionName, Tags};
use crate::text::escape;

#[derive(Serialize)]
struct Document<'l> {
    format_version: &'static str,
    hidden: usize,
    vms: Vec<Entry<'l>>,
}

#[derive(Serialize)]
struct Entry<'l> {
    name: &'l str,
    resource_group: &'l str,
    id: String,
    vm_id: Option<&'l Guid>,
    status: &'static str,
    region: Option<&'l str>,
    public_ips: &'l [IpAddr],
    private_ips: &'l [IpAddr],
    session: Option<&'l LiveName>,
    owner: Option<&'l LiveName>,
    declared: Option<&'l SessionName>,
    duplicate: bool,
    differs: bool,
    foreign: bool,
    tags: &'l Tags,
}

/// The VMs of `listing` as JSON; unknown values are null.
pub fn list_json(listing: &Listing<'_>) -> String {
    let mut vms = Vec::with_capacity(listing.rows.len());
    for row in &listing.rows {
        let Row { vm, declared, .. } = *row;
        vms.push(Entry {
            name: vm.id.name(),
            resource_group: vm.id.group(),
            id: id::spell(&vm.id),
            vm_id: vm.machine.as_ref(),
            status: vm.power.code(),
            region: Some(vm.region.as_str()).filter(|region| !region.is_empty()),
            public_ips: &vm.addresses.public,
            private_ips: &vm.addresses.private,
            session: vm.held.session.as_ref(),
            owner: vm.held.owner.as_ref(),
            declared,
            duplicate: row.duplicate,
            differs: row.differs,
            foreign: row.foreign,
            tags: &vm.tags,
        });
    }
    json::ascii(&Document {
        format_version: json::FORMAT,
        hidden: listing.hidden.len(),
        vms,
    })
}

/// The VMs of `listing` as CSV: a header and one line per VM, quoted as in RFC 4180 but with LF; unknown values are empty.
pub fn list_csv(listing: &Listing<'_>) -> String {
    let head = "name,resource_group,status,ip_address,region,session,owner,subscription";
    let mut text = format!("{head}\n");
    for Row { vm, .. } in &listing.rows {
        let address = vm.address().map(|address| address.to_string());
        let cells = [
            vm.id.name(),
            vm.id.group(),
            vm.power.code(),
            address.as_deref().unwrap_or_default(),
            &vm.region,
            vm.held.session.as_ref().map_or("", LiveName::raw),
            vm.held.owner.as_ref().map_or("", LiveName::raw),
            vm.id.subscription().as_str(),
        ];
        text += &(cells.map(cell).join(",") + "\n");
    }
    text
}

/// The characters that begin a formula.
const FORMULA: [char; 9] = ['=', '+', '-', '@', '\t', '＝', '＋', '－', '＠'];

/// `text` with control characters escaped, and with a `'` before anything that a spreadsheet would run as a formula, including the
/// full-width forms that some spreadsheets accept.
fn cell(text: &str) -> String {
    let mut cell = escape(text).into_owned();
    // Where `;` separates cells, as in many languages, the text after one begins a cell.
    let mut at = 0;
    loop {
        let rest = cell.get(at..).unwrap_or_default();
        if rest.trim_start().starts_with(FORMULA) && (at > 0 || rest.starts_with(FORMULA)) {
            cell.insert(at, '\'');
        }
        let rest = cell.get(at..).unwrap_or_default();
        match rest.find(';') {
            Some(separator) => at += separator + 1,
            None => break,
        }
    }
    let is_plain = !cell.contains([',', ';', '"']) && cell.trim() == cell;
    if is_plain {
        return cell;
    }
    format!("\"{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_text_to_whatever_reads_it() {
        for (text, shown) in [
            ("web", "web"),
            ("=1+1", "'=1+1"),
            ("＝1+1", "'＝1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-1", "'-1"),
            ("\t=1", r"\t=1"),
            ("a,b", "\"a,b\""),
            ("a;=1", "\"a;'=1\""),
            ("a;b; +1;", "\"a;b;' +1;\""),
            ("=1;=2", "\"'=1;'=2\""),
            (" =1", "\" =1\""),
            ("+\"x\"", "\"'+\"\"x\"\"\""),
            ("a\nb\u{202e}", r"a\nb\u{202e}"),
        ] {
            assert_eq!(cell(text), shown);
        }
    }
}
