import { resolve } from "node:path";
import { Command } from "commander";
import { configSource, loadConfig } from "../config/index.ts";
import { DEFAULT_POLICY, loadPolicy } from "../config/policy.ts";
import { SottoError } from "../errors.ts";
import {
  ENFORCEMENT_SCHEMA_VERSION,
  type EnforcementPlan,
  type Step,
  type StepOutcome,
} from "../model/enforcement.ts";
import { isUserId } from "../model/ids.ts";
import type { Policy } from "../model/policy.ts";
import type { Applied, Created } from "../service/enforce/operations.ts";
import { readPlan } from "../service/enforce/plan-file.ts";
import type { Undone } from "../service/enforce/undo.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform, performInPieces } from "./shared/holder.ts";
import { printJson, printText, say, wholeNumber } from "./shared/output.ts";

interface PlanFlags extends CommonOptions {
  room?: string[];
  policy?: string;
  replace?: string[];
  depth?: string;
  adminTokenFile?: string;
}
interface ApplyFlags extends PlanFlags {
  confirm?: string[];
  plan?: string;
}
interface CreateFlags extends CommonOptions {
  policy?: string;
  name?: string;
  topic?: string;
  invite?: string[];
}

const VERSION = { schemaVersion: ENFORCEMENT_SCHEMA_VERSION };
const several = (value: string, before: string[] = []): string[] => [...before, value];

export function command(context: Context): Command {
  const planning = (name: string, description: string): Command =>
    new Command(name)
      .description(description)
      .option("--room <room>", "only this room, by ID or alias; may be given several times", several)
      .option("--policy <file>", "what to hold rooms to; else `policy` of the config, else the defaults")
      .option(
        "--replace <roomId>",
        "replace this room if only that cures it; may be given several times",
        several,
      )
      .option("--depth <events>", "how far back clear voice is looked for")
      .option("--admin-token-file <file>", "a Synapse administrator's token: media go with what is redacted");
  const plan = planning("plan", "say what brings the rooms to policy, and change nothing").action(
    (_flags: unknown, own: Command) => showPlan(context, own.optsWithGlobals<PlanFlags>()),
  );
  const apply = planning("apply", "do it, step by step, each verified afterwards")
    .option("--plan <file>", "only if it is still what was planned then (enforce plan --json)")
    .option(
      "--confirm <roomId>",
      "also what cannot be undone in this room; may be given several times",
      several,
    )
    .action((_flags: unknown, own: Command) => applyHere(context, own.optsWithGlobals<ApplyFlags>()));
  const undo = new Command("undo")
    .description("take back what was enforced in a room, as far as Matrix lets it")
    .argument("<room>", "room ID or alias")
    .action((room: string, _flags: unknown, own: Command) =>
      undoHere(context, room, own.optsWithGlobals<CommonOptions>()),
    );
  const create = new Command("create")
    .description("make a room to policy, encrypted from the first event on")
    .option("--policy <file>", "what the room is held to; else `policy` of the config, else the defaults")
    .option("--name <name>", "which homeservers can read")
    .option("--topic <topic>", "which homeservers can read")
    .option("--invite <userId>", "may be given several times", several)
    .action((_flags: unknown, own: Command) => createHere(context, own.optsWithGlobals<CreateFlags>()));
  return new Command("enforce")
    .description("bring rooms to policy")
    .addCommand(plan, { isDefault: true })
    .addCommand(apply)
    .addCommand(undo)
    .addCommand(create);
}

function policyOf(context: Context, flags: CommonOptions & { policy?: string }): Policy {
  const file = flags.policy ?? loadConfig(configSource(flags.config, context.env)).policy;
  return file === undefined ? DEFAULT_POLICY : loadPolicy(file);
}

function argumentsOf(context: Context, flags: PlanFlags): Record<string, unknown> {
  const { room, replace, depth, adminTokenFile } = flags;
  return {
    policy: policyOf(context, flags),
    ...(room && { rooms: room }),
    ...(replace && { replace }),
    ...(depth !== undefined && { depth: wholeNumber(depth, "--depth") }),
    ...(adminTokenFile !== undefined && { adminTokenFile: resolve(adminTokenFile) }),
  };
}

async function showPlan(context: Context, flags: PlanFlags): Promise<void> {
  const plan = await performInPieces<EnforcementPlan>(
    context,
    flags,
    "enforce-plan",
    argumentsOf(context, flags),
  );
  if (plan.rooms.some(({ isUnread }) => isUnread)) process.exitCode = 3;
  if (flags.json) return printJson(context, plan);
  for (const { roomId, steps, notes } of plan.rooms) {
    printText(context, roomId);
    for (const step of steps) for (const line of linesOf(step)) printText(context, line);
    for (const note of notes) printText(context, `  note: ${note}`);
  }
  const steps = plan.rooms.flatMap((room) => room.steps);
  const blocked = steps.filter((step) => step.blocked !== undefined).length;
  say(context, `${steps.length} steps, ${blocked} of them blocked; nothing was changed`);
}

function linesOf({ what, reversible, blocked }: Step): string[] {
  const mark = blocked === undefined ? (reversible ? "•" : "!") : "✗";
  return [
    `  ${mark} ${what}${reversible ? "" : " (cannot be undone)"}`,
    ...(blocked === undefined ? [] : [`    blocked: ${blocked}`]),
  ];
}

async function applyHere(context: Context, flags: ApplyFlags): Promise<void> {
  const args = {
    ...argumentsOf(context, flags),
    confirmed: flags.confirm ?? [],
    ...(flags.plan !== undefined && { looked: readPlan(flags.plan) }),
  };
  const { plan, outcomes } = await performInPieces<Applied>(context, flags, "enforce-apply", args);
  process.exitCode = exitCodeOf(plan, outcomes);
  if (flags.json) return printJson(context, { ...VERSION, outcomes, plan });
  let roomId = "";
  for (const { step, result, message } of outcomes) {
    if (step.roomId !== roomId) printText(context, step.roomId);
    roomId = step.roomId;
    printText(context, `  ${result}: ${step.what}`);
    if (message !== undefined) printText(context, `    ${message}`);
  }
  const done = outcomes.filter(({ result }) => result === "done" || result === "was-done").length;
  say(context, `${done} of ${outcomes.length} steps are done`);
}

/** 3: something failed, or a room could not be read. 1: something waits for a person. */
function exitCodeOf({ rooms }: EnforcementPlan, outcomes: readonly StepOutcome[]): number {
  const has = (...results: StepOutcome["result"][]): boolean =>
    outcomes.some(({ result }) => results.includes(result));
  if (has("failed", "stale", "not-tried") || rooms.some(({ isUnread }) => isUnread)) return 3;
  return has("blocked", "unconfirmed") ? 1 : 0;
}

async function undoHere(context: Context, room: string, flags: CommonOptions): Promise<void> {
  const undone = await perform<Undone[]>(context, flags, { operation: "enforce-undo", args: { room } });
  if (undone.some(({ result }) => result === "failed")) process.exitCode = 3;
  if (flags.json) return printJson(context, { ...VERSION, undone });
  for (const { step, result, message } of undone)
    printText(context, `${result}: ${step.what}${message === undefined ? "" : ` (${message})`}`);
  if (undone.length === 0) say(context, "nothing was enforced there that is not undone already");
}

async function createHere(context: Context, flags: CreateFlags): Promise<void> {
  const { name = null, topic = null, invite = [] } = flags;
  const stranger = invite.find((userId) => !isUserId(userId));
  if (stranger !== undefined)
    throw new SottoError("USAGE", `${stranger} is no user ID`, { cure: "give it as @name:server" });
  const args = { policy: policyOf(context, flags), name, topic, invite };
  await perform<null>(context, flags, {
    operation: "enforce-create",
    args,
    // it is said before it is forgotten which room it was
    async emit(message) {
      if (message.kind !== "report") return;
      const created = JSON.parse(message.text) as Created;
      if (flags.json) return printJson(context, { ...VERSION, ...created });
      printText(context, created.roomId);
      for (const userId of created.refused) say(context, `the homeserver refused to invite ${userId}`);
    },
  });
}
