import { BlockList, isIP } from "node:net";

/** Those that may connect: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. */
export class Networks {
  readonly #list = new BlockList();

  constructor(networks: readonly string[]) {
    for (const network of networks.map(parseNetwork)) {
      if (network) this.#list.addSubnet(network.address, network.bits, network.family);
    }
  }

  /** IPv4 in IPv6's clothes (`::ffff:192.0.2.7`) is IPv4. */
  has(address: string): boolean {
    const family = familyOf(address);
    return family !== undefined && this.#list.check(address, family);
  }
}

/** @returns undefined when it is none */
export function parseNetwork(
  text: string,
): { address: string; bits: number; family: "ipv4" | "ipv6" } | undefined {
  const [, address = "", bits] = /^([\da-f.:]+?)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const family = familyOf(address);
  if (family === undefined) return undefined;
  const most = family === "ipv4" ? 32 : 128;
  const count = bits === undefined ? most : Number(bits);
  return count <= most ? { address, bits: count, family } : undefined;
}

const familyOf = (address: string): "ipv4" | "ipv6" | undefined =>
  (({ 4: "ipv4", 6: "ipv6" }) as const)[isIP(address) as 4 | 6];

const LOOPBACK = ["127.0.0.0/8", "::1"];
const loopback = new Networks(LOOPBACK);

/** Whether only this machine is named. */
export const isThisMachine = (network: string): boolean => {
  const { address = "", bits = 0, family } = parseNetwork(network) ?? {};
  return loopback.has(address) && bits >= (family === "ipv4" ? 8 : 128);
};
