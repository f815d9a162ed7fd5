import type { Knex } from "knex";
import { rows } from "../platform/database.ts";
import type { Address } from "./types.ts";

interface InboxKey {
  id: number;
  external_id: string;
  account_id: string;
  address: string;
  isolated: boolean;
  app_secret_fingerprint: string | null;
}

export interface FoundInbox {
  id: number;
  isolated: boolean;
}

/** Why a delivery finds no inbox: an address nobody connected, or one whose secret did not sign it. */
export type Unfound = "unmatched" | "foreign_secret";

export type FindInbox = (address: Address, secretFingerprint: string) => FoundInbox | Unfound;

/**
 * Finds the inbox that a delivery names: by the provider's id, else the number as customers know it, else the
 * account when it has one inbox, else, when it names nothing at all, the only inbox of the secret that signed it.
 */
export async function loadAddresses(db: Knex): Promise<FindInbox> {
  const inboxes = await rows<InboxKey>(
    db,
    "select id, external_id, account_id, address, isolated, app_secret_fingerprint from inboxes where deactivated_at is null",
  );
  const digits = (text: string) => text.replaceAll(/\D/g, "");
  return (address, fingerprint) => {
    let candidates: InboxKey[];
    if (address.externalId) candidates = inboxes.filter((inbox) => inbox.external_id === address.externalId);
    else if (address.display) {
      const wanted = digits(address.display);
      candidates = inboxes.filter((inbox) => wanted !== "" && digits(inbox.address) === wanted);
      if (candidates.length === 0)
        candidates = inboxes.filter((inbox) => inbox.account_id === address.accountId);
    } else if (address.accountId)
      candidates = inboxes.filter((inbox) => inbox.account_id === address.accountId);
    else candidates = inboxes.filter((inbox) => inbox.app_secret_fingerprint === fingerprint);
    const [found] = candidates;
    if (!found || candidates.length > 1) return "unmatched";
    if (found.app_secret_fingerprint !== fingerprint) return "foreign_secret";
    return { id: found.id, isolated: found.isolated };
  };
}
