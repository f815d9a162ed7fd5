/** Channels that Hilo speaks. */
export type Channel = "whatsapp";
