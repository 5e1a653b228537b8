//! Azure's lists: every page, whatever is odd in it.

use std::collections::BTreeSet;

use azure_core::http::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::arm::Arm;
use super::exchange::not_azure;
use super::{Failure, Kind};

/// The items of a list that azlin can read, how many it cannot, and why there may be more.
pub(super) struct Listed<T> {
    pub items: Vec<T>,
    pub unreadable: usize,
    pub incomplete: Vec<Failure>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            unreadable: 0,
            incomplete: Vec::new(),
        }
    }
}

impl<T> Listed<T> {
    /// The items, where half a list is of no use.
    pub fn whole(self) -> Result<Vec<T>, Failure> {
        match self.incomplete.into_iter().next() {
            Some(failure) => Err(failure),
            None => Ok(self.items),
        }
    }
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
    #[serde(rename = "nextLink")]
    next_link: Option<String>,
}

impl Arm {
    /// Every page of a list. `nextLink` is followed as it came, and only to the host that was opened; the SDK's streams would
    /// add to it, and follow it anywhere.
    ///
    /// An item that azlin cannot read is counted, and costs no other. A later page that fails leaves the list incomplete.
    ///
    /// # Errors
    /// The first page could not be had.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        doing: &str,
        first: Url,
    ) -> Result<Listed<T>, Failure> {
        let mut listed = Listed::default();
        let mut seen = BTreeSet::from([first.to_string()]);
        let mut next = self.page(doing, first, &mut listed).await?;
        while let Some(url) = next {
            let page = match seen.insert(url.to_string()) {
                true => self.page(doing, url, &mut listed).await,
                false => Err(Failure::new(
                    doing,
                    Kind::NotAzure {
                        status: 200,
                        what: "its list goes round in a circle".to_owned(),
                    },
                )),
            };
            next = match page {
                Ok(next) => next,
                // Something is wrong that no flag should wave through.
                Err(failure) if matches!(failure.kind, Kind::Foreign { .. }) => {
                    return Err(failure);
                }
                Err(failure) => {
                    listed.incomplete.push(failure);
                    None
                }
            };
        }
        Ok(listed)
    }

    /// Adds one page to `listed`; answers where the next one is.
    async fn page<T: DeserializeOwned>(
        &self,
        doing: &str,
        url: Url,
        listed: &mut Listed<T>,
    ) -> Result<Option<Url>, Failure> {
        let failed = |kind| Failure::new(doing, kind);
        let answer = self.get(doing, url).await?;
        let page: Page<'_> = serde_json::from_slice(&answer.body)
            .map_err(|error| failed(not_azure(&answer, &error)))?;
        for item in page.value {
            match serde_json::from_str(item.get()) {
                Ok(item) => listed.items.push(item),
                Err(_) => listed.unreadable += 1,
            }
        }
        let link = page.next_link.filter(|link| !link.is_empty());
        link.map(|link| self.own(&link)).transpose().map_err(failed)
    }

    /// `link` as a URL, if it leads to the host that was opened.
    fn own(&self, link: &str) -> Result<Url, Kind> {
        let foreign = |host: &str| Kind::Foreign {
            host: host.to_owned(),
        };
        let mut url = Url::parse(link).map_err(|_| foreign(link))?;
        let host = url.host_str().unwrap_or(link).to_owned();
        let port = url.port_or_known_default();
        if let Some(emulator) = self.emulator
            && url.scheme() == "http"
            && port == Some(emulator.port())
        {
            // The pipeline wants https even for an emulator, which names itself by http; see `Loopback`.
            let changed = url.set_scheme("https").and_then(|()| url.set_port(port));
            changed.map_err(|()| foreign(&host))?;
        }
        match url.origin() == self.base.origin()
            && url.username().is_empty()
            && url.password().is_none()
        {
            true => Ok(url),
            false => Err(foreign(&host)),
        }
    }
}
