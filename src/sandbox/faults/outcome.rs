//! What becomes of a request that a fault strikes.

use serde_json::{Value, json};

use super::fault::{Fault, Kind, Scope};
use super::refusals;
use super::shadows::pending;
use crate::sandbox::arm::{Call, Response};
use crate::sandbox::errors::{self, ArmError};
use crate::sandbox::tags::Twist;
use crate::sandbox::vms;

/// The answer to a request, before ARM's own headers.
#[derive(Debug)]
pub(in crate::sandbox) enum Outcome {
    /// ARM's answer.
    Arm(Response),
    /// ARM's answer, of which this much arrives.
    Cut(Response),
    /// The answer of something in front of ARM.
    Proxy(Response),
    /// No answer.
    Lost,
}

/// The outcome of `call` under `fault`, which asks to wait for `wait` seconds if it is a budget.
pub(super) fn of(fault: &Fault, wait: u64, call: &Call<'_>) -> Result<Outcome, ArmError> {
    let route = call.route;
    let response = match &fault.kind {
        Kind::Throttle {
            retry_after,
            compute: true,
        } => refusals::throttled_by_compute(*retry_after),
        Kind::Throttle { retry_after, .. } => refusals::throttled(call, *retry_after),
        Kind::Budget { .. } => refusals::throttled(call, wait),
        Kind::Status { status, after } => {
            if *after {
                faithful(call);
            }
            refusals::status(call, *status)
        }
        Kind::Drop { after } => {
            if *after {
                faithful(call);
            }
            return Ok(Outcome::Lost);
        }
        Kind::Cut => return Ok(Outcome::Cut(half(faithful(call)))),
        Kind::NotJson => half(faithful(call)),
        Kind::Html { status } => return Ok(Outcome::Proxy(refusals::page(*status))),
        Kind::Conflict => refusals::conflict(),
        Kind::ExpiredToken => refusals::expired_token(),
        Kind::Claims => refusals::claims(),
        Kind::WrongTenant => refusals::wrong_tenant(),
        Kind::Forbidden => refusals::forbidden(call),
        Kind::ScopeLocked { at } => refusals::scope_locked(call, *at),
        Kind::PolicyDenied => refusals::policy_denied(call),
        Kind::DisabledSubscription => refusals::disabled_subscription(call),
        Kind::Gone => errors::vm_not_found(&route.group, &route.name).into_response(),
        Kind::GroupGone => errors::group_not_found(&route.group).into_response(),
        Kind::PolicyModified { tag, value } => {
            let value = value.as_deref();
            let twist = Twist::Modified { tag, value };
            Call { twist, ..*call }.answer()?
        }
        Kind::TagLimit => {
            let twist = Twist::Full;
            Call { twist, ..*call }.answer()?
        }
        Kind::Stale { reads } => written(call, *reads, false)?,
        Kind::Accepted { shows_after } => written(call, *shows_after, true)?,
        Kind::OddVm { unreadable } => odd_vm(fault, *unreadable, call.answer()?),
    };
    Ok(Outcome::Arm(response))
}

/// The faithful answer. The request is carried out, whatever becomes of its answer.
fn faithful(call: &Call<'_>) -> Response {
    call.answer().unwrap_or_else(ArmError::into_response)
}

/// Carries a write out, and lets `reads` reads show the tags from before it.
fn written(call: &Call<'_>, reads: u64, accepted: bool) -> Result<Response, ArmError> {
    let fleet = call.store.read()?;
    let before = vms::find(&fleet, call)?;
    let answer = call.answer()?;
    call.shadows.cast(before, before.tags.clone(), reads);
    Ok(if accepted {
        pending(call, before)
    } else {
        answer
    })
}

/// The first half of a body; what has none stays as it is.
fn half(mut response: Response) -> Response {
    response.body.truncate(response.body.len() / 2);
    response
}

/// A list in which one VM lacks what others have. (Clients have met a `location` that is missing, an `osType` of a newer
/// API, a tag that is null.)
fn odd_vm(fault: &Fault, unreadable: bool, mut response: Response) -> Response {
    let Ok(mut list) = serde_json::from_slice::<Value>(&response.body) else {
        return response;
    };
    let vms = list.get_mut("value").and_then(Value::as_array_mut);
    let chosen = vms.and_then(|vms| {
        vms.iter_mut().find(|vm| {
            let id = vm.get("id").and_then(Value::as_str).unwrap_or_default();
            match &fault.scope {
                Scope::Vm(named) => named.is_in(id),
                Scope::All | Scope::Subscription(_) => true,
            }
        })
    });
    if let Some(vm) = chosen.and_then(Value::as_object_mut) {
        if unreadable {
            vm.insert("id".to_owned(), json!(7));
        } else {
            vm.remove("location");
            let os = json!({"osDisk": {"osType": "Plan9"}});
            vm.insert("properties".to_owned(), json!({"storageProfile": os}));
            vm.insert("tags".to_owned(), json!({"azlin_session": null}));
        }
    }
    response.body = list.to_string().into_bytes();
    response
}
