import { readFileSync, writeFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import type { Sender } from "./world.ts";

/** Puts sections of the config in place of those that are there. */
export function configure({ config }: Sender, sections: Record<string, unknown>): void {
  const said = parse(readFileSync(config, "utf8")) as object;
  writeFileSync(config, stringify({ ...said, ...sections }));
}
