import { readFile, writeFile } from "node:fs/promises";
import { EventType, MatrixEvent, Preset, Visibility } from "matrix-js-sdk";
import type { RoomMessageEventContent } from "matrix-js-sdk/lib/@types/events.js";
import { EventShieldColour, EventShieldReason } from "matrix-js-sdk/lib/crypto-api/index.js";
import { decryptAttachment, type EncryptedFile, encryptAttachment } from "./element-attachment.ts";
import type { Element } from "./element-client.ts";

/** An event as Element would show it. */
export interface ElementEvent {
  eventId: string;
  roomId: string;
  sender: string;
  /** Of the clear event, once it is decrypted. */
  type: string;
  content: Record<string, unknown>;
  encrypted: boolean;
  decrypted: boolean;
  /** Why it is not decrypted: a DecryptionFailureCode, and the SDK's words for it. */
  failure: { code: string; message: string } | null;
  /** Null for what is not decrypted. */
  shield: { colour: string; reason: string | null } | null;
  sessionId: string | null;
}

interface Wanted {
  roomId: string;
  eventId?: string;
  sender?: string;
  /** Of the room's messages that fit, the first is 1. */
  nth?: number;
  /** Waits until decryption has failed with this DecryptionFailureCode; else until it has succeeded. */
  failure?: string;
  timeoutMs?: number;
}

async function describe(element: Element, event: MatrixEvent): Promise<ElementEvent> {
  const failure = event.decryptionFailureReason;
  const info = await element.crypto.getEncryptionInfoForEvent(event);
  return {
    eventId: event.getId()!,
    roomId: event.getRoomId()!,
    sender: event.getSender()!,
    type: event.getType(),
    content: event.getContent(),
    encrypted: event.isEncrypted(),
    decrypted: event.isEncrypted() && event.getClearContent() !== null && failure === null,
    failure: failure && { code: failure, message: String(event.getContent().body) },
    shield: info && {
      colour: EventShieldColour[info.shieldColour],
      reason: info.shieldReason === null ? null : EventShieldReason[info.shieldReason],
    },
    sessionId: event.getWireContent().session_id ?? null,
  };
}

export function roomCommands(element: Element) {
  const messages = (roomId: string): MatrixEvent[] =>
    (element.client.getRoom(roomId)?.getLiveTimeline().getEvents() ?? []).filter((event) => !event.isState());

  /**
   * The room as the sync knows it. A new room comes with its encryption one sync later than with its membership,
   * and the SDK would send in clear in between.
   */
  async function joined(roomId: string, mustBeEncrypted = false): Promise<{ roomId: string }> {
    await element.until(async () => {
      const room = element.client.getRoom(roomId);
      if (room?.getMyMembership() !== "join") return undefined;
      const encrypted = mustBeEncrypted || room.hasEncryptionStateEvent();
      return !encrypted || (await element.crypto.isEncryptionEnabledInRoom(roomId)) ? true : undefined;
    }, `room ${roomId} in the sync`);
    return { roomId };
  }

  async function waitEvent({ roomId, eventId, sender, nth = 1, failure, timeoutMs }: Wanted) {
    const found = () =>
      messages(roomId).filter(
        (event) =>
          (eventId === undefined || event.getId() === eventId) &&
          (sender === undefined || event.getSender() === sender),
      )[nth - 1];
    return await element
      .until(
        async () => {
          const event = found();
          if (event === undefined || event.isSending() || event.isBeingDecrypted()) return undefined;
          const seen = await describe(element, event);
          const fits = failure === undefined ? seen.decrypted : seen.failure?.code === failure;
          return fits ? seen : undefined;
        },
        eventId ?? `event ${nth}`,
        timeoutMs,
      )
      .catch(async (error: Error) => {
        const event = found();
        const state = event === undefined ? "not seen" : JSON.stringify(await describe(element, event));
        throw new Error(`${error.message}; now: ${state}`);
      });
  }

  /** Fetched from the authenticated endpoint, checked and decrypted. */
  async function download({ file, out }: { file: EncryptedFile; out: string }) {
    const { client } = element;
    const url = client.mxcUrlToHttp(file.url, undefined, undefined, undefined, false, true, true)!;
    const response = await fetch(url, { headers: { authorization: `Bearer ${client.getAccessToken()}` } });
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    const clear = await decryptAttachment(new Uint8Array(await response.arrayBuffer()), file);
    await writeFile(out, clear);
    return { file: out, size: clear.length };
  }

  async function send(parameters: { roomId: string; content: object; type?: string }) {
    const { roomId, content, type = EventType.RoomMessage } = parameters;
    await joined(roomId);
    const { event_id: eventId } = await element.client.sendEvent(
      roomId,
      type as EventType.RoomMessage,
      content as RoomMessageEventContent,
    );
    return { eventId };
  }

  return {
    waitEvent,
    download,
    send,

    /** Every message of the room that the client has, oldest first. */
    events: async ({ roomId }: { roomId: string }) =>
      Promise.all(messages(roomId).map((event) => describe(element, event))),

    /**
     * Tries the keys that this client has on an event as the server gave it to somebody else: what a removed
     * device, or one whose user has left, would read if the server showed it. With `timeoutMs` it waits until
     * it can.
     */
    async tryKeys({ event, timeoutMs }: { event: object; timeoutMs?: number }) {
      const read = async () => {
        const encrypted = new MatrixEvent(event);
        await element.client.decryptEventIfNeeded(encrypted);
        return await describe(element, encrypted);
      };
      if (timeoutMs === undefined) return await read();
      const decrypted = async () => {
        const seen = await read();
        return seen.decrypted ? seen : undefined;
      };
      return await element.until(decrypted, "room key", timeoutMs);
    },

    async receiveVoice({ out, ...wanted }: Wanted & { out: string }) {
      const event = await waitEvent(wanted);
      const file = event.content.file as EncryptedFile | undefined;
      if (file === undefined) throw new Error(`${event.eventId} has no encrypted attachment`);
      return { ...event, ...(await download({ file, out })) };
    },

    sendText: ({ roomId, body }: { roomId: string; body: string }) =>
      send({ roomId, content: { msgtype: "m.text", body } }),

    async sendVoice(parameters: { roomId: string; file: string; durationMs: number; waveform?: number[] }) {
      const { roomId, durationMs: duration, waveform = [] } = parameters;
      const clear = new Uint8Array(await readFile(parameters.file));
      const { ciphertext, file } = await encryptAttachment(clear);
      const type = "application/octet-stream";
      const { content_uri: url } = await element.client.uploadContent(new Blob([ciphertext]), { type });
      const content = {
        msgtype: "m.audio",
        body: "Voice message.ogg",
        info: { mimetype: "audio/ogg", size: clear.length, duration },
        file: { ...file, url },
        "org.matrix.msc1767.audio": { duration, waveform },
        "org.matrix.msc3245.voice": {},
      };
      return { ...(await send({ roomId, content })), content };
    },

    /** Forgets the outbound session: the next message opens a new one. */
    async rotate({ roomId }: { roomId: string }) {
      await element.crypto.forceDiscardSession(roomId);
    },

    async createRoom(parameters: {
      name?: string;
      invite?: string[];
      encrypted?: boolean;
      direct?: boolean;
      /** Default: `shared`, where whoever invites also gives the keys of the history (MSC4268). */
      historyVisibility?: "joined" | "invited" | "shared" | "world_readable";
    }) {
      const { name, invite = [], encrypted = true, direct = false, historyVisibility } = parameters;
      const stateEvent = (type: string, content: object) => ({ type, state_key: "", content });
      const { room_id: roomId } = await element.client.createRoom({
        ...{ name, invite, visibility: Visibility.Private, is_direct: direct },
        preset: direct ? Preset.TrustedPrivateChat : Preset.PrivateChat,
        initial_state: [
          ...(encrypted ? [stateEvent(EventType.RoomEncryption, { algorithm: "m.megolm.v1.aes-sha2" })] : []),
          ...(historyVisibility
            ? [stateEvent(EventType.RoomHistoryVisibility, { history_visibility: historyVisibility })]
            : []),
        ],
      });
      return await joined(roomId, encrypted);
    },

    waitInvite: ({ roomId, timeoutMs }: { roomId?: string; timeoutMs?: number }) =>
      element.until(
        () => {
          const invited = element.client
            .getRooms()
            .find((room) => room.getMyMembership() === "invite" && room.roomId === (roomId ?? room.roomId));
          return invited && { roomId: invited.roomId };
        },
        "invitation",
        timeoutMs,
      ),

    async join({ roomId }: { roomId: string }) {
      await element.client.joinRoom(roomId);
      return await joined(roomId);
    },

    async invite({ roomId, userId }: { roomId: string; userId: string }) {
      await element.client.invite(roomId, userId);
    },

    async kick({ roomId, userId }: { roomId: string; userId: string }) {
      await element.client.kick(roomId, userId);
    },

    async leave({ roomId }: { roomId: string }) {
      await element.client.leave(roomId);
    },
  };
}
