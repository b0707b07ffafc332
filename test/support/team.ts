import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { TeamOutcome, TeamPlan, TeamStep } from "../../src/model/team.ts";
import type { Bot } from "./bot.ts";
import { type Outcome, resultOf } from "./sotto.ts";
import { remember } from "./suite.ts";

export type TeamApplied = Omit<TeamPlan, "steps"> & { steps: (TeamStep & Omit<TeamOutcome, "step">)[] };

/** A team's file, and the commands of somebody who makes it real. */
export class TeamFile {
  readonly file: string;
  readonly passwords: string;
  readonly cards: string;
  readonly #bot: Bot;
  readonly #flags: string[];

  constructor(bot: Bot, flags: string[], folder = mkdtempSync(join(bot.home, "team-"))) {
    this.#bot = bot;
    this.#flags = flags;
    this.file = join(folder, "team.yaml");
    this.passwords = join(folder, "passwords");
    this.cards = join(folder, "cards");
  }

  write(team: object): void {
    writeFileSync(this.file, stringify(team));
  }

  arguments = (verb: "plan" | "apply", ...more: string[]): string[] => [
    ...["team", verb, this.file, ...this.#flags],
    ...(verb === "apply" ? ["--passwords", this.passwords] : []),
    ...more,
  ];

  async plan(...more: string[]): Promise<TeamPlan> {
    return resultOf(await this.#bot.run(this.arguments("plan", ...more)));
  }

  run = (...more: string[]): Promise<Outcome> => this.#bot.run(this.arguments("apply", ...more));

  async apply(...more: string[]): Promise<TeamApplied> {
    const applied = resultOf<TeamApplied>(await this.run(...more));
    for (const { password } of this.handedOut()) remember("secret", password);
    return applied;
  }

  /** What lies in the folder of passwords, by file name. */
  handedOut(): { name: string; password: string }[] {
    return readdirSync(this.passwords)
      .sort()
      .map((name) => ({ name, password: readFileSync(join(this.passwords, name), "utf8").trim() }));
  }
}
