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
    details: detailsOf(event.data, t),
  };
}

/** What an act keeps, a line for each thing. */
export function detailsOf(data: Record<string, unknown>, t: Translate, longest = longestValue): string[] {
  const say = (value: unknown) => shown(value, t, longest);
  return Object.entries(data).flatMap(([name, value]) => {
    if (name === "changes" && value && typeof value === "object")
      return detailsOf(value as Record<string, unknown>, t, longest);
    const key = `audit.key.${name}`;
    const label = isTextKey(key) ? t(key) : name;
    if (isChange(value)) return [`${label}: ${say(value.from)} → ${say(value.to)}`];
    return value === null || value === "" ? [] : [`${label}: ${say(value)}`];
  });
}

const isChange = (value: unknown): value is { from: unknown; to: unknown } =>
  typeof value === "object" && value !== null && "from" in value && "to" in value;

/** Names that Hilo gives to permissions, roles and sensitive acts are said in words. */
function shown(value: unknown, t: Translate, longest: number): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return t(value ? "page.yes" : "page.no");
  const named = (one: unknown) =>
    [`permission.${one}`, `approval.${one}`, `role.${one}`].filter(isTextKey).map((key) => t(key))[0] ??
    String(one);
  const isList = Array.isArray(value) && value.every((one) => typeof one !== "object");
  const text =
    typeof value === "string"
      ? named(value)
      : isList
        ? value.map(named).join(", ") || "–"
        : JSON.stringify(value);
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
