/** In the encrypted content of a voice message that a relay has brought into its room: it is not relayed again. */
export const RELAYED = "alt.sotto.relayed";
