import { BlockList, isIP } from "node:net";

/**
 * Address ranges that no provider on the public internet has: IANA's special-purpose registries for IPv4 and IPv6
 * (RFC 6890 and its updates). Whoever makes a provider's name point there wants to reach something of ours.
 */
const RANGES: readonly (readonly [network: string, prefixLength: number])[] = [
  ["0.0.0.0", 8], // this network
  ["10.0.0.0", 8],
  ["100.64.0.0", 10], // carrier-grade NAT
  ["127.0.0.0", 8],
  ["169.254.0.0", 16], // link-local; the metadata services of clouds
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // 6to4 relays
  ["192.168.0.0", 16],
  ["198.18.0.0", 15], // benchmarks
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved; broadcast
  ["::", 96], // unspecified, loopback, IPv4-compatible
  ["64:ff9b::", 96], // NAT64: an IPv4 address in disguise
  ["64:ff9b:1::", 48],
  ["100::", 64], // discard
  ["2001::", 23], // protocol assignments; Teredo
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4: an IPv4 address in disguise
  ["3fff::", 20], // documentation
  ["5f00::", 16], // segment routing
  ["fc00::", 7], // unique local
  ["fe80::", 10], // link-local
  ["fec0::", 10], // site-local
  ["ff00::", 8], // multicast
];

const privateRanges = new BlockList();
for (const [network, prefixLength] of RANGES) {
  privateRanges.addSubnet(network, prefixLength, isIP(network) === 4 ? "ipv4" : "ipv6");
}

/** Whether an IP address lies outside the public internet. IPv4-mapped IPv6 addresses count as what they map. */
export function isPrivateAddress(address: string): boolean {
  // A zone (`fe80::1%eth0`) says by which interface, not where to.
  const bare = address.split("%", 1)[0] ?? address;
  const family = isIP(bare);
  if (family === 0) throw new Error("not an IP address");
  return privateRanges.check(bare, family === 4 ? "ipv4" : "ipv6");
}
