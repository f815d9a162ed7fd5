import type { Board } from "../../services/routing/board.ts";
import { type ClockView, presentClock } from "../conversations/clock.ts";
import { presentPriority } from "../conversations/present.ts";
import { clock, dayAndClock, duration, shortAge } from "../format.ts";
import { translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";

export interface BoardRowView {
  id: number;
  name: string;
  clock: ClockView | null;
  waited: string;
  about: string;
  holder: string;
  assigneeId: number | null;
  isMine: boolean;
  canNudge: boolean;
  /** The firm wants a word with what passes from one agent to another: that is written in the conversation. */
  needsNote: boolean;
  isFlagged: boolean;
  priority: { value: string; name: string } | null;
}

export interface BoardAgentView {
  id: number;
  name: string;
  availability: string;
  state: string;
  open: number;
  label: string;
  /** One mark for each place: it waits, it is open, it is free. At most 24. */
  places: ("hot" | "on" | "")[];
  firstResponse: string;
}

export interface BoardView {
  now: string;
  teamId: number | null;
  teams: { id: number; name: string; isCurrent: boolean }[];
  figures: { name: string; value: string; more: string; level: "" | "late" | "warn" }[];
  rows: BoardRowView[];
  agents: BoardAgentView[];
  /** Whom something can be given to. */
  people: { id: number; name: string }[];
}

const mostPlaces = 24;

export function presentBoard(board: Board, teamId: number | null, viewer: Viewer): BoardView {
  const t = translateFor(viewer.locale);
  const seconds = (value: number | null) =>
    value === null ? "–" : duration(Math.round(value), viewer.locale);
  const there = board.agents.filter(
    ({ availability, receives }) => receives && availability === "online",
  ).length;
  return {
    now: dayAndClock(viewer.now, viewer.now, viewer),
    teamId,
    teams: board.teams.map((one) => ({ ...one, isCurrent: one.id === teamId })),
    figures: [
      {
        name: t("board.waiting"),
        value: String(board.waiting),
        more: board.oldestSince
          ? t("board.oldest", { age: shortAge(board.oldestSince, viewer.now, viewer) })
          : "",
        level: "",
      },
      {
        name: t("board.breached"),
        value: String(board.breached),
        more: "",
        level: board.breached > 0 ? "late" : "",
      },
      {
        name: t("board.due_soon"),
        value: String(board.dueSoon),
        more: "",
        level: board.dueSoon > 0 ? "warn" : "",
      },
      { name: t("board.queued"), value: String(board.queued), more: t("row.unassigned"), level: "" },
      {
        name: t("board.there"),
        value: String(there),
        more: t("board.of", { n: board.agents.filter(({ receives }) => receives).length }),
        level: there === 0 && board.waiting > 0 ? "late" : "",
      },
      {
        name: t("board.first_response"),
        value: seconds(board.firstResponse),
        more: board.inTime === null ? "" : t("board.in_time", { n: board.inTime }),
        level: "",
      },
    ],
    rows: board.rows.map((one) => ({
      id: one.id,
      name: one.contactName || one.contactDisplay || t("contact.unnamed"),
      clock: presentClock(one, viewer),
      waited: shortAge(one.waitingSince, viewer.now, viewer),
      about: [one.topic, one.teamName].filter(Boolean).join(" · "),
      holder: holderOf(one, viewer),
      assigneeId: one.assigneeId,
      isMine: one.assigneeId === viewer.agentId,
      canNudge: one.assigneeId !== null && one.assigneeId !== viewer.agentId,
      needsNote: board.transferNeedsNote && one.assigneeId !== null,
      isFlagged: one.flaggedAt !== null,
      priority: presentPriority(one.priority, viewer),
    })),
    agents: board.agents.map((one) => ({
      id: one.id,
      name: one.name,
      availability: one.availability,
      state: stateOf(one, viewer),
      open: one.open,
      label: t("board.load", { open: one.open, waiting: one.waiting, most: one.maxOpen }),
      places: Array.from({ length: Math.min(mostPlaces, Math.max(one.maxOpen, one.open)) }, (_one, n) =>
        n < one.waiting ? "hot" : n < one.open ? "on" : "",
      ),
      firstResponse: seconds(one.firstResponse),
    })),
    people: board.agents
      .filter(({ availability }) => availability !== "offline")
      .map(({ id, name }) => ({ id, name })),
  };
}

function holderOf(one: Board["rows"][number], viewer: Viewer): string {
  const t = translateFor(viewer.locale);
  if (one.assigneeName === null) return t("board.in_queue");
  const isThere = one.assigneeAvailability === "online";
  return isThere
    ? one.assigneeName
    : `${one.assigneeName} · ${t(`availability.${one.assigneeAvailability ?? "offline"}`)}`;
}

function stateOf({ availability, awayReason, backAt }: Board["agents"][number], viewer: Viewer): string {
  const t = translateFor(viewer.locale);
  if (availability === "online") return "";
  const back = backAt ? t("availability.back", { at: clock(backAt, viewer) }) : "";
  return [availability === "away" ? awayReason || t("availability.away") : t("availability.offline"), back]
    .filter(Boolean)
    .join(", ");
}
