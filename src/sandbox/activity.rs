//! The activity log: who wrote the tags of a VM, and when. It is a file beside the fleet's, with one line for each write.
//!
//! The shape of an event is that of the example in Microsoft's REST description `Activity Logs - List`. The times are the only
//! answers of the sandbox that depend on the clock.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::arm::{Answer, Call};
use super::{errors, guid, page};

/// The identity in the log. The sandbox accepts any token and reads none.
const CALLER: &str = "azlin-sandbox";

/// Azure keeps events for 90 days.
const KEPT: Duration = Duration::days(90);

/// A write, as a line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    time: String,
    caller: String,
    /// The id of the VM's tags.
    resource: String,
}

/// Adds the write of `call` to the log. The tags are written already, so a log that cannot be written changes nothing.
pub(super) fn record(call: &Call<'_>) {
    let written = Written {
        time: spelled(OffsetDateTime::now_utc()),
        caller: CALLER.to_owned(),
        resource: call.route.tags_id(),
    };
    if let Ok(line) = serde_json::to_string(&written) {
        let _ = call.store.log(&line);
    }
}

/// The events of one resource, the newest first.
pub(super) fn list(call: &Call<'_>) -> Answer {
    let filter = call.target.parameter("$filter").unwrap_or_default();
    let invalid = || errors::invalid_parameter("$filter", filter);
    let (since, resource) = read_filter(filter).ok_or_else(invalid)?;
    let earliest = OffsetDateTime::now_utc().checked_sub(KEPT);
    if earliest.is_some_and(|earliest| since < spelled(earliest).as_str()) {
        return Err(errors::too_long_ago());
    }
    let lines = call.store.logged()?;
    let all = lines.lines().rev();
    let written = all.filter_map(|line| serde_json::from_str::<Written>(line).ok());
    let own = written.filter(|written| {
        written.resource.eq_ignore_ascii_case(resource) && written.time.as_str() >= since
    });
    // ARM logs the start and the end of a request.
    let events = own.enumerate().flat_map(|(at, written)| {
        let id = guid::of_text(&format!("{} {} {at}", written.time, written.resource));
        ["Succeeded", "Started"].map(|status| event(call, &written, status, &id.to_string()))
    });
    page::page(call, events, |event| event)
}

fn event(call: &Call<'_>, written: &Written, status: &str, id: &str) -> Value {
    let name = match status {
        "Started" => ("BeginRequest", "Begin request"),
        _ => ("EndRequest", "End request"),
    };
    let same = |value: &str| json!({"value": value, "localizedValue": value});
    let resource = &written.resource;
    let group = resource.split('/').nth(4).unwrap_or_default();
    let subscription = call.route.subscription_id();
    json!({
        "authorization": {"action": "Microsoft.Resources/tags/write", "scope": resource},
        "caller": written.caller,
        "channels": "Operation",
        "claims": {},
        "correlationId": id,
        "description": "",
        "eventDataId": id,
        "eventName": {"value": name.0, "localizedValue": name.1},
        "category": same("Administrative"),
        "id": format!("{resource}/events/{id}/ticks/0"),
        "level": "Informational",
        "operationId": id,
        "operationName": same("Microsoft.Resources/tags/write"),
        "resourceGroupName": group,
        "resourceProviderName": same("Microsoft.Resources"),
        "resourceType": same("Microsoft.Resources/tags"),
        "resourceId": resource,
        "status": same(status),
        "subStatus": {"value": "", "localizedValue": ""},
        "eventTimestamp": written.time,
        "submissionTimestamp": written.time,
        "subscriptionId": subscription.trim_start_matches("/subscriptions/"),
        "tenantId": super::arm::TENANT,
    })
}

/// The time and the resource in `eventTimestamp ge 'TIME' and resourceUri eq 'ID'`. The description allows few other filters, and the
/// sandbox only this one.
fn read_filter(filter: &str) -> Option<(&str, &str)> {
    let (since, rest) = filter
        .strip_prefix("eventTimestamp ge '")?
        .split_once("' and resourceUri eq '")?;
    let resource = rest.strip_suffix('\'')?;
    let is_time = since.len() >= 20 && since.ends_with('Z') && since.get(10..11) == Some("T");
    (is_time && !resource.contains('\'')).then_some((since, resource))
}

/// `time` as Azure spells it, `2026-01-05T08:00:00.0000000Z`, which sorts as text.
fn spelled(time: OffsetDateTime) -> String {
    let (hour, minute, second) = time.to_hms();
    let ticks = time.nanosecond() / 100;
    format!(
        "{}T{hour:02}:{minute:02}:{second:02}.{ticks:07}Z",
        time.date()
    )
}
