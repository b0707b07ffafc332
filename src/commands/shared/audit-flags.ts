import { accessSync, constants, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { SottoError, toSottoError } from "../../errors.ts";
import { SEVERITIES } from "../../model/finding.ts";
import { type FailOn, FORMATS, type Format } from "../../report/index.ts";
import type { CommonOptions } from "./context.ts";
import { requireRoomId } from "./ids.ts";
import { wholeNumber } from "./output.ts";

/** As they are typed. */
export interface AuditFlags extends CommonOptions {
  room?: string[];
  format?: string;
  all?: true;
  out?: string;
  failOn: string;
  facts?: string;
  saveFacts?: string;
  baseline?: string;
  writeBaseline?: string;
  waivers?: string;
  policy?: string;
  pseudonymize?: true;
  pseudonymKey?: string;
  since?: string;
  list?: true;
  adminTokenFile?: string;
  homeserverConfig?: string[];
  logConfig?: string;
  depth?: string;
}

/** What they say, once they are known to make sense together. */
export interface AuditPlan {
  format: Format;
  failOn: FailOn;
  since?: "last" | number;
  collect: {
    rooms?: string[];
    depth?: number;
    adminTokenFile?: string;
    homeserverConfig?: string[];
    logConfig?: string;
  };
  pseudonymKey?: Buffer;
}

/** Of the collector: they say nothing of facts that are there already. */
const COLLECTING = ["adminTokenFile", "homeserverConfig", "logConfig", "depth", "since"] as const;

/** Throws `USAGE`. */
export function planOf(flags: AuditFlags): AuditPlan {
  const format = flags.format ?? (flags.json ? "json" : "tty");
  if (!Object.hasOwn(FORMATS, format))
    throw usage(`there is no format ${format}`, `take one of ${Object.keys(FORMATS).join(", ")}`);
  if (flags.json && format !== "json")
    throw usage(`--json and --format ${format} contradict each other`, "leave one of them out");
  const failOn = [...SEVERITIES.slice(1), "never"].find((known) => known === flags.failOn);
  if (failOn === undefined)
    throw usage(`--fail-on takes no ${flags.failOn}`, "take low, medium, high, critical or never");
  for (const roomId of flags.room ?? []) requireRoomId(roomId);
  const senseless =
    flags.facts === undefined ? undefined : COLLECTING.find((flag) => flags[flag] !== undefined);
  if (senseless !== undefined)
    throw usage(
      "--facts judges what was collected before, without store and network",
      `leave ${dashed(senseless)} out`,
    );
  if (flags.pseudonymKey !== undefined && !flags.pseudonymize)
    throw usage("--pseudonym-key is of use with --pseudonymize only", "give both");
  for (const file of [flags.out, flags.saveFacts, flags.writeBaseline])
    if (file !== undefined) requireFolderOf(file);
  return {
    format: format as Format,
    failOn: failOn as FailOn,
    ...(flags.since !== undefined && { since: sinceOf(flags.since) }),
    ...(flags.pseudonymKey !== undefined && { pseudonymKey: keyIn(flags.pseudonymKey) }),
    // the process that holds the store has another current folder
    collect: {
      ...(flags.room && { rooms: flags.room }),
      ...(flags.depth !== undefined && { depth: wholeNumber(flags.depth, "--depth") }),
      ...(flags.adminTokenFile !== undefined && { adminTokenFile: resolve(flags.adminTokenFile) }),
      ...(flags.homeserverConfig && {
        homeserverConfig: flags.homeserverConfig.map((file) => resolve(file)),
      }),
      ...(flags.logConfig !== undefined && { logConfig: resolve(flags.logConfig) }),
    },
  };
}

const dashed = (flag: string): string =>
  `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function sinceOf(text: string): "last" | number {
  if (text === "last") return text;
  const atMs = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2})?)?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (!Number.isNaN(atMs)) return atMs;
  throw usage(`--since takes no "${text}"`, "say last, or a day such as 2026-11-01");
}

const LEAST_KEY_BYTES = 16;

function keyIn(file: string): Buffer {
  const key = readFileOf(file);
  if (key.length >= LEAST_KEY_BYTES) return key;
  throw usage(
    `${file} holds no key of at least ${LEAST_KEY_BYTES} bytes`,
    "make one: head -c 32 /dev/urandom > FILE",
  );
}

function readFileOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new SottoError("SECRET_UNREADABLE", `cannot read ${file}`, { cause });
  }
}

/** Before an audit that takes long was made for nothing. */
function requireFolderOf(file: string): void {
  const folder = dirname(resolve(file));
  try {
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new SottoError("USAGE", `${file} cannot be written`, { cause, cure: `make the folder ${folder}` });
  }
}

/** A file that the person has named, and no config. */
export function readNamed<T>(file: string, read: (file: string) => T): T {
  try {
    return read(resolve(file));
  } catch (thrown) {
    const error = toSottoError(thrown);
    if (error.code !== "CONFIG_NOT_FOUND") throw error;
    throw usage(`cannot read ${file}`, "check the path and its permissions");
  }
}

export const usage = (message: string, cure: string): SottoError =>
  new SottoError("USAGE", message, { cure });
