import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/policy.ts";
import type { Facts } from "../../src/model/facts.ts";
import { Pseudonyms, pseudonymousFacts } from "../../src/report/index.ts";
import { factsSchema } from "../../src/service/audit/facts-schema.ts";
import { makeAudit } from "../../src/service/audit/make.ts";
import {
  ALICE,
  BOT,
  device,
  facts,
  homeserver,
  known,
  own,
  ROOM,
  room,
  roomState,
  unread,
  user,
} from "../support/facts.ts";

const KEY = Buffer.alloc(32, 1);

/** Each word is somebody's, and must not come out. */
const SECRETS = [
  "alice",
  "@voice",
  "team",
  "example.org",
  "lighthouse",
  "Falcon",
  "secretphone",
  "MYPHONE",
  "kitchen",
  "192.0.2.7",
];

function telling(): Facts {
  const state = roomState({
    name: "lighthouse",
    topic: "meet at the lighthouse",
    aliases: ["#lighthouse:example.org"],
    avatarUrl: "mxc://example.org/lighthouse",
    encryption: null,
    serverAcl: { allow: ["*.example.org"], deny: [] },
    widgets: [
      {
        stateKey: "lighthouse",
        type: "m.custom",
        name: "Falcon",
        url: "https://falcon.example.org/",
        sender: ALICE,
      },
    ],
    bridges: [{ stateKey: "falcon://example.org", protocol: "telegram", bot: "@falconbot:example.org" }],
    members: [{ userId: ALICE, membership: "join", displayName: "Falcon", sinceMs: 1 }],
  });
  const content = { users: { [ALICE]: 100 }, notes: "lighthouse" };
  return facts({
    homeserver: homeserver({
      config: known({
        ...((homeserver().config as { value: never }).value as object),
        federationDomains: ["kitchen.example.org"],
        listeners: [
          { port: 8008, bindAddresses: ["127.0.0.1", "192.0.2.7"], resources: ["client"], isTls: false },
        ],
      } as never),
    }),
    rooms: [
      room({
        state: known(state),
        timeline: known({
          isWhole: true,
          envelopes: [
            {
              eventId: "$lighthouse",
              type: "m.room.power_levels",
              sender: ALICE,
              sentMs: 1,
              stateKey: "",
              content,
            },
            {
              eventId: "$falcon",
              type: "org.example lighthouse",
              sender: ALICE,
              sentMs: 1,
              msgtype: "the lighthouse",
            },
          ],
        }),
        clearMedia: known(["mxc://example.org/lighthouse"]),
      }),
      room({
        roomId: "!kitchen:example.org",
        state: unread("GET /rooms/!kitchen:example.org/state gave 429 of matrix.example.org"),
      }),
      room({ roomId: "!other", state: unread("GET /rooms/%21kitchen%3Aexample.org/state gave 403") }),
    ],
    users: [
      user(ALICE, {
        devices: known([device({ deviceId: "MYPHONE", displayName: "secretphone of Falcon" })]),
      }),
      user(BOT),
    ],
    own: known(
      own({ undecryptable: { [ROOM]: 3 }, held: [{ roomId: ROOM, userId: ALICE, because: "identity" }] }),
    ),
  });
}

const unsafe = (text: string): string[] =>
  SECRETS.filter((secret) => text.toLowerCase().includes(secret.toLowerCase()));

describe("facts under pseudonyms", () => {
  const hidden = pseudonymousFacts(telling(), new Pseudonyms(KEY));

  it("name nobody and nothing", () => {
    expect(unsafe(JSON.stringify(hidden))).toEqual([]);
  });

  it("are facts still, and say that they are not the true ones", () => {
    expect(factsSchema.safeParse(hidden).error).toBeUndefined();
    expect(hidden.isPseudonymous).toBe(true);
  });

  it("keep who is where, and what is judged", () => {
    const [alice] = hidden.users;
    const first = hidden.rooms[0]!;
    expect(alice!.rooms).toEqual([first.roomId]);
    const state = (first.state as { value: ReturnType<typeof roomState> }).value;
    expect(state.members[0]!.userId).toBe(alice!.userId);
    expect(state.powerLevels.users).toEqual({ [alice!.userId]: 100 });
    expect(state.joinRule.rule).toBe("invite");
    expect(state.bridges[0]!.protocol).toBe("telegram");
    expect(hidden.rooms[1]!.state).toEqual({ unread: expect.stringMatching(/gave 429/) });
  });

  it("are the same for the same key, and others for another", () => {
    expect(pseudonymousFacts(telling(), new Pseudonyms(KEY))).toEqual(hidden);
    const [other] = pseudonymousFacts(telling(), new Pseudonyms(Buffer.alloc(32, 2))).rooms;
    expect(other!.roomId).not.toBe(hidden.rooms[0]!.roomId);
  });
});

describe("a report under pseudonyms", () => {
  const judging = { facts: telling(), policy: DEFAULT_POLICY };
  const open = makeAudit(judging);
  const hidden = makeAudit({ ...judging, pseudonymKey: KEY });

  it("names nobody and nothing, in any of its parts", () => {
    // a rule's own texts are the same for everybody
    expect(unsafe(JSON.stringify({ ...hidden.report, rules: [] }))).toEqual([]);
  });

  it("finds the same: what is judged by names was judged by the true ones", () => {
    expect(hidden.report.summary).toEqual(open.report.summary);
    const kinds = ({ findings }: typeof open.report) =>
      findings.map(({ ruleId, result }) => `${ruleId} ${result}`);
    expect(kinds(hidden.report)).toEqual(kinds(open.report));
  });

  it("has fingerprints of its own, from which nobody can guess a room", () => {
    const known = new Set(open.report.findings.map(({ fingerprint }) => fingerprint));
    for (const { fingerprint } of hidden.report.findings) {
      expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
      expect(known.has(fingerprint)).toBe(false);
    }
    expect(hidden.findings.map(({ fingerprint }) => fingerprint)).toEqual(
      open.findings.map(({ fingerprint }) => fingerprint),
    );
  });
});

it("never lets a rule that reads names pass facts without names", async () => {
  const { defineRule } = await import("../../src/audit/rule.ts");
  const { audit } = await import("../../src/audit/index.ts");
  const { ruleText } = await import("../support/report.ts");
  const rule = defineRule({
    ...ruleText("SOTTO-META-001"),
    ...{ about: "room", readsNames: true, reads: () => ({ value: null }), check: () => [] },
  });
  const results = (of: Facts) =>
    audit({ facts: of, policy: DEFAULT_POLICY }, [rule]).findings.map(({ result }) => result);
  expect(results(facts())).toEqual(["pass"]);
  expect(results(pseudonymousFacts(facts(), new Pseudonyms(KEY)))).toEqual(["not-checked"]);
});
