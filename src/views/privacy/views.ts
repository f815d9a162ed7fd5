import type { FieldView } from "../contacts/fields.ts";
import type { EntryView } from "../contacts/timeline.ts";
import type { ThreadItem } from "../conversations/present.ts";
import type { Page } from "../views.ts";

/** Templates of what a person may ask for, and their data. */
export interface PrivacyViews {
  "privacy/dossier": Page & {
    contactId: number;
    made: string;
    fields: FieldView[];
    entries: EntryView[];
    items: ThreadItem[];
  };
  "privacy/erasure": Page & { contactId: number; name: string; mayErase: boolean; lost: string[] };
  "privacy/retention": Page & {
    rules: { kind: string; label: string; months: string; would: string; error: string }[];
  };
}
