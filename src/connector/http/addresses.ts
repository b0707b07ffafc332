import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";

/** Whoever connects to a unix socket has no address. */
export const UNIX = "unix";

/** `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`, or {@link UNIX}. */
export const isAddressRange = (text: string): boolean => text === UNIX || rangeOf(text) !== undefined;

/** Addresses that are named one by one or by network (RFC 4632). */
export class AddressList {
  readonly #ranges = new BlockList();
  readonly #hasUnix: boolean;

  constructor(ranges: readonly string[]) {
    this.#hasUnix = ranges.includes(UNIX);
    for (const range of ranges.map(rangeOf)) {
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

/**
 * Who asks: the one who is connected, or, where that is a trusted proxy, the last one in `X-Forwarded-For` who is not.
 * What stands left of that, anybody may have written.
 */
export function clientAddress(request: IncomingMessage, proxies: AddressList): string {
  const forwarded = request.headers["x-forwarded-for"];
  const hops = (typeof forwarded === "string" ? forwarded : "")
    .split(",")
    .map((hop) => hop.trim())
    .filter(Boolean);
  let address = request.socket.remoteAddress ?? UNIX;
  while (hops.length > 0 && proxies.has(address)) address = hops.pop()!;
  return address;
}

function rangeOf(text: string): { address: string; bits: number; family: "ipv4" | "ipv6" } | undefined {
  const [, address = "", bits] = /^([\da-fA-F.:]+?)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(address);
  if (family === undefined) return undefined;
  const most = family === "ipv4" ? 32 : 128;
  const count = bits === undefined ? most : Number(bits);
  return count <= most ? { address, bits: count, family } : undefined;
}

const familyOf = (address: string): "ipv4" | "ipv6" | undefined =>
  (({ 4: "ipv4", 6: "ipv6" }) as const)[isIP(address) as 4 | 6];
