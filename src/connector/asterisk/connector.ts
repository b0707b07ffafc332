import { readdir } from "node:fs/promises";
import { SottoError } from "../../errors.ts";
import type { Connector, ConnectorCheck, ConnectorContext, Intake } from "../../model/connector.ts";
import { Alarm } from "./alarm.ts";
import { bring } from "./bring.ts";
import type { AsteriskSettings } from "./settings.ts";
import { type Folder, foldersOf, lookInto, type Sighting } from "./spool.ts";

/** How long a message's files must stay as they are before it is taken. */
const SETTLE_MS = 250;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/** What is known of a message that lies in the spool. */
interface Known {
  state: "waits" | "done" | "refused";
  /** Not to be taken before; by `performance.now()`. */
  notBeforeMs: number;
  failures: number;
}

export const makeAsterisk = (settings: AsteriskSettings, context: ConnectorContext): Connector =>
  new AsteriskSpool(settings, context);

class AsteriskSpool implements Connector {
  readonly #spool: string;
  readonly #rescanMs: number;
  readonly #logger: ConnectorContext["logger"];
  readonly #folders: Folder[];
  readonly #alarm = new Alarm();
  readonly #messages = new Map<string, Known>();
  readonly #unreadable = new Set<Folder>();
  #isStopped = false;
  #work: Promise<void> | undefined;

  constructor(settings: AsteriskSettings, { logger, path }: ConnectorContext) {
    this.#logger = logger;
    this.#spool = path(settings.spool);
    this.#rescanMs = settings.rescan;
    this.#folders = foldersOf(this.#spool, settings.mailboxes, settings.folders);
  }

  async start(intake: Intake): Promise<void> {
    const trouble = await troubleWith(this.#spool);
    if (trouble) {
      throw new SottoError("CONNECTOR_FAILED", `${this.#spool} cannot be read (${trouble})`, {
        cure: READ_CURE,
      });
    }
    if (!this.#isStopped) this.#work = this.#goOn(intake);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#alarm.close();
    await this.#work;
  }

  async check(): Promise<ConnectorCheck[]> {
    const trouble = await troubleWith(this.#spool);
    if (trouble) return [{ ok: false, message: `the spool cannot be read (${trouble})`, cure: READ_CURE }];
    const known = [...this.#messages.values()];
    const refused = known.filter(({ state }) => state === "refused").length;
    const failing = known.filter(({ state, failures }) => state === "waits" && failures > 0).length;
    return [
      ...(await Promise.all(this.#folders.map(checkFolder))),
      ...(refused
        ? [{ ok: false, message: `${refused} of its messages cannot be sent`, cure: LOG_CURE }]
        : []),
      ...(failing
        ? [{ ok: false, message: `${failing} of its messages are tried again`, cure: LOG_CURE }]
        : []),
    ];
  }

  async #goOn(intake: Intake): Promise<void> {
    while (!this.#isStopped) await this.#alarm.sleep(await this.#pass(intake));
  }

  /** Looks through all folders and takes what has settled. Gives the milliseconds until the next look, unless one is due. */
  async #pass(intake: Intake): Promise<number> {
    const present = new Set<string>();
    let isWhole = true;
    let nextMs = performance.now() + this.#rescanMs;
    for (const folder of this.#folders) {
      if (this.#isStopped) return 0;
      this.#alarm.watch(folder.path); // before it is read: nothing falls in between
      const sightings = await this.#lookInto(folder);
      isWhole &&= sightings !== undefined;
      for (const sighting of sightings ?? []) {
        if (this.#isStopped) return 0;
        present.add(sighting.signature);
        const known = this.#knownOf(sighting.signature);
        if (known.state !== "waits") continue;
        if (known.notBeforeMs <= performance.now()) await this.#take(sighting, known, intake);
        if (known.state === "waits") nextMs = Math.min(nextMs, known.notBeforeMs);
      }
    }
    if (isWhole) {
      for (const signature of this.#messages.keys()) {
        if (!present.has(signature)) this.#messages.delete(signature);
      }
    }
    return nextMs - performance.now();
  }

  /** Undefined for one that cannot be read, which is told once. */
  async #lookInto(folder: Folder): Promise<Sighting[] | undefined> {
    try {
      const sightings = await lookInto(folder);
      this.#unreadable.delete(folder);
      return sightings;
    } catch (thrown) {
      const reason = (thrown as NodeJS.ErrnoException).code;
      if (!this.#unreadable.has(folder)) {
        this.#logger.warn("a folder of voicemail cannot be read", { folder: folder.name, reason });
      }
      this.#unreadable.add(folder);
      return undefined;
    }
  }

  #knownOf(signature: string): Known {
    const known = this.#messages.get(signature) ?? {
      state: "waits",
      notBeforeMs: performance.now() + SETTLE_MS,
      failures: 0,
    };
    this.#messages.set(signature, known);
    return known;
  }

  async #take(sighting: Sighting, known: Known, intake: Intake): Promise<void> {
    const outcome = await bring(sighting, intake, this.#logger);
    if (outcome === "done" || outcome === "refused") {
      known.state = outcome;
    } else if (outcome === "incomplete") {
      // it has another signature when more of it is there
      known.notBeforeMs = performance.now() + this.#rescanMs;
    } else {
      const pauseMs = Math.min(FIRST_RETRY_MS * 2 ** known.failures, LONGEST_RETRY_MS);
      known.failures += 1;
      known.notBeforeMs = performance.now() + pauseMs;
    }
  }
}

const READ_CURE = "let Sotto's user read the spool, e.g. `usermod -aG asterisk sotto`, and check its path";
const LOG_CURE = "see the log for the reason";

async function checkFolder({ mailbox, name, path }: Folder): Promise<ConnectorCheck> {
  const trouble = await troubleWith(path);
  const where = `${name} of ${mailbox}`;
  if (trouble === undefined) return { ok: true, message: `${where} can be read` };
  // Asterisk makes it for the first message
  if (trouble === "ENOENT") return { ok: true, message: `${where} is not there yet, or its name is wrong` };
  return { ok: false, message: `${where} cannot be read (${trouble})`, cure: READ_CURE };
}

/** The system's code for it. */
const troubleWith = (folder: string): Promise<string | undefined> =>
  readdir(folder).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code ?? "unknown",
  );
