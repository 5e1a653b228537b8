//! VMs as CSV, for a spreadsheet or a script.

use super::list::address;
use crate::listing::{Listing, Row};
use crate::model::LiveName;
use crate::text::escape;

/// One line for each VM below a header, quoted as RFC 4180 says, with LF; what is none is empty.
pub fn list_csv(listing: &Listing<'_>) -> String {
    let head = "name,resource_group,status,ip_address,region,session,owner,subscription";
    let mut text = format!("{head}\n");
    for Row { vm, .. } in &listing.rows {
        let raw = |name: &Option<LiveName>| {
            name.as_ref()
                .map_or(String::new(), |name| name.raw().to_owned())
        };
        let cells = [
            vm.id.name().to_owned(),
            vm.id.group().to_owned(),
            vm.power.code().to_owned(),
            address(vm).map_or(String::new(), |address| address.to_string()),
            vm.region.clone(),
            raw(&vm.held.session),
            raw(&vm.held.owner),
            vm.id.subscription().to_string(),
        ];
        text.push_str(&cells.map(|text| cell(&text)).join(","));
        text.push('\n');
    }
    text
}

/// `text` with what acts on a terminal written out, and with a `'` in front of what a spreadsheet would take for a formula:
/// in the full width of East Asia too, which some take for the same.
fn cell(text: &str) -> String {
    let mut cell = escape(text).into_owned();
    if cell.starts_with(['=', '+', '-', '@', '\t', '＝', '＋', '－', '＠']) {
        cell.insert(0, '\'');
    }
    let is_plain = !cell.contains([',', ';', '"']) && cell.trim() == cell;
    match is_plain {
        true => cell,
        false => format!("\"{}\"", cell.replace('"', "\"\"")),
    }
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
            ("a;=1", "\"a;=1\""),
            (" =1", "\" =1\""),
            ("+\"x\"", "\"'+\"\"x\"\"\""),
            ("a\nb\u{202e}", r"a\nb\u{202e}"),
        ] {
            assert_eq!(cell(text), shown);
        }
    }
}
