import { randomUUID } from "node:crypto";
import { copyFile, mkdtemp, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, vi } from "vitest";
import type { Synapse } from "../../synapse-dev/synapse.ts";
import type { Bot } from "./bot.ts";
import { sentBy } from "./room-events.ts";
import type { RunningSotto } from "./sotto.ts";
import type { Listener, World } from "./world.ts";

export const PATIENCE = { timeout: 60_000, interval: 100 };
/** For a test that starts the service twice, or goes through many rests: 80 s on a machine with seven others' work. */
export const LONG_MS = 240_000;

export const roomPath = (room: string, rest: string): string =>
  `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/${rest}`;

const GUARDED = [
  ...["encryption", "history_visibility", "power_levels", "join_rules", "tombstone", "server_acl"],
  "guest_access",
];

/** A bot on patrol: a folder is relayed into a room, and a second room is the operators'. Both are to policy. */
export class PatrolledRooms {
  readonly bot: Bot;
  readonly owner: Listener;
  readonly roomId: string;
  readonly operatorsRoom: string;
  readonly #inbox: string;
  readonly #synapse: Synapse;
  readonly #heard = new Map<string, Promise<string>>();

  private constructor(
    { synapse }: World,
    made: { bot: Bot; listener: Listener; roomId: string },
    operatorsRoom: string,
    inbox: string,
  ) {
    this.#synapse = synapse;
    this.bot = made.bot;
    this.owner = made.listener;
    this.roomId = made.roomId;
    this.operatorsRoom = operatorsRoom;
    this.#inbox = inbox;
  }

  static async open(world: World): Promise<PatrolledRooms> {
    const made = await world.newConversation();
    const { bot, listener, roomId } = made;
    const invite = [bot.userId];
    const { roomId: operatorsRoom } = await listener.request("create_room", { invite });
    const inbox = await mkdtemp(join(world.folder, "inbox-"));
    bot.configure({
      connectors: { inbox: { type: "folder", path: inbox, settle: "1s" } },
      routes: [{ from: "inbox", to: roomId }],
      acceptInvitesFrom: [listener.userId],
      patrol: { every: "6h" },
      operatorsRoom,
    });
    const rooms = new PatrolledRooms(world, made, operatorsRoom, inbox);
    for (const room of [roomId, operatorsRoom]) await rooms.guard(room);
    return rooms;
  }

  /** What else is at the policy's default. */
  async guard(room: string): Promise<void> {
    const levels = await this.state<{ events: Record<string, number> }>(room, "m.room.power_levels");
    for (const type of GUARDED) levels.events[`m.room.${type}`] = 100;
    await this.setState(room, "m.room.power_levels", levels);
  }

  state = <T>(room: string, type: string): Promise<T> =>
    this.#synapse.request<T>("GET", roomPath(room, `state/${type}/`), this.owner.session.accessToken);
  setState = (room: string, type: string, content: object): Promise<unknown> =>
    this.#synapse.request("PUT", roomPath(room, `state/${type}/`), this.owner.session.accessToken, content);
  visible = (to: string, room = this.roomId): Promise<unknown> =>
    this.setState(room, "m.room.history_visibility", { history_visibility: to });

  async start(): Promise<RunningSotto> {
    const service = this.bot.start(["run"]);
    await service.says('"message":"running"');
    return service;
  }

  async drop(recording: string): Promise<void> {
    const hidden = join(this.#inbox, `.${basename(recording)}`);
    await copyFile(recording, hidden);
    await rename(hidden, join(this.#inbox, `${randomUUID()}.wav`));
  }

  sent = async (room: string): Promise<string[]> =>
    (await sentBy(this.#synapse, room, this.owner.session.accessToken, this.bot.userId)).map(
      ({ event_id }) => event_id,
    );

  sentTimes = (room: string, count: number): Promise<void> =>
    vi.waitFor(async () => expect(await this.sent(room)).toHaveLength(count), PATIENCE);

  /** What was said in the operators' room, in order. */
  notices = async (): Promise<string[]> =>
    Promise.all((await this.sent(this.operatorsRoom)).map((id) => this.#words(id)));

  /** A first notice has come, and perhaps others: the account is in the operators' room, and all was looked at. */
  begun = (): Promise<void> =>
    vi.waitFor(async () => expect((await this.notices()).join("\n")).toContain("Patrol: "), PATIENCE);

  /** A notice that says it, of all that were sent to the operators. */
  told = (text: string): Promise<void> =>
    vi.waitFor(async () => {
      const said = (await this.notices()).filter((body) => body.includes(text));
      expect(said).toHaveLength(1);
    }, PATIENCE);

  /** The witness gives each event once. */
  #words(eventId: string): Promise<string> {
    const before = this.#heard.get(eventId);
    if (before) return before;
    const hearing = this.owner
      .request("wait_event", { roomId: this.operatorsRoom, eventId })
      .then((event) => {
        expect(event.decrypted).toBe(true);
        return String(event.content.body);
      });
    this.#heard.set(eventId, hearing);
    return hearing;
  }
}
