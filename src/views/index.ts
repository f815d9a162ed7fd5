import { resolve } from "node:path";
import { Eta } from "eta";
import type { Permission } from "../services/agents/policy.ts";
import type { Zone } from "./format.ts";
import { type Translate, translateFor } from "./i18n.ts";
import type { Views } from "./views.ts";

export type { Views } from "./views.ts";

/** Whom a page is for. */
export interface Viewer extends Zone {
  /** Null before sign-in. */
  agentId: number | null;
  name: string;
  initials: string;
  permissions: ReadonlySet<string>;
  availability: "online" | "away" | "offline";
  now: Date;
}

/** What every template has beside its own data. */
export interface Base {
  t: Translate;
  viewer: Viewer;
  /** Of this answer's Content-Security-Policy; htmx acts only on elements that carry it. */
  nonce: string;
  /** Changes with each release, so that browsers keep files for ever. */
  version: string;
  firmName: string;
  /** The disk is nearly full: everybody is told, for files are refused and messages soon would be. */
  isDiskLow: boolean;
  /** Whether the viewer's role holds this: what they may not do is not offered. */
  may: (permission: Permission) => boolean;
  /** Of the session's pages, for what a script sends; forms get it by themselves. */
  formToken: string;
  /** How many notes call the viewer that they have not looked at. */
  mentions: number;
  /** Includes a region that is rendered once for each data object and language: many pages show the same one. */
  remembered: (template: keyof Views, data: object) => string;
}

export const templatesFolder = resolve(import.meta.dirname);

const eta = new Eta({
  views: templatesFolder,
  cache: true,
  autoEscape: true,
  autoTrim: [false, "nl"],
  // A field that a form never had is empty to a person, not "undefined".
  autoFilter: true,
  filterFunction: (value: unknown) => String(value ?? ""),
});

export type Render = <Name extends keyof Views>(template: Name, data: Views[Name]) => string;

/** Renders a template for one viewer. */
export function createRender(
  viewer: Viewer,
  page: Pick<Base, "nonce" | "version" | "firmName" | "isDiskLow"> &
    Partial<Pick<Base, "mentions" | "formToken">>,
): Render {
  const t = translateFor(viewer.locale);
  const remembered: Base["remembered"] = (template, data) => {
    const texts = rendered.get(data) ?? new Map<string, string>();
    const key = `${template}/${viewer.locale}`;
    // No viewer and no nonce: a remembered region may hold nothing of one page or one person.
    const text = texts.get(key) ?? eta.render(template, { t, version: page.version, ...data });
    rendered.set(data, texts.set(key, text));
    return text;
  };
  const may = (permission: Permission) => viewer.permissions.has(permission);
  const base: Base = { t, viewer, remembered, may, mentions: 0, formToken: "", ...page };
  return (template, data) => eta.render(template, { ...base, ...data });
}

const rendered = new WeakMap<object, Map<string, string>>();

/** The one way to name an element: `domId("message", 7)` is `message-7`. */
export const domId = (noun: string, id: number | string): string => `${noun}-${id}`;
