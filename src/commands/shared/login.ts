import { readSecret } from "../../config/secrets.ts";
import { SottoError } from "../../errors.ts";

/** Flags that name how to log in. */
export interface LoginFlags {
  passwordFile?: string;
  accessTokenFile?: string;
}

/** The password that the flag names, as an operation takes it; nothing where it names none. */
export const passwordOf = ({ passwordFile }: LoginFlags): { password?: string } =>
  passwordFile === undefined ? {} : { password: readSecret(passwordFile) };

/** What the flags name; undefined where they name nothing. */
export function loginOf(flags: LoginFlags): { password: string } | { accessToken: string } | undefined {
  const { passwordFile, accessTokenFile } = flags;
  if (passwordFile !== undefined && accessTokenFile !== undefined) {
    throw new SottoError("USAGE", "--password-file and --access-token-file are two ways to the same", {
      cure: "give one of the two",
    });
  }
  if (passwordFile !== undefined) return { password: readSecret(passwordFile) };
  return accessTokenFile === undefined ? undefined : { accessToken: readSecret(accessTokenFile) };
}
