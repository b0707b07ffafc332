import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { type Outcome, type RunningSotto, resultOf, type SottoOptions, sotto, startSotto } from "./sotto.ts";
import { remember } from "./suite.ts";

export interface Account {
  userId: string;
  password: string;
}

export interface InitOptions {
  homeserver?: string;
  /** Instead of `--recovery-key-out`. */
  recoveryKeyFile?: string;
  /** Merged into the config that `init` wrote. */
  config?: Record<string, unknown>;
}

/** An account, and a directory in which the command line works for it. */
export class Bot {
  readonly account: Account;
  readonly userId: string;
  readonly home: string;
  readonly config: string;
  readonly data: string;
  recoveryKeyFile: string;
  deviceId = "";

  constructor(account: Account, home: string) {
    this.account = account;
    this.userId = account.userId;
    this.home = home;
    this.config = join(home, "sotto.yaml");
    this.data = join(home, "data");
    // doctor warns of one that lies beside the config
    mkdirSync(join(home, "elsewhere"), { recursive: true });
    this.recoveryKeyFile = join(home, "elsewhere", "recovery-key");
  }

  /** `sotto init`, by flags; throws unless it succeeds. */
  async init(options: InitOptions & { homeserver: string }): Promise<void> {
    const outcome = await sotto(this.initArguments(options));
    this.deviceId = resultOf<{ deviceId: string }>(outcome).deviceId;
    remember("secret", this.accessToken, ...keyTexts(readFileSync(join(this.data, "store.key"))));
    if (!options.recoveryKeyFile) remember("secret", readFileSync(this.recoveryKeyFile, "utf8").trim());
    if (options.config) this.configure(options.config);
  }

  initArguments({ homeserver, recoveryKeyFile }: InitOptions & { homeserver: string }): string[] {
    const recovery = recoveryKeyFile
      ? ["--recovery-key-file", recoveryKeyFile]
      : ["--recovery-key-out", this.recoveryKeyFile];
    return [
      ...["init", "--homeserver", homeserver, "--user", this.userId],
      ...["--password-file", this.secretFile(this.account.password)],
      ...["--data-dir", this.data, "--config", this.config, ...recovery, "--yes", "--json"],
    ];
  }

  /** Changes top-level keys of the config. */
  configure(changes: Record<string, unknown>): void {
    const config = parse(readFileSync(this.config, "utf8")) as Record<string, unknown>;
    writeFileSync(this.config, stringify({ ...config, ...changes }));
  }

  get accessToken(): string {
    return readFileSync(join(this.data, "access-token"), "utf8").trim();
  }

  /** A file beside the config that holds the text. */
  secretFile(text: string): string {
    const path = join(this.home, `secret-${randomBytes(4).toString("hex")}`);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  /** Runs a command to its end, with `--json`. */
  run(args: readonly string[], options?: SottoOptions): Promise<Outcome> {
    return sotto(this.#arguments(args), options);
  }

  /** Starts a command, with `--json`. */
  start(args: readonly string[], options?: SottoOptions): RunningSotto {
    return startSotto(this.#arguments(args), options);
  }

  #arguments(args: readonly string[]): string[] {
    return [...args, "--config", this.config, "--json"];
  }
}

/** 32 bytes, as they could be written. */
const keyTexts = (key: Buffer): string[] =>
  (["base64", "base64url", "hex"] as const).map((encoding) => key.toString(encoding).replace(/=+$/, ""));
