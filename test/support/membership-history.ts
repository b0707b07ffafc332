import type { SendResult } from "../../src/index.ts";
import type { Bot } from "./bot.ts";
import { type RawEvent, rawEvent } from "./room-events.ts";
import { resultOf } from "./sotto.ts";
import type { ElementUser, World } from "./world.ts";

// A room whose members and their devices come and go. The model says who may read which message: the devices that
// were there, signed, of people who were invited or in the room when it was sent. Real clients say who can.

export const CHANGES = ["invite", "join", "leave", "kick", "log in", "sign", "remove", "send"] as const;
export type Change = readonly [who: "bob" | "carol", what: (typeof CHANGES)[number]];

interface Device {
  name: string;
  client: ElementUser;
  signed: boolean;
  removed: boolean;
}

class Person {
  readonly name: string;
  readonly devices: Device[];
  membership: "out" | "invited" | "in" = "out";

  constructor(name: string, home: ElementUser) {
    this.name = name;
    this.devices = [{ name: `${name}'s home`, client: home, signed: true, removed: false }];
  }

  /** It has the identity's keys and is never removed. */
  get home(): ElementUser {
    return this.devices[0]!.client;
  }

  /** The latest further device in this state. */
  further(signed?: boolean): Device | undefined {
    const fits = (device: Device) => !device.removed && device.signed === (signed ?? device.signed);
    return this.devices.slice(1).findLast(fits);
  }
}

interface Message {
  name: string;
  event: RawEvent;
  readers: Set<Device>;
}

/** Plays a history in a new room. Changes that are impossible where they stand are left out. */
export class MembershipHistory {
  /** What the clients or the result of a send say against the model. */
  readonly contradictions: string[] = [];
  readonly #world: World;
  readonly #bot: Bot;
  readonly #voice: string;
  readonly #people: { alice: Person; bob: Person; carol: Person };
  readonly #roomId: string;
  readonly #messages: Message[] = [];

  private constructor(
    world: World,
    bot: Bot,
    voice: string,
    people: [Person, Person, Person],
    roomId: string,
  ) {
    const [alice, bob, carol] = people;
    this.#world = world;
    this.#bot = bot;
    this.#voice = voice;
    this.#people = { alice, bob, carol };
    this.#roomId = roomId;
    alice.membership = "in";
  }

  static async begin(world: World, bot: Bot, voice: string): Promise<MembershipHistory> {
    const person = async (name: string) => new Person(name, await world.newElement({ isolation: "all" }));
    const people = await Promise.all([person("alice"), person("bob"), person("carol")]);
    const { roomId } = await people[0].home.request("createRoom", {
      invite: [bot.userId],
      // under `shared` alice's client would give the keys of the history to whom she invites, which is not ours to
      // judge
      historyVisibility: "invited",
    });
    return new MembershipHistory(world, bot, voice, people, roomId);
  }

  async play([who, what]: Change): Promise<void> {
    const person = this.#people[who];
    const alice = this.#people.alice.home;
    const where = { roomId: this.#roomId };
    const { home, membership } = person;
    if (what === "send") return this.send();
    if (what === "invite" && membership === "out") {
      await alice.request("invite", { ...where, userId: home.userId });
      person.membership = "invited";
    } else if (what === "join" && membership === "invited") {
      await home.request("join", where);
      person.membership = "in";
    } else if (what === "leave" && membership !== "out") {
      await home.request("leave", where);
      person.membership = "out";
    } else if (what === "kick" && membership !== "out") {
      await alice.request("kick", { ...where, userId: home.userId });
      person.membership = "out";
    } else if (what === "log in" && person.devices.length < 3) {
      const client = await this.#world.newElement({ account: home.account, isolation: "all" });
      const name = `${person.name}'s device ${person.devices.length}`;
      person.devices.push({ name, client, signed: false, removed: false });
    } else if (what === "sign") {
      const device = person.further(false);
      if (device === undefined) return;
      const { deviceId } = device.client.session;
      await home.request("waitDevice", { userId: home.userId, deviceId });
      await home.request("crossSignDevice", { deviceId });
      device.signed = true;
    } else if (what === "remove") {
      const device = person.further();
      if (device === undefined) return;
      await home.request("deleteDevice", { deviceId: device.client.session.deviceId });
      device.removed = true;
    }
  }

  /** Sends, compares the result with the model, and waits until everyone who may read can. */
  async send(): Promise<void> {
    const name = `message ${this.#messages.length + 1}`;
    const people = Object.values(this.#people);
    const present = people.filter(({ membership }) => membership !== "out");
    const readers = new Set(
      present.flatMap(({ devices }) => devices.filter(({ signed, removed }) => signed && !removed)),
    );
    const sent = resultOf<SendResult>(await this.#bot.run(["send", this.#voice, "--room", this.#roomId]));
    const event = await rawEvent(this.#world.synapse, sent, this.#bot.accessToken);
    this.#messages.push({ name, event, readers });
    const shared = new Set(sent.sharedWith.map(({ deviceId }) => deviceId));
    for (const device of people.flatMap(({ devices }) => devices)) {
      const told = shared.has(device.client.session.deviceId);
      if (told !== readers.has(device))
        this.#contradict(name, told ? "is shared with" : "is not shared with", device);
    }
    await Promise.all(
      [...readers].map((device) =>
        device.client
          .request("tryKeys", { event, timeoutMs: 20_000 })
          .catch(() => this.#contradict(name, "cannot be read by", device)),
      ),
    );
  }

  /**
   * Lets everybody try everything that they may not read, with all keys that ever reached them, and ends the clients.
   */
  async end(): Promise<void> {
    const devices = Object.values(this.#people).flatMap((person) => person.devices);
    await this.#settle(devices.filter(({ removed }) => !removed));
    for (const { name, event, readers } of this.#messages) {
      for (const device of devices.filter((each) => !readers.has(each))) {
        const { decrypted } = await device.client.request("tryKeys", { event });
        if (decrypted) this.#contradict(name, "can be read by", device);
      }
    }
    await Promise.all(devices.map(({ client }) => client.close()));
  }

  /** What was sent to a device before this has arrived: /sync keeps the order. */
  async #settle(devices: Device[]): Promise<void> {
    const type = "org.example.settle";
    const messages: Record<string, Record<string, object>> = {};
    for (const { client } of devices) {
      messages[client.userId] = { ...messages[client.userId], [client.session.deviceId]: {} };
    }
    const path = `/_matrix/client/v3/sendToDevice/${type}/${crypto.randomUUID()}`;
    await this.#world.synapse.request("PUT", path, this.#bot.accessToken, { messages });
    await Promise.all(devices.map(({ client }) => client.request("waitToDevice", { type })));
  }

  #contradict(message: string, says: string, device: Device): void {
    this.contradictions.push(`${message} ${says} ${device.name}`);
  }
}
