import { readFile } from "node:fs/promises";
import type { VoiceMessage } from "../../src/index.ts";
import { sendVoice } from "../../src/service/pipeline.ts";
import { Sotto } from "../../src/service/sotto.ts";
import { ratio } from "./measure.ts";
import { readyClip } from "./ready-clip.ts";
import type { Figure } from "./table.ts";
import { encryption, type Sender, type World } from "./world.ts";

/**
 * From the arrival of a room key to the delivery of the voice message that waited for it, beside a message whose key
 * was there: from the batch that brought it to its delivery. Both download and decrypt.
 */
export async function keyArrivals(world: World, cli: string, rounds: number): Promise<Figure> {
  const [speaker, hearer] = [await world.newSender(cli), await world.newSender(cli)];
  await using from = await Sotto.open(speaker.config);
  await using to = await Sotto.open(hearer.config);
  const clip = await readyClip(await readFile(world.recording));
  const delayed = holdToDevice(to);
  let heard = Promise.withResolvers<VoiceMessage>();
  to.onVoice((message) => heard.resolve(message));
  let batchMs = 0;
  to.account.sync.onBatch(({ joined }) => {
    if (joined.length > 0) batchMs = performance.now();
  });
  let keyMs = 0;
  to.account.crypto.onRoomKeys(() => {
    keyMs = performance.now();
  });

  const [values, floor]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    const roomId = await roomOf(world, speaker, hearer);
    await to.account.sync.toLiveEnd();
    delayed.hold();
    heard = Promise.withResolvers();
    await sendVoice(from.account, roomId, clip());
    await to.account.sync.toLiveEnd();
    delayed.release();
    await to.account.sync.toLiveEnd();
    await heard.promise;
    const lateMs = performance.now() - keyMs;

    heard = Promise.withResolvers();
    await sendVoice(from.account, roomId, clip());
    await heard.promise;
    if (round === 0) continue; // the compiler's
    values.push(lateMs);
    floor.push(performance.now() - batchMs);
  }
  const name = "from a key's arrival to the delivery of what waited, a message with its key";
  return { name, unit: "ms", values, floor, ratio: ratio(values, floor) };
}

export async function roomOf({ synapse }: World, { raw }: Sender, other: Sender): Promise<string> {
  const { room_id: roomId } = await synapse.request<{ room_id: string }>(
    "POST",
    "/_matrix/client/v3/createRoom",
    raw.accessToken,
    { preset: "private_chat", invite: [other.raw.userId], initial_state: [encryption] },
  );
  const join = `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`;
  await synapse.request("POST", join, other.raw.accessToken, {});
  return roomId;
}

/** Keeps messages to the device back while it holds, and gives them with the next answer after that. */
function holdToDevice({ account }: Sotto): { hold(): void; release(): void } {
  let holds = false;
  let kept: unknown[] = [];
  const { transport } = account;
  const request = transport.request.bind(transport);
  transport.request = async <T>(...asked: Parameters<typeof request>) => {
    const answer = await request<T>(...asked);
    if (!asked[1].endsWith("/sync")) return answer;
    const body = answer as T & { to_device?: { events?: unknown[] } };
    kept.push(...(body.to_device?.events ?? []));
    const events = holds ? [] : kept;
    if (!holds) kept = [];
    return { ...body, to_device: { events } };
  };
  return {
    hold: () => {
      holds = true;
    },
    release: () => {
      holds = false;
    },
  };
}
