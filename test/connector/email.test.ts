import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type SourceBench, sourceContract } from "../../src/connector/contract/index.ts";
import { EmailConnector } from "../../src/connector/email/connector.ts";
import { emailSettings } from "../../src/connector/email/settings.ts";
import { SottoError } from "../../src/errors.ts";
import { freePort } from "../matrix/scripted-server.ts";
import {
  attached,
  contextOf,
  type Refused,
  recording,
  send,
  settingsOf,
  startMail,
  Talker,
} from "../support/mail.ts";

const code = (thrown: unknown): number | undefined => (thrown as Refused).responseCode;

/** A PBX, which keeps a mail until it has an answer for good. */
async function pbx(written: object = {}): Promise<SourceBench> {
  const port = await freePort();
  const settings = settingsOf({ ...written, listen: `127.0.0.1:${port}` });
  let isOpen = true;
  return {
    open: async () => new EmailConnector(settings, contextOf()),
    async offer(id, content) {
      while (isOpen) {
        try {
          const messageId = `<${id}@pbx.example.org>`;
          await send(
            port,
            { messageId, attachments: [attached(Buffer.from(content))] },
            { lmtp: settings.protocol === "lmtp" },
          );
          return;
        } catch (thrown) {
          if ((code(thrown) ?? 0) >= 500) throw thrown;
          await pause(20);
        }
      }
    },
    keeps: false,
    identity: "origin",
    async close() {
      isOpen = false;
    },
  };
}

describe("the contract", () => {
  for (const protocol of ["smtp", "lmtp"]) {
    describe(protocol, () => {
      for (const { promise, run } of sourceContract(() => pbx({ protocol }))) it(promise, run);
    });
  }
});

describe("a mail", () => {
  it("gives every recording in it, and says what a PBX says of it", async () => {
    const { intake, port } = await startMail();
    const [one, two] = [recording(), recording(70_000)];
    const date = new Date("2026-01-02T03:04:05Z");
    const response = await send(port, {
      subject: "New message in mailbox 100",
      date,
      text: "Dear Jane, you were just left a message",
      headers: { "X-Asterisk-CallerID": "+3161234", "X-Asterisk-CallerIDName": "Zoë" },
      attachments: [
        attached(one),
        attached(Buffer.from("not a sound"), "logo.png", "image/png"),
        attached(two, "msg0002.gsm", "audio/x-gsm"),
      ],
    });
    expect(response).toContain("2 recordings taken");
    const about = {
      caller: "Zoë +3161234",
      recordedMs: date.getTime(),
      note: "New message in mailbox 100",
    };
    expect(intake.taken).toEqual([
      { id: expect.any(String), bytes: one, about },
      {
        id: expect.any(String),
        bytes: two,
        about,
        raw: { coding: "gsm", sampleRate: 8000, channels: 1 },
      },
    ]);
  });

  it("that comes again is taken once", async () => {
    const { intake, port } = await startMail();
    const mail = { messageId: "<one@pbx.example.org>", attachments: [attached(recording())] };
    await send(port, mail);
    await send(port, mail);
    expect(intake.taken).toHaveLength(1);
  });

  it("that comes again after half of it was taken, brings only what is missing", async () => {
    const { intake, port } = await startMail();
    const [first, second] = [recording(), recording()];
    const mail = { messageId: "<two@pbx.example.org>", attachments: [attached(first), attached(second)] };
    intake.refusal = ({ bytes }) =>
      Buffer.compare(bytes, second) === 0 ? new SottoError("DISK_FULL", "full") : undefined;
    expect(code(await send(port, mail).catch((thrown: unknown) => thrown))).toBe(451);
    intake.refusal = undefined;
    await send(port, mail);
    expect(intake.taken.map(({ bytes }) => bytes)).toEqual([first, second]);
  });

  it.each<[string, SottoError, number]>([
    ["a passing trouble", new SottoError("DISK_FULL", "full"), 451],
    ["what the operator can cure", new SottoError("ROUTE_UNKNOWN", "no such room"), 451],
    ["a fault of ours", new SottoError("INTERNAL", "a bug"), 451],
    ["no sound", new SottoError("AUDIO_NOT_AUDIO", "no sound"), 554],
    ["too much sound", new SottoError("AUDIO_TOO_LARGE", "beyond the upload size of example.org"), 552],
  ])("is answered after %s, and the log tells no secrets", async (_why, refusal, expected) => {
    const { intake, port, log } = await startMail();
    intake.refusal = refusal;
    const mail = {
      from: "+3161234@example.org",
      to: "100@sotto.local",
      subject: "from +3161234",
      attachments: [attached(recording())],
    };
    const refused = (await send(port, mail).catch((thrown: unknown) => thrown)) as Refused;
    expect(refused.responseCode).toBe(expected);
    expect(refused.response).not.toContain(refusal.message);
    expect(log.join("\n")).toContain(refusal.code);
    expect(log.join("\n")).not.toMatch(/3161234|sotto\.local/);
  });

  it("without a recording goes back", async () => {
    const { intake, port } = await startMail();
    const refused = send(port, {
      text: "hello",
      attachments: [attached(recording(), "a.pdf", "application/pdf")],
    });
    await expect(refused).rejects.toMatchObject({ responseCode: 554 });
    expect(intake.brought).toEqual([]);
  });
});

describe("recipients", () => {
  const recipients = { "Door@sotto.local": "#door:example.org", "desk@sotto.local": "!desk" };

  it("lead to their rooms, each once", async () => {
    const { intake, port } = await startMail({ recipients });
    const content = recording();
    const to = ["door@sotto.local", "DESK@sotto.local"];
    await send(port, { to, messageId: "<a@b>", attachments: [attached(content)] });
    await send(port, { to, messageId: "<a@b>", attachments: [attached(content)] });
    expect(intake.taken.map(({ room, bytes }) => ({ room, bytes }))).toEqual([
      { room: "#door:example.org", bytes: content },
      { room: "!desk", bytes: content },
    ]);
    expect(new Set(intake.taken.map(({ id }) => id)).size).toBe(2);
  });

  it("that are not named get nothing", async () => {
    const { port } = await startMail({ recipients });
    const mail = { to: "other@sotto.local", attachments: [attached(recording())] };
    await expect(send(port, mail)).rejects.toMatchObject({ responseCode: 550 });
  });

  it("have an answer each by LMTP", async () => {
    const { intake, port } = await startMail({ recipients, protocol: "lmtp" });
    intake.refusal = ({ room }) => (room === "!desk" ? new SottoError("DISK_FULL", "full") : undefined);
    const client = new Talker(port);
    await client.begin({ hello: "LHLO client.test", to: ["door@sotto.local", "desk@sotto.local"] });
    client.write("Content-Type: audio/wav\r\n\r\nsound\r\n.\r\n");
    expect(await client.reply()).toMatch(/^250 /);
    expect(await client.reply()).toMatch(/^451 /);
  });
});

describe("who may send", () => {
  it("is told by the networks", async () => {
    const { port } = await startMail({ networks: ["192.0.2.0/24"] });
    const client = new Talker(port);
    expect(await client.reply()).toMatch(/^554 /);
    await client.closed;
  });

  it("is told by the envelope's sender, where the config names some", async () => {
    const { port } = await startMail({ senders: ["pbx@example.org", "@office.example.org"] });
    const mail = (from: string) => ({ from, attachments: [attached(recording())] });
    await send(port, mail("PBX@example.org"));
    await send(port, mail("anybody@office.example.org"));
    for (const from of ["other@example.org", "pbx@notoffice.example.org"])
      await expect(send(port, mail(from))).rejects.toMatchObject({ responseCode: 550 });
  });
});

describe("the config", () => {
  it.each([
    ["a network that is none", { networks: ["10.0.0.0/33"] }],
    ["no network at all", { networks: [] }],
    ["a place to listen without a port", { listen: "127.0.0.1" }],
    ["a port that is none", { listen: "127.0.0.1:70000" }],
    ["a recipient that is no address", { recipients: { door: "!door" } }],
    ["a key that it does not know", { password: "x" }],
    ["half a certificate", { tls: { certFile: "a.pem" } }],
  ])("is refused with %s", (_what, written) => {
    expect(emailSettings.safeParse({ type: "email", ...written }).success).toBe(false);
  });

  it("may name networks of both families, and single addresses", () => {
    const networks = ["127.0.0.1/8", "10.1.2.3", "2001:db8::/32", "::1"];
    expect(settingsOf({ networks }).networks).toEqual(networks);
  });
});

describe("the connector", () => {
  it("says why it cannot begin", async () => {
    const { port } = await startMail();
    const second = new EmailConnector(settingsOf({ listen: `127.0.0.1:${port}` }), contextOf());
    const { intake } = await startMail();
    await expect(second.start(intake)).rejects.toMatchObject({ code: "CONNECTOR_FAILED" });
    await second.stop();
  });

  it("finds that others may send in clear", async () => {
    const { connector } = await startMail({ networks: ["127.0.0.0/8", "10.0.0.0/8"] });
    expect(await connector.check()).toMatchObject([{ ok: true }, { ok: false, message: /in clear/ }]);
    const { connector: atHome } = await startMail();
    expect(await atHome.check()).toMatchObject([{ ok: true }]);
  });

  it("cuts off a mail that is not whole when it stops, and takes nothing of it", async () => {
    const { connector, intake, port } = await startMail();
    const client = new Talker(port);
    await client.begin();
    client.write("Content-Type: audio/wav\r\n\r\nhalf of a rec");
    const stopped = connector.stop();
    expect(await client.reply()).toMatch(/^421 /);
    await Promise.all([stopped, client.closed]);
    expect(intake.brought).toEqual([]);
  });

  it("takes nothing of a mail whose client goes away", async () => {
    const { connector, intake, port } = await startMail();
    const client = new Talker(port);
    await client.begin();
    client.write("Content-Type: audio/wav\r\n\r\nhalf of a rec");
    client.socket.end();
    await once(client.socket, "close");
    await connector.stop();
    expect(intake.brought).toEqual([]);
  });

  it("answers a mail that is whole before it stops", async () => {
    const { connector, intake, port } = await startMail();
    const held = Promise.withResolvers<void>();
    intake.held = held.promise;
    const client = new Talker(port);
    await client.begin();
    client.write("Content-Type: audio/wav\r\n\r\nsound\r\n.\r\n");
    await intake.until(() => intake.brought.length > 0);
    const stopped = connector.stop();
    held.resolve();
    expect(await client.reply()).toMatch(/^250 /);
    await stopped;
    expect(intake.taken).toHaveLength(1);
  });
});
