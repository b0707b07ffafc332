import { readFileSync } from "node:fs";

/** The settings of one section, in order; a key may come again. https://www.freedesktop.org/software/systemd/man/systemd.syntax.html */
export type Section = readonly (readonly [key: string, value: string])[];

/** Reads a unit; throws at a line that is neither a comment, a section nor a setting. */
export function readUnit(path: string): ReadonlyMap<string, Section> {
  const sections = new Map<string, [string, string][]>();
  let current: [string, string][] | undefined;
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, section] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (section !== undefined) {
      current = [];
      sections.set(section, current);
    } else if (key !== undefined && current) current.push([key, value!]);
    else throw new Error(`${path}: ${line}`);
  }
  return sections;
}
