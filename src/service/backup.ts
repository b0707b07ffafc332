import { readFileSync } from "node:fs";
import { readStoreKey } from "../config/index.ts";
import { SottoError } from "../errors.ts";
import type { Job, LedgerEntry } from "../model/job.ts";
import { createSealer } from "../store/index.ts";
import type { Account } from "./account.ts";

/** What may be copied: how the account is used, what it has sent, and who got the keys. */
export interface Backup {
  version: 1;
  madeMs: number;
  userId: string;
  deviceId: string;
  /** The text of the config, of each of its files; secrets are in files that it names. */
  config: string;
  /** What waits has its content, with the attachment's key. */
  jobs: Job[];
  ledger: (LedgerEntry & { sessionId: string })[];
}

/** What is left out on purpose, and why. */
export const LEFT_OUT: readonly [what: string, why: string][] = [
  [
    "the crypto store",
    "a copy that is put back would use the same keys twice, which lets others read; a new device is the way back",
  ],
  ["the recovery key", "whoever finds the backup must not find it: keep it elsewhere, on paper"],
  ["the store key", "it opens this backup: keep a copy of it elsewhere"],
  ["the access token", "it belongs to the device, and goes with it"],
];

const HEADING = "sotto backup 1\n";
const PLACE = "backup";

/** Base64 of a file that only the store key opens. */
export function makeBackup({ config, store }: Account): string {
  const { userId, deviceId } = config.account;
  const backup: Backup = {
    version: 1,
    madeMs: Date.now(),
    userId,
    deviceId,
    config: config.files.map((file) => readFileSync(file, "utf8")).join("\n---\n"),
    jobs: store.jobs.list(Number.MAX_SAFE_INTEGER),
    ledger: store.ledger.all(),
  };
  const sealed = createSealer(readStoreKey(config)).seal(JSON.stringify(backup), PLACE);
  return Buffer.concat([Buffer.from(HEADING), sealed]).toString("base64");
}

/** @throws SottoError `USAGE` for another file, `STORE_WRONG_KEY` */
export function openBackup(file: Uint8Array, storeKey: Uint8Array): Backup {
  const bytes = Buffer.from(file);
  if (bytes.subarray(0, HEADING.length).toString() !== HEADING) {
    throw new SottoError("USAGE", "this is not a backup of Sotto", {
      cure: "name a file that `sotto backup --out` wrote",
    });
  }
  try {
    return JSON.parse(createSealer(storeKey).open(bytes.subarray(HEADING.length), PLACE)) as Backup;
  } catch (cause) {
    throw new SottoError(
      "STORE_WRONG_KEY",
      "the store key does not open this backup, or the file is damaged",
      {
        cause,
        cure: "give the store key of the store that the backup was made of",
      },
    );
  }
}
