import { Readable } from "node:stream";
import { SottoError } from "../../errors.ts";
import { complaintOf } from "./complaint.ts";
import { PATH } from "./environment.ts";
import { run } from "./run.ts";

export interface TellByCommand {
  /** The program, absolute, and its arguments. */
  command: readonly string[];
  timeoutMs: number;
  /** All of its environment, but for the path and the language. */
  env: Record<string, string>;
}

const CURE = "run it by hand with the text on its standard input, then run the same command again";

/**
 * Starts a program once, with words on its standard input.
 *
 * @throws SottoError `CONNECTOR_FAILED` where it does not end with 0 in time
 */
export async function tellByCommand(
  { command: [program = "", ...args], timeoutMs, env }: TellByCommand,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const bytes = Buffer.from(`${text}\n`);
  const late = AbortSignal.timeout(timeoutMs);
  const failed = (message: string, cause?: unknown) =>
    new SottoError("CONNECTOR_FAILED", message, { cause, cure: CURE });
  const { exit, stderr } = await run({
    ...{ program, args, env: { PATH, LANG: "C.UTF-8", ...env } },
    ...{ open: () => Readable.from([bytes]), size: bytes.length },
    signal: AbortSignal.any([signal, late]),
  }).catch((thrown) => {
    if (late.aborted) throw failed(`the command took longer than ${timeoutMs / 1_000} s, and was killed`);
    if (signal.aborted) throw failed("the command was ended before it was done", thrown);
    throw failed(`the command did not start (${(thrown as NodeJS.ErrnoException).code})`);
  });
  if (exit === 0) return;
  const complaint = complaintOf(stderr, [text]);
  throw failed(`the command ended with ${exit}${complaint === undefined ? "" : `: ${complaint}`}`);
}
