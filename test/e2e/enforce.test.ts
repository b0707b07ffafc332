import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { EnforcementPlan, StepOutcome } from "../../src/model/enforcement.ts";
import type { Bot } from "../support/bot.ts";
import { type BrokenRoom, breakRooms, RoomOwner, seeded } from "../support/broken-rooms.ts";
import { killAtChange } from "../support/kill-at-change.ts";
import { enforcementSchema, schemaErrors } from "../support/schemas.ts";
import { endAllSotto, type Outcome, resultOf as resultIn } from "../support/sotto.ts";
import { openWorld } from "../support/world.ts";

// Rooms that were broken through the real API, brought to policy; what stands there is read by the test itself.

const { newBot, newAccount, proxy, synapse } = await openWorld();
let bot: Bot;
let owner: RoomOwner;

/** Whatever is printed is as the published schema says. */
function checked<T>(document: T): T {
  expect(schemaErrors(enforcementSchema(), document)).toEqual([]);
  return document;
}
const resultOf = <T>(outcome: Outcome): T => checked(resultIn<T>(outcome));

interface Applied {
  outcomes: StepOutcome[];
}

beforeAll(async () => {
  bot = await newBot();
  owner = new RoomOwner(synapse, { accessToken: bot.accessToken });
});
afterEach(async () => {
  proxy.passOnEverything();
  await endAllSotto();
});

const plan = async (...args: string[]) =>
  resultOf<EnforcementPlan>(await bot.run(["enforce", "plan", ...args]));
async function apply(...args: string[]): Promise<Applied & { code: number | null }> {
  const { code, stdout, stderr } = await bot.run(["enforce", "apply", ...args]);
  if (stdout === "") throw new Error(stderr);
  return { code, ...checked(JSON.parse(stdout) as Applied) };
}
const stepsIn = ({ rooms }: EnforcementPlan) => rooms.flatMap(({ steps }) => steps);
const resultsOf = ({ outcomes }: Applied) => outcomes.map(({ result }) => result);
const puts = (type: string) => (request: { method: string; path: string }) =>
  request.method === "PUT" && decodeURIComponent(request.path).includes(`/state/${type}`);

async function expectToPolicy(roomId: string): Promise<void> {
  const content = (type: string) => owner.state(roomId, type);
  expect(["invite", "knock", "restricted"]).toContain((await content("m.room.join_rules"))?.join_rule);
  expect((await content("m.room.guest_access"))?.guest_access ?? "forbidden").toBe("forbidden");
  expect((await content("m.room.history_visibility"))?.history_visibility).toBe("shared");
  expect(await owner.isListed(roomId)).toBe(false);
  expect(await content("m.room.encryption")).toMatchObject({ algorithm: "m.megolm.v1.aes-sha2" });
  const levels = (await content("m.room.power_levels")) as {
    events: Record<string, number>;
    users_default?: number;
    state_default?: number;
  };
  for (const type of ["encryption", "history_visibility", "power_levels", "join_rules", "tombstone"])
    expect(levels.events[`m.room.${type}`]).toBeGreaterThanOrEqual(100);
  expect(levels.events["m.room.message"] ?? 0).toBeGreaterThanOrEqual(levels.events["m.room.encrypted"] ?? 0);
  expect(levels.users_default ?? 0).toBe(0);
  expect(levels.state_default ?? 50).toBeGreaterThan(0);
}

describe("twenty rooms, broken at random", () => {
  let broken: BrokenRoom[];
  const clear = () => broken.filter(({ isEncrypted }) => !isEncrypted).map(({ roomId }) => roomId);
  const ours = (found: EnforcementPlan) =>
    found.rooms.filter(({ roomId }) => broken.some((room) => room.roomId === roomId));

  beforeAll(async () => {
    broken = await breakRooms(owner, 20, seeded(7));
    expect(clear().length).toBeGreaterThan(2);
  });

  it("a plan names each, and changes nothing", async () => {
    const before = proxy.requests.length;
    const found = await plan();
    expect(ours(found).filter(({ steps }) => steps.length > 0)).toHaveLength(20);
    const since = proxy.requests.slice(before).map(({ method, path }) => `${method} ${path}`);
    expect(since.filter((line) => /^(PUT|POST|DELETE) .*\/(rooms|directory|createRoom)/.test(line))).toEqual(
      [],
    );
  });

  it("are to policy after apply, but for what somebody has to confirm; then for that too", async () => {
    const first = await apply();
    expect(first.code).toBe(1);
    expect(new Set(resultsOf(first))).toEqual(new Set(["done", "unconfirmed"]));
    const left = stepsIn(await plan());
    expect(left.map(({ roomId }) => roomId).sort()).toEqual(clear().sort());
    expect(left.every(({ reversible }) => !reversible)).toBe(true);

    const second = await apply(...clear().flatMap((roomId) => ["--confirm", roomId]));
    expect(second.code).toBe(0);
    expect(stepsIn(await plan())).toEqual([]);
    for (const { roomId } of broken) await expectToPolicy(roomId);
    expect(resultsOf(await apply())).toEqual([]);
  });
});

describe("one room", () => {
  const open = async (): Promise<string> => {
    const roomId = await owner.create({ preset: "private_chat" });
    await apply("--room", roomId); // its levels
    await owner.setState(roomId, "m.room.join_rules", { join_rule: "public" });
    await owner.setState(roomId, "m.room.history_visibility", { history_visibility: "world_readable" });
    return roomId;
  };

  it("whose step's answer is lost: the step is done once", async () => {
    const roomId = await open();
    const before = (await owner.events(roomId, "m.room.join_rules")).length;
    const lost = proxy.next(puts("m.room.join_rules"), "cut after");
    const outcome = await apply("--room", roomId);
    await lost;
    expect(resultsOf(outcome)).toEqual(["done", "done"]);
    expect(await owner.events(roomId, "m.room.join_rules")).toHaveLength(before + 1);
  });

  it("whose enforcer is killed between two steps: the next one finishes", async () => {
    const roomId = await open();
    const reached = proxy.next(puts("m.room.history_visibility"), "hang before");
    const killed = bot.start(["enforce", "apply", "--room", roomId]);
    await reached;
    await killed.end("SIGKILL");
    proxy.passOnEverything();
    expect(stepsIn(await plan("--room", roomId))).toHaveLength(1);
    expect(resultsOf(await apply("--room", roomId))).toEqual(["done"]);
    expect(stepsIn(await plan("--room", roomId))).toEqual([]);
  });

  it("in which a step is refused: nothing after it is tried, and other rooms go on", async () => {
    const [one, two] = [await open(), await open()];
    proxy.intercept(
      (request) => puts("m.room.join_rules")(request) && decodeURIComponent(request.path).includes(one),
      { status: 403, body: { errcode: "M_FORBIDDEN", error: "not today" } },
    );
    const { outcomes, code } = await apply("--room", one, "--room", two);
    const of = (roomId: string) => outcomes.filter(({ step }) => step.roomId === roomId);
    expect(of(one).map(({ result }) => result)).toEqual(["failed", "not-tried"]);
    expect(of(two).map(({ result }) => result)).toEqual(["done", "done"]);
    expect(code).toBe(3);
    expect(await owner.state(one, "m.room.history_visibility")).toEqual({
      history_visibility: "world_readable",
    });
  });

  it("that changed after somebody looked at the plan is left alone", async () => {
    const roomId = await open();
    const file = join(bot.home, "plan.json");
    writeFileSync(file, JSON.stringify(await plan("--room", roomId)));
    await owner.setState(roomId, "m.room.history_visibility", { history_visibility: "joined" });
    const outcome = await apply("--room", roomId, "--plan", file);
    expect(resultsOf(outcome)).toEqual(["stale"]);
    expect(outcome.code).toBe(3);
    expect(await owner.state(roomId, "m.room.join_rules")).toEqual({ join_rule: "public" });
  });

  it("is as it was after undo, the last step first; what was changed since stays", async () => {
    const roomId = await open();
    await apply("--room", roomId);
    await owner.setState(roomId, "m.room.history_visibility", { history_visibility: "joined" });
    const { undone } = resultOf<{ undone: { result: string }[] }>(await bot.run(["enforce", "undo", roomId]));
    expect(undone.map(({ result }) => result).slice(0, 2)).toEqual(["left", "undone"]);
    expect(await owner.state(roomId, "m.room.join_rules")).toEqual({ join_rule: "public" });
    expect(await owner.state(roomId, "m.room.history_visibility")).toEqual({ history_visibility: "joined" });
  });

  it("in which we stand too low: it is said who could, and nothing is tried", async () => {
    const person = await newAccount();
    const theirs = new RoomOwner(synapse, person);
    const roomId = await theirs.create({ preset: "private_chat", invite: [bot.userId] });
    await owner.call("POST", `join/${encodeURIComponent(roomId)}`, {});
    await theirs.setState(roomId, "m.room.guest_access", { guest_access: "can_join" });
    const found = stepsIn(await plan("--room", roomId));
    expect(found.length).toBeGreaterThan(0);
    for (const { blocked } of found) expect(blocked).toContain(person.userId);
    const before = proxy.requests.length;
    expect((await apply("--room", roomId)).code).toBe(1);
    expect(proxy.requests.slice(before).filter(puts(""))).toEqual([]);
  });
});

describe("beside the service that holds the store", () => {
  it("two applies at once do each step once, and make one room in the place of another", async () => {
    const roomId = await owner.create({ preset: "private_chat", room_version: "5" });
    await owner.setState(roomId, "m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" });
    const service = bot.start(["run"]);
    await service.says('"message":"running"');
    const args = ["--room", roomId, "--replace", roomId, "--confirm", roomId];
    const before = proxy.requests.length;
    const both = await Promise.all([apply(...args), apply(...args)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.flatMap(resultsOf)).toEqual(["done"]);
    const made = proxy.requests.slice(before).filter(({ path }) => path.endsWith("/createRoom"));
    expect(made).toHaveLength(1);
    expect(await owner.events(roomId, "m.room.tombstone")).toHaveLength(1);
    expect(stepsIn(await plan("--room", roomId))).toEqual([]);
  });
});

describe("a room that is made to policy", () => {
  it("is encrypted from its first events on, with the policy's rotation, guarded and closed", async () => {
    const policy = join(bot.home, "policy.yaml");
    const rooms =
      "{ rotation: { maxPeriod: 1d, maxMessages: 50 }, federated: false, historyVisibility: joined }";
    writeFileSync(policy, `rooms: ${rooms}\n`);
    const guest = await newAccount();
    const args = ["enforce", "create", "--policy", policy, "--name", "Team", "--invite", guest.userId];
    const { roomId } = resultOf<{ roomId: string }>(await bot.run(args));
    expect(await owner.state(roomId, "m.room.encryption")).toEqual({
      algorithm: "m.megolm.v1.aes-sha2",
      rotation_period_ms: 86_400_000,
      rotation_period_msgs: 50,
    });
    expect(await owner.state(roomId, "m.room.create")).toMatchObject({ "m.federate": false });
    expect(await owner.state(roomId, "m.room.history_visibility")).toEqual({ history_visibility: "joined" });
    const invited = `rooms/${encodeURIComponent(roomId)}/state/m.room.member/${encodeURIComponent(guest.userId)}`;
    expect(await owner.call("GET", invited)).toMatchObject({ membership: "invite" });
    expect(stepsIn(await plan("--room", roomId, "--policy", policy))).toEqual([]);
  });
});

describe("a room that is to be made once", () => {
  const madeWith = async (name: string): Promise<string[]> => {
    const { joined_rooms } = await owner.call<{ joined_rooms: string[] }>("GET", "joined_rooms");
    const named = await Promise.all(
      joined_rooms.map(async (roomId) => (await owner.state(roomId, "m.room.name"))?.name === name),
    );
    return joined_rooms.filter((_, at) => named[at]);
  };

  it.each(["hang before", "hang after"] as const)(
    "is one after a kill (%s), with everybody invited",
    async (point) => {
      const guests = [await newAccount(), await newAccount()];
      const name = `Once, ${point}`;
      const invited = guests.flatMap(({ userId }) => ["--invite", userId]);
      const args = ["enforce", "create", "--name", name, ...invited];
      let n = 1;
      for (; await killAtChange(proxy, n, point, () => bot.start(args)); n += 1) {
        const { roomId } = resultOf<{ roomId: string }>(await bot.run(args));
        expect(await madeWith(name)).toEqual([roomId]);
        for (const { userId } of guests) {
          const member = await owner.state(roomId, "m.room.member", userId);
          expect(member).toMatchObject({ membership: "invite" });
        }
        await owner.call("POST", `rooms/${encodeURIComponent(roomId)}/leave`, {});
      }
      expect(n).toBeGreaterThan(3);
    },
    300_000,
  );

  it("is another one when it is asked for again after it was said which it is", async () => {
    const args = ["enforce", "create", "--name", "Twice"];
    for (const times of [1, 2]) {
      resultOf(await bot.run(args));
      expect(await madeWith("Twice")).toHaveLength(times);
    }
  });
});
