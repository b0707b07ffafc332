import type { SottoError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { ConnectorCheck, Intake } from "../../model/connector.ts";
import { bring } from "./bring.ts";
import { type Found, findFiles, type Selection } from "./find.ts";
import type { Places } from "./put-away.ts";
import { tellable, troubleWith } from "./trouble.ts";
import { Watchers } from "./watchers.ts";
import { filesBeingWritten } from "./writers.ts";

export interface SourceOptions extends Places {
  selection: Selection;
  settleMs: number;
  rescanMs: number;
  logger: Logger;
}

/** What is known of a file since the last look, and until it goes. */
interface Known {
  state: string;
  /** Since when it is as it is; by a clock that is never set. */
  sinceMs: number;
  /** Not before; never where we are through with it. */
  againMs: number;
  /** How often it was tried in vain. */
  failures: number;
}

/** A change is looked at a little later: changes come in crowds. */
const AFTER_EVENT_MS = 100;
/** One failure may be of one file; so many, one after another, are of the intake. */
const MOST_FAILURES_IN_A_ROW = 3;
/** What fails again waits longer, so that others get their turn. */
const LONGEST_WAIT_IN_RESCANS = 4;

/** Looks into a folder again and again, one look at a time, and brings what has settled: the oldest first. */
export class FolderSource {
  readonly #options: SourceOptions;
  readonly #intake: Intake;
  readonly #stopping = new AbortController();
  readonly #watchers = new Watchers(() => this.#lookIn(AFTER_EVENT_MS));
  /** What was told of a path, so that it is told once. */
  readonly #told = new Map<string, string>();
  #known = new Map<string, Known>();
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #nextMs = Number.POSITIVE_INFINITY;
  #pausedUntilMs = 0;

  constructor(options: SourceOptions, intake: Intake) {
    this.#options = options;
    this.#intake = intake;
  }

  start(): void {
    this.#watchers.enter(this.#options.selection.root);
    this.#lookIn(0);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#watchers.close();
    clearTimeout(this.#timer);
    await this.#looking;
    this.#watchers.close();
  }

  check(): ConnectorCheck[] {
    const { selection } = this.#options;
    if (this.#told.size === 0) return [{ ok: true, message: `${selection.root} is watched` }];
    return [
      {
        ok: false,
        message: `${selection.root} is watched, and ${this.#told.size} in it cannot be taken now`,
        cure: "see the log for each; they are tried again",
      },
    ];
  }

  #lookIn(delayMs: number): void {
    const atMs = performance.now() + delayMs;
    if (this.#stopping.signal.aborted || atMs >= this.#nextMs) return;
    this.#nextMs = atMs;
    if (this.#looking) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#looking = this.#lookOnce();
    }, delayMs);
  }

  async #lookOnce(): Promise<void> {
    this.#nextMs = Number.POSITIVE_INFINITY;
    try {
      await this.#bringAll(await this.#settled());
      this.#toldRight(this.#options.selection.root);
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#tell(this.#options.selection.root, troubleWith(error));
    }
    this.#looking = undefined;
    const wishedMs = Math.min(this.#nextMs, this.#dueMs(), performance.now() + this.#options.rescanMs);
    this.#nextMs = Number.POSITIVE_INFINITY;
    this.#lookIn(Math.max(0, wishedMs - performance.now()));
  }

  /** When the next known file may be ready. */
  #dueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { sinceMs, againMs } of this.#known.values()) {
      dueMs = Math.min(dueMs, Math.max(sinceMs + this.#options.settleMs, againMs));
    }
    return Math.max(dueMs, this.#pausedUntilMs);
  }

  /** Looks at every file; gives those that have not changed for long enough, the oldest first. */
  async #settled(): Promise<Found[]> {
    const settled: Found[] = [];
    const known = new Map<string, Known>();
    const unreadable = new Set([this.#options.selection.root]);
    const search = {
      entered: (folder: string) => this.#watchers.enter(folder),
      failed: (path: string, error: Error) => {
        unreadable.add(path);
        this.#tell(path, troubleWith(error));
      },
    };
    const startedMs = performance.now();
    const changed: Known[] = [];
    for await (const found of findFiles(this.#options.selection, search)) {
      this.#stopping.signal.throwIfAborted();
      const before = this.#known.get(found.path);
      const now = before?.state === found.state ? before : fresh(found);
      known.set(found.path, now);
      if (now !== before) changed.push(now);
      else if (startedMs >= now.againMs && startedMs - now.sinceMs >= this.#options.settleMs)
        settled.push(found);
    }
    // what came together settles together, so that it is brought in its order
    const endedMs = performance.now();
    for (const each of changed) each.sinceMs = endedMs;
    this.#known = known;
    this.#watchers.seenAll();
    for (const path of this.#told.keys()) {
      if (!known.has(path) && !unreadable.has(path)) this.#told.delete(path);
    }
    return settled.sort((a, b) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? -1 : 1));
  }

  async #bringAll(settled: readonly Found[]): Promise<void> {
    if (settled.length === 0 || performance.now() < this.#pausedUntilMs) return;
    const written = await filesBeingWritten(this.#options.selection.root);
    let failures = 0;
    for (const found of settled) {
      this.#stopping.signal.throwIfAborted();
      if (written.has(found.inode)) this.#known.set(found.path, fresh(found));
      else failures = (await this.#bringOne(found)) ? 0 : failures + 1;
      if (failures < MOST_FAILURES_IN_A_ROW) continue;
      this.#pausedUntilMs = performance.now() + this.#options.rescanMs;
      return;
    }
  }

  /** Gives false where it must come again. */
  async #bringOne(found: Found): Promise<boolean> {
    const outcome = await bring(found, this.#intake, this.#options, this.#stopping.signal);
    if (outcome === "changed") {
      this.#known.set(found.path, fresh(found));
      return true;
    }
    if ("later" in outcome) {
      this.#tell(found.path, outcome.later);
      const failures = (this.#known.get(found.path)?.failures ?? 0) + 1;
      const waitMs = this.#options.rescanMs * Math.min(2 ** (failures - 1), LONGEST_WAIT_IN_RESCANS);
      this.#known.set(found.path, { ...fresh(found), againMs: performance.now() + waitMs, failures });
      return false;
    }
    this.#toldRight(found.path);
    if (outcome.reason) this.#log("a recording can never be sent", found.path, outcome.reason);
    this.#known.set(found.path, { ...fresh(found), againMs: Number.POSITIVE_INFINITY });
    return true;
  }

  #tell(path: string, error: SottoError): void {
    if (this.#told.get(path) === error.code) return;
    this.#told.set(path, error.code);
    this.#log("a recording waits in the folder", path, error);
  }

  #toldRight(path: string): void {
    if (this.#told.delete(path)) this.#options.logger.info("it can be read again", { file: tellable(path) });
  }

  #log(message: string, path: string, { code, message: reason, cure }: SottoError): void {
    this.#options.logger.warn(message, { file: tellable(path), code, reason, cure });
  }
}

const fresh = ({ state }: Found): Known => ({ state, sinceMs: performance.now(), againMs: 0, failures: 0 });
