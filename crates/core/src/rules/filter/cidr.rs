//! Blocks of IP addresses.

use std::net::IpAddr;

/// A block of addresses such as `10.0.0.0/24` or `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cidr {
    network: u128,
    bits: u32,
    v4: bool,
}

impl Cidr {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no block of IP addresses such as 10.0.0.0/24");
        let (address, length) = text.split_once('/').ok_or_else(wrong)?;
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        let length: u32 = length.parse().map_err(|_| wrong())?;
        let (number, whole) = number(address);
        if !digits || length > whole {
            return Err(wrong());
        }
        Ok(Self {
            network: number,
            bits: whole - length,
            v4: address.is_ipv4(),
        })
    }

    pub(super) fn holds(&self, text: &str) -> bool {
        let Ok(address) = text.parse::<IpAddr>() else {
            return false;
        };
        let prefix = |number: u128| number.checked_shr(self.bits);
        address.is_ipv4() == self.v4 && prefix(number(address).0) == prefix(self.network)
    }
}

/// An address as a number, and how many bits it has.
fn number(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (address.to_bits().into(), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}
