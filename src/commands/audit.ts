import { resolve } from "node:path";
import { Command } from "commander";
import { RULES } from "../audit/index.ts";
import { configSource, loadConfig } from "../config/index.ts";
import { DEFAULT_POLICY, loadPolicy } from "../config/policy.ts";
import { loadWaivers } from "../config/waivers.ts";
import type { Facts } from "../model/facts.ts";
import type { Policy } from "../model/policy.ts";
import { exitCodeOf, FORMATS } from "../report/index.ts";
import type { AuditArguments, AuditResult } from "../service/audit/audit.ts";
import { knownOf, readBaseline, readFacts, saveFacts, writeBaseline } from "../service/audit/files.ts";
import { writePrivateFile } from "../service/private-file.ts";
import { type AuditFlags, type AuditPlan, planOf, readNamed, usage } from "./shared/audit-flags.ts";
import { beginLogCommand, verifyLogCommand } from "./shared/audit-log.ts";
import { type Context, columnsOf, isTerminal } from "./shared/context.ts";
import { performInPieces } from "./shared/holder.ts";
import { printJson, printText, say } from "./shared/output.ts";

const several = (value: string, before: string[] = []): string[] => [...before, value];

export function command(context: Context): Command {
  return new Command("audit")
    .description("judge rooms, people, the homeserver and Sotto itself, and say the cure of what is wrong")
    .option("--room <roomId>", "only this room; may be given several times", several)
    .option("--format <format>", "tty, json, jsonl, sarif, junit, html or markdown (default: tty)")
    .option("--all", "what passed or does not apply, too, and nothing cut")
    .option("--out <file>", "write the report to a file, mode 0600")
    .option("--fail-on <severity>", "exit code 1 from here on: low, medium, high, critical or never", "high")
    .option("--policy <file>", "what to hold them to; else `policy` of the config, else the defaults")
    .option("--baseline <file>", "findings that were known: they do not fail")
    .option("--write-baseline <file>", "write the findings of this audit as known")
    .option("--waivers <file>", "findings that somebody has signed for until a day, YAML")
    .option("--since <when>", "what has changed: last, or a day such as 2026-11-01")
    .option("--admin-token-file <file>", "a Synapse administrator's token: then every room is read")
    .option("--homeserver-config <file>", "homeserver.yaml; several as Synapse reads them", several)
    .option("--log-config <file>", "the homeserver's logging configuration")
    .option("--depth <events>", "how far back each room's past is read")
    .option("--save-facts <file>", "keep what was read, mode 0600")
    .option("--facts <file>", "judge facts that were saved; needs neither config nor store nor network")
    .option("--pseudonymize", "pseudonyms in the place of rooms, people, devices, servers and names")
    .option("--pseudonym-key <file>", "by this key instead of the store's: 16 bytes or more")
    .option("--list", "every rule there is")
    .addCommand(verifyLogCommand(context))
    .addCommand(beginLogCommand(context))
    .action((flags: AuditFlags) => audit(context, flags));
}

async function audit(context: Context, flags: AuditFlags): Promise<void> {
  if (flags.list) return listRules(context, flags);
  const plan = planOf(flags);
  const config = flags.facts === undefined ? loadConfig(configSource(flags.config, context.env)) : undefined;
  const policyFile = flags.policy ?? config?.policy;
  const waivers = flags.waivers ?? config?.waivers;
  const baseline = flags.baseline ?? config?.baseline;
  const asked: AuditArguments = {
    collect: plan.collect,
    policy: policyFile === undefined ? DEFAULT_POLICY : readNamed(policyFile, loadPolicy),
    policyFile: policyFile ?? null,
    ...(waivers !== undefined && { waivers: readNamed(waivers, loadWaivers) }),
    ...(baseline !== undefined && { baseline: readBaseline(baseline) }),
    ...(plan.since !== undefined && { since: plan.since }),
    ...(flags.pseudonymize && { pseudonymize: true }),
    ...(plan.pseudonymKey && { pseudonymKey: plan.pseudonymKey.toString("base64") }),
    ...(flags.saveFacts !== undefined && { facts: true }),
  };
  const result =
    flags.facts === undefined
      ? await auditHere(context, flags, asked)
      : await judgeSaved(context, flags.facts, asked, plan);
  keep(flags, result);
  show(context, flags, plan, result);
}

const auditHere = (context: Context, flags: AuditFlags, asked: AuditArguments): Promise<AuditResult> =>
  performInPieces(context, flags, "audit", { ...asked });

/** `logged` is left out: what others have collected is no audit of ours. */
type Shown = Omit<AuditResult, "logged"> & Partial<Pick<AuditResult, "logged">>;

async function judgeSaved(
  context: Context,
  file: string,
  { collect, policy, policyFile, waivers, baseline, pseudonymize }: AuditArguments,
  { pseudonymKey }: AuditPlan,
): Promise<Shown> {
  const { makeAudit } = await import("../service/audit/make.ts");
  const { randomBytes } = await import("node:crypto");
  const facts = onlyRooms(readFacts(file), collect.rooms);
  requireFitting(facts, policy);
  if (pseudonymize && !pseudonymKey)
    say(context, "the pseudonyms are of this run alone; with --pseudonym-key they stay the same");
  const judged = makeAudit({
    ...{ facts, policy, policyFile, isPartial: collect.rooms !== undefined },
    ...(waivers && { waivers }),
    ...(baseline && { baseline }),
    ...(pseudonymize && { pseudonymKey: pseudonymKey ?? randomBytes(32) }),
  });
  return { report: judged.report, facts: judged.facts, open: knownOf(judged.findings) };
}

function onlyRooms(facts: Facts, rooms: readonly string[] | undefined): Facts {
  if (!rooms) return facts;
  const missing = rooms.find((roomId) => facts.rooms.every((room) => room.roomId !== roomId));
  if (missing !== undefined)
    throw usage(`these facts say nothing of ${missing}`, "collect them again with it");
  return {
    ...facts,
    rooms: facts.rooms.filter(({ roomId }) => rooms.includes(roomId)),
    users: facts.users.filter((user) => user.rooms.some((roomId) => rooms.includes(roomId))),
  };
}

/** Exceptions name rooms, and such facts name none: they would be judged by what does not hold for them. */
function requireFitting(facts: Facts, { except }: Policy): void {
  if (!facts.isPseudonymous || Object.keys(except).length === 0) return;
  throw usage(
    "these facts hold pseudonyms, and the policy has exceptions for rooms by name",
    "judge the facts where they were collected, or by a policy without `except`",
  );
}

function keep(flags: AuditFlags, { report, facts, open }: Shown): void {
  if (flags.saveFacts !== undefined && facts) saveFacts(resolve(flags.saveFacts), facts);
  if (flags.writeBaseline !== undefined)
    writeBaseline(resolve(flags.writeBaseline), open, report.collectedMs);
}

function show(context: Context, flags: AuditFlags, { format, failOn }: AuditPlan, result: Shown): void {
  const { report, logged, isFirst } = result;
  const color = flags.out === undefined && isTerminal(context.stdout) && !context.env.NO_COLOR;
  const columns = flags.out === undefined ? columnsOf(context.stdout) : undefined;
  const text = FORMATS[format](report, {
    ...{ all: flags.all === true, failOn, color },
    ...(columns !== undefined && { columns }),
  });
  if (flags.out === undefined) context.stdout.write(text);
  else {
    writePrivateFile(resolve(flags.out), text);
    say(context, `grade ${report.summary.grade}; the report is in ${flags.out}`);
  }
  if (isFirst) say(context, "there is no earlier audit of these rooms to compare with");
  const exitCode = exitCodeOf(report, failOn);
  process.exitCode = exitCode;
  if (!logged) return;
  if ("number" in logged) {
    say(context, `kept as audit ${logged.number}:${logged.last}`);
    return;
  }
  say(context, `this audit was not added to the log: ${logged.message} (${logged.code}); ${logged.cure}`);
  process.exitCode = 1;
}

function listRules(context: Context, flags: AuditFlags): void {
  if (flags.json || flags.format === "json") {
    const rules = RULES.map(({ about, judge, ...text }) => text);
    printJson(context, { schemaVersion: 1, rules });
    return;
  }
  for (const { id, severity, title, rationale, how, cure } of RULES) {
    printText(context, `${id}  ${severity.padEnd(8)}  ${title}`);
    if (flags.all)
      for (const line of [rationale, `how:  ${how}`, `cure: ${cure}`]) printText(context, `  ${line}`);
  }
}
