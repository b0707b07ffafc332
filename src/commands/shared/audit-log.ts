import { readFileSync } from "node:fs";
import { Command } from "commander";
import { SottoError } from "../../errors.ts";
import type { LogResult } from "../../service/audit/audit.ts";
import type { Begun } from "../../service/audit/log.ts";
import type { LogBreak } from "../../service/audit/record.ts";
import type { KnownHead } from "../../service/audit/verify-log.ts";
import { usage } from "./audit-flags.ts";
import type { CommonOptions, Context } from "./context.ts";
import { perform } from "./holder.ts";
import { printJson, say, wholeNumber } from "./output.ts";

interface LogFlags extends CommonOptions {
  publicKey?: string;
  head?: string;
  export?: string;
  log?: string;
}
interface BeginFlags extends CommonOptions {
  confirm?: string;
  reason?: string;
}

/** `sotto audit verify-log`. */
export const verifyLogCommand = (context: Context): Command =>
  new Command("verify-log")
    .description("replay the signed log of audits, and name the first record that is wrong")
    .argument("[file]", "lines that --export wrote; then neither config nor store is needed")
    .option("--public-key <file>", "of a file: the key that signed it, PEM")
    .option("--head <number:hash>", "how far it went at least, as an audit has said it")
    .option("--log <number>", "an earlier log, kept since `begin-log` began another")
    .option("--export <file>", "write its lines to a file, to be verified elsewhere")
    .action((file: string | undefined, _flags: unknown, own: Command) =>
      verifyLog(context, file, own.optsWithGlobals<LogFlags>()),
    );

/** `sotto audit begin-log`. */
export const beginLogCommand = (context: Context): Command =>
  new Command("begin-log")
    .description("begin another log of audits where something is wrong in this one, which is kept")
    .option("--confirm <number>", "the record that is wrong, as verify-log names it")
    .option("--reason <text>", "why: it stands in the new log's first record")
    .action((_flags: unknown, own: Command) => beginLog(context, own.optsWithGlobals<BeginFlags>()));

async function beginLog(context: Context, flags: BeginFlags): Promise<void> {
  const reason = flags.reason?.trim() ?? "";
  if (flags.confirm === undefined || reason === "" || reason.length > MOST_REASON)
    throw usage(
      "a person has to confirm which record is wrong, and to say why",
      `see \`sotto audit verify-log\`; then give --confirm NUMBER --reason TEXT, ${MOST_REASON} characters at most`,
    );
  const confirmed = wholeNumber(flags.confirm, "--confirm");
  const { log, head, first } = await perform<Begun>(context, flags, {
    operation: "audit-log-begin",
    args: { confirmed, reason },
  });
  if (flags.json) return printJson(context, { log, head, first });
  say(context, `log ${log} begins and says that record ${confirmed} of the one before is wrong`);
  say(context, `the one before is kept: \`sotto audit verify-log --log ${log - 1}\``);
  say(context, `note how far the new one goes: ${head.number}:${head.last}`);
}

const MOST_REASON = 1_000;

async function verifyLog(context: Context, file: string | undefined, flags: LogFlags): Promise<void> {
  const noted = flags.head === undefined ? [] : [headOf(flags.head)];
  const { report, lines } =
    file === undefined
      ? await perform<LogResult>(context, flags, {
          operation: "audit-log",
          args: {
            ...{ noted, lines: flags.export !== undefined },
            ...(flags.log !== undefined && { log: wholeNumber(flags.log, "--log") }),
          },
        })
      : await inFile(file, flags, noted);
  if (flags.export !== undefined && lines) {
    const { writePrivateFile } = await import("../../service/private-file.ts");
    const { exportOf } = await import("../../service/audit/log.ts");
    writePrivateFile(flags.export, exportOf(lines));
  }
  const { records, head, fault, publicKeyPem, compared, begun } = report;
  if (flags.json) printJson(context, { records, head, fault, publicKeyPem, compared, begun });
  else if (begun) say(context, begunWords(begun));
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

const begunWords = ({ atMs, reason, before: { fault } }: LogBreak): string =>
  `begun on ${new Date(atMs).toISOString().slice(0, 10)} because record ${fault.number} of the log before was ${fault.fault}: ${reason}`;

async function inFile(file: string, flags: LogFlags, noted: KnownHead[]): Promise<LogResult> {
  if (flags.publicKey === undefined) throw usage("a file is verified with a key", "give --public-key");
  if (flags.log !== undefined) throw usage("the file is one log", "leave --log out");
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
