import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import type { SentCanary } from "../../src/service/prove/canary.ts";
import { openPlaces, type ProofReport, prove } from "../../src/service/prove/prove.ts";
import { madeUpCanary } from "../support/canary.ts";
import { House } from "../support/planted/house.ts";
import { Person } from "../support/planted/person.ts";
import type { Room } from "../support/planted/room.ts";
import { noPostgres, type Postgres, startPostgres } from "../support/postgres.ts";
import { record } from "../support/recordings.ts";
import { errorOf, linesOf, resultOf } from "../support/sotto.ts";
import { TeamFile } from "../support/team.ts";
import { signListener } from "../witness/sign-listener.ts";
import { startWitness, type Witness } from "../witness/witness.ts";

// What differs on a Synapse that keeps all in PostgreSQL, as most of them do.

if (noPostgres) console.warn(`skipped: Synapse on PostgreSQL: ${noPostgres}`);

describe.skipIf(noPostgres)("on PostgreSQL", () => {
  let server: Postgres;
  let house: House;
  let room: Room;
  let listener: Witness;
  /** Who reads and changes nothing. */
  let places: string[];
  let named: { database: string; databasePasswordFile: string };

  beforeAll(async () => {
    server = await startPostgres();
    const password = randomBytes(12).toString("hex");
    const client = await server.connect();
    await client.query(`CREATE ROLE synapse LOGIN PASSWORD '${password}'`);
    await client.query(`CREATE ROLE reader LOGIN PASSWORD '${password}' IN ROLE pg_read_all_data`);
    await client.query(`CREATE ROLE stranger LOGIN PASSWORD '${password}'`);
    // https://element-hq.github.io/synapse/latest/postgres.html
    await client.query(
      "CREATE DATABASE synapse OWNER synapse ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    );
    await client.end();
    const args = { user: "synapse", password, dbname: "synapse", host: "127.0.0.1", port: server.port };
    // at INFO the log shows what is uploaded
    house = await House.open({
      logLevel: "INFO",
      config: { database: { name: "psycopg2", args: { ...args, cp_min: 2, cp_max: 5 } } },
    });
    const { bot, synapse } = house;
    room = await house.newRoom();
    const session = await synapse.registerUser("listener");
    const baseUrl = synapse.baseUrl;
    listener = await startWitness({ baseUrl, storeDir: join(bot.home, "listener"), ...session });
    const { masterKey } = await signListener({ baseUrl, ...session });
    await room.invite(session.userId);
    await listener.request("join", { roomId: room.roomId });
    resultOf(await bot.run(["verify", session.userId, "--fingerprint", masterKey]));
    // she has a device in name only, which could read nothing
    await house.alice.call("POST", room.path("leave"), {});
    named = { database: server.url("reader", "synapse"), databasePasswordFile: bot.secretFile(password) };
    places = [
      ...["--database", named.database, "--database-password-file", named.databasePasswordFile],
      ...["--media", synapse.mediaStore, "--logs", synapse.logFile],
    ];
  }, 300_000);
  afterAll(async () => {
    await listener?.close();
    await house?.close();
    await server?.stop();
  });

  it("a voice message is sent and heard, and one is received", async () => {
    const { bot } = house;
    const { roomId } = room;
    const voice = await record("kept-in-postgres.ogg", undefined, "-c:a", "libopus");
    const { eventId, sharedWith } = resultOf<SendResult>(await bot.run(["send", voice, "--room", roomId]));
    expect(sharedWith).toContainEqual(
      expect.objectContaining({ userId: listener.session.userId, deviceId: listener.session.deviceId }),
    );
    const heard = await listener.request("wait_event", { roomId, eventId, kind: "m.audio" });
    expect(heard).toMatchObject({ decrypted: true });
    const said = await listener.request("send_voice", { roomId, file: voice, durationMs: 1500 });
    const out = join(bot.home, "heard");
    const received = await bot.run(["receive", "--out", out, "--count", "1", "--timeout", "60"]);
    expect(linesOf(received)).toEqual([expect.objectContaining({ eventId: said.eventId })]);
  });

  describe("of a canary", () => {
    let report: ProofReport & { trouble: string[] };
    beforeAll(async () => {
      const { stdout } = await house.bot.run(["prove", "--room", room.roomId, ...places]);
      report = JSON.parse(stdout);
    });

    it("nothing is found, where of one that was sent in clear all is", () => {
      expect(report.places.map(({ place, result, found, unread }) => [place, result, found, unread])).toEqual(
        [
          ["database", "pass", [], []],
          ["media", "pass", [], []],
          ["logs", "pass", [], []],
        ],
      );
      expect(report).toMatchObject({ hits: 0, trouble: [] });
      const [inDatabase, inMedia, inLogs] = report.places.map(({ controlFound }) => kindsOf(controlFound));
      expect(inDatabase).toEqual(
        expect.arrayContaining(["the file's name", "the MIME type", "the waveform"]),
      );
      expect(inMedia).toEqual(["the recording"]);
      expect(inLogs).toContain("the file's name");
      const [database] = report.places;
      expect(database!.controlFound.map(({ where }) => where)).toContain("table event_json");
    });

    it("it is said what the homeserver knows", () => {
      const { canary, known } = report;
      const knows = Object.fromEntries(known!.map(({ what, value }) => [what, value]));
      expect(knows).toMatchObject({
        sender: house.bot.userId,
        "their device": house.bot.deviceId,
        "their IP address": "127.0.0.1",
        room: room.roomId,
        "members of the room": "2",
        "type of the event": "m.room.encrypted",
        attachment: canary.mxcUri,
        "type that the attachment was uploaded with": "application/octet-stream",
        "who uploaded it": house.bot.userId,
      });
      expect(Number(knows["bytes of the attachment, which tell how long it is"])).toBeGreaterThan(1000);
      for (const what of ["time of sending", "time of the upload"])
        expect(Math.abs(Date.parse(knows[what]!) - canary.sentMs)).toBeLessThan(600_000);
    });

    it("that was sent in clear all is found, everywhere", async () => {
      const leaked = await sendInClear(house, await house.newRoom());
      const control = madeUpCanary();
      const folder = { ...named, media: house.synapse.mediaStore, logs: [house.synapse.logFile] };
      const options = { timeoutMs: 0, signal: AbortSignal.timeout(60_000), onPlace: () => undefined };
      const found = await prove({ encrypted: leaked, control }, await openPlaces(folder), folder, options);
      expect(found.places.map(({ place, result }) => [place, result])).toEqual([
        ["database", "fail"],
        ["media", "fail"],
        ["logs", "fail"],
      ]);
      const [inDatabase, inMedia, inLogs] = found.places.map((place) => kindsOf(place.found));
      expect(inDatabase!.sort()).toEqual(["the MIME type", "the file's name", "the waveform"]);
      expect(inMedia).toEqual(["the recording"]);
      expect(inLogs).toContain("the file's name");
    });
  });

  it("who may read nothing of it is told so, and the place is not checked", async () => {
    const database = server.url("stranger", "synapse");
    const args = ["--database", database, "--database-password-file", named.databasePasswordFile];
    const { code, stdout } = await house.bot.run([
      ...["prove", "--room", room.roomId, "--timeout", "0"],
      ...[...args, "--media", house.synapse.mediaStore],
    ]);
    expect(code).toBe(3);
    const { places, known } = JSON.parse(stdout) as ProofReport;
    expect(places.map(({ result }) => result)).toEqual(["not-checked", "pass", "not-checked"]);
    expect(places[0]).toMatchObject({
      reason: expect.stringMatching(/permission denied for table/) as string,
      cure: expect.stringContaining('GRANT pg_read_all_data TO "stranger"') as string,
    });
    expect(known).toBeUndefined();
  });

  describe("a team's plan", () => {
    let team: TeamFile;
    let ann: Person;
    let ben: Person;
    beforeAll(async () => {
      const { bot, synapse } = house;
      [ann, ben] = await Promise.all([Person.register(synapse, "ann"), Person.register(synapse, "ben")]);
      await ann.verify(ben);
      resultOf(await bot.run(["verify", ann.userId, "--fingerprint", ann.masterKey]));
      const secret = bot.secretFile(synapse.registrationSharedSecret);
      team = new TeamFile(bot, ["--registration-secret-file", secret]);
      team.write({ team: "desk", members: [{ user: "ann" }, { user: "ben" }], rooms: { all: {} } });
    });

    it("says who has verified whom", async () => {
      const plan = await team.plan(...places.slice(0, 4));
      const of = (userId: string) => plan.people.find((person) => person.userId === userId)!;
      expect(of(ben.userId).verifiedBy).toEqual({ value: [ann.userId] });
      expect(of(ann.userId).verifiedBy).toEqual({ value: [house.bot.userId] });
      expect(of(ben.userId).missing.join()).toContain(`has not verified ${ann.userId}`);
    });

    it("is not begun where the database cannot be opened, and says what could not be read", async () => {
      const wrong = ["--database", named.database, "--database-password-file", house.bot.secretFile("wrong")];
      const refused = errorOf(await house.bot.run(team.arguments("apply", ...wrong)));
      expect(refused).toMatchObject({ code: "DATABASE_UNREADABLE", exitCode: 3 });
      await expect(team.plan()).resolves.toMatchObject({ steps: expect.objectContaining({ length: 3 }) });

      const stranger = ["--database", server.url("stranger", "synapse"), ...places.slice(2, 4)];
      const outcome = await house.bot.run(team.arguments("plan", ...stranger));
      expect(errorOf(outcome)).toMatchObject({
        ...{ code: "DATABASE_UNREADABLE", exitCode: 3 },
        cause: "permission denied for table e2e_cross_signing_keys",
        cure: expect.stringContaining("GRANT") as string,
      });
      const { people } = JSON.parse(outcome.stdout) as { people: { verifiedBy: object }[] };
      for (const { verifiedBy } of people) expect(verifiedBy).toHaveProperty("unread");
    });
  });

  it("the room audits clean; of the homeserver it is said that its log tells who spoke", async () => {
    const { rules, findings } = await house.audit({ rooms: [room.roomId] });
    expect(rules, JSON.stringify(findings, undefined, 1)).toEqual(["SRV-008"]);
  });
});

const kindsOf = (found: ProofReport["places"][number]["found"]) => [
  ...new Set(found.map(({ what }) => what)),
];

/** As a program would that does not encrypt. */
async function sendInClear({ bot, synapse }: House, room: Room): Promise<SentCanary> {
  const made = madeUpCanary({ roomId: room.roomId, sender: bot.userId, sentMs: Date.now() });
  const { title, mimetype, waveform, recording } = made;
  const uploaded = await fetch(
    `${synapse.baseUrl}/_matrix/media/v3/upload?filename=${encodeURIComponent(`${title}.ogg`)}`,
    {
      method: "POST",
      headers: { authorization: `Bearer ${bot.accessToken}`, "content-type": "audio/ogg" },
      body: Buffer.from(recording, "base64"),
    },
  );
  const { content_uri: mxcUri } = (await uploaded.json()) as { content_uri: string };
  const eventId = await room.say("m.room.message", {
    ...{ msgtype: "m.audio", body: `${title}.ogg`, url: mxcUri, info: { mimetype } },
    "org.matrix.msc1767.audio": { waveform },
  });
  return { ...made, mxcUri, eventId };
}
