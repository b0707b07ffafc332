import { Command } from "commander";
import { SottoError } from "../errors.ts";
import type { StepResult } from "../model/evacuation.ts";
import type { RoomId } from "../model/ids.ts";
import type { Evacuated } from "../service/evacuate/evacuate.ts";
import type { Emitted } from "../service/operations.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { printJson, printText, say } from "./shared/output.ts";

interface EvacuateFlags extends CommonOptions {
  message?: string;
  to?: string;
  dryRun?: true;
  drill?: true;
  over?: true;
}

export function command(context: Context): Command {
  return new Command("evacuate")
    .description(
      "the emergency switch: stop sending into a room, end its key, and tell its people where to go",
    )
    .argument("<room>", "room ID or alias")
    .option("--message <text>", "what they are told; else `evacuate.message` of the config")
    .option("--to <room>", "where they are to go: room ID or alias")
    .option("--dry-run", "say what would happen, and touch nothing")
    .option("--drill", "tell everybody that it is a drill; stop nothing")
    .option("--over", "it is safe again: what waits is sent")
    .action((room: string, flags: EvacuateFlags) =>
      flags.over ? over(context, room, flags) : evacuate(context, room, flags),
    );
}

async function evacuate(context: Context, room: string, flags: EvacuateFlags): Promise<void> {
  const { message, to, dryRun, drill } = flags;
  const args = {
    ...{ room, isDryRun: dryRun === true, isDrill: drill === true },
    ...(message !== undefined && { message }),
    ...(to !== undefined && { to }),
  };
  const shown = new Shown(context);
  const emit = async (message: Emitted): Promise<void> => {
    if (message.kind === "evacuation" && !flags.json) shown.step(message.roomId, message.step);
  };
  const result = await perform<Evacuated>(context, flags, { operation: "evacuate", args, emit });
  process.exitCode = exitCodeOf(result.steps);
  if (flags.json) return printJson(context, result);
  for (const step of result.steps) shown.step(result.roomId, step);
  for (const line of result.text.split("\n")) printText(context, `  | ${line}`);
  if (result.isDryRun) return say(context, UNCHANGED);
  if (result.isDrill) return say(context, "this was a drill: the room gets everything as before");
  if (process.exitCode !== 0) say(context, "not all is done: see ✗ and ? above; the room stays stopped");
  say(context, `messages that wait until \`sotto evacuate '${result.roomId}' --over\`: ${result.waiting}`);
}

const UNCHANGED = "nothing was changed, and nobody was told";

async function over(context: Context, room: string, flags: EvacuateFlags): Promise<void> {
  const { message, to, drill, dryRun } = flags;
  if (message !== undefined || to !== undefined || drill)
    throw new SottoError("USAGE", "--over tells nobody", { cure: "give it alone, or with --dry-run" });
  const args = { room, isDryRun: dryRun === true };
  const result = await perform<Omit<Evacuated, "text">>(context, flags, {
    operation: "evacuation-over",
    args,
  });
  if (flags.json) return printJson(context, result);
  const shown = new Shown(context);
  for (const step of result.steps) shown.step(result.roomId, step);
  if (result.isDryRun) say(context, UNCHANGED);
  if (result.waiting > 0) say(context, `messages that wait, for \`sotto run\`: ${result.waiting}`);
}

const MARKS: Record<StepResult["outcome"], string> = {
  ...{ done: "✓", "was-done": "✓", planned: "•", "left-out": "-" },
  ...{ blocked: "✗", failed: "✗", uncertain: "?" },
};

/** Each step as soon as it has ended, once. */
class Shown {
  readonly #context: Context;
  readonly #steps = new Set<StepResult["step"]>();

  constructor(context: Context) {
    this.#context = context;
  }

  step(roomId: RoomId, { step, outcome, message, code, cure, unreached }: StepResult): void {
    if (this.#steps.has(step)) return;
    if (this.#steps.size === 0) this.#print(roomId);
    this.#steps.add(step);
    this.#print(`  ${MARKS[outcome]} ${step}: ${message}${code === undefined ? "" : ` (${code})`}`);
    for (const userId of unreached ?? []) this.#print(`      cannot read it: ${userId}`);
    if (cure !== undefined) this.#print(`      cure: ${cure}`);
  }

  #print(line: string): void {
    printText(this.#context, line);
  }
}

/** 1: a dry run found what would not go; 4: nothing but the homeserver was away; 3: anything else could not be done. */
function exitCodeOf(steps: readonly StepResult[]): number {
  const undone = steps.filter(({ outcome }) => outcome === "failed" || outcome === "uncertain");
  if (undone.length > 0) return undone.every(({ code }) => code === "HOMESERVER_UNREACHABLE") ? 4 : 3;
  return steps.some(({ outcome }) => outcome === "blocked") ? 1 : 0;
}
