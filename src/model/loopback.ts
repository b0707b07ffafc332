/**
 * Names and addresses that only the own network knows, as containers and hosts of a house have them; loopback as well.
 * https://www.rfc-editor.org/rfc/rfc1918, rfc4193, rfc6762, rfc8375; `.internal` by ICANN's resolution of 2024.
 */
export function isInternal(hostname: string): boolean {
  if (isLoopback(hostname) || !/[.:]/.test(hostname)) return true;
  return (
    /^(?:10(?:\.\d+){3}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2}|192\.168(?:\.\d+){2}|\[f[cd][0-9a-f:]+\])$/.test(
      hostname,
    ) || /\.(?:internal|local|lan|home\.arpa)$/.test(hostname)
  );
}

/** Names and addresses that never leave the machine. https://www.rfc-editor.org/rfc/rfc6761#section-6.3 */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}
