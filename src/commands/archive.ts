import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { type ArchiveReport, verifyArchive } from "../connector/archive/verify.ts";
import { SottoError } from "../errors.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { printJson, printText, say } from "./shared/output.ts";

interface VerifyFlags extends CommonOptions {
  publicKey?: string;
}

export function command(context: Context): Command {
  const verify = new Command("verify")
    .description("compare an archive of voice messages with its signed list; needs neither config nor store")
    .argument("<folder>", "the archive")
    .option("--public-key <file>", "the key that signed it, from a copy that did not lie in the archive")
    .action((folder: string, _flags: unknown, own: Command) =>
      verifyFolder(context, folder, own.optsWithGlobals<VerifyFlags>()),
    );
  return new Command("archive").description("voice messages kept by an archive connector").addCommand(verify);
}

async function verifyFolder(context: Context, folder: string, flags: VerifyFlags): Promise<void> {
  const keyFile = flags.publicKey ?? join(folder, "public-key.pem");
  const report = await reportOn(folder, keyFile);
  if (flags.json) printJson(context, report);
  else for (const { fault, line, file } of report.findings) printText(context, found(fault, line, file));
  if (flags.publicKey === undefined)
    say(context, "the key lay in the archive: this shows that it agrees with itself, not who made it");
  const { archive, entries, last, findings } = report;
  if (findings.length > 0) {
    throw new SottoError("ARCHIVE_CHANGED", `${findings.length} things are wrong in ${entries} entries`);
  }
  say(context, `${entries} entries of ${archive} are signed and in order, and their files are as they were`);
  say(context, `the last one: ${last}`);
}

async function reportOn(folder: string, keyFile: string): Promise<ArchiveReport> {
  try {
    return await verifyArchive(folder, await readFile(keyFile, "utf8"));
  } catch (cause) {
    throw new SottoError("USAGE", `${folder} cannot be verified with ${keyFile}`, {
      cause,
      cure: "name the folder of an archive, and with --public-key a copy of its public-key.pem",
    });
  }
}

const found = (fault: string, line: number | undefined, file: string | undefined): string =>
  [fault, line === undefined ? undefined : `line ${line}`, file].filter(Boolean).join(" ");
