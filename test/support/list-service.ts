import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bot } from "./bot.ts";
import type { ListedRecording } from "./list.ts";
import { type RunningSotto, startProgram } from "./sotto.ts";

const PROGRAM = join(import.meta.dirname, "list-program.ts");

/** Services of one bot that bring the recordings of a list, as list-program.ts does. */
export class ListService {
  readonly #bot: Bot;
  readonly #listFile: string;

  /** @param rooms the bot is in them */
  constructor(bot: Bot, rooms: readonly string[]) {
    this.#bot = bot;
    this.#listFile = join(bot.home, "list.json");
    bot.configure({
      connectors: { list: { type: "list" } },
      routes: rooms.map((roomId) => ({ from: "list", to: roomId })),
    });
  }

  /** What a service brings that is started, or told to read on, from here on. */
  release(recordings: readonly ListedRecording[]): void {
    writeFileSync(this.#listFile, JSON.stringify(recordings));
  }

  /** Loads one, which begins when something is typed. */
  load(): RunningSotto {
    const env = { SOTTO__LOG__LEVEL: "info" };
    return startProgram(PROGRAM, [this.#bot.config, this.#listFile], { input: "silent", env });
  }

  start(): RunningSotto {
    const service = this.load();
    service.types("begin\n");
    return service;
  }
}
