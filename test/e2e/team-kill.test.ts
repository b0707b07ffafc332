import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/policy.ts";
import { loadTeam } from "../../src/config/team.ts";
import { Sotto } from "../../src/index.ts";
import type { Emitted } from "../../src/service/operations.ts";
import { type TeamApplied as Applied, apply } from "../../src/service/team/operations.ts";
import type { Bot } from "../support/bot.ts";
import { RoomOwner } from "../support/broken-rooms.ts";
import { killAtChange } from "../support/kill-at-change.ts";
import { Person } from "../support/planted/person.ts";
import { endAllSotto, errorOf, sotto } from "../support/sotto.ts";
import { remember } from "../support/suite.ts";
import { type TeamApplied, TeamFile } from "../support/team.ts";
import { openWorld } from "../support/world.ts";

// kill -9 at each change that `team apply` makes at the homeserver: the same again makes what is missing, and nothing twice.

const { newBot, proxy, synapse } = await openWorld();
let bot: Bot;
let owner: RoomOwner;
let adminToken: string;

beforeAll(async () => {
  bot = await newBot();
  owner = new RoomOwner(synapse, { accessToken: bot.accessToken });
  const name = `admin${randomBytes(4).toString("hex")}`;
  const admin = await synapse.registerUser(name, undefined, { admin: true });
  adminToken = admin.accessToken;
  remember("secret", adminToken);
});
afterEach(async () => {
  proxy.passOnEverything();
  await endAllSotto();
});

const flagsOf = {
  "a token": () => ["--admin-token-file", bot.secretFile(adminToken)],
  "a secret": () => ["--registration-secret-file", bot.secretFile(synapse.registrationSharedSecret)],
};

function newTeam(flags: string[]): { team: TeamFile; users: string[]; name: string } {
  const name = `t${randomBytes(4).toString("hex")}`;
  const users = ["a", "b"].map((letter) => `${letter}${name}`);
  const team = new TeamFile(bot, flags);
  team.write({ team: name, members: users.map((user) => ({ user })), rooms: { all: { name } } });
  remember("person", ...users.map((user) => `@${user}:${synapse.serverName}`));
  return { team, users, name };
}

async function roomsCalled(name: string): Promise<string[]> {
  const { joined_rooms } = await owner.call<{ joined_rooms: string[] }>("GET", "joined_rooms");
  const named: string[] = [];
  for (const roomId of joined_rooms)
    if ((await owner.state(roomId, "m.room.name"))?.name === name) named.push(roomId);
  return named;
}

async function expectWhole({ team, users, name }: ReturnType<typeof newTeam>): Promise<void> {
  const plan = await team.plan();
  expect(plan.steps).toEqual([]);
  const named = await roomsCalled(name);
  expect(named).toEqual([plan.rooms[0]!.roomId]);
  expect(await owner.state(named[0]!, "m.room.encryption")).toBeDefined();
  expect(team.handedOut().map((file) => file.name)).toEqual(users.map((user) => `${user}.txt`));
  for (const [at, user] of users.entries()) {
    const { userId } = await synapse.login(user, team.handedOut()[at]!.password);
    expect(await owner.state(named[0]!, "m.room.member", userId)).toMatchObject({ membership: "invite" });
  }
}

describe.each(["a token", "a secret"] as const)("with %s", (means) => {
  it.each(["hang before", "hang after"] as const)(
    "killed at each change (%s)",
    async (point) => {
      for (let n = 1; ; n += 1) {
        const made = newTeam(flagsOf[means]());
        const start = () => bot.start(made.team.arguments("apply"));
        const wasKilled = await killAtChange(proxy, n, point, start);
        // whatever was made, its password is known
        if (wasKilled) expect(existsSync(made.team.passwords)).toBe(true);
        await made.team.apply();
        await expectWhole(made);
        if (wasKilled) continue;
        expect(n).toBeGreaterThan(5);
        return;
      }
    },
    600_000,
  );
});

describe("beside a running service", () => {
  it("it is made in there, and a person reads what is missing", async () => {
    const made = newTeam(flagsOf["a secret"]());
    const service = bot.start(["run"]);
    await service.says("running");
    await made.team.apply();
    await expectWhole(made);
    const args = [...made.team.arguments("plan"), "--config", bot.config];
    const { code, stdout, stderr } = await sotto(args);
    expect(code).toBe(0);
    expect(stdout).toContain(`room "${made.name}": !`);
    expect(stdout).toContain(`- @${made.users[0]}:`);
    expect(stdout).toContain("choose another password if it came in a file");
    expect(stderr).toContain("0 steps; nothing was changed");
    await service.end("SIGTERM");
  });
});

describe("a team of which something could not be read", () => {
  const unreadable = { status: 403, body: { errcode: "M_FORBIDDEN", error: "not now" } };

  it.each<[string, RegExp, string]>([
    ["who is in a room", /\/rooms\/[^/]+\/members/, 'who else is in "'],
    ["what a room is called", /\/state\/m\.room\.name/, 'what "'],
    ["somebody's keys", /\/keys\/query/, "not checked: the keys of @"],
  ])("is not said to be whole: %s", async (_what, path, words) => {
    const { team, users } = newTeam([]);
    for (const user of users) await synapse.registerUser(user, "a password of their own");
    mkdirSync(team.passwords);
    await team.apply();
    for (const verb of ["plan", "apply"] as const) {
      const passOn = proxy.intercept((request) => path.test(request.path), unreadable);
      const { code, stdout } = await sotto([...team.arguments(verb), "--config", bot.config]);
      passOn();
      expect(stdout).toContain(words);
      expect(code).toBe(3);
    }
  });
});

describe("a room that somebody else has replaced", () => {
  it.each(["!theirs:elsewhere.example", ""])("is closed, and the plan goes on: %s", async (successor) => {
    const { team, users } = newTeam([]);
    for (const user of users) await synapse.registerUser(user, "a password of their own");
    mkdirSync(team.passwords);
    const [room] = (await team.apply()).rooms;
    const invited = `@${users[0]}:${synapse.serverName}`;
    await owner.call("POST", `rooms/${encodeURIComponent(room!.roomId!)}/kick`, { user_id: invited });
    await owner.setState(room!.roomId!, "m.room.tombstone", { replacement_room: successor });
    const [step, more] = (await team.plan()).steps;
    expect(step).toMatchObject({
      id: `invite all ${invited}`,
      blocked: "somebody else has replaced the room",
    });
    expect(more).toBeUndefined();
  });
});

describe("cards that cannot be written", () => {
  it("lose nothing of what is said", async () => {
    const { team, users } = newTeam([]);
    for (const user of users) await synapse.registerUser(user, "a password of their own");
    const outcome = await team.run("--cards", team.file);
    expect(errorOf(outcome)).toMatchObject({ code: "USAGE", exitCode: 2 });
    const { steps } = JSON.parse(outcome.stdout) as TeamApplied;
    expect(steps.map(({ result }) => result)).toEqual(["done", "done", "done"]);
  });
});

describe("two applies at once", () => {
  it("do each step once", async () => {
    const { team, users, name } = newTeam([]);
    for (const user of users) await synapse.registerUser(user, "a password of their own");
    await using sotto = await Sotto.open(bot.config);
    const args = { team: loadTeam(team.file, bot.userId), policy: DEFAULT_POLICY, passwords: {} };
    const applyNow = async (): Promise<string[]> => {
      let text = "";
      const emit = async (said: Emitted) => {
        if (said.kind === "report") text += said.text;
      };
      await apply(sotto.account, {
        operation: "team-apply",
        args,
        emit,
        signal: new AbortController().signal,
      });
      return (JSON.parse(text) as Applied).outcomes.map(({ step, result }) => `${result} ${step.id}`);
    };
    const done = await Promise.all([applyNow(), applyNow()]);
    const invited = users.map((user) => `done invite all @${user}:${synapse.serverName}`);
    expect(done.flat()).toEqual(["done room all", ...invited]);
    expect(await roomsCalled(name)).toHaveLength(1);
  });
});

describe("an account that cannot be made", () => {
  it("is said, nobody is invited for it, and the rest is made", async () => {
    const { team, users, name } = newTeam(["--registration-secret-file", bot.secretFile("another's")]);
    const { code, stdout } = await team.run();
    expect(code).toBe(3);
    const { steps } = JSON.parse(stdout) as TeamApplied;
    expect(steps.map(({ result }) => result)).toEqual(["failed", "failed", "done", "not-tried", "not-tried"]);
    expect(steps[0]!.message).toContain("the homeserver does not take this registration secret");
    expect(team.handedOut().map((file) => file.name)).toEqual(users.map((user) => `${user}.txt`));
    expect(await roomsCalled(name)).toHaveLength(1);
  });

  it("for nobody shows whether it is there: it is not begun", async () => {
    const { team } = newTeam(flagsOf["a secret"]());
    proxy.intercept(({ path }) => path.includes("/profile/"), {
      status: 403,
      body: { errcode: "M_FORBIDDEN", error: "not to you" },
    });
    const before = proxy.requests.length;
    const { code, stdout } = await team.run();
    expect(code).toBe(3);
    const { steps } = JSON.parse(stdout) as TeamApplied;
    expect(steps.map(({ result }) => result)).toEqual([
      ...["blocked", "blocked", "done", "not-tried", "not-tried"],
    ]);
    expect(proxy.requests.slice(before).filter(({ path }) => path.includes("/register"))).toEqual([]);
    expect(existsSync(team.passwords)).toBe(false);
  });
});

describe("an account that is there", () => {
  it("is known by its keys, or by a room that it is in, where its owner shows no name", async () => {
    const { team, users } = newTeam([]);
    const keyed = await Person.register(synapse, users[0]!);
    const keyless = await Person.register(synapse, users[1]!, { keys: false, identity: false });
    mkdirSync(team.passwords);
    const [room] = (await team.apply()).rooms;
    await keyless.join(room!.roomId!);
    for (const person of [keyed, keyless]) {
      const profile = `profile/${encodeURIComponent(person.userId)}`;
      await person.call("PUT", `${profile}/displayname`, { displayname: "" });
      await expect(person.call("GET", profile)).rejects.toThrow("404");
    }
    const { steps, people } = await team.plan();
    expect(steps).toEqual([]);
    expect(people.map(({ account }) => account)).toEqual([{ value: "here" }, { value: "here" }]);
  });

  it("keeps its password, and gets no file", async () => {
    const { team, users } = newTeam(flagsOf["a token"]());
    await synapse.registerUser(users[0]!, "a password of their own");
    await team.apply();
    expect(team.handedOut().map(({ name }) => name)).toEqual([`${users[1]}.txt`]);
    await synapse.login(users[0]!, "a password of their own");
  });

  it("keeps it also where it could not be seen before, and the file goes again", async () => {
    const { team, users } = newTeam(flagsOf["a secret"]());
    await synapse.registerUser(users[0]!, "a password of their own");
    proxy.intercept(({ path }) => path.includes("/profile/") && path.includes(users[0]!), {
      status: 404,
      body: { errcode: "M_NOT_FOUND", error: "not that anybody knew" },
    });
    const { steps } = await team.apply();
    expect(steps.map(({ result }) => result)).toEqual(["was-done", "done", "done", "done", "done"]);
    expect(team.handedOut().map(({ name }) => name)).toEqual([`${users[1]}.txt`]);
    await synapse.login(users[0]!, "a password of their own");
  });
});
