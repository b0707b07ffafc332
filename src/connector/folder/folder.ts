import { access, constants, opendir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SottoError } from "../../errors.ts";
import type {
  Connector,
  ConnectorCheck,
  ConnectorContext,
  Intake,
  OutgoingVoice,
} from "../../model/connector.ts";
import { deliveryError } from "../delivery-error.ts";
import { deliverInto } from "./deliver.ts";
import { namePattern } from "./find.ts";
import type { FolderSettings } from "./settings.ts";
import { FolderSource, type SourceOptions } from "./source.ts";

export const makeFolder = (settings: FolderSettings, context: ConnectorContext): Folder =>
  new Folder(settings, context);

/** A folder as a source, or as a sink: what is written into a watched one would be sent again. */
class Folder implements Connector {
  readonly #path: string;
  readonly #describe: boolean;
  readonly #options: SourceOptions;
  #source: FolderSource | undefined;
  #isSink = false;

  constructor(settings: FolderSettings, { path, logger }: ConnectorContext) {
    this.#path = path(settings.path);
    this.#describe = settings.describe;
    const doneFolder = settings.doneFolder ? path(settings.doneFolder) : join(this.#path, "done");
    const failedFolder = settings.failedFolder ? path(settings.failedFolder) : join(this.#path, "failed");
    this.#options = {
      selection: {
        root: this.#path,
        subfolders: settings.subfolders,
        matches: settings.pattern === undefined ? undefined : namePattern(settings.pattern),
        except: [doneFolder, failedFolder],
      },
      after: settings.after,
      doneFolder,
      failedFolder,
      settleMs: settings.settle,
      rescanMs: settings.rescan,
      logger,
    };
  }

  async start(intake: Intake): Promise<void> {
    if (this.#isSink) throw bothWays();
    await requireReadable(this.#path);
    if (this.#options.after !== "leave") await this.#requireOneDisk();
    this.#source = new FolderSource(this.#options, intake);
    this.#source.start();
  }

  async deliver(voice: OutgoingVoice, signal: AbortSignal): Promise<void> {
    if (this.#source) throw bothWays();
    this.#isSink = true;
    try {
      await deliverInto(this.#path, voice, signal, { describe: this.#describe });
    } catch (error) {
      throw deliveryError(error, signal);
    }
  }

  async stop(): Promise<void> {
    await this.#source?.stop();
  }

  async check(): Promise<ConnectorCheck[]> {
    const mode = this.#source ? constants.R_OK : constants.W_OK;
    try {
      await access(this.#path, mode | constants.X_OK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return [{ ok: false, message: `${this.#path} cannot be used (${code})`, cure: CURE }];
    }
    return this.#source?.check() ?? [{ ok: true, message: `${this.#path} takes files` }];
  }

  /** A recording cannot be moved to another disk in one step. */
  async #requireOneDisk(): Promise<void> {
    const { dev } = await stat(this.#path);
    for (const folder of [this.#options.doneFolder, this.#options.failedFolder]) {
      const there = await stat(folder).catch(() => stat(dirname(folder)).catch(() => undefined));
      if (there?.dev === dev) continue;
      throw new SottoError("CONNECTOR_FAILED", `recordings cannot be moved from ${this.#path} to ${folder}`, {
        cure: "name a doneFolder and a failedFolder on the same disk, in a folder that is there",
      });
    }
  }
}

const CURE = "make the folder, and let the user that Sotto runs as read it, and write to it";

async function requireReadable(path: string): Promise<void> {
  try {
    await (await opendir(path)).close();
  } catch (cause) {
    throw new SottoError("CONNECTOR_FAILED", `${path} cannot be read`, { cause, cure: CURE });
  }
}

const bothWays = (): SottoError =>
  new SottoError("CONNECTOR_FAILED", "what is written into a watched folder would be sent again", {
    cure: "make two connectors with a folder each",
  });
