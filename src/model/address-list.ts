import { BlockList, isIP } from "node:net";

/** Whoever connects to a UNIX socket has no address. */
export const UNIX = "unix";

/** A network, or one address (RFC 4632). */
export interface AddressRange {
  address: string;
  bits: number;
  family: "ipv4" | "ipv6";
}

/** Reads `192.0.2.7`, `192.0.2.0/24` or `2001:db8::/32`; undefined for anything else. */
export function parseRange(text: string): AddressRange | undefined {
  const [, address = "", bits] = /^([\da-fA-F.:]+?)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(address);
  if (family === undefined) return undefined;
  const most = family === "ipv4" ? 32 : 128;
  const count = bits === undefined ? most : Number(bits);
  return count <= most ? { address, bits: count, family } : undefined;
}

/** Addresses that are named one by one or by network, or {@link UNIX}. */
export class AddressList {
  readonly #ranges = new BlockList();
  readonly #hasUnix: boolean;

  constructor(ranges: readonly string[]) {
    this.#hasUnix = ranges.includes(UNIX);
    for (const range of ranges.map(parseRange)) {
      if (range) this.#ranges.addSubnet(range.address, range.bits, range.family);
    }
  }

  /** IPv4 in IPv6's clothes (`::ffff:192.0.2.7`) is IPv4. What is no address is in no list. */
  has(address: string): boolean {
    if (address === UNIX) return this.#hasUnix;
    const family = familyOf(address);
    return family !== undefined && this.#ranges.check(address, family);
  }
}

const familyOf = (address: string): AddressRange["family"] | undefined =>
  (({ 4: "ipv4", 6: "ipv6" }) as const)[isIP(address) as 4 | 6];

const loopback = new AddressList(["127.0.0.0/8", "::1"]);

/** Whether all of its addresses are this machine's own; false for what is no range. */
export function isThisMachine(range: string): boolean {
  const { address = "", bits = 0, family } = parseRange(range) ?? {};
  return loopback.has(address) && bits >= (family === "ipv4" ? 8 : 128);
}
