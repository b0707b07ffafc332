/**
 * The engine on its durable store beside the same engine in memory, in one process and one run: what the store costs.
 * `node packages/crypto-nodejs/bench/engine.ts [rounds]` prints the fastest of the rounds and their ratio.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Engine, openEngine, wasm } from "../src/engine.ts";

type Json = Record<string, unknown>;
type ByDevice = Record<string, Record<string, Json>>;

const ROUNDS = Number(process.argv[2] ?? 5);
const USERS = 100;
const DEVICES_EACH = 2;
const MESSAGES = 50;
const ALICE = "@alice:example.org";
const key = new Uint8Array(32).fill(7);

/** Answers of a homeserver for 200 devices; the keys are claimed from a stock, so each round gets its own. */
class Recipients {
  readonly users: string[] = [];
  readonly deviceKeys: ByDevice = {};
  readonly #oneTimeKeys: Record<string, [string, unknown][]> = {};

  static async create(): Promise<Recipients> {
    const recipients = new Recipients();
    for (let user = 0; user < USERS; user++) {
      for (let device = 0; device < DEVICES_EACH; device++)
        await recipients.#add(`@user${user}:example.org`, `D${device}`);
    }
    return recipients;
  }

  async #add(user: string, device: string): Promise<void> {
    const machine = await inMemory(user, device);
    const { device_keys, one_time_keys } = await upload(machine);
    if (!this.deviceKeys[user]) this.users.push(user);
    this.deviceKeys[user] = { ...this.deviceKeys[user], [device]: device_keys };
    this.#oneTimeKeys[`${user} ${device}`] = Object.entries(one_time_keys);
    machine.close();
  }

  query(): string {
    return JSON.stringify({ device_keys: this.deviceKeys, failures: {} });
  }

  claim(request: string): string {
    const { one_time_keys } = JSON.parse(request) as { one_time_keys: ByDevice };
    for (const [user, devices] of Object.entries(one_time_keys)) {
      for (const device of Object.keys(devices)) {
        const [id, oneTimeKey] = this.#oneTimeKeys[`${user} ${device}`]?.shift() ?? [];
        devices[device] = id ? { [id]: oneTimeKey } : {};
      }
    }
    return JSON.stringify({ one_time_keys, failures: {} });
  }

  ids(): wasm.UserId[] {
    return this.users.map((user) => new wasm.UserId(user));
  }
}

async function inMemory(user: string, device: string): Promise<wasm.OlmMachine> {
  const handle = await wasm.StoreHandle.open(null, null);
  return wasm.OlmMachine.initFromStore(new wasm.UserId(user), new wasm.DeviceId(device), handle);
}

async function upload(machine: wasm.OlmMachine): Promise<{ device_keys: Json; one_time_keys: Json }> {
  const request = (await machine.outgoingRequests()).find(
    (request) => request instanceof wasm.KeysUploadRequest,
  );
  if (!request) throw new Error("the machine has no keys to upload");
  const answer = JSON.stringify({ one_time_key_counts: { signed_curve25519: 50 } });
  await machine.markRequestAsSent(request.id, request.type, answer);
  return JSON.parse(request.body);
}

type Step = "init" | "key query" | "claim" | "share" | "encrypt" | "decrypt";
type Times = Record<Step, number>;

/** One life of a sender: milliseconds for each step, per message for the last two. */
async function round(recipients: Recipients, open: () => Promise<wasm.OlmMachine>): Promise<Times> {
  const times = {} as Times;
  const timed = async <T>(step: Step, run: () => Promise<T>, divisor = 1): Promise<T> => {
    const start = performance.now();
    const result = await run();
    times[step] = (performance.now() - start) / divisor;
    return result;
  };
  const room = () => new wasm.RoomId("!bench:example.org");
  const settings = () => {
    const settings = new wasm.EncryptionSettings();
    settings.rotationPeriodMessages = 10_000n;
    return settings;
  };

  const machine = await timed("init", open);
  await upload(machine);
  await machine.updateTrackedUsers(recipients.ids());
  const query = recipients.query();
  await timed("key query", () => machine.markRequestAsSent("query", wasm.RequestType.KeysQuery, query));
  const request = await machine.getMissingSessions(recipients.ids());
  if (!request) throw new Error("there is nothing to claim");
  const claim = recipients.claim(request.body);
  await timed("claim", () => machine.markRequestAsSent(request.id, request.type, claim));
  const shares = await timed("share", () => machine.shareRoomKey(room(), recipients.ids(), settings()));
  for (const share of shares) await machine.markRequestAsSent(share.id, share.type, "{}");

  const events: string[] = [];
  const encrypt = async () => {
    for (let i = 0; i < MESSAGES; i++) {
      const content = await machine.encryptRoomEvent(
        room(),
        "m.room.message",
        '{"msgtype":"m.text","body":"hello"}',
      );
      const event = { type: "m.room.encrypted", event_id: `$${i}`, origin_server_ts: 1, sender: ALICE };
      events.push(JSON.stringify({ ...event, content: JSON.parse(content) }));
    }
  };
  await timed("encrypt", encrypt, MESSAGES);
  const decrypt = async () => {
    const trust = () => new wasm.DecryptionSettings(wasm.TrustRequirement.Untrusted);
    for (const event of events) await machine.decryptRoomEvent(event, room(), trust());
  };
  await timed("decrypt", decrypt, MESSAGES);
  return times;
}

async function stored(recipients: Recipients): Promise<Times & { reopen: number }> {
  const directory = mkdtempSync(join(tmpdir(), "crypto-nodejs-bench-"));
  const options = { userId: ALICE, deviceId: "A", directory, key };
  try {
    let engine: Engine | undefined;
    const times = await round(recipients, async () => {
      engine = await openEngine(options);
      return engine.machine;
    });
    await engine?.close();
    const start = performance.now();
    const again = await openEngine(options);
    const reopen = performance.now() - start;
    await again.close();
    return { ...times, reopen };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const recipients = await Recipients.create();
const [memory, store]: [Times[], (Times & { reopen: number })[]] = [[], []];
for (let i = 0; i <= ROUNDS; i++) {
  const times = [await round(recipients, () => inMemory(ALICE, "A")), await stored(recipients)] as const;
  if (i === 0) continue; // warms up
  memory.push(times[0]);
  store.push(times[1]);
}

console.log(`${USERS * DEVICES_EACH} devices, ${MESSAGES} messages, fastest of ${ROUNDS} rounds, ms`);
console.table(
  (["init", "key query", "claim", "share", "encrypt", "decrypt"] as const).map((step) => {
    const [inMemory, onDisk] = [
      Math.min(...memory.map((times) => times[step])),
      Math.min(...store.map((times) => times[step])),
    ];
    return {
      step,
      memory: inMemory.toFixed(2),
      store: onDisk.toFixed(2),
      ratio: (onDisk / inMemory).toFixed(2),
    };
  }),
);
console.log(`reopen with a key: ${Math.min(...store.map(({ reopen }) => reopen)).toFixed(1)} ms`);
