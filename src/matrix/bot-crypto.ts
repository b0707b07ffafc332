import { CryptoClient, type EncryptedFile, type MatrixClient, RoomEvent } from "matrix-bot-sdk";
import { SottoError } from "../errors.ts";
import type { DecryptedEvent, RoomEvent as EncryptedEvent } from "../model/event.ts";
import type { DeviceId, RoomId, UserId } from "../model/ids.ts";
import type { RoomDirectory, RoomEncryptor } from "../model/ports.ts";

/** What the client for bots needs of the rooms that encrypt; the joint lies in `service/`. */
export interface BotCryptoPorts {
  readonly deviceId: DeviceId;
  /** The device's signing key, unpadded base64: what a person compares. */
  readonly deviceEd25519: string;
  readonly rooms: Pick<RoomDirectory, "encryption">;
  readonly encryptor: RoomEncryptor;
  /** Gives somebody who is about to be invited the keys of what the room's history shows them. */
  shareHistory(roomId: RoomId, userId: UserId): Promise<void>;
  /** Decrypts one event under the receiving policy; throws where the policy refuses it. */
  decrypt(roomId: RoomId, event: EncryptedEvent): Promise<DecryptedEvent>;
  /** The ciphertext, and all of the `EncryptedFile` but its URL. */
  encryptMedia(clear: Uint8Array): Promise<{ bytes: Uint8Array; file: Omit<EncryptedFile, "url"> }>;
  /** Downloads, checks and decrypts. */
  decryptMedia(file: EncryptedFile): Promise<Uint8Array>;
}

/**
 * matrix-bot-sdk's `client.crypto` on Sotto's engine: the calls of bots are kept, the calls by which matrix-bot-sdk
 * would drive an engine of its own are refused. Unlike the original, `isRoomEncrypted` throws where it does not
 * know, instead of answering no.
 */
export class BotCrypto extends CryptoClient {
  readonly #ports: BotCryptoPorts;

  constructor(client: MatrixClient, ports: BotCryptoPorts) {
    super(client);
    this.#ports = ports;
  }

  override get isReady(): boolean {
    return true;
  }

  override get clientDeviceId(): string {
    return this.#ports.deviceId;
  }

  override get clientDeviceEd25519(): string {
    return this.#ports.deviceEd25519;
  }

  override async isRoomEncrypted(roomId: string): Promise<boolean> {
    return (await this.#ports.rooms.encryption(roomId)).kind === "encrypted";
  }

  override async encryptRoomEvent(roomId: string, eventType: string, content: Record<string, unknown>) {
    // the base class still requires the two members that the spec deprecated
    return (await this.#ports.encryptor.encrypt(roomId, eventType, content)) as Awaited<
      ReturnType<CryptoClient["encryptRoomEvent"]>
    >;
  }

  override async decryptRoomEvent(event: { raw: object }, roomId: string): Promise<RoomEvent<unknown>> {
    const { type, content, trust } = await this.#ports.decrypt(roomId, event.raw as EncryptedEvent);
    return new RoomEvent({ ...event.raw, type, content, trust });
  }

  override async encryptMedia(file: Buffer) {
    const encrypted = await this.#ports.encryptMedia(file);
    return { buffer: Buffer.from(encrypted.bytes), file: encrypted.file };
  }

  override async decryptMedia(file: EncryptedFile): Promise<Buffer> {
    return Buffer.from(await this.#ports.decryptMedia(file));
  }

  override async prepare(): Promise<void> {}
  override async onRoomEvent(): Promise<void> {}
  override async onRoomJoin(): Promise<void> {}

  override async updateSyncData(): Promise<void> {
    throw notDriven("updateSyncData");
  }

  override async sign(): Promise<never> {
    throw notDriven("sign");
  }
}

/** Two drivers of one engine lose each other's requests. */
export function notDriven(call: string): SottoError {
  return new SottoError("USAGE", `${call} is not a call for bots: Sotto drives the crypto engine itself`, {
    cure: "leave the call out",
  });
}
