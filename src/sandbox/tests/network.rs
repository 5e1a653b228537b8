use serde_json::Value;

use super::*;

fn list(sandbox: &Box, target: &str) -> Vec<Value> {
    let body = sandbox.get(&format!("{target}?{NETWORK}")).ok();
    body["value"].as_array().unwrap().clone()
}

fn same(one: &Value, other: &Value) -> bool {
    one.as_str()
        .unwrap()
        .eq_ignore_ascii_case(other.as_str().unwrap())
}

#[test]
fn every_vm_leads_to_its_addresses_without_regard_to_case() {
    let sandbox = new();
    let machines = sandbox
        .get(&format!(
            "{}?{COMPUTE}",
            all("Microsoft.Compute/virtualMachines")
        ))
        .ok();
    let nics = list(&sandbox, &all("Microsoft.Network/networkInterfaces"));
    let ips = list(&sandbox, &all("Microsoft.Network/publicIPAddresses"));
    let mut found = Vec::new();
    for machine in machines["value"].as_array().unwrap() {
        for nic in nics
            .iter()
            .filter(|nic| same(&nic["properties"]["virtualMachine"]["id"], &machine["id"]))
        {
            let ip = &nic["properties"]["ipConfigurations"][0]["properties"];
            let public = ip.get("publicIPAddress").map(|reference| {
                let object = ips.iter().find(|ip| same(&ip["id"], &reference["id"]));
                &object.unwrap()["properties"]["ipAddress"]
            });
            found.push(format!(
                "{} {} primary={} public={}",
                machine["name"],
                ip["privateIPAddress"],
                nic["properties"]["primary"],
                public.map_or("-".to_owned(), Value::to_string)
            ));
        }
    }
    insta::assert_snapshot!(found.join("\n"), @r#"
    "dev-vm-1" "10.1.0.4" primary=true public="203.0.113.11"
    "dev-vm-2" "10.1.0.5" primary=true public=-
    "dev-vm-3" "10.1.0.6" primary=true public="203.0.113.13"
    "dev-vm-3" "10.1.1.6" primary=false public=-
    "dev-vm-4" "10.1.0.7" primary=true public=-
    "gpu-vm-1" "10.2.0.4" primary=true public="203.0.113.21"
    "gpu-vm-2" "10.2.0.5" primary=true public=null
    "gpu-vm-3" "10.2.0.6" primary=true public=-
    "gpu-vm-4" "10.2.0.7" primary=true public="203.0.113.24"
    "#);
}

#[test]
fn ids_of_one_vm_differ_in_case_from_list_to_list() {
    let sandbox = new();
    let nics = list(&sandbox, &all("Microsoft.Network/networkInterfaces"));
    let upper = |nic: &&Value| {
        let id = nic["properties"]["virtualMachine"]["id"].as_str().unwrap();
        id.contains("/RG-")
    };
    let uppers = nics.iter().filter(upper).count();
    assert!(uppers > 0 && uppers < nics.len(), "{uppers}");
}

#[test]
fn a_group_lists_its_own_addresses_only() {
    let sandbox = new();
    let nics = in_group("rg-ml", "Microsoft.Network/networkInterfaces");
    let ips = in_group("rg-ml", "Microsoft.Network/publicIPAddresses");
    assert_eq!(list(&sandbox, &nics).len(), 4);
    assert_eq!(list(&sandbox, &ips).len(), 3);
}

#[test]
fn interfaces_and_addresses_come_in_pages() {
    let sandbox = with_page_size(2);
    for (kind, count) in [("networkInterfaces", 9), ("publicIPAddresses", 5)] {
        let mut target = format!("{}?{NETWORK}", all(&format!("Microsoft.Network/{kind}")));
        let mut found = 0;
        loop {
            let page = sandbox.get(&target).ok();
            found += page["value"].as_array().unwrap().len();
            match page["nextLink"].as_str() {
                Some(link) => target = link.strip_prefix(ORIGIN).unwrap().to_owned(),
                None => break,
            }
        }
        assert_eq!(found, count, "{kind}");
    }
}

#[test]
fn a_public_address_is_released_while_the_vm_is_deallocated() {
    let sandbox = new();
    let address = || {
        let ips = list(&sandbox, &all("Microsoft.Network/publicIPAddresses"));
        let ip = ips.into_iter().find(|ip| ip["name"] == "gpu-vm-2-ip");
        ip.unwrap()["properties"].get("ipAddress").cloned()
    };
    assert_eq!(address(), None);
    sandbox.send(
        "POST",
        &format!("{}/start?{COMPUTE}", vm("rg-ml/gpu-vm-2")),
        "",
    );
    assert_eq!(address(), Some("203.0.113.22".into()));
}
