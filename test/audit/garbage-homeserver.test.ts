import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { audit } from "../../src/audit/index.ts";
import { DEFAULT_POLICY } from "../../src/config/policy.ts";
import { SottoError } from "../../src/errors.ts";
import type { Facts } from "../../src/model/facts.ts";
import { factsSchema } from "../../src/service/audit/facts-schema.ts";
import { readHomeserverFiles } from "../../src/service/audit/homeserver-files.ts";
import { adminTokenFile, auditOf } from "../support/audited-server.ts";
import { facts } from "../support/facts.ts";
import { garbage, spoiled } from "../support/garbage.ts";
import { OWN } from "../support/store.ts";
import { temporaryDirectory } from "../support/temporary.ts";

// Garbage in what a homeserver's files or its answers say breaks nothing, and makes nothing good that was bad.

const places = fc.array(fc.nat(), { minLength: 1, maxLength: 4 });

/** Nothing broke, and what is saved can be read again. */
function judged(of: Facts) {
  const { findings } = audit({ facts: of, policy: DEFAULT_POLICY });
  expect(findings.filter(({ result }) => result === "error")).toEqual([]);
  expect(factsSchema.safeParse(JSON.parse(JSON.stringify(of))).error?.issues ?? []).toEqual([]);
  return findings;
}

/** By the section that a rule goes by. */
const BAD = {
  server_name: "example.org",
  encryption_enabled_by_default_for_room_type: "off",
  enable_registration: true,
  allow_guest_access: true,
  turn_user_lifetime: "30d",
  turn_shared_secret: "secret",
  report_stats: true,
  sentry: { dsn: "https://sentry.example" },
  url_preview_enabled: true,
  enable_authenticated_media: false,
  retention: { enabled: true, default_policy: { max_lifetime: "9y" } },
  listeners: [{ port: 8008, type: "http", bind_addresses: ["0.0.0.0"], resources: [{ names: ["client"] }] }],
  redaction_retention_period: "1y",
  push: { include_content: true },
  rc_message: { per_second: 0.1, burst_count: 1 },
};

describe("a homeserver's files", () => {
  const of = (config: string, log: string, folder = temporaryDirectory()) => {
    writeFileSync(join(folder, "homeserver.yaml"), config);
    writeFileSync(join(folder, "log.config"), log);
    const read = readHomeserverFiles([join(folder, "homeserver.yaml")], join(folder, "log.config"));
    return judged(facts({ homeserver: { ...facts().homeserver, ...read } }));
  };
  const LOG = { version: 1, root: { level: "DEBUG" }, loggers: { "synapse.http": { level: "DEBUG" } } };
  const open = (found: ReturnType<typeof of>) =>
    found.flatMap(({ ruleId, result }) => (result === "fail" || result === "warn" ? [ruleId] : []));

  it("with garbage in one place make nothing good of what stands elsewhere", () => {
    const bad = open(of(stringify(BAD), stringify(LOG))).filter((ruleId) => ruleId.includes("SRV"));
    expect(bad.length).toBeGreaterThan(8);
    const folder = temporaryDirectory();
    fc.assert(
      fc.property(places, garbage, fc.boolean(), (steps, by, inLog) => {
        const texts = [BAD, LOG].map((part, at) =>
          stringify((at === 1) === inLog ? spoiled(part, steps, by) : part),
        );
        const found = of(texts[0]!, texts[1]!, folder);
        const good = new Set(found.flatMap(({ ruleId, result }) => (result === "pass" ? [ruleId] : [])));
        // one section can be read by two rules
        expect(bad.filter((ruleId) => good.has(ruleId)).length).toBeLessThanOrEqual(2);
      }),
      { seed: 7, numRuns: 500 },
    );
  }, 120_000);

  it("that are cut, or are no YAML, break nothing", () => {
    const whole = stringify(BAD);
    const folder = temporaryDirectory();
    fc.assert(
      fc.property(fc.nat(whole.length), fc.string({ unit: "binary" }), (end, text) => {
        of(whole.slice(0, end) + text, text, folder);
      }),
      { seed: 7, numRuns: 300 },
    );
    for (const text of [
      "a: &a [*a]",
      "&a server_name: *a",
      "server_name: !!binary aGk=\nlisteners: !!set {a}",
    ])
      of(`${text}\nserver_name: x`, text);
  }, 120_000);
});

describe("a homeserver's answers", () => {
  /** What is not asked in vain, and nothing of rooms; all at one address, and nobody else is asked. */
  const answersAt = (url: string): [RegExp, object][] => [
    [/\/voip\/turnServer$/, { username: "1:u", password: "p", uris: ["turn:x"], ttl: 86_400 }],
    [/\/federation\/v1\/version$/, { server: { name: "Synapse", version: "1.163.0" } }],
    [/\.well-known\/matrix\/client$/, { "m.homeserver": { base_url: url } }],
    [/\/media\/(v3\/)?config$/, { "m.upload.size": 50_000_000 }],
    [/\/override_ratelimit$/, { messages_per_second: 1, burst_count: 5 }],
    [/\/publicRooms$/, { chunk: [] }],
    [/\/server_version$/, { server_version: "1.163.0" }],
    [
      /\/admin\/v1\/rooms$/,
      { rooms: [{ room_id: "!a:example.org", public: false, joined_local_members: 2 }], total_rooms: 1 },
    ],
    [/\/media$/, { local: ["mxc://example.org/a"], remote: [] }],
    [
      /\/users\/[^/]+\/devices$/,
      { devices: [{ device_id: "A", display_name: "x", last_seen_ts: 1, dehydrated: false }] },
    ],
    [/\/admin\/v2\/users\/[^/]+$/, { name: OWN, creation_ts: 1, admin: false, user_type: null }],
    [/\/joined_rooms$/, { joined_rooms: ["!a:example.org"] }],
    [/\/keys\/query$/, { device_keys: { [OWN]: { A: { keys: {}, algorithms: [] } } }, failures: {} }],
  ];

  it("with garbage in one place, or instead of one, end in facts that can be judged, or in an error", async () => {
    let fault: { which: number; steps: number[]; by: unknown } | undefined;
    const { collect, account } = await auditOf(({ path }) => {
      const answers = answersAt(account.config.homeserver);
      const which = answers.findIndex(([about]) => about.test(path));
      if (which < 0) return undefined;
      const json = answers[which]![1];
      return { json: which === fault?.which ? (spoiled(json, fault.steps, fault.by) as object) : json };
    });
    const options = { adminTokenFile: adminTokenFile() };
    judged(await collect(options));
    const asked = fc.nat(answersAt("").length - 1);
    const steps = fc.array(fc.nat(), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(asked, steps, garbage, async (which, at, by) => {
        fault = { which, steps: at, by };
        const collected = await collect(options, { retryForMs: 0 }).catch((thrown: unknown) => {
          expect(thrown).toBeInstanceOf(SottoError);
        });
        if (collected) judged(collected);
      }),
      // a time that no number holds was saved as none, and not read again; what is no number cannot be made one
      {
        seed: 7,
        numRuns: 60,
        examples: [
          [10, [1], 1e308],
          [7, [1], { toString: 1, valueOf: 2 }],
        ],
      },
    );
  }, 120_000);
});
