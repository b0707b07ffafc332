import { createHash } from "node:crypto";
import { SottoError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Signer } from "../../model/connector.ts";
import type { DeviceId, UserId } from "../../model/ids.ts";
import type { AccountData } from "../../model/ports.ts";
import { ed25519Key, sha256Of, signedLine } from "../../model/signed-line.ts";
import type { AuditStore } from "../../store/index.ts";
import { type AuditRecord, type LogBreak, type LogHead, type LogStart, readLogHead } from "./record.ts";
import { type KnownHead, type LogCheck, verifyLog } from "./verify-log.ts";

export interface AuditLogOptions {
  audits: AuditStore;
  accountData: AccountData;
  signer: Signer;
  userId: UserId;
  deviceId: DeviceId;
  logger: Logger;
}

/** What an audit adds to the log. */
export type NewRecord = Omit<AuditRecord, "version" | "kind" | "log" | "number" | "previous">;

/** Another log than before. */
export interface Begun {
  log: number;
  head: KnownHead;
  first: LogBreak;
}

/** What a check of the log has found, and with what it was compared. */
export interface LogReport extends Omit<LogCheck, "read"> {
  publicKeyPem: string;
  /** Whether the homeserver's copy of the head was there to compare with; else why not. */
  compared: true | string;
}

/**
 * The account data that holds how far the log goes: whoever cuts the log needs the homeserver, too. `.alt` is the top
 * level that RFC 9476 keeps out of the DNS.
 */
export const headType = (deviceId: DeviceId): string => `alt.sotto.audit.${deviceId}`;

/** What audits found, hash-chained and signed. */
export class AuditLog {
  readonly #options: AuditLogOptions;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  /** The records that are in order, the oldest first: behind one that is not, nothing is believed. */
  read(): AuditRecord[] {
    return this.#check([]).read;
  }

  /**
   * Adds an audit, durably, lets go of what is older than wanted, and tells the homeserver how far the log goes now.
   *
   * @throws SottoError `AUDIT_LOG_CHANGED` where the log is not what was signed: nothing is added to such a one
   */
  async add(added: NewRecord, keepFromMs: number): Promise<KnownHead> {
    const { audits, signer } = this.#options;
    // before the homeserver is told of a new end: else an end that was cut off would never be missed
    const published = await this.#published();
    const { fault, head, read } = this.#check(typeof published === "object" ? [published] : []);
    if (fault) throw changed(fault);
    const record: AuditRecord = {
      ...{ version: 1, kind: "audit", log: this.#name(), number: (head?.number ?? 0) + 1 },
      ...added,
      previous: head?.last ?? null,
    };
    const line = signedLine(record, signer);
    audits.add(record.number, line);
    this.#forget([...read, record], keepFromMs);
    const reached = { number: record.number, last: sha256Of(line) };
    await this.#publish(reached);
    return reached;
  }

  /**
   * Begins another log, whose first record says what was wrong in this one. This one is kept beside it.
   *
   * @param confirmed the record that is wrong, as a person has seen it
   * @throws SottoError `USAGE` where nothing is wrong, or something else
   */
  async beginAnew(confirmed: number, reason: string, atMs: number): Promise<Begun> {
    const { audits, signer } = this.#options;
    const published = await this.#published();
    const known = typeof published === "object" ? published : null;
    const { fault, head } = this.#check(known ? [known] : []);
    if (!fault) throw new SottoError("USAGE", "nothing is wrong in the log of audits", { cure: KEEP_IT });
    if (fault.number !== confirmed)
      throw new SottoError("USAGE", `the record that is wrong is ${fault.number}, and not ${confirmed}`, {
        cure: "look at it with `sotto audit verify-log`, and confirm the number that it names",
      });
    const log = audits.log();
    const first: LogBreak = {
      ...{ version: 1, kind: "break", log: this.#name(log + 1), number: 1, atMs, reason },
      before: {
        ...{ log: this.#name(log), fault, inOrder: head ?? null, published: known },
        lines: sha256Of(exportOf(this.lines())),
      },
      previous: null,
    };
    const line = signedLine(first, signer);
    audits.beginAnew(line);
    const reached = { number: 1, last: sha256Of(line) };
    await this.#publish(reached);
    return { log: log + 1, head: reached, first };
  }

  /**
   * @param noted how far the log went, as a person has written it down
   * @param log an earlier one, which was kept when another was begun
   * @throws SottoError `USAGE` where it is not there
   */
  async verify(noted: readonly KnownHead[] = [], log?: number): Promise<LogReport> {
    const { signer, audits } = this.#options;
    if (log !== undefined && log !== audits.log()) {
      if (audits.records(log).length === 0)
        throw new SottoError("USAGE", `there is no log ${log}`, {
          cure: `the present one is log ${audits.log()}; earlier ones go when the record that speaks of them goes`,
        });
      const { read, ...check } = this.#check(noted, log);
      const compared = "it is an earlier log: the account's data speaks of the present one";
      return { ...check, publicKeyPem: signer.publicKeyPem, compared };
    }
    const published = await this.#published();
    const heads = typeof published === "object" ? [...noted, published] : noted;
    const { read, ...check } = this.#check(heads);
    const compared = typeof published === "object" ? true : published;
    return { ...check, publicKeyPem: signer.publicKeyPem, compared };
  }

  /** Every line, the one that says where it begins first: it can be verified elsewhere, with the public key. */
  lines(log?: number): string[] {
    const { audits } = this.#options;
    const start = audits.start(log);
    const lines = audits.records(log).map(({ line }) => line ?? "");
    return start === undefined ? lines : [start, ...lines];
  }

  /** The first one's name is without a number. */
  #name(log = this.#options.audits.log()): string {
    const { userId, deviceId } = this.#options;
    return log === 1 ? `${userId} ${deviceId}` : `${userId} ${deviceId} ${log}`;
  }

  #check(heads: readonly KnownHead[], log = this.#options.audits.log()): LogCheck {
    const { audits, signer } = this.#options;
    const key = ed25519Key(signer.publicKeyPem);
    return verifyLog(audits.records(log), audits.start(log), key, heads, log > 1);
  }

  #forget(records: readonly AuditRecord[], keepFromMs: number): void {
    // the last one stays: it is what the next is compared with
    const first = records.findIndex(({ atMs }, at) => atMs >= keepFromMs || at === records.length - 1);
    const { number, previous } = records[first]!;
    if (first === 0 || previous === null) return;
    const start: LogStart = { version: 1, kind: "start", log: this.#name(), number, previous };
    this.#options.audits.forget(number, signedLine(start, this.#options.signer));
  }

  async #publish({ number, last }: KnownHead): Promise<void> {
    const { accountData, deviceId, signer, logger } = this.#options;
    const head: LogHead = { version: 1, kind: "head", log: this.#name(), number, last };
    try {
      await accountData.put(headType(deviceId), { head: signedLine(head, signer) });
    } catch (cause) {
      // the next audit says it again; until then what was added now could be cut off unseen
      logger.warn("the homeserver was not told how far the audit log goes", { reason: String(cause) });
    }
  }

  /** The homeserver's word is taken only where we have signed it; else why there is none. */
  async #published(): Promise<KnownHead | string> {
    const { accountData, deviceId, signer } = this.#options;
    try {
      const content = await accountData.get(headType(deviceId));
      if (content === undefined) return "the account's data has no record of this log";
      const head =
        typeof content.head === "string"
          ? readLogHead(content.head, ed25519Key(signer.publicKeyPem))
          : undefined;
      if (!head?.isGenuine) return "what the account's data says of this log was not signed by it";
      const { log, number, last } = head.value;
      if (log === this.#name()) return { number, last };
      const present = this.#options.audits.log();
      const isOfEarlier = Array.from({ length: present - 1 }, (_, at) => this.#name(at + 1)).includes(log);
      if (isOfEarlier) return "the account's data still speaks of an earlier log";
      // a later log was begun, and this store knows nothing of it
      return { number: Number.MAX_SAFE_INTEGER, last };
    } catch (cause) {
      return `the homeserver could not be asked: ${(cause as Error).message}`;
    }
  }
}

const KEEP_IT = "go on with it: another is begun only where `sotto audit verify-log` names a record";

/** A log as a file. */
export const exportOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

const changed = ({ fault, number }: { fault: string; number: number }): SottoError =>
  new SottoError("AUDIT_LOG_CHANGED", `record ${number} of the audit log is ${fault}`);
