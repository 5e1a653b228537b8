//! Network interfaces and public addresses → the addresses of each VM.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

use super::id;
use crate::model::Live;

/// A network interface.
#[derive(Deserialize)]
pub(super) struct Interface {
    id: String,
    properties: Option<InterfaceProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InterfaceProperties {
    primary: Option<bool>,
    virtual_machine: Option<Reference>,
    #[serde(default)]
    ip_configurations: Vec<Configuration>,
}

#[derive(Deserialize)]
struct Reference {
    id: String,
}

#[derive(Deserialize)]
struct Configuration {
    properties: Option<ConfigurationProperties>,
}

#[derive(Deserialize)]
struct ConfigurationProperties {
    primary: Option<bool>,
    #[serde(rename = "privateIPAddress")]
    private: Option<String>,
    #[serde(rename = "publicIPAddress")]
    public: Option<Reference>,
}

/// A public IP address, which may have no address yet.
#[derive(Deserialize)]
pub(super) struct PublicAddress {
    id: String,
    properties: Option<PublicAddressProperties>,
}

#[derive(Deserialize)]
struct PublicAddressProperties {
    #[serde(rename = "ipAddress")]
    address: Option<String>,
}

/// Gives each VM the addresses of its interfaces: the primary interface's first, and within each the primary
/// configuration's. A public address object may have no address yet.
pub(super) fn join(live: &mut Live, mut interfaces: Vec<Interface>, public: &[PublicAddress]) {
    let public: BTreeMap<String, IpAddr> = public
        .iter()
        .filter_map(|object| {
            let address = object.properties.as_ref()?.address.as_ref()?;
            Some((object.id.to_lowercase(), address.parse().ok()?))
        })
        .collect();
    let secondary = |primary: Option<bool>| !primary.unwrap_or(false);
    interfaces.sort_by_key(|interface| {
        let primary = interface
            .properties
            .as_ref()
            .and_then(|properties| properties.primary);
        (secondary(primary), interface.id.to_lowercase())
    });
    for properties in interfaces
        .into_iter()
        .filter_map(|interface| interface.properties)
    {
        let vm = properties.virtual_machine.and_then(|vm| id::parse(&vm.id));
        let Some(vm) = vm.and_then(|id| live.vms.get_mut(&id)) else {
            continue;
        };
        let configurations = properties.ip_configurations.into_iter();
        let mut configurations: Vec<_> = configurations.filter_map(|c| c.properties).collect();
        configurations.sort_by_key(|configuration| secondary(configuration.primary));
        for configuration in configurations {
            let address = configuration
                .public
                .and_then(|public_ip| public.get(&public_ip.id.to_lowercase()).copied());
            vm.addresses.public.extend(address);
            let private: Option<IpAddr> = configuration
                .private
                .and_then(|address| address.parse().ok());
            vm.addresses.private.extend(private);
        }
    }
}
