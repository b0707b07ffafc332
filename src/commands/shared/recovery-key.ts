import { lstatSync } from "node:fs";
import { relative, resolve } from "node:path";
import { readSecret } from "../../config/secrets.ts";
import type { RecoverySecret } from "../../crypto/index.ts";
import { SottoError } from "../../errors.ts";
import { createPrivateFile, requireCreatable } from "../../service/private-file.ts";
import type { Context } from "./context.ts";
import { say } from "./output.ts";
import { confirmed } from "./questions.ts";

/** Flags that name what opens the account's secret storage. */
export interface SecretFlags {
  recoveryKeyFile?: string;
  passphraseFile?: string;
}

/** What the flags name; undefined where they name nothing. A passphrase keeps the blanks that it has inside. */
export function secretOf({ recoveryKeyFile, passphraseFile }: SecretFlags): RecoverySecret | undefined {
  if (recoveryKeyFile !== undefined) return { recoveryKey: readSecret(recoveryKeyFile) };
  if (passphraseFile !== undefined) return { passphrase: readSecret(passphraseFile) };
  return undefined;
}

/** Where a new recovery key goes. */
export interface Keeping {
  /** Throws if it could not be kept there. */
  ready(): void;
  keep(recoveryKey: string): Promise<void>;
  /** What lies there already, as a run that was cut off may have left it. */
  kept?: string;
}

/** A file outside the data directory that is not there yet, or the terminal where no file was named. */
export function keepRecoveryKey(context: Context, out: string | undefined, dataDirectory: string): Keeping {
  if (out === undefined)
    return { ready: () => undefined, keep: (recoveryKey) => showOnce(context, recoveryKey) };
  const path = resolve(out);
  if (!relative(dataDirectory, path).startsWith("..")) {
    throw new SottoError("USAGE", "the recovery key must lie outside the data directory", {
      cure: "whoever finds the data directory must not find the recovery key: name another place",
    });
  }
  const isThere = lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
  return {
    ready: () => requireCreatable(path),
    async keep(recoveryKey) {
      createPrivateFile(path, `${recoveryKey}\n`);
    },
    ...(isThere ? { kept: readSecret(path) } : {}),
  };
}

/** The same, looked at first: there must be a key of an earlier run, or room for a new file. */
export function keepingPlace(context: Context, out: string | undefined, dataDirectory: string): Keeping {
  const keeping = keepRecoveryKey(context, out, dataDirectory);
  if (keeping.kept === undefined) keeping.ready();
  return keeping;
}

async function showOnce(context: Context, recoveryKey: string): Promise<void> {
  const heading = "This is the account's recovery key. It is shown only now; write it down and keep it safe:";
  for (const line of ["", heading, "", `  ${recoveryKey}`, ""]) say(context, line);
  while (!(await confirmed(context, "Do you have it?"))) say(context, "It will not be shown again.");
}
