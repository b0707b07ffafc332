import type { UIAuthCallback } from "matrix-js-sdk";
import { CrossSigningKey } from "matrix-js-sdk/lib/crypto-api/index.js";
import type { Element, Isolation, ToDeviceMessage } from "./element-client.ts";

interface UserStatus {
  known: boolean;
  /** This account's user-signing key has signed the identity. */
  verified: boolean;
  wasVerified: boolean;
  /** The identity has changed since it was first seen, and nobody has accepted that. */
  needsApproval: boolean;
  masterKey: string | null;
}

/** Answers user-interactive authentication with the account's password, if it is asked for. */
export function withPassword({ client, password }: Element): UIAuthCallback<void> {
  return async (makeRequest) => {
    try {
      await makeRequest(null);
    } catch (error) {
      const { session } = (error as { data?: { session?: string } }).data ?? {};
      if (session === undefined || password === undefined) throw error;
      const identifier = { type: "m.id.user", user: client.getUserId()! };
      await makeRequest({ type: "m.login.password", identifier, password, session });
    }
  };
}

export function trustCommands(element: Element) {
  async function userStatus({ userId }: { userId: string }): Promise<UserStatus> {
    const status = await element.crypto.getUserVerificationStatus(userId);
    const keys = await element.crypto.getUserCrossSigningKeys(userId);
    return {
      known: status.known,
      verified: status.isCrossSigningVerified(),
      wasVerified: status.wasCrossSigningVerified(),
      needsApproval: status.needsUserApproval,
      masterKey: Object.values(keys?.[CrossSigningKey.Master]?.keys ?? {})[0] ?? null,
    };
  }

  async function devices({ userId }: { userId: string }) {
    const known = (await element.crypto.getUserDeviceInfo([userId], true)).get(userId);
    return await Promise.all(
      [...(known?.values() ?? [])].map(async (device) => {
        const status = await element.crypto.getDeviceVerificationStatus(userId, device.deviceId);
        return {
          deviceId: device.deviceId,
          displayName: device.displayName ?? null,
          ed25519: device.getFingerprint() ?? null,
          curve25519: device.getIdentityKey() ?? null,
          signedByOwner: status?.signedByOwner ?? false,
          crossSigningVerified: status?.crossSigningVerified ?? false,
          localVerified: status?.localVerified ?? false,
          verified: status?.isVerified() ?? false,
        };
      }),
    );
  }

  async function crossSigningStatus() {
    const { publicKeysOnDevice, ...secrets } = await element.crypto.getCrossSigningStatus();
    return {
      ready: await element.crypto.isCrossSigningReady(),
      publicKeysOnDevice,
      ...secrets,
      masterKey: await element.crypto.getCrossSigningKeyId(CrossSigningKey.Master),
    };
  }

  return {
    userStatus,
    devices,
    crossSigningStatus,

    async setIsolation(parameters: { isolation: Isolation; errorOnVerifiedUserProblems?: boolean }) {
      element.setIsolation(parameters.isolation, parameters.errorOnVerifiedUserProblems);
    },

    /** What "never send to unverified devices" of Element's settings does; needs the isolation mode `all`. */
    async neverSendToUnverified() {
      element.crypto.globalBlacklistUnverifiedDevices = true;
    },

    /**
     * Makes the account's identity, or takes it from secret storage that was unlocked, and signs this device. Its own
     * view of that signature comes with the next sync: `waitDevice` with `signed`.
     */
    async bootstrapCrossSigning({ reset = false }: { reset?: boolean }) {
      await element.crypto.bootstrapCrossSigning({
        setupNewCrossSigning: reset,
        authUploadDeviceSigningKeys: withPassword(element),
      });
      return await crossSigningStatus();
    },

    /** What Element does when a person resets their identity: secret storage and backup go too. */
    async resetEncryption() {
      await element.crypto.resetEncryption(withPassword(element));
      return await crossSigningStatus();
    },

    /** Signs one of the account's own devices; without an ID this one. */
    async crossSignDevice({ deviceId = element.client.getDeviceId()! }: { deviceId?: string }) {
      await element.crypto.crossSignDevice(deviceId);
    },

    /** Waits until each given field of the user's status has the given value. */
    waitUserStatus: (parameters: { userId: string; timeoutMs?: number } & Partial<UserStatus>) => {
      const { userId, timeoutMs, ...wanted } = parameters;
      return element.until(
        async () => {
          const status = await userStatus({ userId });
          const fits = Object.entries(wanted).every(
            ([key, value]) => status[key as keyof UserStatus] === value,
          );
          return fits ? status : undefined;
        },
        `${userId} with ${JSON.stringify(wanted)}`,
        timeoutMs,
      );
    },

    /** Waits until the user has the device (`signed`: by their identity), or (`gone`) has it no longer. */
    waitDevice(parameters: {
      userId: string;
      deviceId: string;
      signed?: boolean;
      gone?: boolean;
      timeoutMs?: number;
    }) {
      const { userId, deviceId, signed = false, gone = false, timeoutMs } = parameters;
      return element.until(
        async () => {
          const device = (await devices({ userId })).find((each) => each.deviceId === deviceId);
          if (gone) return device === undefined ? null : undefined;
          return device?.signedByOwner || !signed ? device : undefined;
        },
        `${gone ? "end of " : ""}${signed ? "signed " : ""}device ${deviceId}`,
        timeoutMs,
      );
    },

    /** Trusts the device on this device alone, as after a comparison of fingerprints. */
    async setDeviceVerified(parameters: { userId: string; deviceId: string; verified?: boolean }) {
      await element.crypto.setDeviceVerified(parameters.userId, parameters.deviceId, parameters.verified);
    },

    async pinIdentity({ userId }: { userId: string }) {
      await element.crypto.pinCurrentUserIdentity(userId);
      return await userStatus({ userId });
    },

    async withdrawVerification({ userId }: { userId: string }) {
      await element.crypto.withdrawVerificationRequirement(userId);
      return await userStatus({ userId });
    },

    /** The first to-device message of that type whose content has each of the given values. */
    waitToDevice(parameters: { type: string; content?: Record<string, unknown>; timeoutMs?: number }) {
      const { type, content = {}, timeoutMs } = parameters;
      const fits = (message: ToDeviceMessage) =>
        message.type === type &&
        Object.entries(content).every(([key, value]) => message.content[key] === value);
      return element.until(() => element.toDevice.find(fits), type, timeoutMs);
    },

    async deleteDevice({ deviceId }: { deviceId: string }) {
      await withPassword(element)(async (auth) => {
        await element.client.deleteDevice(deviceId, auth ?? undefined);
      });
    },

    async logout() {
      await element.client.logout(true);
    },
  };
}
