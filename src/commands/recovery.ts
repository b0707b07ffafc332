import { Command } from "commander";
import { configSource, dataDirectoryOf, loadConfig } from "../config/index.ts";
import type { RecoverySecret } from "../crypto/index.ts";
import { SottoError } from "../errors.ts";
import type { Emitted } from "../service/operations.ts";
import type { DrillResult } from "../service/recovery/drill.ts";
import type { ChoiceArguments } from "../service/recovery/operations.ts";
import type { CreateResult, RecoveryReport, RestoredRecovery } from "../service/recovery/recovery.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { requireRoomId } from "./shared/ids.ts";
import { type LoginFlags, loginOf } from "./shared/login.ts";
import { printJson, printText, say } from "./shared/output.ts";
import { requirePerson, typeAccountName } from "./shared/questions.ts";
import { keepingPlace, type SecretFlags, secretOf } from "./shared/recovery-key.ts";
import { recoveryLines } from "./shared/recovery-lines.ts";

interface CreateFlags extends CommonOptions {
  out?: string;
  passphraseFile?: string;
  recoveryKeyFile?: string;
  replace?: boolean;
  replaceBackup?: boolean;
}

interface DrillFlags extends CommonOptions, SecretFlags, LoginFlags {
  room?: string;
}

const KEY_FILE = ["--recovery-key-file <file>", "the account's recovery key"] as const;
const PASSPHRASE_FILE = [
  "--passphrase-file <file>",
  "the passphrase of its secret storage, in its stead",
] as const;

export function command(context: Context): Command {
  const recovery = new Command("recovery").description("secret storage and key backup");
  recovery
    .command("create")
    .description(
      "put the identity's keys into secret storage and make a key backup, where they are not there",
    )
    .option("--out <file>", "where the recovery key of a new storage is written, outside the data directory")
    .option("--passphrase-file <file>", "a passphrase that opens the new storage as well")
    .option("--recovery-key-file <file>", "fill the storage that is there, which this opens")
    .option("--replace", "make a new storage; the old recovery key opens nothing afterwards")
    .option("--replace-backup", "make a new key backup in place of one that is not ours")
    .action((_flags, sub: Command) => create(context, sub.optsWithGlobals()));
  recovery
    .command("restore")
    .description("take the identity and every room key that the homeserver keeps")
    .option(...KEY_FILE)
    .option(...PASSPHRASE_FILE)
    .action((_flags, sub: Command) => restore(context, sub.optsWithGlobals()));
  recovery
    .command("status")
    .description("what a recovery would find; exit code 1 if something is missing")
    .action((_flags, sub: Command) => status(context, sub.optsWithGlobals()));
  recovery
    .command("drill")
    .description("recover on a throw-away device, play a voice message there, and delete the device")
    .option(...KEY_FILE)
    .option(...PASSPHRASE_FILE)
    .option("--password-file <file>", "make the throw-away device with the account's password")
    .option(
      "--access-token-file <file>",
      "the token of a new device, where there is no login with a password",
    )
    .option("--room <roomId>", "play our newest voice message there instead of a new one")
    .action((_flags, sub: Command) => drill(context, sub.optsWithGlobals()));
  recovery
    .command("delete-backup")
    .description("delete the key backup from the homeserver")
    .action((_flags, sub: Command) => deleteBackup(context, sub.optsWithGlobals()));
  return recovery;
}

async function create(context: Context, flags: CreateFlags): Promise<void> {
  const { replace = false, replaceBackup = false } = flags;
  let choice: ChoiceArguments;
  let emit = async (_message: Emitted): Promise<void> => undefined;
  if (flags.recoveryKeyFile !== undefined) {
    if (replace || flags.out !== undefined)
      throw new SottoError(
        "USAGE",
        "--recovery-key-file fills the storage that is there: no --out, no --replace",
      );
    choice = { open: requiredSecret(flags) };
  } else {
    if (flags.out === undefined && !context.interactive)
      throw new SottoError("USAGE", "recovery create needs --out or --recovery-key-file");
    const data = await dataDirectoryOf(configSource(flags.config, context.env));
    const keeping = keepingPlace(context, flags.out, data);
    const secret = secretOf(flags);
    const passphrase = secret && "passphrase" in secret ? { passphrase: secret.passphrase } : {};
    choice = { make: { ...(keeping.kept === undefined ? {} : { kept: keeping.kept }), ...passphrase } };
    emit = async (message) => {
      if (message.kind === "recovery-key") await keeping.keep(message.recoveryKey);
    };
  }
  const args = { choice, replace, replaceBackup };
  const result = await perform<CreateResult>(context, flags, { operation: "recovery-create", args, emit });
  if (flags.json) return printJson(context, result);
  say(context, `secret storage ${result.keyId} holds the identity's keys; key backup ${result.backup}`);
  if (flags.out) say(context, `the recovery key is in ${flags.out}: move it to a safe place`);
}

async function restore(context: Context, flags: CommonOptions & SecretFlags): Promise<void> {
  const emit = async (message: Emitted): Promise<void> => {
    if (message.kind !== "progress" || !context.interactive || flags.json) return;
    say(context, `${message.done} of ${message.total} room keys, ${message.damaged} of them damaged`);
  };
  const args = { secret: requiredSecret(flags) };
  const result = await perform<RestoredRecovery>(context, flags, {
    operation: "recovery-restore",
    args,
    emit,
  });
  if (flags.json) return printJson(context, result);
  const { identity, total, imported, damaged } = result;
  say(context, `identity ${identity}; ${imported} room keys taken of ${total} in the key backup`);
  if (damaged > 0) say(context, `${damaged} could not be read`);
}

async function status(context: Context, flags: CommonOptions): Promise<void> {
  const report = await perform<RecoveryReport>(context, flags, { operation: "recovery-status", args: {} });
  const { lines, complete } = recoveryLines(report);
  if (flags.json) printJson(context, { complete, ...report });
  else for (const line of lines) printText(context, line);
  if (!complete) process.exitCode = 1;
}

async function drill(context: Context, flags: DrillFlags): Promise<void> {
  if (flags.room !== undefined) requireRoomId(flags.room);
  const args = {
    secret: requiredSecret(flags),
    credentials: requiredLogin(flags),
    ...(flags.room === undefined ? {} : { roomId: flags.room }),
  };
  const result = await perform<DrillResult>(context, flags, { operation: "recovery-drill", args });
  if (flags.json) return printJson(context, result);
  const { sessions, damaged, roomId, eventId, size } = result;
  say(context, `recovered ${sessions - damaged} of ${sessions} room keys on a device that is deleted again,`);
  say(context, `and played ${eventId} in ${roomId} there (${size} bytes)`);
}

function requiredLogin(flags: DrillFlags) {
  const login = loginOf(flags);
  if (login) return login;
  throw new SottoError("USAGE", "the drill needs a login for its throw-away device", {
    cure: "give --password-file; where the homeserver has no passwords, --access-token-file with the token of a new device",
  });
}

async function deleteBackup(context: Context, flags: CommonOptions): Promise<void> {
  requirePerson(context, "a key backup is deleted");
  const { userId } = loadConfig(configSource(flags.config, context.env)).account;
  say(context, "Every device that is set up afterwards cannot read the messages of before.");
  await typeAccountName(context, userId, "delete its key backup");
  await perform(context, flags, { operation: "recovery-delete-backup", args: { userId } });
  if (flags.json) return printJson(context, { userId });
  say(context, "the key backup is deleted");
}

function requiredSecret(flags: SecretFlags): RecoverySecret {
  const secret = secretOf(flags);
  if (secret) return secret;
  throw new SottoError("USAGE", "this needs --recovery-key-file or --passphrase-file");
}
