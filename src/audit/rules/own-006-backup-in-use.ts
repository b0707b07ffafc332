import { defineRule } from "../rule.ts";

export const ownBackupInUse = defineRule({
  id: "SOTTO-OWN-006",
  title: "The key backup is ours and in use",
  severity: "high",
  rationale: "To a backup that somebody else made, keys are given away; one that is not used saves nothing.",
  how: "`sotto recovery status`",
  cure: "run `sotto recovery restore --recovery-key-file FILE` if it is yours; otherwise `sotto recovery create --replace-backup`, after which what only the old one held is lost",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#server-side-key-backups"],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : own.value.backup),
  check(backup, { policy }) {
    if (backup === null) return [{ result: "not-applicable", message: "there is no key backup" }];
    if (!backup.isTrusted)
      return [{ result: "fail", message: `key backup ${backup.version} was made by somebody else` }];
    if (backup.isInUse || !policy.own.keyBackup) return [];
    return [
      { result: "fail", severity: "medium", message: `nothing is saved to key backup ${backup.version}` },
    ];
  },
});
