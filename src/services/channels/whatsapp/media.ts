import { z } from "zod";
import type { ConnectedInbox } from "../../inboxes/queries.ts";
import { ChannelError } from "../../platform/errors.ts";
import type { DownloadedMedia } from "../index.ts";
import { graph, graphVersion } from "./graph.ts";

/** Meta, "Media": inbound files are at most 100 MB. */
const largestFile = 100 * 1024 * 1024;

/** Hosts that may see the access token beside the API's own: where Meta serves files from. */
const metaHosts = /(^|\.)(facebook\.com|fbsbx\.com|fbcdn\.net|whatsapp\.net)$/;

const described = z.looseObject({ url: z.url(), mime_type: z.string().optional() });

/**
 * Fetches a file in two steps: its address (good for five minutes), then its bytes.
 *
 * @throws ChannelError: `final` when it no longer exists or is too large, `retry` otherwise.
 */
export async function download(
  apiUrl: string,
  inbox: ConnectedInbox,
  providerMediaId: string,
): Promise<DownloadedMedia> {
  const { accessToken } = inbox.secrets;
  const about = `${apiUrl}/${graphVersion}/${encodeURIComponent(providerMediaId)}?phone_number_id=${encodeURIComponent(inbox.externalId)}`;
  const parsed = described.safeParse(await harmless(() => graph(about, accessToken, { method: "GET" })));
  if (!parsed.success) throw new ChannelError("WhatsApp gave no address for the file", { outcome: "retry" });
  const { url, mime_type } = parsed.data;
  if (!mayHaveToken(url, apiUrl)) {
    throw new ChannelError("the file's address is not one of Meta's", { outcome: "final" });
  }
  const response = await harmless(() =>
    fetch(url, {
      headers: { authorization: `Bearer ${accessToken}` },
      redirect: "error",
      signal: AbortSignal.timeout(60_000),
    }),
  );
  if (!response.ok) {
    await response.body?.cancel();
    // Also 404: the address lives five minutes, and the next try asks for a new one.
    throw new ChannelError(`HTTP ${response.status} for the file`, { outcome: "retry" });
  }
  return { bytes: await harmless(() => readLimited(response)), mediaType: mime_type ?? "" };
}

/** The token goes to the API's own origin and, over TLS, to Meta's file hosts; nowhere else. */
export function mayHaveToken(url: string, apiUrl: string): boolean {
  const target = new URL(url);
  if (target.origin === new URL(apiUrl).origin) return true;
  return target.protocol === "https:" && target.port === "" && metaHosts.test(target.hostname);
}

async function readLimited(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > largestFile) throw new ChannelError("the file is larger than 100 MB", { outcome: "final" });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reading changes nothing at the provider: a lost answer is a reason to try again, never a doubt. */
async function harmless<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ChannelError && error.outcome !== "unknown") throw error;
    throw new ChannelError(error instanceof ChannelError ? error.message : "the file could not be fetched", {
      outcome: "retry",
    });
  }
}
