import { mkdtempSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { EngineDevice } from "../support/engine-device.ts";
import { record } from "../support/recordings.ts";
import { runningService } from "../support/running-service.ts";
import { openWorld } from "../support/world.ts";

// A route with `onMissed: resend`, and somebody whose only device had no one-time key.

const { folder, newAccount, newConversation, synapse } = await openWorld();
const PATIENCE = { timeout: 60_000, interval: 50 };

it("sends what somebody missed again, once, when their device can have the key", async () => {
  const { bot, listener: alice, roomId } = await newConversation();
  const tablet = await EngineDevice.publish(
    synapse,
    await newAccount(),
    mkdtempSync(join(folder, "tablet-")),
  );
  onTestFinished(() => tablet.close());
  await alice.request("invite", { roomId, userId: tablet.userId });
  await tablet.join(roomId);
  const wav = await readFile(await record("never-heard-of-it.wav"));
  const config = { routes: [{ from: "hand", to: roomId, onMissed: "resend" }] };
  const sentBy = async (service: Awaited<ReturnType<typeof runningService>>, count: number) =>
    vi.waitFor(() => {
      const jobs = service.store.jobs.ofSource("hand");
      expect(jobs.map(({ state }) => state)).toEqual(Array(count).fill("sent"));
      return jobs;
    }, PATIENCE);

  {
    await using service = await runningService(bot, config);
    await service.hand.intake.take({ id: "call", source: { bytes: wav } });
    const [job] = await sentBy(service, 1);
    await vi.waitFor(
      () => expect(service.store.jobs.get(job!.jobId)?.onMissed).toBe(JSON.stringify([tablet.userId])),
      PATIENCE,
    );
    await expect(tablet.read(roomId, job!.eventId!)).rejects.toThrow();
  }
  await tablet.uploadKeys({ oneTime: true });
  {
    await using service = await runningService(bot, config);
    const [, again] = await sentBy(service, 2);
    const { content } = await tablet.read(roomId, again!.eventId!);
    expect(content.msgtype).toBe("m.audio");
    expect(service.store.jobs.missable()).toEqual([]);
  }
  await using service = await runningService(bot, config);
  await service.sotto.account.sync.toLiveEnd();
  await service.sotto.account.outbox.settled();
  await sentBy(service, 2);
});
