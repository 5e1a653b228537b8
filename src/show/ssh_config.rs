//! Sessions that `ssh` is not told of.

use super::words::names;
use crate::model::LiveName;
use crate::ssh::LeftOut;
use crate::text::quote;

/// That `name` was left out of an ssh_config, why, and what to do.
/// `file` is the file that may declare it.
pub fn left_out(name: &LiveName, why: &LeftOut, file: &str) -> String {
    let (why, help) = match why {
        LeftOut::NoName => (
            "it is no session name".to_owned(),
            "give the VM another with azlin session",
        ),
        LeftOut::Several(vms) => (
            format!("it is on {}", names(vms)),
            "take it from all but one with azlin session VM --clear",
        ),
        LeftOut::Shadowed(vm) => (
            format!("another VM, {vm}, is called so"),
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
            format!("{vm} has no address"),
            "give it a network interface with an address",
        ),
    };
    format!("{} is left out: {why}; {help}", quote(name.raw()))
}
