import type { CaseView } from "./cases.ts";
import type { NoteView } from "./present.ts";

export interface SideView {
  contactId: number;
  conversationId: number;
  name: string;
  initials: string;
  subtitle: string;
  phone: string;
  email: string;
  language: string;
  since: string;
  tags: string[];
  notes: NoteView[];
  location: string;
  files: { href: string; thumbnail: string | null; name: string; kind: string }[];
  episodes: EpisodeView[];
  cases: CaseView[];
  openCases: number;
  caseCount: number;
  worth: WorthView | null;
  purchases: PurchaseView[];
  commitments: CommitmentView[];
  /** The firm's own fields that are known. */
  fields: { label: string; value: string }[];
  records: { id: number; title: string; when: string; state: string }[];
  /** They have a number and did not ask not to be called. */
  mayCall: boolean;
  callHref: string;
}

/** A promise: `vence mañana`, and whether that day has passed. */
export interface CommitmentView {
  id: number;
  text: string;
  due: string;
  isLate: boolean;
  isDone: boolean;
  by: string;
}

/** What a customer bought, in words: `5 compras`, `$45,000`, `última hace 5 días`. */
export interface WorthView {
  count: number;
  words: string;
  total: string;
  last: string;
  /** `compra cada 23 días`. */
  frequency: string;
  /** They bought for much in the last month. */
  isHighValue: boolean;
  returns: string;
}

export interface PurchaseView {
  id: number;
  name: string;
  amount: string;
  state: string;
  /** An address on the web, or null. */
  tracking: string | null;
}

export interface EpisodeView {
  id: number;
  href: string;
  status: string;
  statusName: string;
  preview: string;
  when: string;
  exact: string;
  assigneeName: string | null;
  isCurrent: boolean;
}

export interface BandView {
  id: number;
  contactId: number;
  phone: string;
  company: string;
  language: string;
  doNotContact: boolean;
  tags: string[];
  worth: WorthView | null;
  prefers: string;
  doNotCall: boolean;
  pinned: { id: number; text: string; author: string }[];
  /** The nearest one. */
  commitment: CommitmentView | null;
  /** Open ones. */
  cases: CaseView[];
  conversationTags: string[];
  attended: { name: string; when: string; exact: string; text: string } | null;
  earlier: number;
  isNew: boolean;
}
