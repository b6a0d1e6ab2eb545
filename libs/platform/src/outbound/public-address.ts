/** Decides whether an IP address belongs to the public internet, so that a user's URL cannot reach our own network. */

/** IPv4 that is not public (IANA special-purpose registry), as network and prefix length. */
const CLOSED_IPV4: readonly (readonly [network: number, bits: number])[] = [
  [ipv4(0, 0, 0, 0), 8], // this host
  [ipv4(10, 0, 0, 0), 8], // private
  [ipv4(100, 64, 0, 0), 10], // carrier NAT
  [ipv4(127, 0, 0, 0), 8], // loopback
  [ipv4(169, 254, 0, 0), 16], // link-local, also the metadata service of clouds
  [ipv4(172, 16, 0, 0), 12], // private
  [ipv4(192, 0, 0, 0), 24], // protocol assignments
  [ipv4(192, 0, 2, 0), 24], // documentation
  [ipv4(192, 88, 99, 0), 24], // 6to4 relay
  [ipv4(192, 168, 0, 0), 16], // private
  [ipv4(198, 18, 0, 0), 15], // benchmarks
  [ipv4(198, 51, 100, 0), 24], // documentation
  [ipv4(203, 0, 113, 0), 24], // documentation
  [ipv4(224, 0, 0, 0), 4], // multicast
  [ipv4(240, 0, 0, 0), 4], // reserved, broadcast
];

function ipv4(a: number, b: number, c: number, d: number): number {
  return ((a * 256 + b) * 256 + c) * 256 + d;
}

/** `address` as a resolver or `URL` writes it (canonical). What cannot be read is not public. */
export function isPublicAddress(address: string): boolean {
  return address.includes(':') ? isPublicIpv6(address) : isPublicIpv4(address);
}

function isPublicIpv4(address: string): boolean {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address);
  if (!match) return false;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1).map(Number);
  if (Math.max(a, b, c, d) > 255) return false;
  const value = ipv4(a, b, c, d);
  return !CLOSED_IPV4.some(([network, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(value / size) === network / size;
  });
}

/**
 * Only 2000::/3 is given out as global unicast; loopback, ULA, link-local, multicast and everything that carries an IPv4
 * address in front (mapped, NAT64) lie outside it. So two groups decide, and four prefixes inside are closed.
 */
function isPublicIpv6(address: string): boolean {
  if (!/^[0-9a-f:]+(\d{1,3}(\.\d{1,3}){3})?$/i.test(address)) return false;
  const [head = ''] = address.split('::');
  const groups = head.split(':').map((group) => (group === '' ? 0 : Number.parseInt(group, 16)));
  const [first = 0, second = 0] = groups;
  if (first < 0x2000 || first > 0x3fff) return false;
  const isProtocol = first === 0x2001 && second < 0x200; // 2001::/23: Teredo, ORCHID, benchmarks
  const isDocumentation = (first === 0x2001 && second === 0xdb8) || (first === 0x3fff && second < 0x1000);
  const is6to4 = first === 0x2002; // carries an IPv4 address, which may be a private one
  return !isProtocol && !isDocumentation && !is6to4;
}
