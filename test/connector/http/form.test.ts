import { describe, expect, it } from "vitest";
import { ask, dial, head, openDoor } from "../../support/http-connector.ts";

const BOUNDARY = "----boundary";
const TYPE = { "content-type": `multipart/form-data; boundary=${BOUNDARY}` };

const part = (name: string, value: string, more = ""): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
const file = (value: string): string => part("audio", value, '; filename="bell.wav"');
const END = `--${BOUNDARY}--\r\n`;

describe("a form", () => {
  it("has its words in fields, and the recording in its file", async () => {
    const { port, intake } = await openDoor();
    const body =
      part("caller", "Tür") + part("id", "ring-1") + part("raw", "alaw:8000:1") + file("RIFF") + END;
    expect((await ask(port, { body, headers: TYPE })).status).toBe(202);
    expect((await ask(port, { body, headers: TYPE })).json).toEqual({
      jobs: [{ job: 1, url: "/v1/jobs/1" }],
    });
    expect(intake.taken).toEqual([
      {
        id: "doorbell/!ops/ring-1",
        by: "doorbell",
        room: "!ops",
        bytes: Buffer.from("RIFF"),
        about: { caller: "Tür" },
        raw: { coding: "alaw", sampleRate: 8000, channels: 1 },
      },
    ]);
  });

  it("is less than the headers", async () => {
    const { port, intake } = await openDoor();
    const body = part("caller", "field") + part("note", "field") + file("RIFF") + END;
    await ask(port, { body, headers: { ...TYPE, "sotto-caller": "header" } });
    expect(intake.taken[0]?.about).toEqual({ caller: "header", note: "field" });
  });

  it.each([
    ["without a file", part("caller", "Door") + END],
    ["with nothing in it", END],
    ["with a field behind the file", file("RIFF") + part("caller", "Door") + END],
    ["with two files", file("RIFF") + file("RIFX") + END],
    ["with a field that nobody knows", part("colour", "red") + file("RIFF") + END],
    ["with a field twice", part("caller", "a") + part("caller", "b") + file("RIFF") + END],
    ["with a file as a field, as curl's < makes it", part("note", "x".repeat(5_000)) + END],
    ["with a hundred fields", part("caller", "a").repeat(100) + file("RIFF") + END],
    ["that breaks off in its file", file("RIFF").slice(0, -3)],
    ["that breaks off behind its file", file("RIFF")],
    ["of another boundary", file("RIFF").replaceAll(BOUNDARY, "----other") + END],
  ])("%s is refused, and nothing of it taken", async (_what, body) => {
    const { port, intake } = await openDoor();
    const { status, json } = await ask(port, { body, headers: TYPE });
    expect([status, json.code]).toEqual([422, "FORM_INVALID"]);
    expect(intake.brought).toEqual([]);
  });

  it.each([
    ["a boundary", { "content-type": "multipart/form-data" }, 422],
    ["words that can be", { ...TYPE, "sotto-recorded": "noon" }, 400],
  ])("without %s is refused", async (_what, headers, status) => {
    const { port } = await openDoor();
    expect((await ask(port, { body: file("RIFF") + END, headers })).status).toBe(status);
  });

  it.each([
    ["caller", "a\nb"],
    ["caller", "x".repeat(201)],
    ["recorded", "noon"],
    ["raw", "wav"],
    ["id", "ü"],
  ])("whose %s cannot be is refused", async (name, value) => {
    const { port, intake } = await openDoor();
    const { status, json } = await ask(port, { body: part(name, value) + file("RIFF") + END, headers: TYPE });
    expect([status, json.code]).toEqual([400, "REQUEST_INVALID"]);
    expect(intake.brought).toEqual([]);
  });

  it("is not taken before its end was seen", async () => {
    const { port, intake } = await openDoor();
    const body = file("RIFF") + END;
    const { socket, all } = await dial(port);
    socket.write(head([`Content-Type: ${TYPE["content-type"]}`, `Content-Length: ${body.length}`]));
    socket.write(body.slice(0, -4));
    // whatever could have come of it has come by then
    for (let other = 0; other < 3; other += 1) await ask(port, { body: "RIFX" });
    expect(intake.taken.map(({ bytes }) => String(bytes))).toEqual(["RIFX", "RIFX", "RIFX"]);
    socket.end(body.slice(-4));
    expect(await all).toContain("HTTP/1.1 202 Accepted");
    expect(intake.taken).toHaveLength(4);
  });

  it("may be as large as any other request", async () => {
    const { port, intake } = await openDoor({ maxBytes: 300_000 });
    const sent = async (length: number) =>
      (
        await ask(port, {
          body: file("x".repeat(length)) + END,
          headers: { ...TYPE, "transfer-encoding": "chunked" },
        })
      ).status;
    expect(await sent(299_000)).toBe(202);
    expect(await sent(300_001)).toBe(413);
    expect(intake.taken.map(({ bytes }) => bytes.length)).toEqual([299_000]);
  });

  it("that stalls in a field or in its file is not waited for", async () => {
    const { port } = await openDoor({ stallTimeout: 50 });
    for (const begun of [part("caller", "Door"), part("caller", "Door") + file("RIFF")]) {
      const { socket, all } = await dial(port);
      socket.write(
        head([`Content-Type: ${TYPE["content-type"]}`, "Content-Length: 9999"]) + begun.slice(0, -4),
      );
      await expect(
        Promise.race([all, new Promise((resolve) => socket.on("data", (data) => resolve(`${data}`)))]),
      ).resolves.toContain("REQUEST_TOO_SLOW");
      socket.destroy();
    }
  });
});
