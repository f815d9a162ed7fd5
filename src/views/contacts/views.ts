import type { Contact } from "../../services/contacts/queries.ts";
import type { CaseView } from "../conversations/cases.ts";
import type { CommitmentView, PurchaseView, SideView, WorthView } from "../conversations/panels.ts";
import type { NoteView, ThreadItem } from "../conversations/present.ts";
import type { Errors, Page } from "../views.ts";
import type { BehaviourView } from "./behaviour.ts";
import type { ChangeView, FieldView } from "./fields.ts";
import type { FileTile } from "./files.ts";
import type { ComparedView, DuplicateView, MergeView } from "./merges.ts";
import type { EntryView } from "./timeline.ts";

/** Templates of customers' pages, and their data. */
export interface ContactViews {
  "contacts/index": Page & {
    contacts: ContactRow[];
    filters: { name: string; href: string; isCurrent: boolean }[];
    search: string;
    next: string | null;
  };
  "contacts/show": Page & {
    contact: Contact;
    name: string;
    initials: string;
    phone: string;
    since: string;
    /** When the person was erased, or empty. */
    erased: string;
    cases: CaseView[];
    worth: WorthView | null;
    purchases: PurchaseView[];
    behaviour: BehaviourView;
    editAll: string;
    fields: FieldView[];
    customFields: FieldView[];
    changes: ChangeView[];
    duplicates: DuplicateView[];
    merges: MergeView[];
    timeline: TimelineView;
    /** What can be noted here: its form's address and its name. */
    adding: { href: string; name: string }[];
    commitments: CommitmentView[];
    notes: NoteView[];
    noteToken: string;
    files: SideView["files"];
    errors: Errors;
    form: Record<string, string>;
    isEditing: boolean;
  };
  "contacts/files": Page & {
    contactId: number;
    name: string;
    kind: string;
    search: string;
    kinds: { name: string; href: string; isCurrent: boolean }[];
    files: FileTile[];
    next: string | null;
  };
  "contacts/merge": Page & {
    contactId: number;
    name: string;
    search: string;
    found: DuplicateView[];
    compared: { kept: ComparedView; other: ComparedView; labels: string[] } | null;
  };
  "contacts/_duplicates": { contact: { id: number }; duplicates: DuplicateView[] };
  "contacts/_timeline": { timeline: TimelineView };
  "contacts/_entries": { timeline: TimelineView };
  "contacts/_entry_form": { form: EntryForm };
  /** Without a contact the form makes one. */
  "contacts/entry": Page & { contactId: number | null; name: string; form: EntryForm };
  "contacts/_files": { files: FileTile[]; next: string | null };
  "contacts/_field": { field: FieldView; editAll: string };
  "contacts/_field_form": { field: FieldView; editAll: string; error: string };
  "contacts/_behaviour": { behaviour: BehaviourView };
  "contacts/_form": {
    contact: { id: number };
    form: Record<string, string>;
    customFields: FieldView[];
    errors: Errors;
  };
}

export interface TimelineView {
  /** `page` is the whole page with this filter. */
  filters: { name: string; href: string; page: string; isCurrent: boolean }[];
  entries: EntryView[];
  next: string | null;
  /** The messages themselves, when they were asked for. */
  thread: { items: ThreadItem[]; older: string | null } | null;
}

export interface EntryInput {
  name: string;
  /** What its fault is called. */
  errorName: string;
  label: string;
  value: string;
  type: "text" | "area" | "select" | "check" | "number" | "date" | "datetime-local" | "url";
  choices: { value: string; label: string }[];
  maxLength: number;
  required: boolean;
  hint: string;
  inputMode: "text" | "decimal";
}

export interface EntryForm {
  title: string;
  action: string;
  /** Twice the same is one. */
  token: string;
  inputs: EntryInput[];
  removal: { action: string; words: string } | null;
  errors: Errors;
}

export interface ContactRow {
  id: number;
  href: string;
  name: string;
  initials: string;
  phone: string;
  email: string;
  company: string;
  tags: string[];
  since: string;
}
