import { Command } from "commander";
import { SottoError } from "../errors.ts";
import type { StepResult } from "../model/evacuation.ts";
import type { Evacuated } from "../service/evacuate/evacuate.ts";
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
  const result = await perform<Evacuated>(context, flags, { operation: "evacuate", args });
  process.exitCode = exitCodeOf(result.steps);
  if (flags.json) return printJson(context, result);
  show(context, result);
  for (const line of result.text.split("\n")) printText(context, `  | ${line}`);
  if (result.isDryRun) return say(context, "nothing was changed, and nobody was told");
  if (result.isDrill) return say(context, "this was a drill: the room gets everything as before");
  say(context, `messages that wait until \`sotto evacuate '${result.roomId}' --over\`: ${result.waiting}`);
}

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
  show(context, result);
  say(context, `messages that waited: ${result.waiting}; \`sotto run\` sends them`);
}

const MARKS: Record<StepResult["outcome"], string> = {
  ...{ done: "✓", "was-done": "✓", planned: "•", "left-out": "-" },
  ...{ blocked: "✗", failed: "✗", uncertain: "?" },
};

function show(context: Context, { roomId, steps }: Pick<Evacuated, "roomId" | "steps">): void {
  printText(context, roomId);
  for (const { step, outcome, message, code, cure } of steps) {
    printText(context, `  ${MARKS[outcome]} ${step}: ${message}${code === undefined ? "" : ` (${code})`}`);
    if (cure !== undefined) printText(context, `      cure: ${cure}`);
  }
}

/** 1: a dry run found what would not go; 4: nothing but the homeserver was away; 3: anything else could not be done. */
function exitCodeOf(steps: readonly StepResult[]): number {
  const undone = steps.filter(({ outcome }) => outcome === "failed" || outcome === "uncertain");
  if (undone.length > 0) return undone.every(({ code }) => code === "HOMESERVER_UNREACHABLE") ? 4 : 3;
  return steps.some(({ outcome }) => outcome === "blocked") ? 1 : 0;
}
