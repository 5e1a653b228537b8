//! The subscriptions in the sandbox.

use serde_json::{Value, json};

use super::arm::{Answer, Call, Response, TENANT};
use super::errors;
use super::guid::{self, Guid};
use super::store::Store;

/// The default subscription of a VM. It always exists.
pub const SUBSCRIPTION: &str = "5a4db0e5-0000-4000-8000-000000000000";

/// [`SUBSCRIPTION`] as a GUID.
pub(super) const DEFAULT: Guid = Guid::from_u128(0x5a4d_b0e5_0000_4000_8000_0000_0000_0000);

/// Rejects an unknown subscription. The default one always exists, even if the file cannot be read.
pub(super) fn check(store: &Store, id: &str) -> Result<(), Response> {
    let subscription = guid::parse(id).ok_or_else(|| errors::invalid_subscription(id))?;
    if subscription == DEFAULT || store.read()?.has_subscription(subscription) {
        Ok(())
    } else {
        Err(errors::subscription_not_found(id))
    }
}

/// The list of subscriptions. Like Azure, it omits `nextLink` on the last page, although Azure's own specification requires one.
pub(super) fn list(call: &Call<'_>) -> Answer {
    let all = call.store.read()?.all_subscriptions();
    let all: Vec<Value> = all.into_iter().map(body).collect();
    Ok(Response::json(200, &json!({"value": all})))
}

pub(super) fn get(call: &Call<'_>) -> Response {
    Response::json(200, &body(call.subscription))
}

fn body(subscription: Guid) -> Value {
    let name = match subscription {
        DEFAULT => "azlin sandbox".to_owned(),
        other => format!("azlin sandbox {:04x}", other.as_u128() & 0xffff),
    };
    json!({
        "id": format!("/subscriptions/{subscription}"),
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription,
        "tenantId": TENANT,
        "displayName": name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off"
        }
    })
}
