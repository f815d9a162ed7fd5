import { formatPhone, phoneMatchKey } from "../../contacts/phone.ts";
import type { Person, PersonId } from "../../intake/types.ts";
import type { WhatsAppContact } from "./payload.ts";

/** `<country>.<id>`, Meta "Business-scoped user IDs"; a parent id has `ENT` in between. */
const userIdPattern = /^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$/;

/**
 * One id as Meta sent it, or null when it is neither a phone nor a business-scoped user id. Some gateways send the
 * user id where the phone belongs: what counts is how it looks, not where it stood.
 */
export function personId(raw: string | undefined): PersonId | null {
  const id = raw?.trim();
  if (!id) return null;
  if (userIdPattern.test(id)) return { externalId: id, kind: "user_id", phoneMatchKey: null };
  const digits = id.replaceAll(/[\s()+-]/g, "");
  if (/^\d{5,20}$/.test(digits)) {
    return { externalId: digits, kind: "phone", phoneMatchKey: phoneMatchKey(digits) };
  }
  return null;
}

/**
 * Who wrote, from the message's own ids and the contact card that came along. Null when nothing tells. An id of a
 * form that nobody documents is taken as it is, when it is all there is: better shown than lost.
 *
 * @param ids candidates, strongest first.
 */
export function person(ids: (string | undefined)[], contact: WhatsAppContact | undefined): Person | null {
  const found = new Map<string, PersonId>();
  for (const raw of [...ids, contact?.wa_id, contact?.user_id]) {
    const id = personId(raw);
    if (id) found.set(id.externalId, id);
  }
  const opaque = [...ids, contact?.wa_id, contact?.user_id].find((id) => id?.trim());
  if (found.size === 0 && opaque) {
    found.set(opaque, { externalId: opaque.slice(0, 200), kind: "user_id", phoneMatchKey: null });
  }
  if (found.size === 0) return null;
  const sorted = [...found.values()].sort(
    (a, b) => Number(a.kind === "user_id") - Number(b.kind === "user_id"),
  );
  const name = contact?.profile?.name?.trim() ?? "";
  const username = contact?.profile?.username?.trim().replace(/^@/, "") ?? "";
  const phone = sorted.find((id) => id.kind === "phone");
  return {
    ids: sorted,
    name: /[\p{L}\p{N}]/u.test(name) ? name.slice(0, 200) : username && `@${username}`.slice(0, 200),
    display: phone ? formatPhone(phone.externalId) : username ? `@${username}` : "",
  };
}

/** The card among `contacts` that belongs to a message: by its ids, else the only one there is. */
export function contactOf(
  contacts: readonly WhatsAppContact[],
  ids: (string | undefined)[],
): WhatsAppContact | undefined {
  const wanted = new Set(ids.filter(Boolean));
  const named = contacts.find((contact) => wanted.has(contact.wa_id) || wanted.has(contact.user_id));
  if (named) return named;
  const anonymous = contacts.length === 1 && !contacts[0]?.wa_id && !contacts[0]?.user_id;
  return anonymous || (contacts.length === 1 && wanted.size === 0) ? contacts[0] : undefined;
}
