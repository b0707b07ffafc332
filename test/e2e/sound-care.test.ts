import { expect, it } from "vitest";
import { Sotto } from "../../src/index.ts";
import type { SendResult } from "../../src/service/pipeline.ts";
import { record } from "../support/recordings.ts";
import { resultOf } from "../support/sotto.ts";
import { openWorld } from "../support/world.ts";

const { newConversation } = await openWorld();

it("is taken of what is sent, by the command line and by the SDK", async () => {
  const { bot, roomId } = await newConversation();
  const noise = "anoisesrc=duration=2:seed=5:amplitude=0.3,adelay=2000,apad=pad_dur=3";
  const path = await record("with-silence-around.wav", noise);
  const sent = resultOf<SendResult>(await bot.run(["send", path, "--room", roomId, "--trim-silence"]));
  expect(sent.durationMs).toBeLessThan(2_500);
  await using sotto = await Sotto.open(bot.config);
  const again = await sotto.sendVoice(roomId, { path }, { care: { trimSilence: true, highPassHz: 80 } });
  expect(again.durationMs).toBe(sent.durationMs);
  expect((await sotto.sendVoice(roomId, { path })).durationMs).toBe(7_000);
});
