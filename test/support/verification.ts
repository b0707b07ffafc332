import type { Sotto, Verification, VerificationPhase, VerificationState } from "../../src/index.ts";

/** The state when the verification comes to this phase; another end is an error. */
export async function until(
  verification: Verification,
  phase: VerificationPhase,
): Promise<VerificationState> {
  for await (const state of verification.states()) {
    if (state.phase === phase) return state;
    if (state.cancelled) throw new Error(`no ${phase}: ${state.cancelled.code}, ${state.cancelled.reason}`);
  }
  throw new Error(`no ${phase}`);
}

/** The next request that is offered to a program. */
export const offered = (sotto: Sotto): Promise<Verification> =>
  new Promise((resolve) => {
    const end = sotto.verification.onRequest((verification) => {
      end();
      resolve(verification);
    });
  });
