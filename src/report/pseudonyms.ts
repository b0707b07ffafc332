import { createHmac } from "node:crypto";
import type { Subject } from "../model/finding.ts";

/** Keyed names in the place of true ones: the same for the same thing and key, and telling nobody else anything. */
export class Pseudonyms {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Sixteen hexadecimal digits. */
  fingerprint(fingerprint: string): string {
    return this.#digest("fingerprint", fingerprint, 16);
  }

  /** Of a thing of some kind that is no Matrix ID. */
  name(kind: string, value: string): string {
    return `${kind}-${this.#digest(kind, value, 12)}`;
  }

  server(name: string): string {
    return `${this.name("server", name)}.invalid`;
  }

  /** A room, user, alias, event, server part and all; undefined for what is none of them. */
  id(value: string): string | undefined {
    if (value.startsWith("mxc://")) return `mxc://${this.name("media", value)}`;
    const kind = KINDS[value.charAt(0)];
    if (kind === undefined || value.length < 2) return undefined;
    const colon = value.indexOf(":");
    const name = `${value.charAt(0)}${this.name(kind, value)}`;
    return colon < 0 || kind === "event" ? name : `${name}:${this.server(value.slice(colon + 1))}`;
  }

  subject({ deviceId, ...ids }: Subject): Subject {
    const named = Object.entries(ids).map(([key, id]: [string, string]) => [
      key,
      this.id(id) ?? this.name(key, id),
    ]);
    return {
      ...Object.fromEntries(named),
      ...(deviceId !== undefined && { deviceId: this.name("deviceId", deviceId) }),
    };
  }

  /** A sentence of our own, in which IDs and the given servers may stand. */
  sentence(text: string, servers: readonly string[] = []): string {
    const withoutIds = text.replace(IDS, (found) => this.id(unescaped(found)) ?? LEFT_OUT);
    const longestFirst = servers
      .filter((name) => name !== "")
      .sort((one, other) => other.length - one.length);
    return longestFirst.reduce((rest, name) => rest.replaceAll(name, this.server(name)), withoutIds);
  }

  #digest(kind: string, value: string, digits: number): string {
    return createHmac("sha256", this.#key)
      .update(JSON.stringify([kind, value]))
      .digest("hex")
      .slice(0, digits);
  }
}

/** As it stands in a URL. */
function unescaped(found: string): string {
  try {
    return decodeURIComponent(found);
  } catch {
    return found;
  }
}

const LEFT_OUT = "(left out)";
const KINDS: Record<string, string> = { "!": "room", "@": "user", "#": "alias", $: "event" };
const IDS = /mxc:\/\/[^\s"'`,;()]+|[!@#$][^\s"'`,;()!@#$/?]+|%(?:21|40|23|24)[^\s"'`,;()/?]+/gi;
