import { resolve } from "node:path";
import { Command } from "commander";
import { SottoError } from "../errors.ts";
import { parseFingerprint } from "../model/fingerprint.ts";
import type { Emitted } from "../service/operations.ts";
import { requireCreatable } from "../service/private-file.ts";
import type { Question, VerifyArguments, VerifyProgress, VerifyResult } from "../service/verify.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { requireUserId } from "./shared/ids.ts";
import { printJson, printText, say } from "./shared/output.ts";
import { ask, confirmed } from "./shared/questions.ts";

interface VerifyFlags extends CommonOptions {
  device?: string;
  qr?: boolean;
  qrOut?: string;
  qrScan?: string;
  qrText?: boolean;
  fingerprint?: string;
}

export function command(context: Context): Command {
  return new Command("verify")
    .description("verify a user, or another device of this account, together with the person there")
    .argument("<user>", "the user ID; this account's own for one of its devices")
    .option("--device <deviceId>", "which of the account's own devices")
    .option("--qr", "show a QR code for the other side to scan")
    .option("--qr-out <file>", "write it as .svg or .png too")
    .option("--qr-scan <file>", "read the other side's QR code from a PNG or JPEG")
    .option("--qr-text", "read its bytes, in base64, from the terminal")
    .option("--fingerprint <key>", "a key that was compared by another way; asks nothing")
    .action((user: string, flags: VerifyFlags) => verify(context, user, flags));
}

async function verify(context: Context, user: string, flags: VerifyFlags): Promise<void> {
  requireUserId(user);
  const args: VerifyArguments = {
    user,
    ...methodOf(flags),
    ...(flags.device ? { device: flags.device } : {}),
  };
  if (args.fingerprint === undefined && !context.interactive) {
    throw new SottoError("USAGE", "verifying takes a person at a terminal, who compares", {
      cure: "run it in a terminal, or compare the keys by another way and give --fingerprint",
    });
  }
  if (flags.qrOut !== undefined) await requireQrFile(flags.qrOut);
  const result = await perform<VerifyResult>(context, flags, {
    operation: "verify",
    args: { ...args },
    emit: (message: Emitted) => tell(context, flags, message as VerifyProgress),
    ask: (question, signal) => answer(context, flags, question, signal),
  });
  if (flags.json) printJson(context, result);
  else report(context, result);
}

function methodOf(flags: VerifyFlags): Pick<VerifyArguments, "method" | "fingerprint"> {
  const { fingerprint } = flags;
  const shows = flags.qr === true || flags.qrOut !== undefined;
  const scans = flags.qrScan !== undefined || flags.qrText === true;
  if ([fingerprint !== undefined, shows, scans].filter(Boolean).length > 1) {
    throw new SottoError("USAGE", "show a code, scan one, or give a fingerprint: one of them");
  }
  if (flags.qrScan !== undefined && flags.qrText) {
    throw new SottoError("USAGE", "--qr-scan and --qr-text are two ways to the same: take one");
  }
  if (fingerprint !== undefined) return { fingerprint: parseFingerprint(fingerprint) };
  return { method: shows ? "show" : scans ? "scan" : "emoji" };
}

async function requireQrFile(file: string): Promise<void> {
  if (!/\.(?:svg|png)$/i.test(file)) {
    throw new SottoError("USAGE", `${file} is neither .svg nor .png`, { cure: "name the file so" });
  }
  requireCreatable(resolve(file));
}

/** How a verification goes on, as words. */
async function tell(context: Context, flags: VerifyFlags, message: VerifyProgress): Promise<void> {
  if (message.kind === "qr") return showQr(context, flags, message);
  const { phase, userId, deviceId, incoming } = message;
  const who = deviceId === undefined ? userId : `${userId}, device ${deviceId}`;
  if (phase === "requested" && !incoming) say(context, `asked ${who}: accept the request there`);
  else if (phase === "ready") say(context, `${who} takes part`);
  else if (phase === "confirmed") say(context, `confirmed here; waiting for ${who}`);
}

async function showQr(
  context: Context,
  { qrOut }: VerifyFlags,
  { size, modules }: Extract<VerifyProgress, { kind: "qr" }>,
): Promise<void> {
  const { drawQr, writeQr } = await import("./shared/qr-show.ts");
  const code = { size, modules: Buffer.from(modules, "base64") };
  if (qrOut !== undefined) {
    await writeQr(resolve(qrOut), code);
    say(context, `the code is in ${qrOut}`);
  }
  // not by `say`: the colours are ours, and a scanner needs dark on light whatever the terminal's own are
  context.stderr.write(drawQr(code));
  say(context, "scan this code on the other side");
}

async function answer(
  context: Context,
  flags: VerifyFlags,
  question: Question,
  signal: AbortSignal,
): Promise<string> {
  if (question.kind === "scan") return scan(context, flags, question.userId, signal);
  if (question.kind === "scanned") {
    return yesOrNo(
      context,
      `Does the device of ${question.userId} say that it has scanned this code?`,
      signal,
    );
  }
  say(context, "");
  for (const { symbol, description } of question.emoji) context.stderr.write(`  ${symbol}  ${description}\n`);
  say(context, `  ${question.decimals.join("  ")}`);
  say(context, "");
  return yesOrNo(context, `Does ${question.userId} see the same, in the same order?`, signal);
}

const yesOrNo = async (...asked: Parameters<typeof confirmed>): Promise<string> =>
  (await confirmed(...asked)) ? "yes" : "no";

async function scan(
  context: Context,
  flags: VerifyFlags,
  userId: string,
  signal: AbortSignal,
): Promise<string> {
  const { qrInFile, qrInText } = await import("./shared/qr-scan.ts");
  if (flags.qrScan === undefined) {
    const text = await ask(context, `The code of ${userId} in base64: `, signal);
    return Buffer.from(qrInText(text)).toString("base64");
  }
  await ask(context, `Press Enter when the code of ${userId} is in ${flags.qrScan}: `, signal);
  return Buffer.from(await qrInFile(resolve(flags.qrScan))).toString("base64");
}

function report(context: Context, result: VerifyResult): void {
  const { userId, deviceId, verified, method } = result;
  if (verified === "identity") {
    printText(context, `${userId} is verified, and with them every device that they sign`);
  } else if (method === "fingerprint") {
    printText(
      context,
      `device ${deviceId} of ${userId} is trusted on this machine; ${userId} is not verified`,
    );
    say(
      context,
      "a server can sign a true device with a false master key: compare the master key to verify the user",
    );
  } else {
    printText(context, `device ${deviceId} of ${userId} is verified`);
  }
}
