import { Command } from "commander";
import { configSource } from "../config/index.ts";
import { toSottoError } from "../errors.ts";
import { type Check, checkMachine } from "../service/doctor.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { printJson, printText } from "./shared/output.ts";

export function command(context: Context): Command {
  return new Command("doctor")
    .description("check everything that can be wrong, and say how to cure it")
    .action((flags: CommonOptions) => doctor(context, flags));
}

async function doctor(context: Context, flags: CommonOptions): Promise<void> {
  const checks = await checkMachine(configSource(flags.config, context.env), context.signal);
  context.signal.throwIfAborted();
  const ready = checks.every(
    ({ name, result }) => result !== "fail" || name === "ffmpeg" || name === "memory",
  );
  checks.push(...(ready ? await checkStore(context, flags) : [notChecked]));
  if (flags.json) printJson(context, { checks });
  else for (const line of checks.flatMap(linesOf)) printText(context, line);
  if (checks.some(({ result }) => result === "fail")) process.exitCode = 1;
}

const notChecked: Check = { name: "store", result: "not-checked", message: "the checks above come first" };

async function checkStore(context: Context, flags: CommonOptions): Promise<Check[]> {
  try {
    const checks = await perform<Check[]>(context, flags, { operation: "doctor", args: {} });
    return [{ name: "store", result: "pass", message: "held, and opened by its key" }, ...checks];
  } catch (thrown) {
    const { message, cure } = toSottoError(thrown);
    return [{ name: "store", result: "fail", message, cure }];
  }
}

const MARKS: Record<Check["result"], string> = { pass: "✓", warn: "!", fail: "✗", "not-checked": "-" };

/** The cure, and what a message has of further lines, stand below it. */
function linesOf({ name, result, message, cure }: Check): string[] {
  const [first, ...further] = [...message.split("\n"), ...(cure ? cure.split("\n") : [])];
  return [
    `${MARKS[result]} ${name.padEnd(12)} ${first}`,
    ...further.map((line) => `  ${"".padEnd(12)} ${line}`),
  ];
}
