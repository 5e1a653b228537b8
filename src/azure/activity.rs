//! Reads the activity log: who last wrote the tags of a VM, and when.
//!
//! Azure keeps the log for 90 days, shows a write after some minutes, and does not keep the values that were written. The role
//! Reader may read it.

use serde::Deserialize;
use time::Date;

use super::arm::Arm;
use super::{Failure, id};
use crate::model::{Shown, VmId, Written};

/// The version of Microsoft's REST description `Activity Logs - List`.
const VERSION: (&str, &str) = ("api-version", "2015-04-01");

/// How far back Azure answers, in days. It rejects 90 from the first second after.
pub const DAYS: i64 = 89;

/// The operations that write a VM's tags.
const OPERATIONS: [&str; 2] = [
    "Microsoft.Resources/tags/write",
    "Microsoft.Compute/virtualMachines/write",
];

/// The statuses of a request that Azure carried out.
const DONE: [&str; 2] = ["Succeeded", "Accepted"];

/// A text with its translation.
#[derive(Default, Deserialize)]
struct Named {
    value: Option<String>,
}

/// An event. Everything may be missing: the log has events of every service.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    caller: Option<String>,
    event_timestamp: Option<String>,
    correlation_id: Option<String>,
    operation_name: Option<Named>,
    status: Option<Named>,
}

impl Event {
    /// The time to sort by, and the write, if the event is one that Azure carried out.
    fn write(self) -> Option<(String, Written)> {
        let is_of = |named: &Option<Named>, known: &[&str]| {
            let value = named.as_ref().and_then(|named| named.value.as_deref());
            value.is_some_and(|value| known.iter().any(|known| known.eq_ignore_ascii_case(value)))
        };
        if !is_of(&self.operation_name, &OPERATIONS) || !is_of(&self.status, &DONE) {
            return None;
        }
        let (second, order) = moment(&self.event_timestamp?)?;
        let text = |text: Option<String>| {
            let text = text.filter(|text| !text.trim().is_empty())?;
            Some(Shown::new(&text))
        };
        let written = Written {
            at: Shown::new(&second),
            by: text(self.caller),
            operation: text(self.operation_name?.value)?,
            correlation_id: text(self.correlation_id),
        };
        Some((order, written))
    }
}

/// The last write of the tags of `vm` since the day `since`, if the log has one.
///
/// # Errors
/// Azure did not answer, or rejected the request.
pub async fn last_write(arm: &Arm, vm: &VmId, since: Date) -> Result<Option<Written>, Failure> {
    // The tags of a VM are a resource of their own, and the log may name either.
    let vm_id = id::spell(vm);
    let tags = format!("{vm_id}/providers/Microsoft.Resources/tags/default");
    let (of_tags, of_vm) = futures::join!(
        writes(arm, vm, &tags, since),
        writes(arm, vm, &vm_id, since)
    );
    let mut all = of_tags?;
    all.extend(of_vm?);
    let last = all.into_iter().max_by(|(a, _), (b, _)| a.cmp(b));
    Ok(last.map(|(_, written)| written))
}

/// The writes in the log of `resource`, each with the time to sort by.
async fn writes(
    arm: &Arm,
    vm: &VmId,
    resource: &str,
    since: Date,
) -> Result<Vec<(String, Written)>, Failure> {
    let filter = format!("eventTimestamp ge '{since}T00:00:00Z' and resourceUri eq '{resource}'");
    let path = [
        "providers",
        "Microsoft.Insights",
        "eventtypes",
        "management",
        "values",
    ];
    let mut url = arm.url(&path, &[VERSION, ("$filter", &filter)]);
    // A form spells a blank as `+`, and OData does not read that as one.
    let query = url.query().map(|query| query.replace('+', "%20"));
    url.set_query(query.as_deref());
    let doing = format!("read the activity log of {}", vm.path());
    let events = arm.list::<Event>(&doing, url).await?;
    let writes: Vec<_> = events.items.into_iter().filter_map(Event::write).collect();
    match events.incomplete.into_iter().next() {
        // The newest events come first, so a write on an earlier page is the last one.
        Some(failure) if writes.is_empty() => Err(failure),
        _ => Ok(writes),
    }
}

/// The second in `time`, which is like `2026-01-05T08:00:00.1234567Z`, and a text that sorts by the whole time.
fn moment(time: &str) -> Option<(String, String)> {
    let time = time.strip_suffix('Z').or(time.strip_suffix("+00:00"))?;
    let (second, fraction) = time.split_once('.').unwrap_or((time, ""));
    let fits = |(at, c): (usize, char)| match at {
        4 | 7 => c == '-',
        10 => c == 'T',
        13 | 16 => c == ':',
        _ => c.is_ascii_digit(),
    };
    let is_second = second.len() == 19 && second.chars().enumerate().all(fits);
    let is_fraction = fraction.len() <= 9 && fraction.bytes().all(|c| c.is_ascii_digit());
    let order = format!("{second}.{fraction:0<9}");
    (is_second && is_fraction).then(|| (format!("{second}Z"), order))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_sorts_by_its_fraction_and_shows_its_second() {
        let order = |time| moment(time).map(|(_, order)| order);
        assert!(order("2026-01-05T08:00:00Z") < order("2026-01-05T08:00:00.5Z"));
        assert!(order("2026-01-05T08:00:00.25Z") < order("2026-01-05T08:00:00.3Z"));
        let (second, _) = moment("2026-01-05T08:00:00.1234567Z").unwrap();
        assert_eq!(second, "2026-01-05T08:00:00Z");
        for odd in [
            "",
            "yesterday",
            "2026-01-05",
            "2026-01-05T08:00:00+02:00",
            "2026-01-05T08:00:0éZ",
            "2026-01-05T08:00:00.xZ",
        ] {
            assert_eq!(moment(odd), None, "{odd}");
        }
    }
}
