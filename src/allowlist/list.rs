use std::{fmt, net::IpAddr, str::FromStr, sync::Arc};

use arc_swap::ArcSwap;
use ipnet::{IpNet, Ipv4Net};

use crate::error::ConfigError;

/// Addresses and networks: never none, and never everybody.
///
/// IPv4 addresses that are written as IPv6 (`::ffff:192.0.2.1`) are the IPv4 addresses that they
/// stand for, here and wherever an address is looked up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IpList {
    /// In order of their addresses, none inside another: at most one can hold an address, the last
    /// that does not begin after it.
    networks: Box<[IpNet]>,
}

impl IpList {
    /// Reads one address or network (`192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`) a line. Empty
    /// lines and what follows a `#` are skipped. Names are not looked up.
    ///
    /// # Errors
    /// [`ConfigError::BadLine`] for a line that is none of these, has bits set outside its prefix,
    /// or lets everybody in (`/0`); [`ConfigError::Missing`] when no line is left.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let mut networks = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let written = line.split('#').next().unwrap_or_default().trim();
            if !written.is_empty() {
                networks.push(network(written).map_err(|reason| ConfigError::BadLine {
                    line: at + 1,
                    text: written.chars().take(80).collect(),
                    reason,
                })?);
            }
        }
        if networks.is_empty() {
            return Err(ConfigError::Missing {
                what: "an address in the list (without one nobody could deliver)",
            });
        }
        networks.sort_unstable();
        // Two networks are apart, or one is inside the other and comes after it.
        networks.dedup_by(|inner, outer| outer.contains(&*inner));
        Ok(Self {
            networks: networks.into(),
        })
    }

    /// Whether this address is in the list.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let after = self.networks.partition_point(|net| net.addr() <= address);
        let last = after.checked_sub(1).and_then(|at| self.networks.get(at));
        last.is_some_and(|net| net.contains(&address))
    }

    /// How many networks there are, without those inside another; at least 1.
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        self.networks.len()
    }
}

impl FromStr for IpList {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        Self::parse(text)
    }
}

/// An [`IpList`] that can be replaced while requests are judged by it. Clones share it.
#[derive(Clone)]
pub struct AllowList(Arc<ArcSwap<IpList>>);

impl AllowList {
    /// With this list to begin with.
    pub fn new(list: IpList) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(list)))
    }

    /// Puts another list in its place, at once and as a whole: each request is judged by the one
    /// or the other.
    pub fn replace(&self, list: IpList) {
        self.0.store(Arc::new(list));
    }

    /// The list as it is now.
    pub fn list(&self) -> Arc<IpList> {
        self.0.load_full()
    }

    /// Whether this address is in the list as it is now.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.load().contains(address)
    }
}

impl From<IpList> for AllowList {
    fn from(list: IpList) -> Self {
        Self::new(list)
    }
}

impl fmt::Debug for AllowList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AllowList({} networks)", self.0.load().len())
    }
}

/// One line's network, or what is wrong with it.
fn network(text: &str) -> Result<IpNet, &'static str> {
    let written =
        parse(text).ok_or("is neither an address nor a network; names are not looked up")?;
    let network = written.trunc();
    if network != written {
        return Err("has bits outside its prefix: write the first address of the network");
    }
    let network = as_ipv4(network).unwrap_or(network);
    if network.prefix_len() == 0 {
        return Err("lets everybody in: leave the layer out instead");
    }
    Ok(network)
}

/// The address is read by the standard library: `ipnet` reads `010.0.0.0/8` as 10, others as 8.
fn parse(text: &str) -> Option<IpNet> {
    let Some((address, prefix)) = text.split_once('/') else {
        return text.parse().ok().map(|address: IpAddr| address.into());
    };
    if !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    IpNet::new(address.parse().ok()?, prefix.parse().ok()?).ok()
}

/// The IPv4 network that an IPv4-mapped one stands for.
fn as_ipv4(network: IpNet) -> Option<IpNet> {
    let IpNet::V6(mapped) = network else {
        return None;
    };
    let prefix = mapped.prefix_len().checked_sub(MAPPED_BITS)?;
    let address = mapped.addr().to_ipv4_mapped()?;
    Ipv4Net::new(address, prefix).ok().map(IpNet::V4)
}

/// `::ffff:0:0/96` holds all of IPv4.
const MAPPED_BITS: u8 = 96;

#[cfg(test)]
mod tests {
    #![allow(
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test may fail by panicking"
    )]

    use super::*;

    fn list(text: &str) -> IpList {
        IpList::parse(text).unwrap()
    }

    fn has(list: &IpList, address: &str) -> bool {
        list.contains(address.parse().unwrap())
    }

    #[test]
    fn networks_addresses_and_comments_are_read() {
        let list = list("# ours\r\n192.0.2.0/24\r\n\n 198.51.100.7 # one\n2001:db8::/32\n::1\n");
        for inside in [
            "192.0.2.0",
            "192.0.2.255",
            "198.51.100.7",
            "2001:db8:ffff::1",
            "::1",
        ] {
            assert!(has(&list, inside), "{inside}");
        }
        for outside in [
            "192.0.1.255",
            "192.0.3.0",
            "198.51.100.6",
            "198.51.100.8",
            "2001:db9::",
            "::2",
            "0.0.0.1",
        ] {
            assert!(!has(&list, outside), "{outside}");
        }
        assert_eq!(list.len(), 4);
    }

    #[test]
    fn ipv4_is_the_same_in_both_spellings() {
        for text in ["192.0.2.0/24", "::ffff:192.0.2.0/120"] {
            let list = list(text);
            assert!(has(&list, "192.0.2.9") && has(&list, "::ffff:192.0.2.9"));
            assert!(!has(&list, "192.0.3.9") && !has(&list, "::ffff:192.0.3.9"));
            // Only the mapped form is the address itself.
            assert!(!has(&list, "::192.0.2.9") && !has(&list, "64:ff9b::192.0.2.9"));
        }
        let v6 = list("::/8");
        assert!(has(&v6, "::1") && !has(&v6, "192.0.2.9") && !has(&v6, "::ffff:192.0.2.9"));
    }

    #[test]
    fn nested_and_repeated_networks_count_once() {
        let list = list("10.1.2.3\n10.0.0.0/8\n10.1.0.0/16\n10.0.0.0/8\n10.255.0.0/16\n11.0.0.0/8");
        assert_eq!(list.len(), 2);
        for address in ["10.0.0.0", "10.1.2.3", "10.255.255.255", "11.0.0.1"] {
            assert!(has(&list, address), "{address}");
        }
        assert!(!has(&list, "12.0.0.0") && !has(&list, "9.255.255.255"));
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, line) in [
            ("hooks.example.com", 1),
            ("192.0.2.1\n# fine\n192.0.2.0/33", 3),
            ("192.0.2.1/24", 1),
            ("2001:db8::1/32", 1),
            ("1.1.1.1\n0.0.0.0/0", 2),
            ("::/0", 1),
            ("::ffff:0.0.0.0/96", 1),
            ("fe80::1%eth0", 1),
            ("192.0.2.1, 192.0.2.2", 1),
            ("192.0.02.1", 1),
            ("010.0.0.0/8", 1),
            ("::ffff:010.0.0.0/104", 1),
            ("10.0.0.0/+8", 1),
            ("10.0.0.0/", 1),
            ("10.0.0.0/8/8", 1),
            ("192.0.2", 1),
        ] {
            match IpList::parse(text) {
                Err(ConfigError::BadLine { line: at, .. }) => assert_eq!(at, line, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        let long = "x".repeat(1_000);
        assert!(IpList::parse(&long).is_err_and(|why| why.to_string().len() < 250));
    }

    #[test]
    fn nobody_is_not_a_list() {
        for text in ["", "\n\n", "# 192.0.2.1\n"] {
            assert!(matches!(
                IpList::parse(text),
                Err(ConfigError::Missing { .. })
            ));
        }
    }

    #[test]
    fn a_replaced_list_is_seen_by_every_clone() {
        let allow = AllowList::new(list("192.0.2.1"));
        let clone = allow.clone();
        allow.replace(list("192.0.2.2"));
        let now = ["192.0.2.1", "192.0.2.2"].map(|a| clone.contains(a.parse().unwrap()));
        assert_eq!(now, [false, true]);
        assert_eq!(*clone.list(), list("192.0.2.2"));
    }
}
