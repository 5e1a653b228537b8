//! Reads every page of Azure's lists, and tolerates odd items.

use std::collections::BTreeSet;

use azure_core::http::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::arm::Arm;
use super::exchange::values;
use super::failure::NOT_AZURE;
use super::origin::Origin;
use super::{Failure, Kind};
use crate::text::{escape, quote};
use crate::trouble::Trouble;

/// The most that azlin reads of one list. Azure allows 25,000 VMs per subscription and region, of about 3 kB and 100 values each.
const MOST: Size = Size {
    pages: 10_000,
    items: 100_000,
    bytes: 512 * 1024 * 1024,
    values: 10_000_000,
};

/// The most characters of a link, which servers limit too.
const MOST_LINK: usize = 16 * 1024;

/// The most items that azlin describes of those that it cannot read. It counts the others.
const MOST_ODD: usize = 100;

/// A list: the items that azlin can read, each that it cannot with the reason, and why more may be missing.
pub(super) struct Listed<T> {
    pub items: Vec<T>,
    /// The reasons for the first [`MOST_ODD`]; empty for the others.
    pub unreadable: Vec<String>,
    pub incomplete: Vec<Failure>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            unreadable: Vec::new(),
            incomplete: Vec::new(),
        }
    }
}

impl<T> Listed<T> {
    /// A list of which `failure` left nothing.
    pub fn failed(failure: Failure) -> Self {
        Self {
            incomplete: vec![failure],
            ..Self::default()
        }
    }

    /// The items, or the failure that made the list incomplete.
    pub fn whole(self) -> Result<Vec<T>, Failure> {
        match self.incomplete.into_iter().next() {
            Some(failure) => Err(failure),
            None => Ok(self.items),
        }
    }

    /// Adds the items and the gaps of another list.
    pub fn extend(&mut self, other: Self) {
        self.items.extend(other.items);
        self.unreadable.extend(other.unreadable);
        self.incomplete.extend(other.incomplete);
    }
}

/// The size of a list so far: its pages, its items, and their bytes and JSON values.
#[derive(Default)]
struct Size {
    pages: usize,
    items: usize,
    bytes: usize,
    values: usize,
}

impl Size {
    fn add(&mut self, items: &[Box<RawValue>]) {
        self.pages += 1;
        self.items += items.len();
        for item in items {
            self.bytes += item.get().len();
            self.values += values(item.get().as_bytes());
        }
    }

    fn is_within(&self, most: &Self) -> bool {
        self.pages < most.pages
            && self.items < most.items
            && self.bytes < most.bytes
            && self.values < most.values
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    value: Vec<Box<RawValue>>,
    next_link: Option<String>,
}

impl Arm {
    /// Every page of a list.
    ///
    /// It follows each `nextLink` unchanged, and only to the host that was opened. The SDK's streams would change the link, and
    /// follow it to any host. An item that azlin cannot read is named with the reason. If a later page fails, or if the list does not
    /// end, it is incomplete.
    ///
    /// # Errors
    /// The first page could not be read, or a page links to another host, which no flag should allow.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        doing: &str,
        first: Url,
    ) -> Result<Listed<T>, Failure> {
        let mut listed = Listed::default();
        let mut size = Size::default();
        let mut seen = BTreeSet::from([first.to_string()]);
        let mut next = self.page(doing, first, &mut listed, &mut size).await?;
        while let Some(link) = next {
            let url = self.own(doing, &link)?;
            let page = if !seen.insert(url.to_string()) {
                Err(Failure::new(doing, Kind::Final(circle())))
            } else if !size.is_within(&MOST) {
                Err(Failure::new(doing, Kind::Final(endless(&size))))
            } else {
                self.page(doing, url, &mut listed, &mut size).await
            };
            next = page.unwrap_or_else(|failure| {
                listed.incomplete.push(failure);
                None
            });
        }
        Ok(listed)
    }

    /// Adds one page to `listed` and its `size`, and returns the link to the next one.
    async fn page<T: DeserializeOwned>(
        &self,
        doing: &str,
        url: Url,
        listed: &mut Listed<T>,
        size: &mut Size,
    ) -> Result<Option<String>, Failure> {
        let page: Page = self.get(doing, url).await?;
        size.add(&page.value);
        for item in page.value {
            match serde_json::from_str(item.get()) {
                Ok(item) => listed.items.push(item),
                Err(error) if listed.unreadable.len() < MOST_ODD => {
                    let place = listed.items.len() + listed.unreadable.len() + 1;
                    listed.unreadable.push(odd(item.get(), place, &error));
                }
                Err(_) => listed.unreadable.push(String::new()),
            }
        }
        Ok(page.next_link.filter(|link| !link.is_empty()))
    }

    /// `link` as a URL, if it leads to the host that was opened. The token must not go to another.
    fn own(&self, doing: &str, link: &str) -> Result<Url, Failure> {
        if link.len() > MOST_LINK {
            let trouble = Trouble::new("the link to the next page is too long", NOT_AZURE);
            return Err(Failure::new(doing, Kind::Final(trouble)));
        }
        let mut url = Url::parse(link).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or(link);
        let foreign = Kind::Final(Trouble::new(
            format!(
                "the link to the next page leads to another host, {}",
                quote(host)
            ),
            "check the network: something between you and Azure changes its answers; azlin sent nothing to that host",
        ));
        if let (Some(url), Origin::Loopback(emulator)) = (&mut url, &self.origin)
            && url.scheme() == "http"
            && url.port_or_known_default() == Some(emulator.port())
        {
            // The pipeline requires https even for an emulator, whose links say http; see `Loopback`. If a call fails, the
            // origins differ below.
            let _ = url
                .set_scheme("https")
                .and_then(|()| url.set_port(Some(emulator.port())));
        }
        let own = url.filter(|url| {
            let is_anonymous = url.username().is_empty() && url.password().is_none();
            is_anonymous && url.origin() == self.base.origin()
        });
        own.ok_or_else(|| Failure::new(doing, foreign))
    }
}

/// The item at `place` in a list, which azlin cannot read because of `error`, in words.
fn odd(item: &str, place: usize, error: &serde_json::Error) -> String {
    let item: Value = serde_json::from_str(item).unwrap_or_default();
    let named = ["id", "name"]
        .iter()
        .find_map(|key| item.get(key)?.as_str());
    let named = named.map_or(String::new(), |name| format!(" ({})", quote(name)));
    let reason = match item.get("id") {
        None => "it has no id".to_owned(),
        Some(id) if !id.is_string() => "its id is not text".to_owned(),
        Some(_) => error.to_string(),
    };
    let reason = reason.split(" at line ").next().unwrap_or_default();
    format!("item {place}{named}: {}", escape(reason))
}

/// The trouble with a list whose pages link to each other in a circle.
fn circle() -> Trouble {
    Trouble::new(
        "Azure's list does not end: one of its pages links back to an earlier one",
        "run the same command again; if it happens again, report it to Microsoft's support",
    )
}

/// The trouble with a list that is larger than any of Azure's, or that has no last page.
fn endless(size: &Size) -> Trouble {
    let (pages, items) = (size.pages, size.items);
    Trouble::new(
        format!("Azure's list does not end: azlin stopped after {pages} pages with {items} items"),
        NOT_AZURE,
    )
}
