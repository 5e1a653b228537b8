//! What an invalid value was probably meant to be.

// The helps where nothing resembles the value.
pub(super) const OWNER: &str = "use a name like `my-team`";
pub(super) const GUID: &str = "write the id that az account show --query id prints";
pub(super) const TAG: &str = "use a key like `azlin_session`";
pub(super) const ENDPOINT: &str = "delete this line; it can only name an emulator on this machine";
pub(super) const USER: &str = "use a name like `azureuser`";
pub(super) const JUMP: &str = "use a host like `bastion.example.com`";

/// `text` with `-` for each run of characters that names rarely have.
pub(super) fn plainly(text: &str) -> Vec<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
    let words = text.split(|c| !is_plain(c)).filter(|word| !word.is_empty());
    let plain = words.collect::<Vec<_>>().join("-");
    vec![plain.trim_start_matches(['-', '_', '.']).to_owned()]
}

/// The GUIDs in `text`, such as that in a resource id.
pub(super) fn guids(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
    words.map(str::to_owned).collect()
}

/// `text` with the address of `localhost`.
pub(super) fn numeric(text: &str) -> Vec<String> {
    vec![text.replace("localhost", "127.0.0.1")]
}

/// The host in the URL `text`, or the address in brackets.
pub(super) fn host(text: &str) -> Vec<String> {
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let bare = bare.trim_end_matches('/');
    vec![bare.to_owned(), format!("[{bare}]")]
}
