import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";

// A real PostgreSQL of the machine's packages (apt install postgresql), in a folder of its own and on a free port. The
// system's own servers are left alone.

/** Debian keeps the server's programs off the PATH, below their version. */
const VERSIONS = "/usr/lib/postgresql";
const folders = [
  ...(existsSync(VERSIONS) ? readdirSync(VERSIONS) : [])
    .sort((one, other) => Number(other) - Number(one))
    .map((version) => join(VERSIONS, version, "bin")),
  ...(process.env.PATH ?? "").split(":"),
];
const programs = folders.find((folder) =>
  ["initdb", "pg_ctl"].every((name) => existsSync(join(folder, name))),
);
/** Why there is none to test with. */
export const noPostgres =
  programs === undefined ? "PostgreSQL is not installed (apt install postgresql)" : undefined;

/** It does not run as root: then whoever its packages are for, or nobody. */
function owner(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string, name: string) => Number(execFileSync("id", [flag, name], { stdio: "pipe" }));
  const name = /^postgres:/m.test(readFileSync("/etc/passwd", "utf8")) ? "postgres" : "nobody";
  return { uid: idOf("-u", name), gid: idOf("-g", name) };
}

/** Lives until its standard input ends, as it does when this process does. */
const SERVER = `
  set -eu
  bin=$1 dir=$2
  "$bin/initdb" --pgdata="$dir/data" --username=postgres --pwfile="$dir/password" --encoding=UTF8 --locale=C \\
    --auth=scram-sha-256 --no-sync > "$dir/initdb.log"
  cat "$dir/hba" "$dir/data/pg_hba.conf" > "$dir/hba.whole"
  cp "$dir/hba.whole" "$dir/data/pg_hba.conf"
  cat "$dir/settings" >> "$dir/data/postgresql.conf"
  echo made
  read -r port
  "$bin/pg_ctl" --pgdata="$dir/data" --log="$dir/log" --wait -o "-k '$dir' -p $port" start > "$dir/start.log"
  echo ready
  cat > "$dir/rest"
  "$bin/pg_ctl" --pgdata="$dir/data" --mode=immediate stop > "$dir/stop.log"
  rm -rf "$dir"`;

export interface PostgresOptions {
  /** Lines of postgresql.conf. */
  settings?: string[];
  /** Lines of pg_hba.conf, before those that let everyone in who has a password. */
  hba?: string[];
}

export class Postgres {
  readonly dir: string;
  readonly port: number;
  /** Of `postgres`, who may do everything. */
  readonly password: string;
  readonly #stop: () => Promise<void>;

  constructor(dir: string, port: number, password: string, stop: () => Promise<void>) {
    [this.dir, this.port, this.password, this.#stop] = [dir, port, password, stop];
  }

  get log(): string {
    return join(this.dir, "log");
  }

  /** Over TCP, on this machine. */
  url(user = "postgres", database = "postgres", parameters = ""): string {
    return `postgresql://${user}@127.0.0.1:${this.port}/${database}${parameters}`;
  }

  /** As `postgres` over the socket; whoever connects closes. */
  async connect(database = "postgres", user = "postgres", password = this.password): Promise<pg.Client> {
    const client = new pg.Client({ host: this.dir, port: this.port, user, database, password });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  }

  async stop(): Promise<void> {
    await this.#stop();
  }
}

export async function startPostgres({ settings = [], hba = [] }: PostgresOptions = {}): Promise<Postgres> {
  if (!programs) throw new Error(noPostgres);
  const dir = mkdtempSync(join(tmpdir(), "sotto-postgres-"));
  const password = randomBytes(12).toString("hex");
  const files = {
    password,
    hba: `${hba.join("\n")}\n`,
    settings: ["fsync = off", "listen_addresses = '127.0.0.1'", ...settings].join("\n"),
  };
  const who = owner();
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    if (who) chownSync(join(dir, name), who.uid, who.gid);
  }
  if (who) chownSync(dir, who.uid, who.gid);
  // a group of its own: what interrupts this process ends it by its input, and so in good order
  const server = spawn("sh", ["-c", SERVER, "sh", programs, dir], {
    ...{ ...who, cwd: dir, detached: true, stdio: ["pipe", "pipe", "inherit"] },
  });
  const ended = once(server, "close");
  const lines = createInterface(server.stdout!);
  const says = async (word: string): Promise<void> => {
    const [line] = (await Promise.race([once(lines, "line"), ended])) as [unknown];
    if (line !== word) throw new Error(`PostgreSQL did not start: ${dir} says why`);
  };
  await says("made");
  // chosen late: the making takes seconds, in which others would take the port
  const port = await freePort();
  server.stdin!.write(`${port}\n`);
  await says("ready");
  server.unref();
  return new Postgres(dir, port, password, async () => {
    server.ref();
    server.stdin!.end();
    await ended;
  });
}

async function freePort(): Promise<number> {
  const trial = createServer().listen(0, "127.0.0.1");
  await once(trial, "listening");
  const { port } = trial.address() as { port: number };
  trial.close();
  await once(trial, "close");
  return port;
}
