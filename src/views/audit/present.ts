import type { AuditEvent } from "../../services/audit/queries.ts";
import { dayAndClock, exact } from "../format.ts";
import { isTextKey, type Translate, translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";

/** An act as its line shows it. */
export interface AuditRow {
  id: number;
  when: string;
  exact: string;
  actor: string;
  source: string;
  address: string;
  actName: string;
  subject: { label: string; href: string | null }[];
  /** One for each thing that it keeps: `name: before → after`. */
  details: string[];
}

/** Longer values are cut: the whole is in the API and in the CSV of what they belong to. */
const longestValue = 160;

export function presentAuditEvent(event: AuditEvent, viewer: Viewer): AuditRow {
  const t = translateFor(viewer.locale);
  const key = `act.${event.act}`;
  return {
    id: event.id,
    when: dayAndClock(event.createdAt, viewer.now, viewer),
    exact: exact(event.createdAt, viewer),
    actor: event.actorName ?? (event.actorKind === "system" ? t("agent.hilo") : "—"),
    source: event.source,
    address: event.address ?? "",
    actName: isTextKey(key) ? t(key) : event.act,
    subject: subjectsOf(event, t),
    details: detailsOf(event.data),
  };
}

/** What an act keeps, a line for each thing. */
export function detailsOf(data: Record<string, unknown>, longest = longestValue): string[] {
  return Object.entries(data).flatMap(([name, value]) => {
    if (name === "changes" && value && typeof value === "object")
      return detailsOf(value as Record<string, unknown>, longest);
    if (isChange(value)) return [`${name}: ${shown(value.from, longest)} → ${shown(value.to, longest)}`];
    return value === null || value === "" ? [] : [`${name}: ${shown(value, longest)}`];
  });
}

const isChange = (value: unknown): value is { from: unknown; to: unknown } =>
  typeof value === "object" && value !== null && "from" in value && "to" in value;

function shown(value: unknown, longest: number): string {
  if (value === null || value === undefined || value === "") return "–";
  const isList = Array.isArray(value) && value.every((one) => typeof one !== "object");
  const text = typeof value === "string" ? value : isList ? value.join(", ") || "–" : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function subjectsOf(event: AuditEvent, t: Translate): AuditRow["subject"] {
  const found: AuditRow["subject"] = [];
  if (event.conversationId)
    found.push({
      label: t("audit.conversation", { id: event.conversationId }),
      href: `/conversations/${event.conversationId}`,
    });
  else if (event.contactId)
    found.push({ label: t("audit.contact", { id: event.contactId }), href: `/contacts/${event.contactId}` });
  if (event.agentName) found.push({ label: event.agentName, href: null });
  if (event.inboxId)
    found.push({
      label: t("audit.inbox", { id: event.inboxId }),
      href: `/settings/inboxes/${event.inboxId}`,
    });
  return found;
}
