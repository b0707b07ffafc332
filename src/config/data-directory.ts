import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { SottoError } from "../errors.ts";

/** Only where the data lie: all that a command needs when another process holds the store and has read the rest. */
export function dataDirectoryOf(configPath: string): string {
  let text: string;
  try {
    text = readFileSync(configPath, "utf8");
  } catch (cause) {
    throw new SottoError("CONFIG_NOT_FOUND", `cannot read the config ${configPath}`, { cause });
  }
  let data: unknown;
  try {
    data = (parse(text) as { data?: unknown } | null)?.data;
  } catch {
    // the full reading names the line
  }
  return resolve(dirname(configPath), typeof data === "string" ? data : "./data");
}
