import type { z } from "zod/mini";
import { isRoomAlias, isRoomId, isUserId } from "../model/ids.ts";
import { keysAt } from "./sections.ts";
import { partAt, plain, scalarsIn, type Written } from "./written.ts";

/** Something wrong with the config. */
export interface Fault {
  /** `FILE:LINE`, or `$VARIABLE`. */
  where: string;
  message: string;
}

/** What a schema finds wrong with a part of the config, one fault for each key. Never holds a value. */
export function schemaFaults(
  schema: z.core.$ZodType,
  { issues }: z.core.$ZodError,
  part: Written,
  at: readonly PropertyKey[] = [],
): Fault[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") {
      return [
        fault(part, issue.path, at, issue.code === "invalid_key" ? issue.issues[0]!.message : issue.message),
      ];
    }
    const known = Object.keys(keysAt(schema, issue.path) ?? {});
    return issue.keys.map((key) => {
      const { where } = partAt(part, [...issue.path, key]);
      return { ...fault(part, issue.path, at, unknownKey(key, known)), where };
    });
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  if (known.includes(`${key}File`)) return `a secret stands in a file of its own: name it as ${key}File`;
  const keys = known.length > 0 ? `; there is ${known.join(", ")}` : "";
  return `unknown key: ${JSON.stringify(key)}${keys}`;
}

function fault(
  part: Written,
  path: readonly PropertyKey[],
  at: readonly PropertyKey[],
  message: string,
): Fault {
  const key = [...at, ...path].join(".");
  return { where: partAt(part, path).where, message: key ? `${key}: ${message}` : message };
}

/** Routes from or to what is neither a connector of the config nor a room. */
export function routeFaults(whole: Written): Fault[] {
  const { connectors, routes } = plain(whole) as { connectors?: unknown; routes?: unknown };
  const names = typeof connectors === "object" && connectors !== null ? Object.keys(connectors) : [];
  const isPlace = (place: string): boolean => names.includes(place) || isRoomId(place) || isRoomAlias(place);
  const wrong = (key: "from" | "to", index: number, place: unknown): Fault[] => {
    if (typeof place !== "string" || place === "" || isPlace(place)) return [];
    if (key === "to" && isUserId(place)) return [];
    const rooms = `a room (!id or #alias:server${key === "to" ? "; @user:server for a direct chat" : ""})`;
    const message = `${JSON.stringify(place)} is no connector of this config${names.length > 0 ? ` (${names.join(", ")})` : ""}, nor ${rooms}`;
    return [fault(whole, ["routes", index, key], [], message)];
  };
  return (Array.isArray(routes) ? routes : []).flatMap(
    (route: { from?: unknown; to?: unknown } | null, index) => [
      ...wrong("from", index, route?.from),
      ...wrong("to", index, route?.to),
    ],
  );
}

/** Addresses with a password in them. */
export function secretFaults(whole: Written): Fault[] {
  return [...scalarsIn(whole)]
    .filter(
      ({ part }) => typeof part.value === "string" && /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*@/i.test(part.value),
    )
    .map(({ path, part }) => ({
      where: part.where,
      message: `${path.join(".")}: a secret has no place in the config, nor in an address: give its file`,
    }));
}
