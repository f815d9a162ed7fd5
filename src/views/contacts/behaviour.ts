import type { Behaviour } from "../../services/story/behaviour.ts";
import { formatter } from "../format.ts";
import { translateFor } from "../i18n.ts";
import { domId, type Viewer } from "../index.ts";

export interface BehaviourView {
  domId: string;
  /** 24 cells from midnight: a level from 0 to 8 and words for who does not see it. */
  hours: { level: number; title: string }[];
  /** `Escribe sobre todo entre 9 y 11 h`; empty without anything written. */
  usual: string;
  months: { name: string; conversations: number }[];
  inboxes: string;
  topics: string;
  products: string;
}

const levels = 8;

export function presentBehaviour(
  contactId: number,
  { hours, months, inboxes, topics, products }: Behaviour,
  viewer: Viewer,
): BehaviourView {
  const t = translateFor(viewer.locale);
  const most = Math.max(...hours);
  const peak = hours.indexOf(most);
  const monthName = formatter("shortMonth", { locale: viewer.locale, timeZone: "UTC" });
  return {
    domId: domId("behaviour", contactId),
    hours: hours.map((n, hour) => ({
      level: most === 0 ? 0 : Math.ceil((n / most) * levels),
      title: t("behaviour.hour", { from: hour, to: hour + 1, n }),
    })),
    usual: most === 0 ? "" : t("behaviour.usual", { from: peak, to: peak + 1 }),
    months: months.map(({ month, conversations }) => ({
      name: monthName.format(new Date(`${month}-01T00:00:00Z`)),
      conversations,
    })),
    inboxes: counted(inboxes),
    topics: counted(topics),
    products: counted(products),
  };
}

/** `Silla (3), Mesa`. */
const counted = (things: readonly { name: string; times: number }[]): string =>
  things.map(({ name, times }) => (times > 1 ? `${name} (${times})` : name)).join(", ");
