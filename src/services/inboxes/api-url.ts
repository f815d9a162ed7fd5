import type { Config } from "../../config.ts";
import type { ConnectedInbox } from "./queries.ts";

/** Where the provider of an inbox answers: the demo's is this Hilo itself. */
export const apiUrlOf = (config: Config, inbox: ConnectedInbox): string =>
  inbox.demo ? `${config.ownUrl}/demo/graph` : config.whatsappApiUrl;
