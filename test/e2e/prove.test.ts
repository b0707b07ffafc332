import { mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { ProofReport } from "../../src/service/prove/prove.ts";
import { type Session, startSynapse } from "../../synapse-dev/synapse.ts";
import { Bot } from "../support/bot.ts";
import { errorOf, resultOf, sotto, startSotto } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

const { folder, newConversation } = await openWorld();
const suite = inject("synapse");
const { database, mediaStore } = suite;

let bot: Bot;
let listener: Listener;
let roomId: string;

beforeAll(async () => {
  // past the recording proxy: what the suite sends there is searched for clear messages, and here is one on purpose
  ({ bot, listener, roomId } = await newConversation({ homeserver: suite.directUrl }));
});

const prove = (...args: string[]) => bot.run(["prove", "--room", roomId, ...args]);
const kindsOf = (found: ProofReport["places"][number]["found"]) => [
  ...new Set(found.map(({ what }) => what)),
];

// the suite's Synapse logs warnings only: this one writes down what it does, its SQL included
describe("of a canary that was sent encrypted to a talkative homeserver", async () => {
  const synapse = await startSynapse({ liftRateLimits: true, logLevel: "DEBUG" });
  afterAll(() => synapse.stop());
  let report: ProofReport & { trouble: string[] };
  let talker: Bot;
  let ownRoom: string;

  const call = async <T>(session: Session, method: string, path: string, body?: object): Promise<T> => {
    const headers = { authorization: `Bearer ${session.accessToken}` };
    const url = `${synapse.baseUrl}/_matrix/client/v3/${path}`;
    const answer = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return (await answer.json()) as T;
  };

  beforeAll(async () => {
    const password = "correct horse battery staple";
    const session = await synapse.registerUser("talker", password);
    talker = new Bot({ userId: session.userId, password }, mkdtempSync(join(folder, "talker-")));
    await talker.init({ homeserver: synapse.baseUrl });
    ({ room_id: ownRoom } = await call<{ room_id: string }>(session, "POST", "createRoom", {
      name: "Where it sings",
    }));
    const everywhere = [
      "--database",
      synapse.database,
      "--media",
      synapse.mediaStore,
      "--logs",
      synapse.logFile,
    ];
    report = resultOf(await talker.run(["prove", "--room", ownRoom, ...everywhere]));
  });

  it("nothing is found, where of one that was sent in clear all is", () => {
    expect(report.places.map(({ place, result, found, unread }) => [place, result, found, unread])).toEqual([
      ["database", "pass", [], []],
      ["media", "pass", [], []],
      ["logs", "pass", [], []],
    ]);
    expect(report.hits).toBe(0);
    const words = ["the file's name", "the MIME type", "the waveform"];
    const [inDatabase, inMedia, inLogs] = report.places.map(({ controlFound }) => kindsOf(controlFound));
    expect(inDatabase).toEqual(expect.arrayContaining(words));
    expect(inMedia).toEqual(["the recording"]);
    expect(inLogs).toEqual(expect.arrayContaining(words));
  });

  it("it is said what the homeserver knows", () => {
    expect(report.known).toEqual(
      expect.arrayContaining([
        { what: "sender", value: talker.userId },
        { what: "room", value: ownRoom },
        { what: "the room's name", value: "Where it sings" },
        { what: "type that the attachment was uploaded with", value: "application/octet-stream" },
        { what: "attachment", value: report.canary.mxcUri },
        { what: "members of the room", value: "1" },
      ]),
    );
    expect(report.known?.map(({ what }) => what)).not.toContain("name that the attachment was uploaded with");
  });

  it("the clear one is redacted, and its room is left", async () => {
    expect(report.trouble).toEqual([]);
    const session = { accessToken: talker.accessToken } as Session;
    expect(await call(session, "GET", "joined_rooms")).toEqual({ joined_rooms: [ownRoom] });
    const db = new DatabaseSync(synapse.database, { readOnly: true });
    const redacted = db.prepare("SELECT 1 FROM redactions WHERE redacts = ?").get(report.control.eventId);
    db.close();
    expect(redacted).toBeDefined();
  });

  it("says it in words, and leaves the homeserver's folder as it was", async () => {
    const before = readdirSync(dirname(synapse.database)).sort();
    const mode = statSync(`${synapse.database}-shm`).mode;
    const everywhere = [
      "--database",
      synapse.database,
      "--media",
      synapse.mediaStore,
      "--logs",
      synapse.logFile,
    ];
    const args = ["prove", "--room", ownRoom, "--config", talker.config, ...everywhere];
    const { code, stdout } = await sotto(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/✓ database .*nothing of the encrypted one.*the file's name/);
    expect(stdout).toContain(`sender: ${talker.userId}`);
    expect(readdirSync(dirname(synapse.database)).sort()).toEqual(before);
    expect(statSync(`${synapse.database}-shm`).mode).toBe(mode);
  });
});

it("the room's people hear it, under its name", async () => {
  const { canary } = JSON.parse((await prove("--media", mediaStore)).stdout) as ProofReport;
  const heard = await listener.request("wait_event", { roomId, eventId: canary.eventId, kind: "m.audio" });
  expect(heard).toMatchObject({ decrypted: true, content: { body: `${canary.title}.ogg` } });
});

it("a place that was not named, or cannot be read, or does not show the clear one, is not checked", async () => {
  const args = [
    "--database",
    database,
    "--media",
    "/nowhere",
    "--logs",
    import.meta.filename,
    "--timeout",
    "0",
  ];
  const { code, stdout } = await prove(...args);
  expect(code).toBe(3);
  const { places, hits } = JSON.parse(stdout) as ProofReport;
  expect(places.map(({ place, result }) => [place, result])).toEqual([
    ["database", "pass"],
    ["media", "not-checked"],
    ["logs", "not-checked"],
  ]);
  expect(hits).toBe(0);
  const some = JSON.parse((await prove("--media", mediaStore)).stdout) as ProofReport;
  expect(some.places[0]).toMatchObject({ result: "not-checked", reason: "no --database was given" });
});

it("where nothing can be read, nothing is sent", async () => {
  const args = ["--database", "postgres://u:p@127.0.0.1/synapse", "--media", "/nowhere"];
  const refused = errorOf(await prove(...args));
  expect(refused).toMatchObject({ code: "USAGE", exitCode: 2 });
  expect(refused.message).toMatch(/a password in a command line/);
});

it("a log that says the name of what was sent encrypted is found out", async () => {
  const leaking = join(folder, "leaking.log");
  writeFileSync(leaking, "");
  const args = ["prove", "--room", roomId, "--config", bot.config, "--logs", leaking, "--timeout", "600"];
  const waiting = startSotto(args);
  await waiting.says("looking through the logs");
  const headers = { authorization: `Bearer ${bot.accessToken}` };
  const url = `${suite.directUrl}/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/messages?dir=b&limit=1`;
  const { chunk } = (await (await fetch(url, { headers })).json()) as { chunk: { event_id: string }[] };
  const eventId = chunk[0]!.event_id;
  const { content } = await listener.request("wait_event", { roomId, eventId, kind: "m.audio" });
  writeFileSync(leaking, `INFO a client named it ${String(content.body)}\n`);
  const { code, stdout } = await waiting.ended;
  expect(code).toBe(1);
  expect(stdout).toContain(`the file's name (as it is), once: ${leaking}`);
});

it("what a killed one has left is left by the next", async () => {
  const joined = async () => {
    const headers = { authorization: `Bearer ${bot.accessToken}` };
    const answer = await fetch(`${suite.directUrl}/_matrix/client/v3/joined_rooms`, { headers });
    return ((await answer.json()) as { joined_rooms: string[] }).joined_rooms;
  };
  const args = ["prove", "--room", roomId, "--config", bot.config, "--timeout", "600"];
  for (const signal of ["SIGKILL", "SIGINT"] as const) {
    const waiting = startSotto([...args, "--logs", import.meta.filename]);
    await waiting.says("looking through the logs");
    expect(await joined()).toHaveLength(2);
    await waiting.end(signal);
  }
  await prove("--media", mediaStore);
  expect(await joined()).toEqual([roomId]);
});

it("beside the running service, the service sends, and the command looks", async () => {
  const service = bot.start(["run"]);
  await service.says('"message":"running"');
  const { places } = JSON.parse((await prove("--media", mediaStore)).stdout) as ProofReport;
  await service.end("SIGTERM");
  expect(places.map(({ result }) => result)).toEqual(["not-checked", "pass", "not-checked"]);
});
