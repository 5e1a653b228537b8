//! The VMs, for programs: JSON and CSV.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Serialize;

use super::list::{address, status};
use crate::json;
use crate::list::{Listed, Listing};
use crate::model::{Guid, LiveName, SessionName, SubscriptionId};
use crate::text::inert;

/// `listing` as JSON.
pub fn list_json<'l>(listing: &Listing<'l>, subscription: &SubscriptionId) -> String {
    #[derive(Serialize)]
    struct Document<'d> {
        format_version: &'static str,
        hidden: usize,
        vms: Vec<Entry<'d>>,
    }
    #[derive(Serialize)]
    struct Entry<'d> {
        name: &'d str,
        resource_group: &'d str,
        id: String,
        vm_id: Option<&'d Guid>,
        status: String,
        region: &'d str,
        public_ips: &'d [IpAddr],
        private_ips: &'d [IpAddr],
        session: Option<&'d LiveName>,
        owner: Option<&'d LiveName>,
        declared: Option<&'d SessionName>,
        duplicate: bool,
        differs: bool,
        foreign: bool,
        tags: &'d BTreeMap<String, String>,
    }
    let entry = |listed: &Listed<'l>| {
        let (vm, id) = (listed.vm, &listed.vm.id);
        Entry {
            name: id.name(),
            resource_group: id.group(),
            id: format!(
                "/subscriptions/{subscription}/resourceGroups/{}/providers/Microsoft.Compute/virtualMachines/{}",
                id.group(),
                id.name()
            ),
            vm_id: vm.machine.as_ref(),
            status: status(vm).to_lowercase(),
            region: &vm.region,
            public_ips: &vm.addresses.public,
            private_ips: &vm.addresses.private,
            session: vm.held.session.as_ref(),
            owner: vm.held.owner.as_ref(),
            declared: listed.declared,
            duplicate: listed.is_duplicate,
            differs: listed.differs,
            foreign: listed.is_foreign,
            tags: &vm.tags,
        }
    };
    json::ascii(&Document {
        format_version: json::FORMAT,
        hidden: listing.hidden.values().sum(),
        vms: listing.vms.iter().map(entry).collect(),
    })
}

/// `listing` as CSV: quoted as RFC 4180 says, with what acts on a terminal written out, and what a spreadsheet would run as
/// a formula behind an apostrophe (OWASP's advice on CSV injection).
pub fn list_csv(listing: &Listing<'_>) -> String {
    let mut csv = "name,resource_group,status,ip_address,region,session,owner\n".to_owned();
    for listed in &listing.vms {
        let vm = listed.vm;
        let name = |name: &Option<LiveName>| name.as_ref().map_or("", LiveName::raw).to_owned();
        let cells = [
            vm.id.name().to_owned(),
            vm.id.group().to_owned(),
            status(vm).to_owned(),
            address(vm),
            vm.region.clone(),
            name(&vm.held.session),
            name(&vm.held.owner),
        ];
        csv.push_str(&cells.map(|text| cell(&text)).join(","));
        csv.push('\n');
    }
    csv
}

fn cell(text: &str) -> String {
    let text = inert(text);
    let runs = text.len() > 1 && text.starts_with(['=', '+', '-', '@', '\t']);
    let text = if runs { format!("'{text}") } else { text };
    match text.contains([',', '"', '\'']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}
