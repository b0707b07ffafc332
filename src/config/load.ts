import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type { z } from "zod/mini";
import { SottoError } from "../errors.ts";
import { readConfigFile } from "./data-directory.ts";
import { type ConfigFile, configSchema } from "./schema.ts";

/** The config with every path absolute. */
export interface Config extends ConfigFile {
  /** The file it came from. */
  path: string;
}

/** Throws `CONFIG_NOT_FOUND`, or `CONFIG_INVALID` naming file, line and key. */
export function loadConfig(path: string): Config {
  const text = readConfigFile(path);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const syntaxError = document.errors[0];
  if (syntaxError) {
    throw new SottoError(
      "CONFIG_INVALID",
      `${path}:${syntaxLine(syntaxError, text, lines)}: ${syntaxError.message}`,
    );
  }
  const result = configSchema.safeParse(plainValues(document, path));
  if (!result.success) {
    const reasons = result.error.issues.map(
      (issue) => `${path}:${lineOf(issue, document, lines)}: ${reason(issue)}`,
    );
    throw new SottoError("CONFIG_INVALID", reasons.join("\n"));
  }
  return absolute(result.data, path);
}

/** A fault that is noticed only at the end of the text belongs to its last line that says something. */
function syntaxLine({ pos }: { pos: [number, number] }, text: string, lines: LineCounter): number {
  return lines.linePos(Math.min(pos[0], text.trimEnd().length - 1)).line;
}

/** Aliases are resolved here, so one that leads nowhere, or everywhere, shows here. */
function plainValues(document: ReturnType<typeof parseDocument>, path: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (cause) {
    throw new SottoError("CONFIG_INVALID", `${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Reads a secret's file without its line end. Throws `SECRET_UNREADABLE`. */
export function readSecret(path: string): string {
  let secret: string;
  try {
    secret = readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw new SottoError("SECRET_UNREADABLE", `cannot read ${path}`, { cause });
  }
  if (secret === "") throw new SottoError("SECRET_UNREADABLE", `${path} is empty`);
  return secret;
}

/** `sotto logout` deletes the token before anything else. Throws `TOKEN_MISSING`. */
export function readAccessToken({ account: { accessTokenFile } }: Config): string {
  if (existsSync(accessTokenFile)) return readSecret(accessTokenFile);
  throw new SottoError("TOKEN_MISSING", `there is no access token at ${accessTokenFile}`);
}

const STORE_KEY_BYTES = 32;

/** The 32 bytes that seal the stores. There is no default: throws `STORE_KEY_MISSING`. */
export function readStoreKey(config: Config): Uint8Array {
  let bytes: Buffer;
  try {
    bytes = readFileSync(config.storeKeyFile);
  } catch (cause) {
    throw new SottoError("STORE_KEY_MISSING", `cannot read the store key ${config.storeKeyFile}`, { cause });
  }
  if (bytes.length !== STORE_KEY_BYTES || bytes.every((byte) => byte === bytes[0])) {
    throw new SottoError(
      "STORE_KEY_MISSING",
      `${config.storeKeyFile} does not hold a key of 32 random bytes`,
    );
  }
  return bytes;
}

function absolute(file: ConfigFile, path: string): Config {
  const base = dirname(path);
  const at = (value: string): string => resolve(base, value);
  const { accessTokenFile, passwordFile, ...account } = file.account;
  return {
    ...file,
    path,
    data: at(file.data),
    storeKeyFile: at(file.storeKeyFile),
    ...(file.caFile ? { caFile: at(file.caFile) } : {}),
    ...(file.listen?.includes("/") ? { listen: at(file.listen) } : {}),
    account: {
      ...account,
      accessTokenFile: at(accessTokenFile),
      ...(passwordFile ? { passwordFile: at(passwordFile) } : {}),
    },
  };
}

function reason(issue: z.core.$ZodIssue): string {
  const where = issue.path.join(".");
  return where ? `${where}: ${issue.message}` : issue.message;
}

/** The line of the offending key, or of its nearest parent that is written down. */
function lineOf(
  issue: z.core.$ZodIssue,
  document: ReturnType<typeof parseDocument>,
  lines: LineCounter,
): number {
  const unknownKey = issue.code === "unrecognized_keys" ? [issue.keys[0]!] : [];
  for (let path = [...issue.path, ...unknownKey]; path.length > 0; path = path.slice(0, -1)) {
    const offset = keyOffset(document, path);
    if (offset !== undefined) return lines.linePos(offset).line;
  }
  return 1;
}

/** Where the last key of a path is written; for an element of a list, where its value is. */
function keyOffset(document: ReturnType<typeof parseDocument>, path: PropertyKey[]): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const pair = isMap(parent)
    ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1))
    : undefined;
  const node = pair?.key ?? document.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
}
