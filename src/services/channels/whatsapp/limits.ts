import { phoneAlternate } from "../../contacts/phone.ts";
import type { MediaKind } from "../../conversations/types.ts";

/** Meta, "Throughput" (80 messages a second by default) and error 131056 (one in 6 s to a recipient, burst of 45). */
export const limits = {
  inbox: { perSecond: 80, burst: 80 },
  pair: { perSecond: 1 / 6, burst: 45 },
};

const megabyte = 1024 * 1024;

/** Meta, "Supported media types": what travels as itself, and up to how many bytes. */
const travels: { kind: MediaKind; types: RegExp; bytes: number }[] = [
  { kind: "image", types: /^image\/(jpeg|png)$/, bytes: 5 * megabyte },
  { kind: "video", types: /^video\/(mp4|3gpp)$/, bytes: 16 * megabyte },
  { kind: "audio", types: /^audio\/(aac|amr|mpeg|mp4|ogg)$/, bytes: 16 * megabyte },
];

/** The kind a file is sent as; everything else goes as a document of up to 100 MB. Null when it is too large. */
export function outboundKind(mediaType: string, bytes: number): MediaKind | null {
  const fitting = travels.find((travel) => travel.types.test(mediaType) && bytes <= travel.bytes);
  if (fitting) return fitting.kind;
  return bytes <= 100 * megabyte ? "document" : null;
}

/**
 * 131030: in development mode Meta's list holds the number in its other spelling; 131026: undeliverable, which the
 * wrong spelling also gives. Both are certain refusals, so that one try with the other spelling repeats nothing.
 */
export function alternateRecipient(externalId: string, code: number | null): string | null {
  return code === 131030 || code === 131026 ? phoneAlternate(externalId) : null;
}
