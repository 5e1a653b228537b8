//! VMs as JSON, for programs.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Serialize;

use crate::azure::id;
use crate::json;
use crate::listing::{Listing, Row};
use crate::model::{Guid, LiveName, SessionName};

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
    tags: &'l BTreeMap<String, String>,
}

/// The VMs that `listing` shows; what is none is null.
pub fn list_json<'l>(listing: &Listing<'l>) -> String {
    let entry = |row: &Row<'l>| {
        let Row {
            vm,
            declared,
            duplicate,
            differs,
            foreign,
        } = *row;
        Entry {
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
            duplicate,
            differs,
            foreign,
            tags: &vm.tags,
        }
    };
    json::ascii(&Document {
        format_version: json::FORMAT,
        hidden: listing.hidden.len(),
        vms: listing.rows.iter().map(entry).collect(),
    })
}
