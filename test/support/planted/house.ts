import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, vi } from "vitest";
import { sandboxLayers } from "../../../src/audio/index.ts";
import { audit } from "../../../src/audit/index.ts";
import { Sotto } from "../../../src/index.ts";
import type { Facts } from "../../../src/model/facts.ts";
import type { Finding } from "../../../src/model/finding.ts";
import type { Policy } from "../../../src/model/policy.ts";
import { collectFacts } from "../../../src/service/audit/collect.ts";
import { type Synapse, type SynapseOptions, startSynapse } from "../../../synapse-dev/synapse.ts";
import { Bot } from "../bot.ts";
import { resultOf } from "../sotto.ts";
import { Person } from "./person.ts";
import { POLICY } from "./policy.ts";
import { Room, type RoomOptions } from "./room.ts";

// A team that keeps to a strict policy, on a Synapse of its own whose configuration is clean as well.

/** Rooms that are made public begin without encryption here, so that there are rooms to find. */
const CONFIG = {
  encryption_enabled_by_default_for_room_type: "invite",
  require_auth_for_profile_requests: true,
  retention: { enabled: true, default_policy: { max_lifetime: "365d" } },
  media_retention: { local_media_lifetime: "366d", remote_media_lifetime: "90d" },
  room_list_publication_rules: [{ action: "allow" }],
  push: { include_content: false },
};

/** What an audit has found, and what it could not read although it was given all that it takes. */
const FOUND = ["fail", "warn", "error"];
const isFound = ({ result, notAsked }: Finding): boolean =>
  FOUND.includes(result) || (result === "not-checked" && notAsked !== true);

/** Where this machine lets nobody have a sandbox, the audit says so each time. */
const { sandbox: isSandboxed, reason } = await sandboxLayers();
if (!isSandboxed)
  console.warn(
    `skipped: that SOTTO-OWN-013 is clean (recordings decoded in a sandbox or not at all): ${reason}`,
  );
const STANDING = isSandboxed ? [] : ["SOTTO-OWN-013"];

export interface Audited {
  facts: Facts;
  findings: Finding[];
  /** The rules that found something, each once, without their common prefix. */
  rules: string[];
}

export interface AuditOptions {
  /** Every room unless told. */
  rooms?: string[];
  policy?: Policy;
  previous?: Facts;
}

export class House {
  readonly synapse: Synapse;
  readonly bot: Bot;
  /** In every room, at level 50. */
  readonly alice: Person;
  readonly #admin: string;
  /** Acts for everyone, and at any time. https://spec.matrix.org/v1.19/application-service-api/#timestamp-massaging */
  readonly #appservice: string;
  readonly #folder: string;
  #sotto: Sotto | undefined;

  private constructor(synapse: Synapse, bot: Bot, alice: Person, tokens: [string, string], folder: string) {
    this.synapse = synapse;
    this.bot = bot;
    this.alice = alice;
    [this.#admin, this.#appservice] = tokens;
    this.#folder = folder;
  }

  static async open({
    config,
    ...options
  }: Pick<SynapseOptions, "config" | "logLevel"> = {}): Promise<House> {
    const folder = mkdtempSync(join(tmpdir(), "sotto-planted-"));
    const appservice = randomBytes(16).toString("hex");
    const registration = join(folder, "appservice.yaml");
    writeFileSync(
      registration,
      JSON.stringify({
        id: "past",
        url: null,
        as_token: appservice,
        hs_token: randomBytes(16).toString("hex"),
        sender_localpart: "past",
        rate_limited: false,
        namespaces: { users: [{ exclusive: false, regex: "@.*" }] },
      }),
    );
    const synapse = await startSynapse({
      ...options,
      liftRateLimits: true,
      config: { ...CONFIG, app_service_config_files: [registration], ...config },
    });
    const admin = await synapse.registerUser("admin", undefined, { admin: true });
    const password = randomBytes(12).toString("hex");
    const { userId } = await synapse.registerUser("voice", password);
    const bot = new Bot({ userId, password }, mkdtempSync(join(folder, "bot-")));
    await bot.init({ homeserver: synapse.baseUrl });
    const alice = await Person.register(synapse, "alice");
    const house = new House(synapse, bot, alice, [admin.accessToken, appservice], folder);
    await house.admin("POST", `v1/users/${encodeURIComponent(userId)}/override_ratelimit`, {
      messages_per_second: 0,
      burst_count: 0,
    });
    const drill = ["recovery", "drill", "--recovery-key-file", bot.recoveryKeyFile];
    resultOf(await bot.run([...drill, "--password-file", bot.secretFile(password)]));
    bot.configure({ audio: { requireSandbox: isSandboxed } });
    house.#sotto = await Sotto.open(bot.config);
    return house;
  }

  async close(): Promise<void> {
    await this.#sotto?.close();
    await this.synapse.stop();
    rmSync(this.#folder, { recursive: true });
  }

  get sotto(): Sotto {
    if (!this.#sotto) throw new Error("the house is not open");
    return this.#sotto;
  }

  /** Once she is in a room. */
  async verifyAlice(): Promise<void> {
    const { userId, masterKey } = this.alice;
    resultOf(await this.bot.run(["verify", userId, "--fingerprint", masterKey]));
  }

  admin<T = object>(method: string, path: string, body?: object): Promise<T> {
    return this.synapse.request<T>(method, `/_synapse/admin/${path}`, this.#admin, body);
  }

  /** As the bot. */
  call<T = object>(method: string, path: string, body?: object): Promise<T> {
    return this.synapse.request<T>(method, `/_matrix/client/v3/${path}`, this.bot.accessToken, body);
  }

  /** As anybody of the house, and as if it was then. */
  callThen<T = object>(userId: string, atMs: number, method: string, path: string, body?: object) {
    const query = new URLSearchParams({ user_id: userId, ts: String(atMs) });
    return this.synapse.request<T>(method, `/_matrix/client/v3/${path}?${query}`, this.#appservice, body);
  }

  /** The only fault that no API puts in: when a device was last seen. Synapse writes that down a little later. */
  async restSince(userId: string, deviceId: string, atMs: number): Promise<void> {
    const database = new DatabaseSync(this.synapse.database, { timeout: 10_000 });
    try {
      const aged = database.prepare(
        "UPDATE devices SET last_seen = ? WHERE user_id = ? AND device_id = ? AND last_seen IS NOT NULL",
      );
      const age = () => aged.run(atMs, userId, deviceId).changes;
      await vi.waitFor(() => expect(age()).toBe(1), { timeout: 30_000, interval: 100 });
    } finally {
      database.close();
    }
  }

  /** One to policy, but for what is told; Alice is in it. */
  async newRoom(options: RoomOptions = {}): Promise<Room> {
    return Room.create(this, options);
  }

  async audit({ policy = POLICY, previous, rooms }: AuditOptions = {}): Promise<Audited> {
    const adminTokenFile = join(this.#folder, "admin-token");
    writeFileSync(adminTokenFile, this.#admin, { mode: 0o600 });
    const facts = await collectFacts(this.sotto.account, {
      adminTokenFile,
      homeserverConfig: ["homeserver.yaml", "more.yaml"].map((name) => join(this.synapse.dir, name)),
      logConfig: join(this.synapse.dir, "log.yaml"),
      ...(rooms && { rooms }),
    });
    const { findings } = audit({ facts, policy, ...(previous && { previous }) });
    const found = findings.filter((finding) => isFound(finding) && !STANDING.includes(finding.ruleId));
    const rules = [...new Set(found.map(({ ruleId }) => ruleId.replace("SOTTO-", "")))].sort();
    return { facts, findings: found, rules };
  }
}
