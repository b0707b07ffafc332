/** The media room: a clip becomes an encrypted attachment and a voice message, and back. */
export {
  type AttachmentEncryption,
  decryptBytes,
  encryptAttachment,
  encryptBytes,
  spoolVerified,
  type VerifiedAttachment,
} from "./attachment.ts";
export { downloadClear, downloadToSpool, downloadVerified } from "./download.ts";
export { parseEncryptedFile } from "./encrypted-file.ts";
export { type ReceivedVoice, readVoiceContent, type VoiceFacts, voiceContent } from "./voice-content.ts";
