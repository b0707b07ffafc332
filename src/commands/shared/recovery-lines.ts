import type { RecoveryReport } from "../../service/recovery/recovery.ts";
import type { DrillRecord } from "../../store/index.ts";

/** The secrets that a whole recovery needs: three keys of the identity and that of the backup. */
const SECRETS = 4;

/** What a recovery would find, for a person; `complete` where nothing is missing. */
export function recoveryLines({ storage, backup, lastDrill, lastGoodDrill }: RecoveryReport): {
  lines: string[];
  complete: boolean;
} {
  const holdsAll = "holds" in storage && storage.holds.length === SECRETS;
  const isUsed = backup.uploading && backup.keyHere;
  return {
    complete: holdsAll && isUsed,
    lines: [
      `secret storage  ${storageWords(storage)}`,
      `key backup      ${backupWords(backup)}`,
      `room keys       ${backup.backedUp} of ${backup.sessions} of this device are in it`,
      `last drill      ${drillWords(lastDrill, lastGoodDrill)}`,
    ],
  };
}

function storageWords(storage: RecoveryReport["storage"]): string {
  if ("problem" in storage) return `${storage.problem.message} (${storage.problem.code})`;
  if (storage.keyId === undefined) return "none: run `sotto recovery create`";
  const opens = storage.hasPassphrase ? "recovery key or passphrase" : "recovery key";
  return `${storage.holds.length} of ${SECRETS} secrets, opened by ${opens}`;
}

function backupWords({ version, trust, uploading, keyHere }: RecoveryReport["backup"]): string {
  if (version === undefined) return "none: run `sotto recovery create`";
  if (trust === "refused")
    return `version ${version} is not ours and not signed by our identity: nothing goes there`;
  const words = [`version ${version}`, trust === "our key" ? "our own key" : "signed by our identity"];
  if (!uploading) words.push("not used by this device yet");
  if (!keyHere) words.push("its private key is not here: run `sotto recovery restore`");
  return words.join(", ");
}

function drillWords(last: DrillRecord | undefined, good: DrillRecord | undefined): string {
  if (!last) return "never: run `sotto recovery drill`";
  if (last.startedMs === good?.startedMs) return `well, ${day(good)}`;
  const before = good ? `; the last that went well was ${day(good)}` : "";
  return `failed, ${day(last)} (${last.errorCode ?? "cut off"})${before}`;
}

const day = ({ startedMs }: DrillRecord): string =>
  new Date(startedMs).toISOString().slice(0, "2026-11-22".length);
