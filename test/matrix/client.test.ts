import { MatrixError as BotSdkError, MatrixClient } from "matrix-bot-sdk";
import { describe, expect, test, vi } from "vitest";
import { SottoError } from "../../src/errors.ts";
import type { SottoClient } from "../../src/matrix/client.ts";
import {
  decrypted,
  event,
  FILE,
  homeserver,
  inside,
  ROOM,
  timeline,
  withClient,
} from "../support/bot-client.ts";
import type { Answer, Seen } from "./scripted-server.ts";

test("a bot written for matrix-bot-sdk runs as it is, and what it says is encrypted", async () => {
  // the bot of matrix-bot-sdk's own tutorial, with nothing of Sotto in it
  function startBot(client: MatrixClient): Promise<void> {
    client.on("room.message", async (roomId: string, event) => {
      if (event.content?.msgtype !== "m.text" || event.sender === (await client.getUserId())) return;
      if (!event.content.body.startsWith("!hello")) return;
      await client.replyText(roomId, event, "Hello <World>!");
      await client.sendNotice(roomId, "done");
    });
    return client.start();
  }

  await withClient(homeserver, async (client, requests, sync) => {
    expect(client).toBeInstanceOf(MatrixClient);
    const notices = vi.spyOn(client, "sendNotice");
    await startBot(client);
    expect(sync).toEqual(["start"]);
    const command = decrypted("$1", "m.room.message", { msgtype: "m.text", body: "!hello" });
    await client.dispatch(timeline(event("$1", "m.room.encrypted")), new Map([["$1", command]]));
    await expect.poll(() => notices).toHaveResolved();
    const [reply, notice] = requests.filter((seen) => seen.method === "PUT");
    expect(reply?.path).toMatch(/^\/_matrix\/client\/v3\/rooms\/!room\/send\/m\.room\.encrypted\/.+/);
    expect(inside(reply)).toMatchObject({ roomId: ROOM, type: "m.room.message" });
    expect(inside(reply).content).toMatchObject({ "m.relates_to": { "m.in_reply_to": { event_id: "$1" } } });
    expect(inside(notice).content).toEqual({ msgtype: "m.notice", body: "done" });
    client.stop();
    expect(sync).toEqual(["start", "stop"]);
  });
});

describe("sending", () => {
  test("encrypts every event, also a raw one and a reaction", async () => {
    await withClient(homeserver, async (client, requests) => {
      expect(await client.sendText(ROOM, "hello")).toBe("$sent");
      await client.sendRawEvent(ROOM, "m.room.message", { body: "raw" });
      await client.sendEvent(ROOM, "m.reaction", { "m.relates_to": { key: "👍" } });
      expect(requests.every((seen) => seen.path.includes("/send/m.room.encrypted/"))).toBe(true);
      expect(requests.map((seen) => inside(seen).type)).toEqual([
        "m.room.message",
        "m.room.message",
        "m.reaction",
      ]);
    });
  });

  test("leaves in clear only what the config allows", async () => {
    const refused = { code: "CLEAR_EVENT_REFUSED" };
    await withClient(homeserver, async (client, requests) => {
      await expect(client.sendStateEvent(ROOM, "m.room.topic", "", {})).rejects.toMatchObject(refused);
      await expect(client.redactEvent(ROOM, "$1")).rejects.toMatchObject(refused);
      await expect(client.sendRawEvent(ROOM, "m.room.encrypted", { body: "x" })).rejects.toMatchObject(
        refused,
      );
      expect(requests).toEqual([]);
    });
    const clearTypes = { reactions: true, redactions: true, state: true };
    const use = async (client: SottoClient, requests: Seen[]) => {
      await client.sendStateEvent(ROOM, "m.room.topic", "", { topic: "x" });
      await client.redactEvent(ROOM, "$1", "why");
      await client.sendEvent(ROOM, "m.reaction", { "m.relates_to": {} });
      await client.sendText(ROOM, "hello");
      expect(requests.map((seen) => seen.path.split("/").slice(6, 8).join("/"))).toEqual([
        "state/m.room.topic",
        "redact/%241",
        "send/m.reaction",
        "send/m.room.encrypted",
      ]);
    };
    await withClient(homeserver, use, { clearTypes });
  });

  test("has no way round the gate", async () => {
    await withClient(homeserver, async (client, requests) => {
      const path = `/_matrix/client/v3/rooms/${ROOM}/send/m.room.message/t`;
      await expect(client.doRequest("PUT", path, null, { body: "x" })).rejects.toMatchObject({
        code: "CLEAR_EVENT_REFUSED",
      });
      expect(requests).toEqual([]);
    });
  });
});

describe("requests", () => {
  test("go through the transport, and fail with matrix-bot-sdk's own error", async () => {
    await withClient(homeserver, async (client, requests) => {
      expect(await client.getJoinedRooms()).toEqual([ROOM]);
      expect(requests[0]?.headers.authorization).toBe("Bearer secret");
      expect(client.accessToken).toBe("");
      const failure = await client.getUserProfile("@a:b").catch((thrown: unknown) => thrown);
      expect(failure).toBeInstanceOf(BotSdkError);
      expect(failure).toMatchObject({ errcode: "M_UNRECOGNIZED", statusCode: 404, body: { error: "what?" } });
      expect(await client.getSafeAccountData("m.none", { a: 1 })).toEqual({ a: 1 });
    });
  });

  test("that reach nobody fail with a SottoError", async () => {
    await withClient(
      () => (response) => response.destroy(),
      async (client) => {
        await expect(client.getJoinedRooms()).rejects.toMatchObject({ code: "HOMESERVER_UNREACHABLE" });
      },
    );
  });

  test("upload and download media", async () => {
    const media: (seen: Seen) => Answer = (seen) =>
      seen.method === "POST"
        ? { json: { content_uri: "mxc://b/up" } }
        : (response) => response.writeHead(200, { "content-type": "audio/ogg" }).end("OggS");
    await withClient(media, async (client, requests) => {
      expect(await client.uploadContent(Buffer.from("bytes"))).toBe("mxc://b/up");
      expect(requests[0]?.headers["content-type"]).toBe("application/octet-stream");
      expect(requests[0]?.query.size).toBe(0);
      const { data, contentType } = await client.downloadContent("mxc://b/up");
      expect([data.toString(), contentType]).toEqual(["OggS", "audio/ogg"]);
    });
  });
});

describe("client.crypto", () => {
  test("has the calls of bots", async () => {
    await withClient(homeserver, async (client) => {
      const { crypto } = client;
      expect([crypto.isReady, crypto.clientDeviceId, crypto.clientDeviceEd25519]).toEqual([
        true,
        "SOTTO1",
        "ED",
      ]);
      expect(await crypto.isRoomEncrypted(ROOM)).toBe(true);
      const { buffer, file } = await crypto.encryptMedia(Buffer.from("abc"));
      expect([buffer.toString(), file]).toEqual(["cba", FILE]);
      expect((await crypto.decryptMedia({ ...FILE, url: "mxc://b/x" })).toString()).toBe("mxc://b/x");
    });
  });

  test("does not guess whether a room is encrypted", async () => {
    await withClient(
      () => ({ status: 500 }),
      async (client) => {
        await expect(client.crypto.isRoomEncrypted(ROOM)).rejects.toMatchObject({
          code: "ROOM_ENCRYPTION_UNKNOWN",
        });
      },
    );
  });

  test("refuses the calls that would drive an engine of matrix-bot-sdk's", async () => {
    await withClient(homeserver, async (client) => {
      await expect(client.crypto.updateSyncData()).rejects.toMatchObject({ code: "USAGE" });
      await expect(client.uploadFallbackKey()).rejects.toMatchObject({ code: "USAGE" });
      expect(() => client.impersonateUserId("@other:b")).toThrow(SottoError);
    });
  });

  test("reads one event decrypted", async () => {
    const script = (seen: Seen): Answer =>
      seen.path.includes("/event/") ? { json: event("$1", "m.room.encrypted") } : homeserver(seen);
    await withClient(script, async (client) => {
      expect(await client.getEvent(ROOM, "$1")).toMatchObject({
        type: "m.room.message",
        content: { body: "clear" },
        trust: "signed",
      });
    });
  });
});
