import type { Contact } from "../../services/contacts/queries.ts";
import type { CaseView } from "../conversations/cases.ts";
import type { EpisodeView, PurchaseView, SideView, WorthView } from "../conversations/panels.ts";
import type { NoteView, ThreadItem } from "../conversations/present.ts";
import type { Errors, Page } from "../views.ts";
import type { BehaviourView } from "./behaviour.ts";
import type { ChangeView, FieldView } from "./fields.ts";
import type { FileTile } from "./files.ts";
import type { ComparedView, DuplicateView, MergeView } from "./merges.ts";

/** Templates of customers' pages, and their data. */
export interface ContactViews {
  "contacts/index": Page & { contacts: ContactRow[]; search: string; next: string | null };
  "contacts/show": Page & {
    contact: Contact;
    name: string;
    initials: string;
    phone: string;
    since: string;
    cases: CaseView[];
    worth: WorthView | null;
    purchases: PurchaseView[];
    behaviour: BehaviourView;
    editAll: string;
    fields: FieldView[];
    changes: ChangeView[];
    duplicates: DuplicateView[];
    merges: MergeView[];
    episodes: EpisodeView[];
    items: ThreadItem[];
    older: string | null;
    notes: NoteView[];
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
  "contacts/_files": { files: FileTile[]; next: string | null };
  "contacts/_field": { field: FieldView; editAll: string };
  "contacts/_field_form": { field: FieldView; editAll: string; error: string };
  "contacts/_behaviour": { behaviour: BehaviourView };
  "contacts/_form": { contact: { id: number }; form: Record<string, string>; errors: Errors };
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
