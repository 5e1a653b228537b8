//! Network interfaces and public IP addresses → the addresses of each VM.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::id;
use crate::model::{Live, SubscriptionId, Unseen};

/// A resource, or a part of one, in Azure's lists.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Resource<P> {
    id: String,
    properties: Option<P>,
}

/// A network interface.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Interface {
    primary: Option<bool>,
    virtual_machine: Option<Resource<IgnoredAny>>,
    ip_configurations: Vec<Resource<Configuration>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Configuration {
    primary: Option<bool>,
    #[serde(rename = "privateIPAddress")]
    private: Option<String>,
    #[serde(rename = "publicIPAddress")]
    public: Option<Resource<IgnoredAny>>,
    #[serde(rename = "loadBalancerInboundNatRules")]
    nat_rules: Option<Vec<Resource<IgnoredAny>>>,
}

/// A public IP address, which may have no address yet.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PublicAddress {
    ip_address: Option<String>,
}

/// Gives each VM the addresses of its interfaces. Those of the primary interface come first, and within an interface those of
/// the primary configuration.
pub(super) fn join(
    subscription: &SubscriptionId,
    live: &mut Live,
    mut interfaces: Vec<Resource<Interface>>,
    public: &[Resource<PublicAddress>],
) {
    let address = |object: &Resource<PublicAddress>| {
        let address = object.properties.as_ref()?.ip_address.as_ref()?;
        address.parse().ok()
    };
    let public = public.iter();
    let public = public.map(|object| (object.id.to_lowercase(), address(object)));
    let public: BTreeMap<String, Option<IpAddr>> = public.collect();
    let is_secondary = |primary: Option<bool>| primary != Some(true);
    interfaces.sort_by_key(|interface| {
        let primary = interface.properties.as_ref().and_then(|own| own.primary);
        (is_secondary(primary), interface.id.to_lowercase())
    });
    for interface in interfaces.into_iter().filter_map(|one| one.properties) {
        let vm = interface
            .virtual_machine
            .and_then(|vm| id::parse(&vm.id, subscription));
        let Some(vm) = vm.and_then(|id| live.vms.get_mut(&id)) else {
            continue;
        };
        let configurations = interface.ip_configurations.into_iter();
        let mut configurations: Vec<_> = configurations.filter_map(|one| one.properties).collect();
        configurations.sort_by_key(|configuration| is_secondary(configuration.primary));
        for Configuration {
            private,
            public: object,
            nat_rules,
            ..
        } in configurations
        {
            let addresses = &mut vm.addresses;
            if let Some(object) = object {
                let name = last(&object.id);
                match public.get(&object.id.to_lowercase()) {
                    Some(Some(address)) => addresses.public.push(*address),
                    Some(None) => addresses.unseen.push(Unseen::Unassigned(name)),
                    None => addresses.unseen.push(Unseen::Unlisted(name)),
                }
            }
            let rules = nat_rules.unwrap_or_default().into_iter();
            addresses
                .unseen
                .extend(rules.map(|rule| nat_rule(&rule.id)));
            let address: Option<IpAddr> = private.and_then(|address| address.parse().ok());
            addresses.private.extend(address);
        }
    }
}

/// The inbound NAT rule with this id, which ends in `/loadBalancers/B/inboundNatRules/R`.
fn nat_rule(id: &str) -> Unseen {
    let balancer = id.rsplit('/').nth(2).unwrap_or_default();
    Unseen::NatRule {
        balancer: balancer.to_owned(),
        rule: last(id),
    }
}

/// The name at the end of an id.
fn last(id: &str) -> String {
    id.rsplit('/').next().unwrap_or_default().to_owned()
}
