import { readStoreKey } from "../../config/index.ts";
import { toSottoError } from "../../errors.ts";
import { createAccountData } from "../../matrix/index.ts";
import type { Facts } from "../../model/facts.ts";
import type { Policy } from "../../model/policy.ts";
import type { Report, Waiver } from "../../model/report.ts";
import { deriveKey } from "../../store/index.ts";
import type { Account } from "../account.ts";
import type { Call } from "../operations.ts";
import { signerOf } from "../signer.ts";
import { type CollectOptions, collectFacts } from "./collect.ts";
import { factsText, type Known, knownOf } from "./files.ts";
import { AuditLog, type Begun, digestOf, type LogReport } from "./log.ts";
import { type Judged, makeAudit } from "./make.ts";
import type { AuditRecord } from "./record.ts";
import type { KnownHead } from "./verify-log.ts";

/** What `sotto audit` asks of the holder; everything in it is plain data. */
export interface AuditArguments {
  collect: CollectOptions;
  policy: Policy;
  policyFile: string | null;
  waivers?: Waiver[];
  baseline?: Known[];
  /** Milliseconds since the epoch. */
  since?: "last" | number;
  pseudonymize?: boolean;
  /** The given key's bytes, base64; else the store's. */
  pseudonymKey?: string;
  /** The facts are wanted, too. */
  facts?: boolean;
}

export interface AuditResult {
  report: Report;
  facts?: Facts;
  /** True fingerprints, for a baseline. */
  open: Known[];
  /** How far the log goes with this audit; else why it was not added. */
  logged: KnownHead | { code: string; message: string; cure: string };
  /** `since` asked for an audit that there is not. */
  isFirst?: true;
}

/** `audit`: collects, judges, keeps what was found, and hands the report over in pieces. */
export async function auditAccount(
  account: Account,
  { args, emit, signal: gone, closing }: Call,
): Promise<null> {
  const signal = closing ? AbortSignal.any([gone, closing]) : gone;
  const asked = args as unknown as AuditArguments;
  const facts = await collectFacts(account, asked.collect, signal);
  const result = await judgeAndKeep(account, asked, facts);
  for (const text of piecesOf(JSON.stringify(result))) await emit({ kind: "report", text });
  return null;
}

async function judgeAndKeep(account: Account, asked: AuditArguments, facts: Facts): Promise<AuditResult> {
  const { store, config } = account;
  const log = auditLog(account);
  const rooms = asked.collect.rooms?.length ? facts.rooms.map(({ roomId }) => roomId) : null;
  const history = log.read().filter((record) => isComparable(record, rooms, facts.scope));
  const since = asked.since === undefined ? undefined : chosen(history, asked.since);
  const previous = store.audits.lastFacts();
  const judged = makeAudit({
    ...{ facts, policy: asked.policy, policyFile: asked.policyFile, history, isPartial: rooms !== null },
    ...(previous !== undefined && { previous: JSON.parse(previous) as Facts }),
    ...(asked.waivers && { waivers: asked.waivers }),
    ...(asked.baseline && { baseline: asked.baseline }),
    ...(since && { since }),
    ...(asked.pseudonymize && {
      pseudonymKey: asked.pseudonymKey
        ? Buffer.from(asked.pseudonymKey, "base64")
        : deriveKey(readStoreKey(config), "audit pseudonyms"),
    }),
  });
  // kept before anybody sees it
  const keepFromMs = facts.collectedMs - config.retention.audits;
  const logged = await log.add(recordOf(judged, facts, asked.policy, rooms), keepFromMs).catch((thrown) => {
    const { code, message, cure } = toSottoError(thrown);
    return { code, message, cure };
  });
  if (rooms === null) store.audits.setLastFacts(JSON.stringify(withoutTimelines(facts)));
  return {
    report: judged.report,
    ...(asked.facts && { facts: judged.facts }),
    open: knownOf(judged.findings),
    logged,
    ...(asked.since !== undefined && !since && { isFirst: true as const }),
  };
}

const auditLog = ({ store, config, transport, logger }: Account): AuditLog =>
  new AuditLog({
    audits: store.audits,
    accountData: createAccountData(transport, config.account.userId),
    signer: signerOf(readStoreKey(config), "audit signature"),
    userId: config.account.userId,
    deviceId: config.account.deviceId,
    logger,
  });

const isComparable = (record: AuditRecord, rooms: readonly string[] | null, scope: Facts["scope"]): boolean =>
  record.scope === scope && JSON.stringify(record.rooms) === JSON.stringify(rooms);

/** The last that there was at a time; the first where there was none yet. */
function chosen(history: readonly AuditRecord[], since: "last" | number): AuditRecord | undefined {
  if (since === "last") return history.at(-1);
  return history.findLast(({ atMs }) => atMs <= since) ?? history[0];
}

function recordOf(
  { findings, report: { summary } }: Judged,
  facts: Facts,
  policy: Policy,
  rooms: string[] | null,
): Parameters<AuditLog["add"]>[0] {
  return {
    atMs: facts.collectedMs,
    facts: digestOf(factsText(facts)),
    policy: digestOf(JSON.stringify(policy)),
    rooms,
    scope: facts.scope,
    grade: summary.grade,
    results: summary.results,
    failed: summary.failed,
    findings: findings.flatMap(({ ruleId, severity, result, subject, message, accepted, fingerprint }) =>
      result === "fail" || result === "warn"
        ? [{ ruleId, severity, result, subject, message, isAccepted: accepted !== undefined, fingerprint }]
        : [],
    ) as AuditRecord["findings"],
  };
}

/** Nothing is judged by how a timeline was: what has changed are people, devices and state. */
const withoutTimelines = (facts: Facts): Facts => ({
  ...facts,
  rooms: facts.rooms.map((room) => ({ ...room, timeline: { unread: "not kept from the last audit" } })),
});

/** What a check of the log gives. */
export interface LogResult {
  report: LogReport;
  /** Every line, where they are wanted. */
  lines?: string[];
}

/** `audit-log`: replays it. */
export async function checkLog(account: Account, { args }: Call): Promise<LogResult> {
  const { noted, lines, log: number } = args as { noted?: KnownHead[]; lines?: boolean; log?: number };
  const log = auditLog(account);
  const report = await log.verify(noted, number);
  return { report, ...(lines && { lines: log.lines(number) }) };
}

/** `audit-log-begin`: another one, because something is wrong in this one. */
export function beginLog(account: Account, { args }: Call): Promise<Begun> {
  const { confirmed, reason } = args as { confirmed: number; reason: string };
  return auditLog(account).beginAnew(confirmed, reason, Date.now());
}

/** What has more than a line of the control socket may have. */
const PIECE = 1_000_000;

function* piecesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE);
}
