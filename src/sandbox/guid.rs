//! The identifiers that Azure gives to machines, requests and operations.

use uuid::Builder;

pub(super) use crate::text::guid as parse;
pub(super) use uuid::Uuid as Guid;

/// The GUID of a text. It is the same on every machine, so that fleets and answers are reproducible. (FNV-1a, mixed so that
/// similar texts give different GUIDs.)
pub(super) fn of_text(text: &str) -> Guid {
    let hash = text
        .bytes()
        .fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash, byte| {
            (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b)
        });
    let folded = (hash ^ hash >> 65).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let mixed = (folded ^ folded >> 61).wrapping_mul(0xd6e8_feb8_6659_fd93_bf58_476d_1ce4_e5b9);
    let random = mixed ^ mixed >> 64;
    Builder::from_random_bytes(random.to_be_bytes()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_of_a_text_is_stable_and_of_version_4() {
        let guid = of_text("rg-dev/dev-vm-1").to_string();
        assert_eq!(guid, of_text("rg-dev/dev-vm-1").to_string());
        assert_ne!(guid, of_text("rg-dev/dev-vm-2").to_string());
        assert_eq!(&guid[14..15], "4");
        assert!("89ab".contains(&guid[19..20]));
    }

    #[test]
    fn an_invalid_guid_is_rejected() {
        assert!(parse("5a4db0e5-0012-4000-89AB-0000c000000f").is_some());
        for text in [
            "",
            "dev",
            "5a4db0e5000040008000000000000000",
            "{5a4db0e5-0000-4000-8000-000000000000}",
            "urn:uuid:5a4db0e5-0000-4000-8000-000000000000",
            "5a4db0e5-0000-4000-8000-00000000000g",
            "5a4db0e5-0000-4000-8000_000000000000",
            "5a4db0e5-0000-4000-8000-00000000000é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
