import type { Account } from "./account.ts";
import { healMissed } from "./heal.ts";
import { acceptInvites } from "./invites.ts";
import { Relay, type RelayOptions, type RelayPlan } from "./relay/relay.ts";
import { sendWhatWaits } from "./retries.ts";
import { Background } from "./room/background.ts";
import { MissedVoice } from "./room/missed.ts";
import { FollowedRedactions } from "./room/redactions.ts";

/** What `sotto run` does with an account, for programs that do it themselves. */
export interface Service extends AsyncDisposable {
  /** Settles when sync has ended, which it does not do by itself unless the account is refused. */
  ended: Promise<void>;
  relay: Relay;
  /** Joins other connectors and rooms from here on. */
  reload(plan: RelayPlan): Promise<void>;
}

/**
 * Stays connected: syncs, sends what waits, accepts the invitations that the config allows, and relays by its routes.
 *
 * @throws SottoError `CONFIG_INVALID` where a route joins what cannot be joined; what is wrong with the policy, the
 *   waivers or the baseline where there is a patrol
 */
export async function startService(account: Account, options: RelayOptions = {}): Promise<Service> {
  const { sync } = account;
  const startPatrol = await preparePatrol(account);
  const relay = await Relay.start(account, options);
  const { logger } = account;
  const missed = new Background(() => new MissedVoice(account).look(), logger);
  const followed = new FollowedRedactions(account);
  const redactions = new Background(() => followed.follow(), logger);
  const remove = [
    sync.onBatch((batch) => acceptInvites(account, batch)),
    // who had no one-time key may have one now, and then hears what they missed
    sync.onBatch(() => void healMissed(account).then(() => missed.run())),
    account.onJob({ ended: () => void missed.run() }),
    sync.onBatch(() => void redactions.run()),
  ];
  const retries = sendWhatWaits(account);
  const ended = sync.run();
  const patrol = startPatrol();
  return {
    ended,
    relay,
    reload: (plan) => relay.reload(plan),
    async [Symbol.asyncDispose]() {
      await patrol?.[Symbol.asyncDispose]();
      // what is under way is finished, however much waits behind it
      account.outbox.quit();
      for (const stop of remove) stop();
      for (const work of [missed, redactions]) work[Symbol.dispose]();
      retries[Symbol.dispose]();
      await relay[Symbol.asyncDispose]();
    },
  };
}

/** @throws SottoError where what the patrol holds rooms to cannot be read */
async function preparePatrol(account: Account): Promise<() => AsyncDisposable | undefined> {
  const { config, store, stops } = account;
  const { patrol } = config;
  if (patrol) {
    // whoever only relays does not load the rules
    const [{ Patrol }, { readHeldTo }] = await Promise.all([
      import("./patrol/patrol.ts"),
      import("./patrol/held-to.ts"),
    ]);
    const heldTo = readHeldTo(config);
    return () => new Patrol(account, patrol, heldTo);
  }
  // who takes the patrol out of the config takes back what it has stopped
  for (const { roomId, because } of store.stoppedRooms.all()) {
    if (because !== "policy") continue;
    store.patrol.stay(roomId);
    stops.lift(roomId, because);
  }
  return () => undefined;
}
