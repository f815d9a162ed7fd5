import type { ChannelAdapter } from "../index.ts";
import { translate } from "./inbound.ts";
import { alternateRecipient, limits, outboundKind } from "./limits.ts";
import { download } from "./media.ts";
import { markRead, send } from "./outbound.ts";

export const whatsapp: ChannelAdapter = {
  translate,
  send,
  markRead,
  download,
  alternateRecipient,
  limits,
  outboundKind,
};
