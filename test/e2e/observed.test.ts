import { join } from "node:path";
import { expect, it } from "vitest";
import type { Check } from "../../src/service/check.ts";
import { probe } from "../support/probe.ts";
import { record } from "../support/recordings.ts";
import { isSend } from "../support/room-events.ts";
import { openWorld } from "../support/world.ts";

// What Prometheus sees of a service that sends and relays.

const { newConversation, proxy } = await openWorld();

it("what the service sends is counted, and nobody is named", async () => {
  const { bot, listener, roomId } = await newConversation();
  const { roomId: source } = await listener.request("create_room", { invite: [bot.userId] });
  bot.configure({ listen: "./health.sock", routes: [{ from: source, to: roomId }] });
  const metrics = async () => (await probe(join(bot.home, "health.sock"), "/metrics")).body;
  const service = bot.start(["run"]);
  await service.says("running");
  await expect.poll(async () => (await probe(join(bot.home, "health.sock"), "/ready")).status).toBe(200);

  const voice = await record("counted-in-numbers.wav");
  for (const room of [roomId, source]) expect((await bot.run(["send", voice, "--room", room])).code).toBe(0);
  await expect.poll(metrics).toContain('sotto_messages_total{source="command",result="sent"} 2\n');
  const first = await metrics();
  expect(first).toMatch(/^sotto_transcode_seconds_count 2$/m);
  expect(first).toContain('matrix_api_calls{method="rooms/send"} 2\n');
  expect(first).toContain("sotto_uploads_unreferenced_total 0\n");

  await listener.request("send_voice", { roomId: source, file: voice, durationMs: 1500 });
  await expect
    .poll(metrics, { timeout: 30_000 })
    .toContain('sotto_messages_total{source="room",result="sent"} 1\n');
  expect(await metrics()).toContain("sotto_oldest_job_age_seconds 0\n");

  for (const id of [roomId, source, bot.userId, listener.userId, bot.deviceId])
    expect(await metrics()).not.toContain(id.slice(1, 12));
  await service.end("SIGTERM");
});

it("an upload whose answer is lost is counted, and the message is sent all the same", async () => {
  const { bot, roomId } = await newConversation();
  bot.configure({ listen: "./health.sock" });
  const service = bot.start(["run"]);
  await service.says("running");
  const lost = proxy.next(({ path }) => path.startsWith("/_matrix/media/v3/upload"), "cut after");
  const sent = bot.run(["send", await record("uploaded-twice.wav"), "--room", roomId]);
  await lost;
  await sent;
  await expect
    .poll(async () => (await probe(join(bot.home, "health.sock"), "/metrics")).body)
    .toContain("sotto_uploads_unreferenced_total 1\n");
  await service.end("SIGTERM");
});

it("doctor says that messages are held back, and what lifts the limit", async () => {
  const { bot, roomId } = await newConversation();
  const voice = await record("held-back.ogg", undefined, "-c:a", "libopus", "-ac", "1");
  const service = bot.start(["run"]);
  await service.says("running");
  const limit = async () => {
    const { checks } = JSON.parse((await bot.run(["doctor"])).stdout) as { checks: Check[] };
    return checks.find(({ name }) => name === "rate limit");
  };
  expect(await limit()).toMatchObject({ result: "pass", message: expect.stringContaining(bot.userId) });
  const tooFast = { status: 429, body: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 20 } };
  const heldBack = proxy.next(isSend, tooFast);
  expect((await bot.run(["send", voice, "--room", roomId])).code).toBe(0);
  await heldBack;
  expect(await limit()).toMatchObject({
    result: "warn",
    cure: expect.stringContaining(`/_synapse/admin/v1/users/${bot.userId}/override_ratelimit`),
  });
  await service.end("SIGTERM");
});
