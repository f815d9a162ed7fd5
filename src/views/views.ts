import type { View } from "../services/conversations/list.ts";
import type { AuditRow } from "./audit/present.ts";
import type { BoardView } from "./board/present.ts";
import type { CompanyViews } from "./companies/views.ts";
import type { ContactViews } from "./contacts/views.ts";
import type { CaseView } from "./conversations/cases.ts";
import type { ClockView } from "./conversations/clock.ts";
import type { HeadView } from "./conversations/head.ts";
import type { BandView, CommitmentView, SideView } from "./conversations/panels.ts";
import type { NoteView, RowView, ThreadItem, WindowView } from "./conversations/present.ts";
import type { ImportViews } from "./imports/views.ts";
import type { AttachmentView, Bubble, Failure } from "./messages/present.ts";
import type { PrivacyViews } from "./privacy/views.ts";
import type { ReportViews } from "./reports/report-views.ts";
import type { ReviewViews } from "./reviews/review-views.ts";
import type { FoundView } from "./search/present.ts";
import type { SettingsViews } from "./settings/views.ts";

export interface Page {
  title: string;
}

export type Errors = Record<string, string>;

/** What the inbox asks for, as its links and its refresh repeat it. */
export interface ListView {
  view: View;
  status: string;
  unread: boolean;
  search: string;
  rows: RowView[];
  hasMore: boolean;
  limit: number;
  nextLimit: number;
  counts: { mine: string; queue: string; all: string; unread: number };
  currentId: number | null;
  /** The same question again, with other values in place of these. */
  href: (
    change: Partial<{
      view: View;
      status: string;
      unread: boolean;
      search: string;
      limit: number;
      current: number;
    }>,
  ) => string;
}

export interface ComposerView {
  id: number;
  name: string;
  window: WindowView;
  isResolved: boolean;
  /** When it is resolved and the customer's thread goes on elsewhere. */
  openId: number | null;
  /** What the page tells the server it shows. */
  state: "open" | "closed" | "resolved";
  clientToken: string;
  noteToken: string;
  drafts: { reply: string; note: string };
  mode: "reply" | "note";
  inboxName: string | null;
  /** Named times at which it can be sent later. */
  laterTimes: { value: string; label: string }[];
  /** What the customer would rather not, said before anything is sent; empty for nothing. */
  warning: string;
  errors: Errors;
}

export interface WorkspaceView {
  id: number;
  head: HeadView;
  band: BandView;
  agents: { id: number; name: string; availability: string; isCurrent: boolean }[];
  teams: { id: number; name: string }[];
  topics: { id: number; name: string }[];
  caseToken: string;
  /** It shows an earlier page, to which nothing live belongs. */
  isPast: boolean;
  items: ThreadItem[];
  older: string | null;
  scheduled: { id: number; when: string; by: string; text: string }[];
  composer: ComposerView;
  viewers: { text: string; isTyping: boolean } | null;
  side: SideView;
  cursor: string;
  unread: number;
  snoozeTimes: { value: string; label: string }[];
}

/**
 * Every template and its data: a wrong name or a misspelt property does not compile. Those of customers' pages and of
 * the settings stand in `contacts/views.ts` and `settings/views.ts`.
 */
export interface Views
  extends ReportViews,
    ReviewViews,
    CompanyViews,
    ContactViews,
    ImportViews,
    PrivacyViews,
    SettingsViews {
  "layouts/page": Page & { nav: string; body: string };
  "layouts/plain": Page & { body: string };
  "inbox/show": Page & { list: ListView; workspace: WorkspaceView | null; cursor: string };
  "conversations/_list": { list: ListView };
  "conversations/_row": RowView;
  "conversations/_clock": { clock: ClockView };
  "conversations/_workspace": { workspace: WorkspaceView | null; cursor: string };
  "conversations/_head": {
    head: HeadView;
    band: BandView;
    agents: WorkspaceView["agents"];
    teams: WorkspaceView["teams"];
    topics: WorkspaceView["topics"];
    caseToken: string;
    snoozeTimes: WorkspaceView["snoozeTimes"];
  };
  "conversations/_band": { band: BandView };
  "conversations/_cases": { band: BandView };
  "conversations/_case": { one: CaseView; conversationId: number | null; target: string };
  "conversations/_case_form": { head: HeadView; topics: WorkspaceView["topics"]; caseToken: string };
  "conversations/_actions": {
    head: HeadView;
    agents: WorkspaceView["agents"];
    teams: WorkspaceView["teams"];
    topics: WorkspaceView["topics"];
    caseToken: string;
    snoozeTimes: WorkspaceView["snoozeTimes"];
  };
  "conversations/_classify": { head: HeadView; topics: WorkspaceView["topics"] };
  "conversations/_resolve": { head: HeadView; topics: WorkspaceView["topics"] };
  "conversations/_scheduled": { id: number; scheduled: WorkspaceView["scheduled"] };
  "conversations/_thread": { id: number; isPast: boolean; items: ThreadItem[]; older: string | null };
  "conversations/_items": { items: ThreadItem[]; older: string | null };
  "conversations/_item": { item: ThreadItem };
  "conversations/_day": { item: Extract<ThreadItem, { type: "day" }> };
  "conversations/_note": { note: NoteView };
  "conversations/_happening": { item: Extract<ThreadItem, { type: "happening" }> };
  "conversations/_composer": { composer: ComposerView };
  "conversations/_reply_form": { composer: ComposerView };
  "conversations/_note_form": { composer: ComposerView };
  "conversations/_resolved": { id: number; name: string };
  "conversations/_upload": { upload: AttachmentView; publicId: string };
  "conversations/_viewers": { id: number; viewers: WorkspaceView["viewers"] };
  "conversations/_side": { side: SideView };
  "conversations/_side_notes": { side: SideView };
  "conversations/_commitments": { side: SideView };
  "conversations/_reactions": Record<never, never>;
  "messages/_message": { bubble: Bubble };
  "messages/_content": { bubble: Bubble };
  "messages/_attachment": { attachment: AttachmentView };
  "messages/_failure": { id: number; failure: Failure };
  "live/message": {
    id: number;
    item: Extract<ThreadItem, { type: "message" }>;
    day: Extract<ThreadItem, { type: "day" }>;
  };
  "live/note": { id: number; note: NoteView; day: Extract<ThreadItem, { type: "day" }> };
  "live/happenings": { id: number; items: Extract<ThreadItem, { type: "happening" }>[] };
  "layouts/_here": Record<never, never>;
  "board/show": Page & { board: BoardView; cursor: string };
  "board/_told": { name: string };
  "board/_board": { board: BoardView };
  "search/show": Page & { query: string; found: FoundView };
  "search/_results": { query: string; found: FoundView };
  "commitments/index": Page & {
    filters: { name: string; href: string; isCurrent: boolean }[];
    commitments: (CommitmentView & { name: string; href: string })[];
  };
  "mentions/index": Page & {
    asked: number;
    hasUnseen: boolean;
    notices: {
      action: string;
      icon: string;
      title: string;
      name: string;
      text: string;
      when: string;
      exact: string;
      isUnseen: boolean;
    }[];
  };
  "mentions/_badge": Record<never, never>;
  "sessions/new": Page & {
    email: string;
    next: string;
    errors: Errors;
    /** Why one is here: a session that ended, a password that changed. */
    said: string;
    /** The provider of single sign-on, when there is one. */
    sso: { name: string } | null;
    demo: { email: string; password: string }[];
  };
  "sessions/code": Page & { error: string };
  "sessions/confirm": Page & { email: string; next: string; error: string; sso: { name: string } | null };
  "passwords/new": Page & { isAsked: boolean; canMail: boolean; error: string };
  "passwords/show": Page & { token: string; email: string; kind: string; errors: Errors };
  "set-up/new": Page & { token: string; form: Record<string, string>; errors: Errors; timeZones: string[] };
  "set-up/next": Page & { hasDemo: boolean; canLoadDemo: boolean };
  "audit/index": AuditPage;
  "audit/print": AuditPage;
  "audit/evidence": Page & {
    made: string;
    said: {
      id: number;
      who: string;
      isOurs: boolean;
      when: string;
      kind: string;
      text: string;
      editedText: string | null;
      files: string[];
    }[];
    notes: { who: string; when: string; text: string }[];
    events: AuditRow[];
    seals: { id: number; hash: string }[];
  };
  "errors/show": Page & { status: number; detail: string; reference: string | null };
  "errors/_notice": { detail: string; reference: string | null };
  "demo/phone": Page & {
    people: { id: string; name: string; isCurrent: boolean }[];
    current: { id: string; name: string };
    bubbles: Bubble[];
    knobs: { failNext: string; delivered: boolean; read: boolean };
  };
  "demo/_form": { current: { id: string; name: string } };
  "demo/_screen": { current: { id: string; name: string }; bubbles: Bubble[] };
}

export interface FoundMessageView {
  href: string;
  name: string;
  when: string;
  exact: string;
  parts: { text: string; isHit: boolean }[];
}

export interface AuditPage extends Page {
  events: AuditRow[];
  /** As the form and the links repeat it. */
  asked: Record<string, string>;
  isNarrow: boolean;
  agents: { value: string; name: string }[];
  subjects: { value: string; name: string }[];
  next: string | null;
  csv: string;
  print: string;
  /** When the page was made. */
  made: string;
  isCut: boolean;
}
