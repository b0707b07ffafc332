import { readFileSync } from "node:fs";
import { Command } from "commander";
import { SottoError } from "../../errors.ts";
import type { LogResult } from "../../service/audit/audit.ts";
import type { KnownHead } from "../../service/audit/verify-log.ts";
import { usage } from "./audit-flags.ts";
import type { CommonOptions, Context } from "./context.ts";
import { perform } from "./holder.ts";
import { printJson, say } from "./output.ts";

interface LogFlags extends CommonOptions {
  publicKey?: string;
  head?: string;
  export?: string;
}

/** `sotto audit verify-log`. */
export const verifyLogCommand = (context: Context): Command =>
  new Command("verify-log")
    .description("replay the signed log of audits, and name the first record that is wrong")
    .argument("[file]", "lines that --export wrote; then neither config nor store is needed")
    .option("--public-key <file>", "of a file: the key that signed it, PEM")
    .option("--head <number:hash>", "how far it went at least, as an audit has said it")
    .option("--export <file>", "write its lines to a file, to be verified elsewhere")
    .action((file: string | undefined, _flags: unknown, own: Command) =>
      verifyLog(context, file, own.optsWithGlobals<LogFlags>()),
    );

async function verifyLog(context: Context, file: string | undefined, flags: LogFlags): Promise<void> {
  const noted = flags.head === undefined ? [] : [headOf(flags.head)];
  const { report, lines } =
    file === undefined
      ? await perform<LogResult>(context, flags, {
          operation: "audit-log",
          args: { noted, lines: flags.export !== undefined },
        })
      : await inFile(file, flags, noted);
  if (flags.export !== undefined && lines) {
    const { writePrivateFile } = await import("../../service/private-file.ts");
    writePrivateFile(flags.export, lines.map((line) => `${line}\n`).join(""));
  }
  const { records, head, fault, publicKeyPem, compared } = report;
  if (flags.json) printJson(context, { records, head, fault, publicKeyPem, compared });
  if (fault)
    throw new SottoError(
      "AUDIT_LOG_CHANGED",
      `record ${fault.number} is ${fault.fault}; the ${records} before it are as they were signed`,
    );
  say(context, `${records} records are signed and in order`);
  if (head) say(context, `the last one: ${head.number}:${head.last}`);
  if (compared !== true) say(context, `an end that was cut off would not show: ${compared}`);
  if (!flags.json) say(context, `signed by this key:\n${publicKeyPem.trim()}`.replaceAll("\n", " "));
}

async function inFile(file: string, flags: LogFlags, noted: KnownHead[]): Promise<LogResult> {
  if (flags.publicKey === undefined) throw usage("a file is verified with a key", "give --public-key");
  if (flags.export !== undefined) throw usage("the file is an export already", "leave --export out");
  const { verifyExport } = await import("../../service/audit/exported.ts");
  try {
    const publicKeyPem = readFileSync(flags.publicKey, "utf8");
    return { report: verifyExport(readFileSync(file, "utf8"), publicKeyPem, noted) };
  } catch (cause) {
    throw new SottoError("USAGE", `${file} cannot be verified with ${flags.publicKey}`, {
      cause,
      cure: "name a file that `sotto audit verify-log --export` wrote, and a public key in PEM",
    });
  }
}

function headOf(text: string): KnownHead {
  const [, number, last] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number !== undefined && last !== undefined) return { number: Number(number), last };
  throw usage(`--head takes no "${text}"`, "give it as an audit has said it, number and hash: 12:3fa2…");
}
