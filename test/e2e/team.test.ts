import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadPolicy } from "../../src/config/policy.ts";
import { groupsOfFour } from "../../src/model/fingerprint.ts";
import type { TeamPerson } from "../../src/model/team.ts";
import { House } from "../support/planted/house.ts";
import { Person } from "../support/planted/person.ts";
import { errorOf, resultOf } from "../support/sotto.ts";
import { type TeamApplied, TeamFile } from "../support/team.ts";

// From an empty server to a team of ten that audits clean, by the commands and what people do in their clients.

const NAMES = ["ann", "ben", "cem", "dana", "eva", "finn", "gül", "hal", "ida", "jo"];
const LOCALPARTS = NAMES.map((name) => name.normalize("NFD").replace(/[^a-z]/g, ""));
const HOSTILE = '\u202e<b onload="x">&\u001b[31mJo';
const POLICY = {
  rooms: {
    ...{ historyVisibility: "invited", joinRules: ["invite"], federated: false, inviteLevel: 50 },
    ...{ maxGuards: 2, aliases: false, reactions: false, maxRetention: "400d", words: ["clinic"] },
  },
  people: { maxDevices: 3, verified: true },
  homeserver: { encryptionByDefault: false },
};

let house: House;
let team: TeamFile;
let policyFile: string;
const people: Person[] = [];
const userIdOf = (localpart: string): string => `@${localpart}:${house.synapse.serverName}`;
const call = <T>(path: string) => house.call<T>("GET", path);

const joinedRooms = async () => (await call<{ joined_rooms: string[] }>("joined_rooms")).joined_rooms.sort();

beforeAll(async () => {
  house = await House.open();
  const { bot, synapse } = house;
  policyFile = join(bot.home, "policy.yaml");
  writeFileSync(policyFile, JSON.stringify(POLICY));
  const secret = bot.secretFile(synapse.registrationSharedSecret);
  team = new TeamFile(bot, ["--registration-secret-file", secret, "--policy", policyFile]);
  team.write(file());
}, 300_000);
afterAll(() => house?.close());

const file = () => ({
  team: "desk",
  bot: house.bot.userId,
  outOfBand: "Read the key out at the desk, <face to face>.",
  members: LOCALPARTS.map((user, at) => ({ user, name: at === 9 ? HOSTILE : NAMES[at] })),
  rooms: {
    all: { name: "Everybody" },
    ops: {
      ...{ name: "Operators", topic: "nights", members: ["ann", "ben"], guards: ["ann"] },
      policy: { historyVisibility: "joined", rotation: { maxPeriod: "1d", maxMessages: 50 } },
    },
  },
});

const kinds = (steps: { request: { kind: string } }[]) =>
  Object.fromEntries(
    Map.groupBy(steps, ({ request }) => request.kind)
      .entries()
      .map(([kind, some]) => [kind, some.length]),
  );
const missing = ({ people }: { people: TeamPerson[] }) =>
  Object.fromEntries(people.map((person) => [person.userId, person.missing]));
const roomIdOf = ({ rooms }: { rooms: { room: string; roomId: string | null }[] }, wanted: string): string =>
  rooms.find(({ room }) => room === wanted)!.roomId!;

describe("a team of ten", () => {
  let applied: TeamApplied;

  it("is planned whole, and nothing is made by that", async () => {
    const rooms = await joinedRooms();
    const plan = await team.plan();
    expect(kinds(plan.steps)).toEqual({ account: 10, room: 2, invite: 12 });
    expect(plan.steps.filter(({ blocked }) => blocked !== undefined)).toEqual([]);
    expect(await joinedRooms()).toEqual(rooms);
    await expect(call(`profile/${encodeURIComponent(userIdOf("ann"))}`)).rejects.toThrow("404");
  });

  it("is not begun where passwords would go nowhere", async () => {
    const flags = team.arguments("apply").filter((flag) => flag !== "--passwords" && flag !== team.passwords);
    expect(errorOf(await house.bot.run(flags))).toMatchObject({ code: "USAGE", exitCode: 2 });
    await expect(call(`profile/${encodeURIComponent(userIdOf("ann"))}`)).rejects.toThrow("404");
  });

  it("is made: accounts, each with a password of its own that nobody else may read, rooms, invitations", async () => {
    applied = await team.apply();
    expect(new Set(applied.steps.map(({ result }) => result))).toEqual(new Set(["done"]));
    const files = team.handedOut();
    expect(files.map(({ name }) => name)).toEqual(LOCALPARTS.map((name) => `${name}.txt`).sort());
    expect(new Set(files.map(({ password }) => password)).size).toBe(10);
    for (const { name, password } of files) {
      expect(statSync(join(team.passwords, name)).mode & 0o777).toBe(0o600);
      expect(password).toMatch(/^[a-z2-9]{4}(-[a-z2-9]{4}){4}$/);
    }
    expect(statSync(team.passwords).mode & 0o777).toBe(0o700);
    for (const said of Object.values(missing(applied)))
      expect(said.join()).toMatch(/log in.*accept the invitation/);
    const ops = `rooms/${encodeURIComponent(roomIdOf(applied, "ops"))}/state`;
    expect(await call(`${ops}/m.room.encryption/`)).toMatchObject({
      rotation_period_ms: 86_400_000,
      rotation_period_msgs: 50,
    });
    expect(await call(`${ops}/m.room.history_visibility/`)).toEqual({ history_visibility: "joined" });
    expect(await call(`${ops}/m.room.power_levels/`)).toMatchObject({ users: { [userIdOf("ann")]: 100 } });
    const { content } = await call<{ content: object }>(`${ops}/m.room.create/?format=event`);
    expect(content).toMatchObject({ "m.federate": false });
  }, 300_000);

  it("is made once: what is there is left alone", async () => {
    const before = team.handedOut();
    const rooms = await joinedRooms();
    expect((await team.plan()).steps).toEqual([]);
    expect((await team.apply()).steps).toEqual([]);
    expect(team.handedOut()).toEqual(before);
    expect(await joinedRooms()).toEqual(rooms);
  });

  it("says what everybody has to do, until they have done it", async () => {
    const rooms = [roomIdOf(applied, "all"), roomIdOf(applied, "ops")];
    for (const [at, localpart] of LOCALPARTS.entries()) {
      const { password } = team.handedOut().find(({ name }) => name === `${localpart}.txt`)!;
      const person = await Person.enter(house.synapse, userIdOf(localpart), password);
      await person.join(rooms[0]!);
      if (at < 2) await person.join(rooms[1]!);
      people.push(person);
    }
    await people[2]!.logIn();
    const plan = await team.plan();
    expect(plan.steps).toEqual([]);
    for (const [at, { userId }] of people.entries()) {
      const person = plan.people.find((other) => other.userId === userId)!;
      expect(person).toMatchObject({
        loggedIn: { value: true },
        masterKey: { value: people[at]!.masterKey },
      });
      expect(person.verifiedByUs).toEqual({ value: false });
      expect(person.verifiedBy).toHaveProperty("unread");
      expect(person.missing).toHaveLength(at === 2 ? 2 : 1);
      expect(person.missing.at(-1)).toContain(`sotto verify ${userId}`);
    }
    expect(plan.people[2]!.missing[0]).toContain("verify ");
    await people[2]!.logOutLast();
  }, 300_000);

  it("gives out cards with the keys, which hold no secret and no word of a stranger that does harm", async () => {
    const plan = await team.plan("--cards", team.cards);
    const files = readdirSync(team.cards);
    expect(files.sort()).toEqual(
      [...LOCALPARTS.map((name) => `${name}.svg`), "cards.html", "voice.svg"].sort(),
    );
    const page = readFileSync(join(team.cards, "cards.html"), "utf8");
    for (const { userId, masterKey } of people) {
      const card = readFileSync(join(team.cards, `${userId.slice(1).split(":")[0]}.svg`), "utf8");
      for (const text of [card, page]) {
        expect(text).toContain(userId);
        for (const group of groupsOfFour(masterKey).split(" "))
          expect(text).toContain(group.replaceAll("&", "&amp;"));
      }
    }
    expect(page).toContain(groupsOfFour(plan.masterKey!).slice(0, 29));
    for (const { password } of team.handedOut())
      for (const file of files) expect(readFileSync(join(team.cards, file), "utf8")).not.toContain(password);
    for (const harm of ["<b ", "\u202e", "\u001b", "<face"]) expect(page).not.toContain(harm);
  });

  it("knows whom our account has verified, and by the homeserver's database who has verified whom", async () => {
    for (const { userId, masterKey } of people)
      resultOf(await house.bot.run(["verify", userId, "--fingerprint", masterKey]));
    const [ann, ben] = people as [Person, Person];
    await ann.verify(ben);
    const plan = await team.plan("--database", house.synapse.database);
    const of = (userId: string) => plan.people.find((person) => person.userId === userId)!;
    for (const { userId } of people) expect(of(userId).verifiedByUs).toEqual({ value: true });
    expect(of(ben.userId).verifiedBy).toEqual({ value: [ann.userId, house.bot.userId] });
    expect(of(ann.userId).verifiedBy).toEqual({ value: [house.bot.userId] });
    expect(of(ann.userId).missing.join()).not.toContain(ben.userId);
    expect(of(ben.userId).missing.join()).toContain(ann.userId);
    expect(missing(await team.plan())[ann.userId]).toEqual([]);
  }, 300_000);

  it("audits clean by the policy, once that knows what differs", async () => {
    const plan = await team.plan();
    expect(plan.operator).toHaveLength(1);
    expect(plan.operator[0]).toContain(roomIdOf(plan, "ops"));
    const except = {
      [roomIdOf(plan, "ops")]: {
        historyVisibility: "joined",
        rotation: { maxPeriod: "1d", maxMessages: 50 },
      },
    };
    writeFileSync(policyFile, JSON.stringify({ ...POLICY, except }));
    expect((await team.plan()).operator).toEqual([]);
    const rooms = plan.rooms.map(({ roomId }) => roomId!);
    const { rules, findings } = await house.audit({ rooms, policy: loadPolicy(policyFile) });
    expect(rules, JSON.stringify(findings, undefined, 1)).toEqual([]);
  });

  it("that has changed: a room gets its new name; whoever is not in the file any more is named, and stays", async () => {
    const { members, ...rest } = file();
    const ben = userIdOf("ben");
    team.write({
      ...rest,
      members: members.filter(({ user }) => user !== "ben"),
      rooms: { all: { name: "All of us" } },
    });
    const plan = await team.plan();
    expect(plan.steps.map(({ id }) => id)).toEqual(["name all"]);
    const after = await team.apply();
    expect(after.steps.map(({ result }) => result)).toEqual(["done"]);
    const roomId = roomIdOf(plan, "all");
    const path = `rooms/${encodeURIComponent(roomId)}/state`;
    expect(await call(`${path}/m.room.name/`)).toEqual({ name: "All of us" });
    expect(await call(`${path}/m.room.member/${encodeURIComponent(ben)}`)).toMatchObject({
      membership: "join",
    });
    for (const { operator } of [plan, after]) {
      expect(operator.filter((said) => said.includes(ben)).join()).toContain("nobody is removed");
      expect(operator.join()).toContain('was made as the room "ops"');
    }
    expect((await team.plan()).steps).toEqual([]);
  });
});
