import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { createContentRepository, createTransport, parseMxcUri } from "../../src/matrix/index.ts";
import type { ContentRepository } from "../../src/model/ports.ts";
import { type Answer, fakeTiming, type Seen, scriptedServer } from "./scripted-server.ts";

async function ask<T>(
  script: Answer[] | ((seen: Seen) => Answer),
  use: (repository: ContentRepository) => Promise<T>,
) {
  await using server = await scriptedServer(script);
  const transport = createTransport({
    homeserver: server.url,
    accessToken: "t",
    env: {},
    timing: fakeTiming(),
  });
  try {
    const outcome = await use(createContentRepository(transport)).catch((thrown: unknown) => thrown);
    return { outcome, requests: server.requests };
  } finally {
    transport.close();
  }
}

const bytes = randomBytes(100_000);
const file: Answer = (response) => response.writeHead(200, { "content-length": bytes.length }).end(bytes);

describe("an upload", () => {
  test.each([
    ["bytes", () => bytes],
    ["pieces", () => () => [bytes.subarray(0, 7), bytes.subarray(7)]],
  ])("of %s tells the server the size and nothing else", async (_name, body) => {
    const uploaded: Answer = { json: { content_uri: "mxc://b/Abc_1-" } };
    const { outcome, requests } = await ask([uploaded], (repository) =>
      repository.upload(body(), bytes.length),
    );
    expect(outcome).toBe("mxc://b/Abc_1-");
    expect(requests[0]).toMatchObject({ method: "POST", path: "/_matrix/media/v3/upload" });
    expect(requests[0]?.query.size).toBe(0);
    expect(requests[0]?.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-length": "100000",
    });
    expect(requests[0]?.body.equals(bytes)).toBe(true);
  });

  test("that is too large is AUDIO_TOO_LARGE, also where the server hangs up instead of saying so", async () => {
    const refusals: Answer[] = [
      { status: 413, json: { errcode: "M_TOO_LARGE" } },
      (response) => response.destroy(),
    ];
    for (const refusal of refusals) {
      const script = (seen: Seen): Answer =>
        seen.method === "POST" ? refusal : { json: { "m.upload.size": 1_000 } };
      const { outcome } = await ask(script, (repository) => repository.upload(bytes, bytes.length));
      expect(outcome).toMatchObject({ code: "AUDIO_TOO_LARGE" });
    }
  });

  test("that was lost is not sent twice", async () => {
    const script = (seen: Seen): Answer =>
      seen.method === "POST" ? (response) => response.destroy() : { json: { "m.upload.size": 1_000_000 } };
    const { outcome, requests } = await ask(script, (repository) => repository.upload(bytes, bytes.length));
    expect(outcome).toMatchObject({ code: "HOMESERVER_UNREACHABLE" });
    expect(requests.filter((seen) => seen.method === "POST")).toHaveLength(1);
  });

  test("whose answer names no content URI failed", async () => {
    const { outcome } = await ask([{ json: { content_uri: "https://b/x" } }], (repository) =>
      repository.upload(bytes, 100_000),
    );
    expect(outcome).toMatchObject({ code: "ATTACHMENT_INVALID" });
  });
});

describe("a download", () => {
  const download = (script: Answer[], maxBytes = 1_000_000) =>
    ask(script, async (repository) =>
      buffer(await repository.download("mxc://b.example:8448/Abc_1-", maxBytes)),
    );

  test("is authenticated", async () => {
    const { outcome, requests } = await download([file]);
    expect((outcome as Buffer).equals(bytes)).toBe(true);
    expect(requests[0]?.path).toBe("/_matrix/client/v1/media/download/b.example%3A8448/Abc_1-");
    expect(requests[0]?.headers.authorization).toBe("Bearer t");
  });

  test("above the limit fails, whether the server says the size or not", async () => {
    const chunked: Answer = (response) => response.writeHead(200).end(bytes);
    for (const answer of [file, chunked]) {
      expect((await download([answer], 1_000)).outcome).toMatchObject({ code: "ATTACHMENT_INVALID" });
    }
    expect(((await download([chunked], 100_000)).outcome as Buffer).length).toBe(100_000);
  });

  test("that is cut short is an error, not data", async () => {
    const cut: Answer = (response) => {
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, 10), () => response.destroy());
    };
    expect((await download([cut])).outcome).toMatchObject({ code: "HOMESERVER_UNREACHABLE" });
  });

  test("waits for an upload that is not complete, but not for ever", async () => {
    const notYet: Answer = { status: 504, json: { errcode: "M_NOT_YET_UPLOADED" } };
    expect((await download([notYet, notYet, file])).outcome).toHaveLength(100_000);
    const { outcome } = await download(Array<Answer>(50).fill(notYet));
    expect(outcome).toMatchObject({ code: "HOMESERVER_ERROR", cause: { errcode: "M_NOT_YET_UPLOADED" } });
  });

  test("of what is not there is ATTACHMENT_INVALID", async () => {
    const { outcome } = await download([{ status: 404, json: { errcode: "M_NOT_FOUND" } }]);
    expect(outcome).toMatchObject({ code: "ATTACHMENT_INVALID" });
  });
});

describe("the largest upload", () => {
  test.each<[string, Answer[], number | undefined]>([
    ["as the server says", [{ json: { "m.upload.size": 50 } }], 50],
    ["from the older path", [{ status: 404 }, { json: { "m.upload.size": 60 } }], 60],
    ["unsaid", [{}], undefined],
    ["no number", [{ json: { "m.upload.size": "much" } }], undefined],
  ])("%s", async (_name, script, expected) => {
    expect((await ask(script, (repository) => repository.maxUploadBytes())).outcome).toBe(expected);
  });
});

describe("a content URI", () => {
  test("is taken apart", () => {
    expect(parseMxcUri("mxc://[::1]:80/aZ09_-")).toEqual({ serverName: "[::1]:80", mediaId: "aZ09_-" });
  });

  test.each([
    "",
    "https://b/c",
    "mxc://b",
    "mxc://b/",
    "mxc:///c",
    "mxc://b/c/d",
    "mxc://b/../c",
    "mxc://../c",
    "mxc://b/c?d",
    "mxc://b/c%2Fd",
    `mxc://b/${"c".repeat(256)}`,
  ])("%j is refused", (uri) => {
    expect(() => parseMxcUri(uri)).toThrow(expect.objectContaining({ code: "ATTACHMENT_INVALID" }));
  });
});
