import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { type AuditWorld, KEPT, openAuditWorld, type Size } from "./audit-world.ts";
import { ratio } from "./measure.ts";
import type { Figure } from "./table.ts";

const run = promisify(execFile);

export const FULL: Size = { rooms: 1_000, members: 50, users: 300 };
export const QUICK: Size = { rooms: 40, members: 50, users: 60 };
/** As `src/service/audit` does it. */
const MANNER = { lanes: 8, depth: 500, batch: 250 };

interface Run {
  ms: number;
  rssMb: number;
  /** Whatever could not be read makes the figures worthless. */
  unread: number;
}

/** Facts of many rooms: beside the same requests sent bare, and a second time with nothing changed. */
export async function audits(size: Size, rounds: number): Promise<Figure[]> {
  const world = await openAuditWorld(size);
  try {
    const config = await newAuditor(world);
    const floors: Run[] = [];
    const firsts: Run[] = [];
    const seconds: Run[] = [];
    const { synapse, auditor, rooms, users } = world;
    const everyone = [...users, auditor.userId];
    const asked = { baseUrl: synapse.baseUrl, accessToken: auditor.accessToken, rooms, users: everyone };
    await contest("audit-floor.ts", { ...asked, ...MANNER }); // Synapse's caches
    for (let round = 0; round < rounds; round += 1) {
      const floor = async () => floors.push(await contest("audit-floor.ts", { ...asked, ...MANNER }));
      const sotto = async () => {
        forget(config);
        firsts.push(await contest("audit-sotto.ts", { config }));
        seconds.push(await contest("audit-sotto.ts", { config }));
      };
      for (const part of round % 2 === 0 ? [floor, sotto] : [sotto, floor]) await part();
    }
    const [floor, first, second] = [floors, firsts, seconds].map((runs) => runs.map(({ ms }) => ms)) as [
      number[],
      number[],
      number[],
    ];
    const memory = [...firsts, ...seconds].map(({ rssMb }) => rssMb);
    const where = `${size.rooms} rooms with ${size.members} members each`;
    return [
      { name: `audit, ${where}`, unit: "ms", values: first, floor, ratio: ratio(first, floor), atMost: 1.2 },
      {
        name: "the same again, nothing changed, beside the first",
        ...{ unit: "ms", values: second, floor: first, ratio: ratio(second, first), atMost: 0.2 },
      },
      {
        name: "resident memory at most",
        ...{ unit: "MB", values: memory, floor: floors.map(({ rssMb }) => rssMb), ratio: 0 },
        ...{ difference: Math.max(...memory), atMost: 200 },
      },
    ];
  } finally {
    await world.synapse.stop();
  }
}

async function contest(script: string, argument: object): Promise<Run> {
  const file = path.join(import.meta.dirname, script);
  // as the command line does: without it, what strips the types stays in memory
  const env = { ...process.env, NODE_COMPILE_CACHE: path.join(KEPT, "compile-cache") };
  const { stdout } = await run(process.execPath, [file, JSON.stringify(argument)], { env });
  const ended = JSON.parse(stdout) as Run;
  if (ended.unread > 0) throw new Error(`${script} could not read everything: ${stdout}`);
  return ended;
}

/** `sotto init` once; the server may have another port at the next start. */
async function newAuditor({ folder, synapse, auditor }: AuditWorld): Promise<string> {
  const home = path.join(folder, "auditor");
  const at = (file: string): string => path.join(home, file);
  if (!existsSync(at("sotto.yaml"))) {
    mkdirSync(home, { recursive: true });
    writeFileSync(at("password"), auditor.password, { mode: 0o600 });
    await run(process.execPath, [
      ...[path.join(import.meta.dirname, "../../src/cli.ts"), "init", "--yes"],
      ...["--homeserver", synapse.baseUrl, "--user", auditor.userId, "--config", at("sotto.yaml")],
      ...["--password-file", at("password"), "--data-dir", at("data"), "--recovery-key-out", at("recovery")],
    ]);
  }
  const config = readFileSync(at("sotto.yaml"), "utf8");
  writeFileSync(at("sotto.yaml"), config.replace(/^homeserver: .*$/m, `homeserver: ${synapse.baseUrl}`));
  await contest("audit-sotto.ts", { config: at("sotto.yaml") }); // its first sync is not an audit's
  return at("sotto.yaml");
}

/** As if there had been no audit. */
function forget(config: string): void {
  const db = new DatabaseSync(path.join(path.dirname(config), "data/sotto.sqlite"));
  db.exec("DELETE FROM fact");
  db.close();
}
