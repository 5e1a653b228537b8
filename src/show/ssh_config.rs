//! Sessions that `ssh` is not told of.

use super::Ids;
use crate::model::LiveName;
use crate::ssh::LeftOut;
use crate::text::quote;

/// That `name` was left out of an ssh_config, why, and what to do.
/// `file` is the file that may declare it.
pub fn left_out(name: &LiveName, why: &LeftOut, file: &str, ids: Ids) -> String {
    let (why, help) = match why {
        LeftOut::NoName => (
            "it is no session name".to_owned(),
            "give the VM another with azlin session",
        ),
        LeftOut::Several(vms) => (
            format!("it is on {}", ids.names(vms)),
            "take it from all but one with azlin session VM --clear",
        ),
        LeftOut::Shadowed(vm) => (
            format!("another VM, {}, is called so", ids.name(vm)),
            "choose another session name",
        ),
        LeftOut::LikeHost => (
            format!("it reads as a host that ssh knows otherwise, and {file} does not declare it"),
            "declare it there if it is meant",
        ),
        LeftOut::Taken => (
            "ssh has a host of this name already".to_owned(),
            "choose another session name",
        ),
        LeftOut::NoAddress(vm) => (
            format!("{} has no address", ids.name(vm)),
            "give it a network interface with an address",
        ),
    };
    format!("{} is left out: {why}; {help}", quote(name.raw()))
}
