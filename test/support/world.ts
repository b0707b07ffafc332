import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, inject } from "vitest";
import { type Session, Synapse } from "../../synapse-dev/synapse.ts";
import { type RecordingProxy, startRecordingProxy } from "../e2e/recording-proxy.ts";
import type { SuiteSynapse } from "../e2e/setup.ts";
import type { Isolation } from "../witness/element-client.ts";
import { type ElementWitness, startElement } from "../witness/element-witness.ts";
import { type ListenerIdentity, signListener } from "../witness/sign-listener.ts";
import { startWitness, type Witness } from "../witness/witness.ts";
import { type Account, Bot, type InitOptions } from "./bot.ts";
import { endAllSotto } from "./sotto.ts";
import { remember } from "./suite.ts";

/** A person with an independent client. */
export interface Listener extends Witness {
  readonly userId: string;
  readonly account: Account;
  readonly identity: ListenerIdentity | undefined;
  /** Ends the client and starts it again on the same store. */
  restart(): Promise<void>;
}

/** A person with matrix-js-sdk, which is what Element Web runs. */
export interface ElementUser extends ElementWitness {
  readonly userId: string;
  readonly account: Account;
}

/** What a test file has to work with; it goes when the file is done. */
export interface World {
  /** The suite's Synapse, reached without the proxy. */
  synapse: Synapse;
  /** This file's own recording proxy, which every Sotto of the file goes through. */
  proxy: RecordingProxy;
  folder: string;
  newAccount(): Promise<Account & Session>;
  /** An account that `sotto init` has made ready. */
  newBot(options?: InitOptions): Promise<Bot>;
  newListener(options?: { signed?: boolean }): Promise<Listener>;
  /** A bot and a person who has invited it into an encrypted room. */
  newConversation(options?: InitOptions): Promise<{ bot: Bot; listener: Listener; roomId: string }>;
  /** A further client of an account that has one, on a device that nobody has signed. */
  newDevice(account: Account): Promise<Witness>;
  /** A new device on matrix-js-sdk: of a new account, whose identity it makes, or of one that exists, unsigned. */
  newElement(options?: { signed?: boolean; account?: Account; isolation?: Isolation }): Promise<ElementUser>;
}

export async function openWorld(): Promise<World> {
  const suite = inject("synapse");
  const synapse = reach(suite);
  const folder = mkdtempSync(join(tmpdir(), "sotto-"));
  const recording = join(suite.recordings, `${randomBytes(6).toString("hex")}.jsonl`);
  const proxy = await startRecordingProxy(suite.directUrl, recording);
  const witnesses: { close(): Promise<void> }[] = [];
  afterAll(async () => {
    await endAllSotto();
    await Promise.all(witnesses.map((witness) => witness.close()));
    await proxy.close();
    rmSync(folder, { recursive: true });
  });

  async function newAccount(): Promise<Account & Session> {
    const password = randomBytes(12).toString("hex");
    const name = `u${randomBytes(5).toString("hex")}`;
    const session = await synapse.registerUser(name, password);
    remember("secret", password, session.accessToken);
    remember("person", session.userId);
    return { password, ...session };
  }

  async function connect(session: Session): Promise<Witness> {
    const storeDir = join(folder, session.deviceId);
    const witness = await startWitness({ baseUrl: suite.directUrl, storeDir, ...session });
    witnesses.push(witness);
    return witness;
  }

  const world: World = {
    synapse,
    proxy,
    folder,
    newAccount,
    async newBot(options = {}) {
      const bot = new Bot(await newAccount(), mkdtempSync(join(folder, "bot-")));
      await bot.init({ homeserver: proxy.baseUrl, ...options });
      return bot;
    },
    async newListener({ signed = true } = {}) {
      const session = await newAccount();
      let witness = await connect(session);
      const identity = signed ? await signListener({ baseUrl: suite.directUrl, ...session }) : undefined;
      return {
        userId: session.userId,
        account: session,
        identity,
        get session() {
          return witness.session;
        },
        request: (command, parameters) => witness.request(command, parameters),
        close: () => witness.close(),
        async restart() {
          await witness.close();
          witness = await connect(session);
        },
      };
    },
    async newConversation(options) {
      const [bot, listener] = await Promise.all([world.newBot(options), world.newListener()]);
      const { roomId } = await listener.request("create_room", { invite: [bot.userId] });
      return { bot, listener, roomId };
    },
    async newElement({ account, signed = account === undefined, isolation } = {}) {
      const session = account ?? (await newAccount());
      const { userId, password } = session;
      const element = await startElement({ baseUrl: suite.directUrl, userId, password, isolation });
      witnesses.push(element);
      if (signed) await element.request("bootstrapCrossSigning", {});
      return { ...element, userId, account: { userId, password } };
    },
    newDevice: async ({ userId, password }) => connect(await synapse.login(userId, password)),
  };
  return world;
}

/** The server that the suite's set-up started; it is not ours to stop. */
function reach(suite: SuiteSynapse): Synapse {
  const notOurs = () => Promise.reject(new Error("the suite's Synapse ends with the suite"));
  return new Synapse({ ...suite, baseUrl: suite.directUrl }, [], notOurs);
}
