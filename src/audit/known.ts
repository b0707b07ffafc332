import type { Fact } from "../model/facts.ts";
import { isLoopback } from "../model/loopback.ts";

/** Each that was read, undefined for the others; or why none of them was. For facts any of which would tell. */
export function any<T extends unknown[]>(
  ...facts: { [K in keyof T]: Fact<T[K]> }
): Fact<{ [K in keyof T]: T[K] | undefined }> {
  const read = facts as Fact<unknown>[];
  const unread = read.filter((fact) => "unread" in fact);
  if (unread.length === read.length) {
    const reasons = new Set(unread.map((fact) => fact.unread));
    const isNotAsked = unread.every(({ notAsked }) => notAsked);
    return { unread: [...reasons].join("; "), ...(isNotAsked && { notAsked: true as const }) };
  }
  const values = read.map((fact) => ("unread" in fact ? undefined : fact.value));
  return { value: values as { [K in keyof T]: T[K] | undefined } };
}

/** A setting's place in Synapse's manual. */
export const manual = (setting: string): string =>
  `https://element-hq.github.io/synapse/latest/usage/configuration/config_documentation.html#${setting}`;

/** Whether a URL is this machine's own: what is seen there, nobody else sees there. */
export const isOwnAddress = (url: string): boolean => {
  const hostname = URL.parse(url)?.hostname ?? "";
  return isLoopback(hostname);
};
