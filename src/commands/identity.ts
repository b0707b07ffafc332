import { Command } from "commander";
import { configSource, dataDirectoryOf } from "../config/index.ts";
import { SottoError } from "../errors.ts";
import type { BootstrapResult, IdentityAudience, IdentityReport } from "../service/identity.ts";
import type { Emitted } from "../service/operations.ts";
import type { ChoiceArguments } from "../service/recovery/operations.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { type LoginFlags, passwordOf } from "./shared/login.ts";
import { printJson, printText, say } from "./shared/output.ts";
import { askHidden, requirePerson, typeAccountName } from "./shared/questions.ts";
import { type Keeping, keepingPlace, type SecretFlags, secretOf } from "./shared/recovery-key.ts";

interface IdentityFlags extends CommonOptions, SecretFlags, Pick<LoginFlags, "passwordFile"> {
  recoveryKeyOut?: string;
}

export function command(context: Context): Command {
  const identity = new Command("identity").description("the account's cross-signing identity");
  identity
    .command("status")
    .description("what the homeserver shows; exit code 1 if this device is not signed")
    .action((_flags, sub: Command) => status(context, sub.optsWithGlobals()));
  identity
    .command("bootstrap")
    .description("make an identity for an account without one, and have this device signed; replaces nothing")
    .option("--recovery-key-file <file>", "the recovery key of the identity that is there")
    .option("--passphrase-file <file>", "the passphrase of the account's secret storage, in its stead")
    .option("--recovery-key-out <file>", "where a new recovery key is written, outside the data directory")
    .option("--password-file <file>", "the account's password, for a homeserver that asks for it")
    .action((_flags, sub: Command) => bootstrap(context, sub.optsWithGlobals()));
  identity
    .command("reset")
    .description("replace the identity: everybody who verified this account must verify it anew")
    .requiredOption("--recovery-key-out <file>", "where the new recovery key is written")
    .option("--password-file <file>", "the account's password, for a homeserver that asks for it")
    .action((_flags, sub: Command) => reset(context, sub.optsWithGlobals()));
  return identity;
}

async function status(context: Context, flags: IdentityFlags): Promise<void> {
  const report = await perform<IdentityReport>(context, flags, { operation: "identity-status", args: {} });
  show(context, flags, report);
  if (!report.deviceSigned) process.exitCode = 1;
}

async function bootstrap(context: Context, flags: IdentityFlags): Promise<void> {
  const operation = "identity-bootstrap";
  const keeping = await newKeyKeeping(context, flags);
  const choice = choiceOf(flags, keeping);
  const emit = emitTo(context, keeping);
  const password = passwordOf(flags);
  const call = (secret: { password?: string }) =>
    perform<BootstrapResult>(context, flags, {
      operation,
      args: { ...secret, ...(choice ? { choice: choice() } : {}) },
      emit,
    });
  const result = await call(password).catch(async (thrown) => {
    const asksForProof = thrown instanceof SottoError && thrown.code === "IDENTITY_PROOF_NEEDED";
    if (!asksForProof || !context.interactive || password.password !== undefined) throw thrown;
    return call({ password: await askHidden(context, "the homeserver wants the account's password: ") });
  });
  if (flags.json) printJson(context, result);
  else say(context, `identity ${result.identity}, key backup ${result.backup}`);
}

async function reset(context: Context, flags: IdentityFlags): Promise<void> {
  requirePerson(context, "an identity is reset");
  const audience = await perform<IdentityAudience>(context, flags, {
    operation: "identity-audience",
    args: {},
  });
  for (const line of warning(audience)) say(context, line);
  const { userId } = audience;
  await typeAccountName(context, userId, "replace its identity");
  const keeping = await newKeyKeeping(context, flags);
  const password = flags.passwordFile
    ? passwordOf(flags)
    : passwordFrom(await askHidden(context, "the account's password (empty if it has none): "));
  const { kept } = keeping ?? {};
  const result = await perform<{ identity: IdentityReport; backup: string }>(context, flags, {
    operation: "identity-reset",
    args: { userId, make: kept === undefined ? {} : { kept }, ...password },
    emit: emitTo(context, keeping),
  });
  if (!flags.json) say(context, "the identity is replaced; the old recovery key opens nothing any more");
  show(context, flags, result.identity);
}

function warning({ userId, rooms, users }: IdentityAudience): string[] {
  return [
    `This replaces the cross-signing identity of ${userId}.`,
    `Everybody who has verified it sees a warning, and has to verify it anew.`,
    `${users} users in ${rooms.length} encrypted rooms hold the old identity, and are told of the new one:`,
    ...rooms.map(({ roomId, members }) => `  ${roomId} (${members} members)`),
    "Its other devices lose their signatures; they must be verified with the new recovery key.",
  ];
}

function show(context: Context, flags: IdentityFlags, report: IdentityReport): void {
  if (flags.json) {
    printJson(context, report);
    return;
  }
  const { exists, deviceSigned, privateKeysHere, fingerprint } = report;
  printText(context, `identity      ${exists ? "published" : "none"}`);
  if (fingerprint) printText(context, `master key    ${fingerprint}`);
  printText(context, `this device   ${deviceSigned ? "signed" : "not signed: others see a warning"}`);
  printText(context, `private keys  ${privateKeysHere ? "here" : "not here"}`);
}

const passwordFrom = (password: string): { password?: string } => (password === "" ? {} : { password });

/** Undefined where nothing was named and nobody is here to write the key down. */
async function newKeyKeeping(context: Context, flags: IdentityFlags): Promise<Keeping | undefined> {
  if (secretOf(flags) || (flags.recoveryKeyOut === undefined && !context.interactive)) return undefined;
  const data = await dataDirectoryOf(configSource(flags.config, context.env));
  return keepingPlace(context, flags.recoveryKeyOut, data);
}

function choiceOf(flags: IdentityFlags, keeping: Keeping | undefined): (() => ChoiceArguments) | undefined {
  const secret = secretOf(flags);
  if (secret) return () => ({ open: secret });
  // asked at each call: a first try may have kept the key
  return keeping && (() => ({ make: keeping.kept === undefined ? {} : { kept: keeping.kept } }));
}

const emitTo =
  (context: Context, keeping: Keeping | undefined) =>
  async (message: Emitted): Promise<void> => {
    if (message.kind === "recovery-key" && keeping) {
      await keeping.keep(message.recoveryKey);
      keeping.kept = message.recoveryKey;
    }
    if (message.kind !== "account-page") return;
    say(context, "Approve this on the account's page, with the browser in which you are logged in:");
    say(context, `  ${message.url}`);
    say(context, "Waiting for it; Ctrl-C ends that.");
  };
