import type { Account } from "./account.ts";
import { healMissed } from "./heal.ts";
import { acceptInvites } from "./invites.ts";
import { Relay, type RelayOptions, type RelayPlan } from "./relay/relay.ts";
import { sendWhatWaits } from "./retries.ts";

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
 * @throws SottoError `CONFIG_INVALID` where a route joins what cannot be joined
 */
export async function startService(account: Account, options: RelayOptions = {}): Promise<Service> {
  const { sync } = account;
  const relay = await Relay.start(account, options);
  const remove = [
    sync.onBatch((batch) => acceptInvites(account, batch)),
    // who had no one-time key may have one now
    sync.onBatch(() => void healMissed(account)),
  ];
  const retries = sendWhatWaits(account);
  return {
    ended: sync.run(),
    relay,
    reload: (plan) => relay.reload(plan),
    async [Symbol.asyncDispose]() {
      // what is under way is finished, however much waits behind it
      account.outbox.quit();
      for (const stop of remove) stop();
      retries[Symbol.dispose]();
      await relay[Symbol.asyncDispose]();
    },
  };
}
