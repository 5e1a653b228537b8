//! The identifiers that Azure gives to machines, requests and operations.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Guid(u128);

impl Guid {
    pub(super) const fn of(value: u128) -> Guid {
        Guid(value)
    }

    /// The GUID of a text: the same one on every machine, so that fleets and answers are
    /// reproducible. (FNV-1a, mixed so that like texts give unlike GUIDs, with the bits of a
    /// version 4 GUID.)
    pub(super) fn from_text(text: &str) -> Guid {
        let hash = text
            .bytes()
            .fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash, byte| {
                (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b)
            });
        let folded = (hash ^ hash >> 65).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let mixed = (folded ^ folded >> 61).wrapping_mul(0xd6e8_feb8_6659_fd93_bf58_476d_1ce4_e5b9);
        let random = mixed ^ mixed >> 64;
        let version = (random & !(0xf << 76)) | (0x4 << 76);
        Guid((version & !(0x3 << 62)) | (0x2 << 62))
    }

    pub(super) fn parse(text: &str) -> Option<Guid> {
        if text.len() != 36 {
            return None;
        }
        let mut value = 0;
        for (position, character) in text.chars().enumerate() {
            if matches!(position, 8 | 13 | 18 | 23) {
                if character != '-' {
                    return None;
                }
            } else {
                value = value << 4 | u128::from(character.to_digit(16)?);
            }
        }
        Some(Guid(value))
    }

    pub(super) fn is_nil(self) -> bool {
        self.0 == 0
    }

    /// The one that comes so many after this one.
    pub(super) fn plus(self, number: u32) -> Guid {
        Guid(self.0.wrapping_add(u128::from(number)))
    }

    /// The last four hexadecimal digits, as a number.
    pub(super) fn last_digits(self) -> u128 {
        self.0 & 0xffff
    }

    /// A small number that differs from machine to machine, for answers that Azure varies.
    pub(super) fn remainder(self, divisor: u8) -> u8 {
        u8::try_from(self.0 % u128::from(divisor.max(1))).unwrap_or_default()
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By hand, because every id in a list has one: the formats of integers take twice as long.
        let Guid(mut rest) = *self;
        let mut text = [b'-'; 36];
        for (position, place) in text.iter_mut().enumerate().rev() {
            if !matches!(position, 8 | 13 | 18 | 23) {
                let digit = (rest & 0xf) as u8;
                *place = digit + if digit < 10 { b'0' } else { b'a' - 10 };
                rest >>= 4;
            }
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Guid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Guid, D::Error> {
        let text = String::deserialize(deserializer)?;
        Guid::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is not a GUID")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_reads_back_as_it_was_written() {
        let text = "5a4db0e5-0012-4000-89ab-0000c000000f";
        assert_eq!(Guid::parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn a_guid_of_a_text_is_stable_and_of_version_4() {
        let guid = Guid::from_text("rg-dev/dev-vm-1").to_string();
        assert_eq!(guid, Guid::from_text("rg-dev/dev-vm-1").to_string());
        assert_ne!(guid, Guid::from_text("rg-dev/dev-vm-2").to_string());
        assert_eq!(&guid[14..15], "4");
        assert!("89ab".contains(&guid[19..20]));
    }

    #[test]
    fn what_is_no_guid_is_refused() {
        for text in [
            "",
            "dev",
            "5a4db0e5000040008000000000000000",
            "5a4db0e5-0000-4000-8000-00000000000g",
            "5a4db0e5-0000-4000-8000_000000000000",
            "5a4db0e5-0000-4000-8000-00000000000é",
        ] {
            assert_eq!(Guid::parse(text), None, "{text}");
        }
    }
}
