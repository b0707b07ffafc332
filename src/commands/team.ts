import { resolve } from "node:path";
import { Command } from "commander";
import { configSource, loadConfig } from "../config/index.ts";
import { DEFAULT_POLICY, loadPolicy } from "../config/policy.ts";
import { loadTeam } from "../config/team.ts";
import { SottoError } from "../errors.ts";
import type { TeamOutcome, TeamPlan } from "../model/team.ts";
import type { TeamApplied, TeamArguments } from "../service/team/operations.ts";
import type { PairsRead } from "../service/team/pairs.ts";
import { readNamed } from "./shared/audit-flags.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { type DatabaseFlags, namedDatabase, withDatabaseOptions } from "./shared/database-flags.ts";
import { performInPieces } from "./shared/holder.ts";
import { printJson, printText, say } from "./shared/output.ts";
import { writeCards } from "./shared/team-cards.ts";
import { isUnread, outcomeLines, planLines } from "./shared/team-lines.ts";

interface TeamFlags extends CommonOptions, DatabaseFlags {
  policy?: string;
  adminTokenFile?: string;
  registrationSecretFile?: string;
  cards?: string;
}
interface ApplyFlags extends TeamFlags {
  passwords?: string;
}

export function command(context: Context): Command {
  const planning = (name: string, description: string): Command =>
    withDatabaseOptions(
      new Command(name)
        .description(description)
        .argument("<team.yaml>", "who belongs to the team, and its rooms")
        .option("--policy <file>", "what rooms are held to; else `policy` of the config, else the defaults")
        .option(
          "--admin-token-file <file>",
          "a Synapse administrator's token, to make accounts and see logins",
        )
        .option("--registration-secret-file <file>", "or Synapse's registration_shared_secret"),
      "who of the team has verified whom",
    ).option("--cards <directory>", "write a card to print for each who has an identity");
  const plan = planning("plan", "say what is missing, and change nothing").action(
    (file: string, _flags: unknown, own: Command) =>
      showPlan(context, file, own.optsWithGlobals<TeamFlags>()),
  );
  const apply = planning("apply", "make accounts and rooms that are missing, and invite")
    .option("--passwords <directory>", "where the password of each new account goes, mode 0600")
    .action((file: string, _flags: unknown, own: Command) =>
      applyHere(context, file, own.optsWithGlobals<ApplyFlags>()),
    );
  return new Command("team")
    .description("make a team out of a file: accounts, rooms to policy, invitations, cards to compare keys")
    .addCommand(plan)
    .addCommand(apply);
}

function argumentsOf(context: Context, file: string, flags: TeamFlags): TeamArguments {
  const { account, policy } = loadConfig(configSource(flags.config, context.env));
  const policyFile = flags.policy ?? policy;
  const { adminTokenFile, registrationSecretFile } = flags;
  if (adminTokenFile !== undefined && registrationSecretFile !== undefined)
    throw new SottoError("USAGE", "accounts are made either by a token or by a secret", {
      cure: "leave --registration-secret-file out: the token shows more",
    });
  return {
    team: readNamed(file, (path) => loadTeam(path, account.userId)),
    policy: policyFile === undefined ? DEFAULT_POLICY : readNamed(policyFile, loadPolicy),
    ...(adminTokenFile !== undefined && { adminTokenFile: resolve(adminTokenFile) }),
    ...(registrationSecretFile !== undefined && { registrationSecretFile: resolve(registrationSecretFile) }),
  };
}

const planOf = (context: Context, flags: TeamFlags, args: TeamArguments): Promise<TeamPlan> =>
  performInPieces<TeamPlan>(context, flags, "team-plan", { ...args });

async function showPlan(context: Context, file: string, flags: TeamFlags): Promise<void> {
  const args = argumentsOf(context, file, flags);
  await requireReadable(flags);
  const { plan, trouble } = await lookedAt(flags, await planOf(context, flags, args));
  if (isUnread(plan)) process.exitCode = 3;
  if (flags.json) printJson(context, plan);
  else {
    for (const line of planLines(plan)) printText(context, line);
    const blocked = plan.steps.filter((step) => step.blocked !== undefined).length;
    const steps = plan.steps.length === 1 ? "1 step" : `${plan.steps.length} steps`;
    say(context, `${steps}${blocked > 0 ? `, ${blocked} blocked` : ""}; nothing was changed`);
  }
  await giveCards(context, flags, plan);
  if (trouble) throw trouble;
}

async function applyHere(context: Context, file: string, flags: ApplyFlags): Promise<void> {
  const args = argumentsOf(context, file, flags);
  await requireReadable(flags);
  const files = await passwordFiles(await planOf(context, flags, args), flags);
  const passwords = Object.fromEntries([...files].map(([userId, { password }]) => [userId, password]));
  const { outcomes, after } = await performInPieces<TeamApplied>(context, flags, "team-apply", {
    ...args,
    passwords,
  });
  await forgetUnused(outcomes, files);
  const { plan, trouble } = await lookedAt(flags, after);
  process.exitCode = exitCodeOf(plan, outcomes);
  if (flags.json)
    printJson(context, {
      ...plan,
      steps: outcomes.map(({ step, ...outcome }) => ({ ...step, ...outcome })),
    });
  else {
    for (const line of [...outcomes.flatMap(outcomeLines), ...planLines({ ...plan, steps: [] })])
      printText(context, line);
    const done = outcomes.filter(({ result }) => result === "done" || result === "was-done").length;
    say(context, `${done} of ${outcomes.length} steps are done`);
  }
  await giveCards(context, flags, plan);
  if (trouble) throw trouble;
}

type PasswordFiles = ReadonlyMap<string, { path: string; password: string; isNew: boolean }>;

/** They are on the disk before any account is made. */
async function passwordFiles({ steps }: TeamPlan, { passwords }: ApplyFlags): Promise<PasswordFiles> {
  const users = steps.flatMap(({ request, blocked }) =>
    request.kind === "account" && blocked === undefined ? [request.userId] : [],
  );
  if (users.length === 0) return new Map();
  if (passwords === undefined)
    throw new SottoError("USAGE", `${users.length} accounts are to be made, and their passwords go nowhere`, {
      cure: "name a folder for them with --passwords",
    });
  const { passwordFileOf } = await import("../service/team/password-files.ts");
  return new Map(users.map((userId) => [userId, passwordFileOf(resolve(passwords), userId)]));
}

/** An account that was there after all has another password. */
async function forgetUnused(outcomes: readonly TeamOutcome[], files: PasswordFiles): Promise<void> {
  const { forgetPassword } = await import("../service/team/password-files.ts");
  for (const { step, result } of outcomes) {
    const file = step.request.kind === "account" ? files.get(step.request.userId) : undefined;
    if (result === "was-done" && file?.isNew) forgetPassword(file);
  }
}

/** With what the database tells, if one is named. */
async function lookedAt(flags: TeamFlags, plan: TeamPlan): Promise<PairsRead> {
  const database = namedDatabase(flags);
  return database ? await (await import("../service/team/pairs.ts")).withPairs(plan, database) : { plan };
}

/** After all is said: whatever becomes of them. */
async function giveCards(context: Context, { cards }: TeamFlags, plan: TeamPlan): Promise<void> {
  if (cards === undefined) return;
  const written = await writeCards(plan, resolve(cards));
  say(
    context,
    written.page === undefined
      ? "nobody has an identity yet: no cards"
      : `${written.cards === 1 ? "1 card" : `${written.cards} cards`}: ${written.page}`,
  );
}

/** Before anything is made: what it says is asked for after that. */
async function requireReadable(flags: TeamFlags): Promise<void> {
  const database = namedDatabase(flags);
  if (database) await (await import("../service/team/pairs.ts")).requireDatabase(database);
}

/** 3: something failed, or could not be read. 1: something waits for a person who runs this. */
function exitCodeOf(plan: TeamPlan, outcomes: readonly TeamOutcome[]): number {
  const has = (...results: TeamOutcome["result"][]): boolean =>
    outcomes.some(({ result }) => results.includes(result));
  if (has("failed") || isUnread(plan)) return 3;
  return has("blocked", "not-tried") ? 1 : 0;
}
