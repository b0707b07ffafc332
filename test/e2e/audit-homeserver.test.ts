import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { audit, RULES } from "../../src/audit/index.ts";
import type { Config } from "../../src/config/index.ts";
import { DEFAULT_POLICY } from "../../src/config/policy.ts";
import { silentLogger } from "../../src/log.ts";
import { createContentRepository, createTransport, type Transport } from "../../src/matrix/index.ts";
import type { HomeserverFacts } from "../../src/model/homeserver-facts.ts";
import { Asking } from "../../src/service/audit/asking.ts";
import { homeserverFacts } from "../../src/service/audit/homeserver.ts";
import { type Session, type Synapse, startSynapse } from "../../synapse-dev/synapse.ts";
import { facts as cleanFacts } from "../support/facts.ts";
import { openWorld } from "../support/world.ts";

// What an audit reads of a real Synapse, closed as tests have it, and open as an operator should not.

const { synapse } = await openWorld();

const OPEN = {
  enable_registration: true,
  enable_registration_without_verification: true,
  allow_guest_access: true,
  allow_public_rooms_without_auth: true,
  require_auth_for_profile_requests: true,
  turn_uris: ["turn:turn.example.org?transport=udp"],
  turn_shared_secret: "hush",
  turn_user_lifetime: "2d",
  max_upload_size: "1M",
  encryption_enabled_by_default_for_room_type: "off",
  delete_stale_devices_after: "30d",
};

async function read(
  server: Synapse,
  user: Session,
  more: Partial<Parameters<typeof homeserverFacts>[1]> = {},
): Promise<HomeserverFacts> {
  const transport = transportTo(server, user);
  const account = {
    config: { homeserver: server.baseUrl, account: { userId: user.userId } } as Config,
    logger: silentLogger,
    transport,
    contentRepository: createContentRepository(transport),
  };
  try {
    const asking = new Asking(AbortSignal.timeout(60_000));
    return await homeserverFacts(account, { asking, admin: undefined, ...more });
  } finally {
    transport.close();
  }
}

const transportTo = (server: Synapse, { accessToken }: Session): Transport =>
  createTransport({ homeserver: server.baseUrl, accessToken });

const usersOf = async (server: Synapse, { accessToken }: Session): Promise<number> =>
  (await server.request<{ total: number }>("GET", "/_synapse/admin/v2/users?guests=true", accessToken)).total;

/** The rules of the homeserver that find something, with how bad it is. */
const found = (homeserver: HomeserverFacts): string[] =>
  audit({ facts: cleanFacts({ homeserver }), policy: DEFAULT_POLICY }, RULES)
    .findings.filter(
      ({ ruleId, result }) => ruleId.startsWith("SOTTO-SRV") && /^(?:fail|warn|error)$/.test(result),
    )
    .map(({ ruleId, result }) => `${ruleId} ${result}`);

describe("a closed homeserver", () => {
  it("shows what it is, what strangers get, and what our account gets", async () => {
    const admin = await synapse.registerUser(`admin${Date.now()}`, undefined, { admin: true });
    const adminApi = transportTo(synapse, admin);
    const users = await usersOf(synapse, admin);
    const before = await read(synapse, admin, { admin: adminApi });
    await synapse.request(
      "POST",
      `/_synapse/admin/v1/users/${encodeURIComponent(admin.userId)}/override_ratelimit`,
      admin.accessToken,
      { messages_per_second: 0, burst_count: 0 },
    );
    const after = await read(synapse, admin, { admin: adminApi });
    adminApi.close();
    expect(before).toMatchObject({
      serverName: synapse.serverName,
      publicUrl: { value: synapse.baseUrl },
      software: { value: { name: "Synapse", version: expect.stringMatching(/^1\.\d+\.\d+/) } },
      outside: {
        registrationFlows: { value: null },
        isAdminApiExposed: { value: true },
        areProfilesPublic: { value: true },
        isDirectoryPublic: { value: false },
        isFederating: { value: false },
      },
      turn: { value: null },
      uploadLimit: { value: 50 * 1024 * 1024 },
      messageRateLimit: { value: null },
    });
    expect(after.messageRateLimit).toEqual({ value: { messagesPerSecond: 0, burstCount: 0 } });
    expect(await usersOf(synapse, admin)).toBe(users);
  });

  it("tells the limits of an account to an administrator only", async () => {
    const user = await synapse.registerUser(`user${Date.now()}`);
    const notAdmin = transportTo(synapse, user);
    expect((await read(synapse, user)).messageRateLimit).toEqual({
      unread: expect.stringContaining("--admin-token-file"),
      notAsked: true,
    });
    expect((await read(synapse, user, { admin: notAdmin })).messageRateLimit).toEqual({
      unread: expect.stringContaining("M_FORBIDDEN"),
    });
    notAdmin.close();
  });

  it("means what its own files say", async () => {
    const user = await synapse.registerUser(`user${Date.now()}`);
    const files = ["homeserver.yaml", "more.yaml"].map((name) => join(synapse.dir, name));
    const { config, logging } = await read(synapse, user, {
      homeserverConfig: files,
      logConfig: join(synapse.dir, "log.yaml"),
    });
    expect(config).toMatchObject({
      value: {
        encryptionByDefault: "invite",
        federationDomains: [],
        presence: "off",
        messageRateLimit: { perSecond: 10_000 },
        listeners: [{ bindAddresses: ["127.0.0.1"], resources: ["client"], isTls: false }],
      },
    });
    expect(logging).toMatchObject({ value: { handlerLevel: "NOTSET", formats: [expect.any(String)] } });
    expect(JSON.stringify(config)).not.toContain(synapse.registrationSharedSecret);
  });
});

describe("an open homeserver", () => {
  let server: Synapse | undefined;
  afterAll(() => server?.stop());

  it("shows each fault to the rule of it, makes no account for whoever looks, and keeps its secrets", async () => {
    server = await startSynapse({ config: OPEN, logLevel: "INFO" });
    const admin = await server.registerUser("admin", undefined, { admin: true });
    const users = await usersOf(server, admin);
    const homeserver = await read(server, admin, {
      homeserverConfig: ["homeserver.yaml", "more.yaml"].map((name) => join(server!.dir, name)),
      logConfig: join(server.dir, "log.yaml"),
    });
    expect(await usersOf(server, admin)).toBe(users);
    expect(homeserver).toMatchObject({
      outside: {
        registrationFlows: { value: [["m.login.dummy"]] },
        areProfilesPublic: { value: false },
        isDirectoryPublic: { value: true },
      },
      turn: {
        value: { ttlSec: 2 * 86_400, uris: ["turn:turn.example.org?transport=udp"], isTimeLimited: true },
      },
      uploadLimit: { value: 1024 * 1024 },
    });
    expect(JSON.stringify(homeserver)).not.toContain("hush");
    expect(found(homeserver)).toEqual([
      "SOTTO-SRV-001 fail",
      "SOTTO-SRV-002 fail",
      "SOTTO-SRV-003 fail",
      "SOTTO-SRV-004 fail",
      "SOTTO-SRV-005 fail",
      "SOTTO-SRV-008 warn",
      "SOTTO-SRV-009 fail",
      "SOTTO-SRV-011 fail",
      "SOTTO-SRV-018 warn",
      "SOTTO-SRV-020 warn",
      "SOTTO-SRV-023 warn",
      "SOTTO-SRV-034 warn",
    ]);
  });
});
