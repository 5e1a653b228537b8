//! Returns lists page by page.

use std::io::Write;

use serde_json::Value;

use super::arm::{Answer, Call, Response};
use super::errors;

/// The default number of resources on a page.
pub const DEFAULT_PAGE_SIZE: usize = 200;

const TOKEN: &str = "$skiptoken";

/// Scrambles the token, so that no client takes it for a number that it could compute itself.
const SCRAMBLE: u64 = 0x5a4d_b0e5_c0de_f00d;

/// The page of `items` that the request asks for. It renders one item at a time, so a page needs no more memory than its text.
///
/// `nextLink` has a raw `$` in its query, and the last page has no `nextLink`, as in recorded traffic of Compute.
pub(super) fn page<T>(
    call: &Call<'_>,
    items: impl Iterator<Item = T>,
    render: impl Fn(T) -> Value,
) -> Answer {
    let start = match call.target.parameter(TOKEN) {
        None => 0,
        Some(token) => read_token(token).ok_or_else(|| errors::invalid_parameter(TOKEN, token))?,
    };
    let size = call.page_size.max(1);
    let mut items = items.skip(start);
    let mut body = b"{\"value\":[".to_vec();
    for (position, item) in items.by_ref().take(size).enumerate() {
        if position > 0 {
            body.push(b',');
        }
        // This cannot fail: writing to a vector always works, and the keys of a JSON value are text.
        let _ = serde_json::to_writer(&mut body, &render(item));
    }
    body.push(b']');
    if items.next().is_some() {
        let token = write_token(start.saturating_add(size));
        let next = call.target.with_parameter(TOKEN, &token);
        let link = Value::String(format!("{}{next}", call.request.origin));
        let _ = write!(body, ",\"nextLink\":{link}");
    }
    body.push(b'}');
    Ok(Response::with_body(200, body))
}

fn write_token(start: usize) -> String {
    format!("{:016x}", start as u64 ^ SCRAMBLE)
}

fn read_token(token: &str) -> Option<usize> {
    if token.len() != 16 {
        return None;
    }
    let start = u64::from_str_radix(token, 16).ok()? ^ SCRAMBLE;
    // No list is longer, so a larger number is not a token from here.
    usize::try_from(start).ok().filter(|start| *start < 1 << 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_back_to_its_place() {
        for start in [0, 1, 200, 99_999] {
            assert_eq!(read_token(&write_token(start)), Some(start));
        }
    }

    #[test]
    fn a_made_up_token_is_rejected() {
        for token in [
            "",
            "200",
            "0000000000000200",
            "ffffffffffffffff",
            "+00000000000000a",
        ] {
            assert_eq!(read_token(token), None, "{token}");
        }
    }
}
