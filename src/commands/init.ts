import { dirname, resolve } from "node:path";
import { Command, Option } from "commander";
import { configSource } from "../config/index.ts";
import { SottoError } from "../errors.ts";
import { type InitRequest, type InitResult, initialise, type Recovery } from "../service/init.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { logger } from "./shared/holder.ts";
import { requireUserId } from "./shared/ids.ts";
import { type LoginFlags, loginOf } from "./shared/login.ts";
import { printJson, say } from "./shared/output.ts";
import { ask, askHidden } from "./shared/questions.ts";
import { keepRecoveryKey, type SecretFlags, secretOf } from "./shared/recovery-key.ts";

interface InitFlags extends CommonOptions, SecretFlags, LoginFlags {
  homeserver?: string;
  user?: string;
  dataDir: string;
  shareWith?: "signed" | "verified" | "all";
  caFile?: string;
  recoveryKeyOut?: string;
  yes?: boolean;
}

export function command(context: Context): Command {
  return new Command("init")
    .description("make a device for an account, have its identity sign it, and write the config")
    .option("--homeserver <url>", "the homeserver's URL, or a server name to look up")
    .option("--user <userId>", "the account, e.g. @voice:example.org")
    .option("--password-file <file>", "log in with the password in this file")
    .option("--access-token-file <file>", "use this access token, of a device that has no keys yet")
    .option("--data-dir <directory>", "where the stores go", "./data")
    .addOption(new Option("--share-with <who>", "who gets room keys").choices(["signed", "verified", "all"]))
    .option("--ca-file <file>", "certificates to trust besides the system's")
    .option("--recovery-key-file <file>", "the recovery key of the account's identity")
    .option("--passphrase-file <file>", "the passphrase of the account's secret storage, in its stead")
    .option("--recovery-key-out <file>", "where a new recovery key is written, outside the data directory")
    .option("--yes", "ask nothing")
    .action((flags: InitFlags) => init(context, flags));
}

async function init(context: Context, flags: InitFlags): Promise<void> {
  if (flags.yes) requireFlags(flags);
  else if (!context.interactive) {
    throw new SottoError("USAGE", "nobody is here to answer questions", { cure: "give the flags and --yes" });
  }
  const userId = flags.user ?? (await ask(context, "user ID (e.g. @voice:example.org): "));
  requireUserId(userId);
  const request: InitRequest = {
    userId,
    homeserver:
      flags.homeserver ?? ((await ask(context, `homeserver (empty: that of ${userId}): `)) || userId),
    credentials: loginOf(flags) ?? { password: await askHidden(context, "password: ") },
    config: configSource(flags.config ?? ["sotto.yaml"], context.env),
    dataDirectory: resolve(flags.dataDir),
    recovery: recovery(context, flags),
    ...(flags.shareWith ? { shareWith: flags.shareWith } : {}),
    ...(flags.caFile ? { caFile: resolve(flags.caFile) } : {}),
  };
  const result = await initialise(request, logger(context, flags), context.signal);
  report(context, flags, result);
}

function requireFlags(flags: InitFlags): void {
  const missing = [
    flags.homeserver === undefined && "--homeserver",
    flags.user === undefined && "--user",
    !flags.passwordFile && !flags.accessTokenFile && "--password-file or --access-token-file",
    !flags.recoveryKeyOut && !secretFlag(flags) && "--recovery-key-out or --recovery-key-file",
  ].filter((flag) => flag !== false);
  if (missing.length > 0) throw new SottoError("USAGE", `--yes also needs ${missing.join(", ")}`);
}

const secretFlag = ({ recoveryKeyFile, passphraseFile }: InitFlags): string | undefined =>
  recoveryKeyFile ?? passphraseFile;

function recovery(context: Context, flags: InitFlags): Recovery {
  const secret = secretOf(flags);
  if (secret) return secret;
  return keepRecoveryKey(context, flags.recoveryKeyOut, resolve(flags.dataDir));
}

function report(
  context: Context,
  flags: InitFlags,
  { userId, deviceId, config, identity, backup }: InitResult,
): void {
  const recoveryKeyFile =
    identity === "created" && flags.recoveryKeyOut ? resolve(flags.recoveryKeyOut) : undefined;
  if (flags.json) {
    printJson(context, {
      userId,
      deviceId,
      config,
      identity,
      backup,
      ...(recoveryKeyFile ? { recoveryKeyFile } : {}),
    });
    return;
  }
  say(context, `device ${deviceId} of ${userId} is ready and signed (identity ${identity})`);
  if (backup === "refused") say(context, "its key backup is somebody else's: see `sotto recovery status`");
  if (recoveryKeyFile) say(context, `the recovery key is in ${recoveryKeyFile}: move it to a safe place`);
  const flag = config === resolve("sotto.yaml") ? "" : ` --config ${config}`;
  say(context, `the config is ${config}, the stores are in ${resolve(dirname(config), flags.dataDir)}`);
  say(context, `next: sotto send RECORDING --room ROOM${flag}`);
}
