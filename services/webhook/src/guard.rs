//! Which addresses are called. A merchant writes down a URL, and we call it from inside the house:
//! without this, whatever answers in here could be reached by naming it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is not the public internet: IANA's registry of special purpose addresses, multicast and
/// what is reserved. Each with the number of bits that count.
const HOUSE_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),           // This network
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // Private
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // Between a provider and its customers
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // Loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // Link-local: where clouds keep credentials
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // Private
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // Protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // Documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // Relays of 6to4
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // Private
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // Benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24), // Documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // Documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // Multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // Reserved, and broadcast
];

/// Of IPv6 only this is public …
const PUBLIC_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// … without these.
const HOUSE_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // Protocol assignments, Teredo among them
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // Documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4: IPv4 in other clothes, and given up
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // Documentation
];

/// IPv4 in other clothes, judged by what is in them: mapped addresses, and those of NAT64.
const CLOTHES: [(Ipv6Addr, u32); 2] = [
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96),
];

/// Whether this is an address of the public internet, however it is wrapped.
pub(crate) fn may_call(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(it) => may_call_v4(it),
        IpAddr::V6(it) => may_call_v6(it),
    }
}

fn may_call_v4(address: Ipv4Addr) -> bool {
    let inside = |&(net, bits): &(Ipv4Addr, u32)| {
        (address.to_bits() ^ net.to_bits()).leading_zeros() >= bits
    };
    !HOUSE_V4.iter().any(inside)
}

fn may_call_v6(address: Ipv6Addr) -> bool {
    let inside = |&(net, bits): &(Ipv6Addr, u32)| {
        (address.to_bits() ^ net.to_bits()).leading_zeros() >= bits
    };
    if CLOTHES.iter().any(inside) {
        let [.., a, b, c, d] = address.octets();
        return may_call_v4(Ipv4Addr::new(a, b, c, d));
    }
    inside(&PUBLIC_V6) && !HOUSE_V6.iter().any(inside)
}
